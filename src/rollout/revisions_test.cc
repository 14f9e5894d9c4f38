#include "rollout/revisions.h"

#include <doctest/doctest.h>

#include "rollout/keys.h"

namespace slipway::rollout {
namespace {

api::ReplicaSet with_revision(const std::string& revision) {
  api::ReplicaSet replica_set;
  replica_set.metadata.annotations[std::string(keys::revision)] = revision;
  return replica_set;
}

TEST_CASE("a revision is a positive number, and anything else is none (C11)") {
  struct Row {
    const char* text;
    std::int64_t want;
  };
  const Row rows[] = {
      {"1",                    1            },
      {"12",                   12           },
      {"",                     0            },
      {"-3",                   0            },
      {"2x",                   0            },
      {"4294967297",           4'294'967'297},
      {"9223372036854775807",  0            },
      {"99999999999999999999", 0            },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(revision_of(with_revision(row.text).metadata) == row.want);
  }
  CHECK(revision_of({}) == 0);
}

TEST_CASE("the newest has one more than any other (4.1, I6)") {
  const api::ReplicaSet one = with_revision("1"), seven = with_revision("7"),
                        odd = with_revision("?");
  CHECK(wanted_revision({}, nullptr) == 1);
  CHECK(wanted_revision({&one, &seven, &odd}, nullptr) == 8);
  CHECK(wanted_revision({&one, &seven, &odd}, &seven) == 2);
  CHECK(wanted_revision({&one, &seven, &odd}, &one) == 8);
}

TEST_CASE("a revision that is left behind goes into the history") {
  api::ReplicaSet replica_set = with_revision("3");
  CHECK(extended_history(replica_set.metadata) == "3");
  replica_set.metadata.annotations[std::string(keys::revision_history)] = "1,2";
  CHECK(extended_history(replica_set.metadata) == "1,2,3");
}

TEST_CASE("a ReplicaSet inherits what does not speak of one object alone") {
  api::Rollout rollout;
  for (const std::string_view key :
       {keys::last_applied, keys::revision, keys::revision_history, keys::desired_replicas,
        keys::notified, keys::scale_down_deadline, keys::claim,
        keys::scale_down_deadline_as_documented}) {
    rollout.metadata.annotations.emplace(key, "x");
  }
  rollout.metadata.annotations["team"] = "shop";
  rollout.metadata.annotations["notifications.argoproj.io/subscribe.on-x.slack"] = "room";
  CHECK(inherited_annotations(rollout) ==
        api::StringMap{
            {"notifications.argoproj.io/subscribe.on-x.slack", "room"},
            {"team",                                           "shop"}
  });
}

TEST_CASE("newest revision first, the younger of equals") {
  api::ReplicaSet a = with_revision("1"), b = with_revision("3"), c = with_revision("3");
  b.metadata.creation_timestamp = Instant{1};
  c.metadata.creation_timestamp = Instant{2};
  std::vector<const api::ReplicaSet*> all = {&a, &b, &c};
  sort_by_revision(all);
  CHECK(all == std::vector<const api::ReplicaSet*>{&c, &b, &a});
}

}  // namespace
}  // namespace slipway::rollout
