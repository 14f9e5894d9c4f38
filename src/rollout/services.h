#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kubernetes/events.h"
#include "kubernetes/write.h"
#include "rollout/replica_set_roles.h"

namespace slipway::rollout {

/// The Services that the strategy names, in the order in which they are checked. Empty names are
/// left out.
struct NamedService {
  std::string field;  ///< "spec.strategy.blueGreen.activeService"
  std::string name;
};
std::vector<NamedService> named_services(const api::Rollout& rollout);

/// The hash that a Service's selector holds: which ReplicaSet gets its traffic. Empty for none.
std::string selected_hash(const api::Service& service);

/// All hashes that any named Service selects now: what must keep pods.
std::set<std::string> selected_hashes(const Observed& seen);

/// Whether traffic may move to a ReplicaSet. A Service that no Rollout manages yet is taken over
/// only when nothing is missing, since its pods serve already; else one available pod is enough.
/// Source: behaviour.md 14.
bool may_receive_traffic(const api::Service& service, const api::ReplicaSet& replica_set);

/// Points a Service at a ReplicaSet and marks it as managed by the Rollout.
struct ServiceSwitch {
  kubernetes::Write write;
  kubernetes::EventNote note;
  std::string service;  ///< Its name.
  std::string from_hash;
  std::string to_hash;
};
/// Nothing where all is as wanted.
///
/// *Guarantees*: it is refused if another switch came between, and notes the version of the Rollout
/// that it rests on (keys::claim).
std::optional<ServiceSwitch> make_switch(const api::Rollout& rollout, const api::Service& service,
                                         const std::string& to_hash);

/// Takes the mark off a Service whose Rollout names it no more. Source: behaviour.md 33.
kubernetes::Write unmark(const api::Service& service);
/// Takes the hash off it too: it selects by its own labels again.
kubernetes::Write release(const api::Service& service);

}  // namespace slipway::rollout
