#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/rollout.h"
#include "api/workload.h"
#include "base/result.h"
#include "base/time.h"
#include "rollout/named_object.h"
#include "rollout/workload.h"

namespace slipway::rollout {

/// Names that are dear to compute (a template is parsed and hashed). Who keeps them between plans,
/// as long as the Rollout's uid, generation and status.collisionCount stay the same, saves that.
struct Hashes {
  std::string pod_template;  ///< api::pod_template_hash of spec.template.
  std::string steps;         ///< api::step_hash of the canary steps; empty for blue-green.
  bool operator==(const Hashes&) const = default;
};
Hashes hashes_of(const api::Rollout& rollout);
/// `Hashes::steps` alone.
std::string hash_of_steps(const api::Rollout& rollout);

/// What must be gathered beside the Rollout and its ReplicaSets before it can be planned. Names are
/// of the Rollout's own namespace, sorted, each once.
struct References {
  std::vector<std::string> services;
  std::optional<WorkloadName> workload;
  bool operator==(const References&) const = default;
};
References references(const api::Rollout& rollout);

/// By name; a null pointer where there is none of that name.
using Services = std::map<std::string, std::shared_ptr<const api::Service>, std::less<>>;

/// All that one plan rests on: a snapshot that nobody changes. What it does not hold, a plan does
/// not know.
struct Observed {
  Instant now;
  /// Where it names a workload: with that one's template, see resolve_workload.
  std::shared_ptr<const api::Rollout> rollout;
  /// The Rollout was read from the API server for this plan, not from a cache. Asked for by
  /// `Plan::read_rollout_live`.
  bool rollout_is_live = false;
  /// Its status as it is stored, where that reads otherwise than `rollout->status` would be
  /// written: a person's `abort: false`, a status that was never written. A write is held to it.
  std::shared_ptr<const Json> stored_status;
  /// Those of the namespace that the Rollout controls, or that no one controls and whose labels
  /// match its selector. In any order.
  std::vector<std::shared_ptr<const api::ReplicaSet>> replica_sets;
  Services services;  ///< Each of `references().services`.
  /// They were read from the API server for this plan. Asked for by `Plan::read_services_live`.
  bool services_are_live = false;
  /// What gather_named_objects found.
  NamedObjects named_objects;
  /// `references().workload`, or a null pointer where there is none of that name.
  std::shared_ptr<const Workload> workload;
  /// It was read from the API server for this plan. Asked for by `Plan::read_workload_live`.
  bool workload_is_live = false;
  /// The template could not be taken over from it.
  std::optional<Error> workload_error;
  /// Where `needs_pods`: pods that any of `replica_sets` controls.
  std::vector<std::shared_ptr<const api::Pod>> pods;
  /// Computed by the plan where absent and needed.
  std::optional<Hashes> hashes;
  /// The create of the last plan met AlreadyExists: the object of that name, read live. Whoever
  /// owns it; if it turns out to be ours and right, it belongs into `replica_sets` too.
  std::shared_ptr<const api::ReplicaSet> occupant;
  /// The create of the last plan was turned down for good (quota, admission, a template that the
  /// server finds invalid). The plan then reports it and does not try; leave this away to try
  /// again, after a back-off.
  std::optional<Error> create_error;
};

/// The plan looks at pods: a restart is asked for, or labels of running pods are to change. To be
/// read live, after everything else was gathered.
bool needs_pods(const Observed& seen);

}  // namespace slipway::rollout
