#include "simulation/fault.h"

#include "base/text.h"

namespace slipway::simulation {
namespace {

using enum Fault;
using enum Strikes;

// Millionths are set so that a run of a few hundred requests feels a handful of faults: more, and
// nothing would ever get done; fewer, and calm runs would prove calm weather.
constexpr FaultInfo table[] = {
    {fa1,   "FA1",   "a cache lags the store",                           at_events,   60'000 },
    {fa2,   "FA2",   "kinds lag differently",                            at_opening,  300'000},
    {fa3,   "FA3",   "the first list comes from the past",               at_opening,  200'000},
    {fa4,   "FA4",   "a later list comes from the past",                 at_opening,  200'000},
    {fa6,   "FA6",   "states in between are never seen",                 at_events,   4'000  },
    {fa7,   "FA7",   "a deletion is missed, found by a list",            at_events,   50'000 },
    {fa8,   "FA8",   "a deleted object stays in the cache",              at_events,   200'000},
    {fa10,  "FA10",  "one kind is slow to be listed",                    at_opening,  200'000},
    {fb1,   "FB1",   "the stream breaks",                                at_events,   10'000 },
    {fb2,   "FB2",   "410 Gone at the opening",                          at_opening,  100'000},
    {fb3,   "FB3",   "410 Gone in mid-stream",                           at_events,   6'000  },
    {fb4,   "FB4",   "events come again",                                at_opening,  200'000},
    {fb6,   "FB6",   "the stream falls silent",                          at_events,   4'000  },
    {fb7,   "FB7",   "the server ends a slow watch",                     at_events,   8'000  },
    {fb10,  "FB10",  "unknown events and fields",                        at_events,   20'000 },
    {fb11,  "FB11",  "the watch can't be opened",                        at_opening,  150'000},
    {fb12,  "FB12",  "a page's token expires",                           at_opening,  200'000},
    {fb14,  "FB14",  "ADDED for a known object",                         at_events,   40'000 },
    {fc1,   "FC1",   "a foreign write comes first",                      at_writes,   100'000},
    {fc3,   "FC3",   "applied, answer lost",                             at_writes,   60'000 },
    {fc4,   "FC4",   "not applied, error returned",                      at_writes,   60'000 },
    {fc5,   "FC5",   "applied late, after the caller gave up",           at_writes,   40'000 },
    {fc6,   "FC6",   "applied twice",                                    at_writes,   60'000 },
    {fc11,  "FC11",  "refused as invalid",                               at_writes,   15'000 },
    {fc12,  "FC12",  "forbidden or token expired, for a while",          at_requests, 4'000  },
    {fc13,  "FC13",  "throttled or broken server, in a burst",           at_requests, 10'000 },
    {fc14,  "FC14",  "admission changes the object",                     at_writes,   100'000},
    {fc15,  "FC15",  "admission hangs, then fails",                      at_writes,   15'000 },
    {fc17,  "FC17",  "what the decision rests on changes",               at_writes,   40'000 },
    {fc19,  "FC19",  "spec written, status not",                         at_writes,   40'000 },
    {fc21,  "FC21",  "a finalizer holds a deletion up",                  as_deed,     0      },
    {fc23,  "FC23",  "success with a body cut short",                    at_writes,   20'000 },
    {fc24,  "FC24",  "the client holds the write back",                  at_writes,   40'000 },
    {fd1,   "FD1",   "the process is killed",                            at_requests, 8'000  },
    {fd2,   "FD2",   "the process crashes again and again",              at_requests, 1'500  },
    {fd3,   "FD3",   "the process pauses past its lease",                at_requests, 3'000  },
    {fd4,   "FD4",   "two leaders at once",                              at_start,    500'000},
    {fd5,   "FD5",   "no leader for long",                               at_requests, 1'000  },
    {fd6,   "FD6",   "the lease is deleted or edited",                   at_requests, 2'000  },
    {fd7,   "FD7",   "another controller before ours",                   as_deed,     0      },
    {fd8,   "FD8",   "ended in an orderly way, in mid-work",             at_requests, 3'000  },
    {fd10,  "FD10",  "timers run late",                                  at_requests, 10'000 },
    {fd10b, "FD10b", "timers run early",                                 at_requests, 8'000  },
    {fd11,  "FD11",  "one object's requests are slow",                   at_writes,   20'000 },
    {fd12,  "FD12",  "one hot key floods the queue",                     as_deed,     0      },
    {fd14,  "FD14",  "events can't be written",                          at_requests, 50'000 },
    {fd16,  "FD16",  "tunables at extremes",                             at_start,    500'000},
    {fe1,   "FE1",   "the wall clock steps",                             at_requests, 4'000  },
    {fe2,   "FE2",   "replicas' clocks differ",                          at_start,    500'000},
    {fe3,   "FE3",   "the server's clock differs",                       at_start,    500'000},
    {fe4,   "FE4",   "clocks run at different rates",                    at_start,    500'000},
    {fe7,   "FE7",   "timestamps from far away",                         as_deed,     0      },
    {fe8,   "FE8",   "malformed timestamps in annotations",              as_deed,     0      },
    {ff1,   "FF1",   "a ReplicaSet's status lags",                       in_cluster,  40'000 },
    {ff2,   "FF2",   "pods end or are evicted",                          as_deed,     0      },
    {ff3,   "FF3",   "a quota blocks pods",                              in_cluster,  4'000  },
    {ff4,   "FF4",   "an autoscaler changes replicas",                   as_deed,     0      },
    {ff5,   "FF5",   "new images in mid-rollout",                        as_deed,     0      },
    {ff6,   "FF6",   "steps and delays edited",                          as_deed,     0      },
    {ff7,   "FF7",   "people's commands race",                           as_deed,     0      },
    {ff8,   "FF8",   "an old manifest is applied whole",                 as_deed,     0      },
    {ff9,   "FF9",   "a GitOps agent reverts",                           as_deed,     0      },
    {ff10,  "FF10",  "people edit our objects",                          as_deed,     0      },
    {ff11,  "FF11",  "foreign ReplicaSets match the selector",           as_deed,     0      },
    {ff13,  "FF13",  "the Rollout is deleted and made anew",             as_deed,     0      },
    {ff14,  "FF14",  "what lends a template is edited or gone",          as_deed,     0      },
    {ff16,  "FF16",  "poisonous annotations",                            as_deed,     0      },
    {fi1,   "FI1",   "cut off from the API server",                      at_requests, 3'000  },
    {fi3,   "FI3",   "requests arrive, answers don't",                   at_requests, 2'000  },
    {fi4,   "FI4",   "reads go on, writes fail",                         at_requests, 2'000  },
    {fi5,   "FI5",   "no name is resolved, and no new request goes out", at_requests, 2'000  },
    {fi6,   "FI6",   "an outage longer than every deadline",             at_requests, 400    },
    {fi7,   "FI7",   "a flapping link",                                  at_requests, 1'500  },
    {fi8,   "FI8",   "links clogged one by one",                         at_requests, 1'000  },
    {fj4,   "FJ4",   "long calm, then a burst",                          at_start,    200'000},
    {fj5,   "FJ5",   "another writer before each write",                 at_start,    200'000},
};
static_assert(std::size(table) == fault_count);
static_assert([] {
  for (std::size_t i = 0; i < fault_count; ++i) {
    if (static_cast<std::size_t>(table[i].fault) != i) return false;
  }
  return true;
}());

}  // namespace

std::span<const FaultInfo> all_faults() {
  return table;
}

const FaultInfo& info_of(Fault fault) {
  return table[static_cast<std::size_t>(fault)];
}

Result<FaultSet> parse_faults(std::string_view text) {
  FaultSet faults;
  if (text == "none") return faults;
  if (text == "all") return faults.set();
  for (const std::string_view word : split(text, ',')) {
    bool found = false;
    for (const FaultInfo& info : table) {
      const bool in_group = word.size() == 2 && info.id.starts_with(word);
      if (info.id != word && !in_group) continue;
      faults.set(static_cast<std::size_t>(info.fault));
      found = true;
    }
    if (!found) {
      return fail(ErrorCode::invalid, "--faults",
                  "found " + quote(word) + ", expected none, all, or ids such as FC3 or FD");
    }
  }
  return faults;
}

std::string format_faults(const FaultSet& faults) {
  if (faults.none()) return "none";
  if (faults.all()) return "all";
  std::string text;
  for (const FaultInfo& info : table) {
    if (contains(faults, info.fault)) text.append(text.empty() ? "" : ",").append(info.id);
  }
  return text;
}

}  // namespace slipway::simulation
