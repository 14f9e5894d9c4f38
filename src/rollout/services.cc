#include "rollout/services.h"

#include <fmt/format.h>

#include "rollout/keys.h"
#include "rollout/replica_arithmetic.h"

namespace slipway::rollout {
namespace {

std::string selector_path() {
  return "/spec/selector/" + escape_pointer(api::pod_template_hash_label);
}

}  // namespace

std::vector<NamedService> named_services(const api::Rollout& rollout) {
  std::vector<NamedService> named;
  const auto add = [&](std::string field, const std::string& name) {
    if (!name.empty()) named.push_back({"spec.strategy." + std::move(field), name});
  };
  if (const auto& blue_green = rollout.spec.strategy.blue_green) {
    add("blueGreen.activeService", blue_green->active_service);
    add("blueGreen.previewService", blue_green->preview_service);
  }
  if (const auto& canary = rollout.spec.strategy.canary) {
    add("canary.stableService", canary->stable_service);
    add("canary.canaryService", canary->canary_service);
    if (canary->ping_pong) {
      add("canary.pingPong.pingService", canary->ping_pong->ping_service);
      add("canary.pingPong.pongService", canary->ping_pong->pong_service);
    }
  }
  return named;
}

std::string selected_hash(const api::Service& service) {
  const auto found = service.spec.selector.find(api::pod_template_hash_label);
  return found == service.spec.selector.end() ? std::string() : found->second;
}

std::set<std::string> selected_hashes(const Observed& seen) {
  std::set<std::string> hashes;
  for (const auto& [name, service] : seen.services) {
    if (!service) continue;
    std::string hash = selected_hash(*service);
    if (!hash.empty()) hashes.insert(std::move(hash));
  }
  return hashes;
}

bool may_receive_traffic(const api::Service& service, const api::ReplicaSet& replica_set) {
  const Size size{spec_replicas(replica_set), replica_set.status.available_replicas};
  if (service.metadata.annotation(keys::managed_by)) return dependable(size) > 0;
  return size.spec > 0 && size.available >= size.spec;
}

std::optional<ServiceSwitch> make_switch(const api::Rollout& rollout, const api::Service& service,
                                         const std::string& to_hash) {
  const std::string from_hash = selected_hash(service);
  const bool unmanaged = service.metadata.annotation(keys::managed_by) == nullptr;
  if (from_hash == to_hash && !unmanaged) return std::nullopt;
  const std::string text = fmt::format("Switched selector for service '{}' from '{}' to '{}'",
                                       service.metadata.name, from_hash, to_hash);
  kubernetes::Write write(api::seen(service), text);
  write.expect_as_seen(selector_path()).set(selector_path(), to_hash);
  if (!rollout.metadata.resource_version.empty()) {
    const std::string claim = kubernetes::annotation_path(keys::claim);
    write.expect_as_seen(claim).set(claim, rollout.metadata.resource_version);
  }
  if (unmanaged) {
    const std::string managed_by = kubernetes::annotation_path(keys::managed_by);
    write.expect_as_seen(managed_by).set(managed_by, rollout.metadata.name);
  }
  return ServiceSwitch{
      .write = std::move(write),
      .note = {kubernetes::EventType::normal, "SwitchService", text},
      .service = service.metadata.name,
      .from_hash = from_hash,
      .to_hash = to_hash,
  };
}

kubernetes::Write unmark(const api::Service& service) {
  const std::string managed_by = kubernetes::annotation_path(keys::managed_by);
  kubernetes::Write write(api::seen(service), "the Rollout that managed it names it no more");
  write.expect_as_seen(managed_by).remove(managed_by);
  write.remove(kubernetes::annotation_path(keys::claim));
  write.expect_as_seen(selector_path());
  return write;
}

kubernetes::Write release(const api::Service& service) {
  kubernetes::Write write = unmark(service);
  if (!selected_hash(service).empty()) write.remove(selector_path());
  return write;
}

}  // namespace slipway::rollout
