#include "rollout/history.h"

#include <doctest/doctest.h>

namespace slipway::rollout {
namespace {

api::ReplicaSet empty(const std::string& hash) {
  api::ReplicaSet replica_set;
  replica_set.metadata.labels[std::string(api::pod_template_hash_label)] = hash;
  replica_set.metadata.generation = 2;
  replica_set.spec.replicas = 0;
  replica_set.status.observed_generation = 2;
  return replica_set;
}

TEST_CASE("what is deleted is old, empty, observed and selected by no one (12.4, 26.1, I8)") {
  const api::ReplicaSet a = empty("a"), d = empty("d"), e = empty("e");
  api::ReplicaSet with_pods = empty("b");
  with_pods.status.replicas = 1;
  api::ReplicaSet to_have_pods = empty("b");
  to_have_pods.spec.replicas = 1;
  api::ReplicaSet unobserved = empty("b");
  unobserved.status.observed_generation = 1;
  using Oldest = std::vector<const api::ReplicaSet*>;
  struct Row {
    const char* name;
    Oldest others;
    std::int32_t limit;
    std::set<std::string> selected;
    Oldest want;
  };
  const Row rows[] = {
      {"within the limit",                                {&a, &d, &e},            3,  {},    {}          },
      {"the oldest",                                      {&a, &d, &e},            2,  {},    {&a}        },
      {"all",                                             {&a, &d, &e},            0,  {},    {&a, &d, &e}},
      {"a limit below zero",                              {&a},                    -1, {},    {&a}        },
      {"one with pods stays, no younger one goes for it", {&with_pods, &d, &e},    2,  {},    {}          },
      {"one that is to have pods",                        {&to_have_pods, &d, &e}, 1,  {},    {&d}        },
      {"one whose status lags",                           {&unobserved, &d, &e},   1,  {},    {&d}        },
      {"one that a Service selects",                      {&a, &d, &e},            1,  {"a"}, {&d}        },
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(find_expendable(row.others, row.limit, row.selected) == row.want);
  }
}

}  // namespace
}  // namespace slipway::rollout
