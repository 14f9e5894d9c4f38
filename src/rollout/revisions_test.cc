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

TEST_CASE("of two ReplicaSets the one made first is the older, within one second too") {
  struct Row {
    Instant a_made;
    const char* a_revision;
    const char* a_history;
    Instant b_made;
    const char* b_revision;
    bool a_is_older;
  };
  const Row rows[] = {
      {Instant{1}, "9", "",    Instant{2}, "1", true },
      {Instant{2}, "1", "",    Instant{1}, "9", false},
      {Instant{1}, "1", "",    Instant{1}, "2", true },
      {Instant{1}, "2", "",    Instant{1}, "1", false},
      {Instant{1}, "2", "",    Instant{1}, "2", false},
      {Instant{1}, "3", "1",   Instant{1}, "2", true },
      {Instant{1}, "5", "2,4", Instant{1}, "3", true },
      {Instant{1}, "5", "?",   Instant{1}, "3", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.a_revision);
    CAPTURE(row.b_revision);
    api::ReplicaSet a = with_revision(row.a_revision), b = with_revision(row.b_revision);
    a.metadata.creation_timestamp = row.a_made;
    b.metadata.creation_timestamp = row.b_made;
    if (*row.a_history) {
      a.metadata.annotations[std::string(keys::revision_history)] = row.a_history;
    }
    CHECK((compare_age(a, b) < 0) == row.a_is_older);
  }
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
