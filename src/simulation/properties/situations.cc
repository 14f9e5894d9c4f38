#include "simulation/properties/situations.h"

#include <algorithm>
#include <cstdlib>

#include "base/ensure.h"

namespace slipway::simulation {
namespace {

using kubernetes::Method;

struct CommitRow {
  const char* name;
  bool (*holds)(const Change& change, const Ledger& ledger);
};
struct AnswerRow {
  const char* name;
  bool (*holds)(const SentRequest& request);
};

// Those that take a memory of what was before.
constexpr const char* late_write = "a write lands after its sender has given it up";
constexpr const char* lost_but_done = "a write without an answer was carried out";
constexpr const char* lost_and_undone = "a write without an answer was not carried out";
constexpr const char* two_writers = "two replicas write one object within a minute";
constexpr const char* stale_decision = "a write is decided on a copy that is behind the store";

bool is_ours(const Change& c) {
  return c.commit.ours;
}
/// A Rollout was changed, not made or deleted.
bool both(const Change& c) {
  return c.rollout_before != nullptr && c.rollout_after != nullptr;
}
bool both_sets(const Change& c) {
  return c.set_before != nullptr && c.set_after != nullptr;
}
bool is_updating(const RolloutView& rollout) {
  return !rollout.stable_hash.empty() && rollout.current_hash != rollout.stable_hash;
}
bool starts_over(const Change& c) {
  return both(c) && is_ours(c) && !c.rollout_before->current_hash.empty() &&
         c.rollout_before->current_hash != c.rollout_after->current_hash;
}
bool has_reason(const RolloutView& rollout, std::string_view word) {
  const Json& conditions = rollout.status()["conditions"];
  if (!conditions.is_array()) return false;
  return std::ranges::any_of(conditions.as_array(), [&](const Json& condition) {
    return condition["type"].string_or_empty() == word ||
           condition["reason"].string_or_empty() == word;
  });
}
bool comes_to_say(const Change& c, std::string_view word) {
  return both(c) && is_ours(c) && has_reason(*c.rollout_after, word) &&
         !has_reason(*c.rollout_before, word);
}
bool paused(const RolloutView& rollout) {
  return !rollout.pauses().empty();
}
bool goes_to_zero(const Change& c) {
  return both_sets(c) && is_ours(c) && c.set_before->replicas > 0 && c.set_after->replicas == 0;
}
bool spec_changes(const Change& c, std::string_view key) {
  return both(c) && !is_ours(c) && !(c.rollout_before->spec()[key] == c.rollout_after->spec()[key]);
}

const CommitRow commit_rows[] = {
    // The way of an update.
    {"a Rollout is deployed for the first time",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && is_ours(c) && c.rollout_before->stable_hash.empty() &&
              !c.rollout_after->stable_hash.empty();
     }                                                                                                                           },
    {"an update begins",                                       [](const Change& c, const Ledger&) { return starts_over(c); }                             },
    {"an update is overtaken by another",
     [](const Change& c,                                                           const Ledger&) {
       return starts_over(c) && is_updating(*c.rollout_before) && is_updating(*c.rollout_after);
     }                                                                                                                           },
    {"back to the stable version in mid-update",
     [](const Change& c,                                                           const Ledger&) {
       return starts_over(c) && is_updating(*c.rollout_before) && !is_updating(*c.rollout_after);
     }                                                                                                                           },
    {"a step is completed",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && is_ours(c) && c.rollout_before->step && c.rollout_after->step &&
              *c.rollout_after->step == *c.rollout_before->step + 1;
     }                                                                                                                           },
    {"the steps begin anew",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && is_ours(c) && c.rollout_before->step.value_or(0) > 0 &&
              c.rollout_after->step == 0;
     }                                                                                                                           },
    {"a version is promoted",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && is_ours(c) && !c.rollout_before->stable_hash.empty() &&
              c.rollout_before->stable_hash != c.rollout_after->stable_hash;
     }                                                                                                                           },
    {"the progress deadline passes",
     [](const Change& c,                                                           const Ledger&) { return comes_to_say(c, "ProgressDeadlineExceeded"); }},
    {"a Degraded Rollout becomes Healthy",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && c.rollout_before->phase == "Degraded" &&
              c.rollout_after->phase == "Healthy";
     }                                                                                                                           },
    {"a spec is found invalid",
     [](const Change& c,                                                           const Ledger&) { return comes_to_say(c, "InvalidSpec"); }             },
    {"a hash collides",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && c.rollout_after->collision_count > c.rollout_before->collision_count;
     }                                                                                                                           },
    {"a replica that was started anew goes on with an update",
     [](const Change& c,                                                           const Ledger&) {
       // Those that were started again have a number behind their name.
       return both(c) && c.request != nullptr && is_updating(*c.rollout_after) &&
              c.request->replica.find('.') != std::string::npos;
     }                                                                                                                           },

    // Pauses and commands.
    {"a pause begins",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && is_ours(c) && !paused(*c.rollout_before) && paused(*c.rollout_after);
     }                                                                                                                           },
    {"a pause ends by its time",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && is_ours(c) && paused(*c.rollout_before) && !paused(*c.rollout_after) &&
              c.rollout_before->current_hash == c.rollout_after->current_hash;
     }                                                                                                                           },
    {"a person ends a pause",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && !is_ours(c) && paused(*c.rollout_before) && !paused(*c.rollout_after);
     }                                                                                                                           },
    {"a person aborts",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && !is_ours(c) && !c.rollout_before->abort && c.rollout_after->abort;
     }                                                                                                                           },
    {"an abort takes effect",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && is_ours(c) && !c.rollout_before->aborted_at && c.rollout_after->aborted_at;
     }                                                                                                                           },
    {"a person tries again after an abort",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && !is_ours(c) && c.rollout_before->abort && !c.rollout_after->abort;
     }                                                                                                                           },
    {"a person skips a step",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && !is_ours(c) && c.rollout_before->step != c.rollout_after->step;
     }                                                                                                                           },
    {"a full promotion is asked for",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && !is_ours(c) && !c.rollout_before->promote_full &&
              c.rollout_after->promote_full;
     }                                                                                                                           },
    {"a full promotion is done",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && is_ours(c) && c.rollout_before->promote_full &&
              !c.rollout_after->promote_full;
     }                                                                                                                           },
    {"a restart is asked for",
     [](const Change& c,                                                           const Ledger&) { return spec_changes(c, "restartAt"); }               },
    {"a restart evicts a pod",
     [](const Change& c,                                                           const Ledger&) { return is_ours(c) && c.pod_before != nullptr; }      },
    {"a Rollout is held by spec.paused",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && !c.rollout_before->paused && c.rollout_after->paused;
     }                                                                                                                           },

    // What others do to the Rollout.
    {"the size changes in mid-update",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && c.rollout_before->desired != c.rollout_after->desired &&
              is_updating(*c.rollout_after);
     }                                                                                                                           },
    {"the size becomes zero",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && c.rollout_before->desired != 0 && c.rollout_after->desired == 0;
     }                                                                                                                           },
    {"the size was zero",
     [](const Change& c,                                                           const Ledger&) {
       return both(c) && c.rollout_before->desired == 0 && c.rollout_after->desired != 0;
     }                                                                                                                           },
    {"the strategy is edited in mid-update",
     [](const Change& c,                                                           const Ledger&) {
       return spec_changes(c, "strategy") && is_updating(*c.rollout_after);
     }                                                                                                                           },
    {"a Rollout is deleted in mid-update",
     [](const Change& c,                                                           const Ledger&) {
       return c.rollout_before != nullptr && c.rollout_after == nullptr &&
              is_updating(*c.rollout_before);
     }                                                                                                                           },
    {"a Rollout takes a name that another had",
     [](const Change& c,                                                           const Ledger& ledger) {
       return c.rollout_before == nullptr && c.rollout_after != nullptr &&
              ledger.versions(ObjectKind::rollout, c.commit.key).size() > 1;
     }                                                                                                                           },

    // ReplicaSets.
    {"a ReplicaSet is made",
     [](const Change& c,                                                           const Ledger&) { return is_ours(c) && !c.set_before && c.set_after; } },
    {"a deadline is set",
     [](const Change& c,                                                           const Ledger&) {
       return both_sets(c) && is_ours(c) && !c.set_before->deadline && c.set_after->deadline;
     }                                                                                                                           },
    {"a deadline is taken away from one that is needed again",
     [](const Change& c,                                                           const Ledger&) {
       return both_sets(c) && is_ours(c) && c.set_before->deadline && !c.set_after->deadline &&
              c.set_after->replicas > 0;
     }                                                                                                                           },
    {"a ReplicaSet ends at its deadline",
     [](const Change& c,                                                           const Ledger& ledger) {
       return goes_to_zero(c) && c.set_before->valid_deadline() &&
              *c.set_before->valid_deadline() <= ledger.now();
     }                                                                                                                           },
    {"a ReplicaSet ends long after its deadline",
     [](const Change& c,                                                           const Ledger& ledger) {
       return goes_to_zero(c) && c.set_before->valid_deadline() &&
              *c.set_before->valid_deadline() + 60_s <= ledger.now();
     }                                                                                                                           },
    {"a ReplicaSet ends before its deadline",
     [](const Change& c,                                                           const Ledger& ledger) {
       return goes_to_zero(c) && c.set_before->valid_deadline() &&
              *c.set_before->valid_deadline() > ledger.now() + 5_s;
     }                                                                                                                           },
    {"a deadline is garbled",
     [](const Change& c,                                                           const Ledger&) {
       return c.set_after && !is_ours(c) && c.set_after->has_bad_deadline();
     }                                                                                                                           },
    {"a garbled deadline is mended",
     [](const Change& c,                                                           const Ledger&) {
       return both_sets(c) && is_ours(c) && c.set_before->has_bad_deadline() &&
              !c.set_after->has_bad_deadline();
     }                                                                                                                           },
    {"a hash label is taken away",
     [](const Change& c,                                                           const Ledger&) {
       return both_sets(c) && !is_ours(c) && !c.set_before->hash.empty() &&
              c.set_after->hash.empty();
     }                                                                                                                           },
    {"a hash label comes back",
     [](const Change& c,                                                           const Ledger&) {
       return both_sets(c) && is_ours(c) && c.set_before->hash.empty() &&
              !c.set_after->hash.empty();
     }                                                                                                                           },
    {"an orphan is adopted",
     [](const Change& c,                                                           const Ledger&) {
       return both_sets(c) && is_ours(c) && c.set_before->owner.empty() &&
              !c.set_after->owner.empty();
     }                                                                                                                           },
    {"history is cleaned up",
     [](const Change& c,                                                           const Ledger&) { return is_ours(c) && c.set_before && !c.set_after; } },
    {"others delete a ReplicaSet",
     [](const Change& c,                                                           const Ledger&) { return !is_ours(c) && c.set_before && !c.set_after; }},
    {"others resize a ReplicaSet",
     [](const Change& c,                                                           const Ledger&) {
       return both_sets(c) && !is_ours(c) && c.set_before->replicas != c.set_after->replicas;
     }                                                                                                                           },
    {"the stable version loses pods in mid-update",
     [](const Change& c,                                                           const Ledger&) {
       return both_sets(c) && c.rollout != nullptr && is_updating(*c.rollout) &&
              c.set_after->hash == c.rollout->stable_hash &&
              c.set_after->status_available < c.set_before->status_available;
     }                                                                                                                           },
    {"an aborted version is scaled down",
     [](const Change& c,                                                           const Ledger&) {
       return both_sets(c) && is_ours(c) && c.rollout != nullptr && c.rollout->abort &&
              c.set_after->hash == c.rollout->current_hash &&
              c.set_after->replicas < c.set_before->replicas;
     }                                                                                                                           },

    // Services.
    {"a Service is switched",
     [](const Change& c,                                                           const Ledger&) {
       return is_ours(c) && c.service_before && c.service_after &&
              c.service_before->hash != c.service_after->hash;
     }                                                                                                                           },
    {"others change a Service's selector",
     [](const Change& c,                                                           const Ledger&) {
       return !is_ours(c) && c.service_before && c.service_after &&
              c.service_before->hash != c.service_after->hash;
     }                                                                                                                           },
    {"a Service goes",
     [](const Change& c,                                                           const Ledger&) { return c.service_before && !c.service_after; }       },

    // Clocks.
    {"a write by a clock that is wrong by more than a second",
     [](const Change& c,                                                           const Ledger& ledger) {
       if (c.request == nullptr) return false;
       const Duration error = ledger.truth().clock_of(c.request->replica) - ledger.now();
       return std::abs(error.nanoseconds) > (1_s).nanoseconds;
     }                                                                                                                           },
};

const AnswerRow answer_rows[] = {
    {"a patch is refused: the world has moved",
     [](const SentRequest& r) {
       return r.method == Method::patch && (r.status == 409 || r.status == 422);
     }                                                                                  },
    {"a create meets an object of that name",
     [](const SentRequest& r) { return r.method == Method::post && r.status == 409; }   },
    {"what is to be written is gone",
     [](const SentRequest& r) { return r.method != Method::get && r.status == 404; }    },
    {"a deletion is refused: the object has changed",
     [](const SentRequest& r) { return r.method == Method::delete_ && r.status == 409; }},
    {"a write is not allowed",
     [](const SentRequest& r) {
       return r.method != Method::get && (r.status == 401 || r.status == 403);
     }                                                                                  },
    {"a write is throttled",
     [](const SentRequest& r) { return r.method != Method::get && r.status == 429; }    },
    {"the server fails a write",
     [](const SentRequest& r) { return r.method != Method::get && r.status >= 500; }    },
    {"a read fails",
     [](const SentRequest& r) { return r.method == Method::get && r.status != 200; }    },
};

bool is_write(const SentRequest& request) {
  return request.method != Method::get && request.about.kind != ObjectKind::lease &&
         request.about.kind != ObjectKind::event;
}

}  // namespace

Situations::Situations() {
  for (const CommitRow& row : commit_rows) counts_.push_back({row.name});
  for (const AnswerRow& row : answer_rows) counts_.push_back({row.name});
  for (const char* name :
       {late_write, lost_but_done, lost_and_undone, two_writers, stale_decision}) {
    counts_.push_back({name});
  }
  for (std::size_t i = 0; i < counts_.size(); ++i) places_.emplace(counts_[i].name, i);
}

void Situations::count(std::string_view name) {
  const auto place = places_.find(name);
  ASSERT(place != places_.end());
  ++counts_[place->second].times;
}

void Situations::on_commit(const Change& change, const Ledger& ledger) {
  if (change.commit.kind == ObjectKind::lease || change.commit.kind == ObjectKind::event) return;
  for (std::size_t i = 0; i < std::size(commit_rows); ++i) {
    if (commit_rows[i].holds(change, ledger)) ++counts_[i].times;
  }
  if (change.request == nullptr) return;
  if (change.request->outcome == Outcome::ambiguous) {
    count(late_write);
  } else {
    carried_out_.insert(change.request->id);
  }
  note_writer(change);
}

void Situations::note_writer(const Change& change) {
  LastWrite& last = last_writes_[change.commit.key];
  const bool another = !last.replica.empty() && last.replica != change.request->replica;
  if (another && change.commit.at - last.at < 60_s) count(two_writers);
  last = {change.request->replica, change.commit.at};
}

void Situations::on_request(const SentRequest& request, const Ledger& ledger) {
  if (!is_write(request) || request.decided_on == 0) return;
  const auto& versions = ledger.versions(request.about.kind, request.about.key);
  if (!versions.empty() && versions.back().revision > request.decided_on) count(stale_decision);
}

void Situations::on_answer(const SentRequest& request, const Ledger&) {
  const bool done = carried_out_.erase(request.id) != 0;
  if (!is_write(request) && request.method != Method::get) return;
  if (request.outcome == Outcome::ambiguous) {
    if (is_write(request)) count(done ? lost_but_done : lost_and_undone);
    return;
  }
  for (std::size_t i = 0; i < std::size(answer_rows); ++i) {
    if (answer_rows[i].holds(request)) ++counts_[std::size(commit_rows) + i].times;
  }
}

}  // namespace slipway::simulation
