#include "cluster/controllers/endpoints_controller.h"

#include "cluster/controllers/endpoints_plan.h"
#include "cluster/controllers/reconciler.h"

namespace slipway::cluster {

using api::ObjectKey;
using kubernetes::Informer;
using kubernetes::Write;

namespace {

using CachedEndpoints = WholeObject<api::kinds::endpoints>;
using CachedSlice = WholeObject<api::kinds::endpoint_slice>;

constexpr Duration until_synced = Duration::from_milliseconds(100);
constexpr std::string_view service_label = "kubernetes.io/service-name";
constexpr std::string_view managed_by = "endpoints.kubernetes.io/managed-by";

/// The parts of an object that these controllers own, as a patch where they differ.
void plan_update(std::vector<Write>& writes, const api::Object& seen, const Json& wanted,
                 std::initializer_list<std::string_view> members) {
  Write write(seen, "the Service's pods changed");
  for (const std::string_view member : members) {
    const std::string path = "/" + std::string(member);
    const Json& value = wanted[member];
    const Json& now = seen.content[member];
    // A server may keep an empty list as none.
    if (value == now || (value.empty() && now.empty())) continue;
    write.expect_as_seen(path);
    if (value.is_null()) {
      write.remove(path);
    } else {
      write.set(path, value);
    }
  }
  const Json& labels = wanted["metadata"]["labels"];
  if (labels != seen.content["metadata"]["labels"]) {
    write.expect_as_seen("/metadata/labels").set("/metadata/labels", labels);
  }
  if (!write.changes_nothing()) writes.push_back(std::move(write));
}

/// Whether a change of a pod can change any Service's endpoints.
bool matters(const CachedPod* before, const CachedPod* after) {
  if (before == nullptr || after == nullptr) return true;
  return before->metadata.uid != after->metadata.uid ||
         before->metadata.labels != after->metadata.labels ||
         before->metadata.deletion_timestamp.has_value() !=
             after->metadata.deletion_timestamp.has_value() ||
         before->status.pod_ip != after->status.pod_ip || is_ready(*before) != is_ready(*after) ||
         is_finished(*before) != is_finished(*after);
}

}  // namespace

struct EndpointsController::State {
  State(kubernetes::EventLoop& loop, kubernetes::Transport& transport, PodCache& p,
        std::uint64_t seed)
      : pods(p),
        services(loop, transport, {.kind = api::kinds::service}, seed, CachedService::read),
        endpoints(loop, transport, {.kind = api::kinds::endpoints}, seed + 1,
                  CachedEndpoints::read),
        slices(loop, transport, {.kind = api::kinds::endpoint_slice}, seed + 2, CachedSlice::read),
        reconciler("endpoints", loop, transport,
                   {
                       .decide = [this](const ObjectKey& key) { return decide(key); },
                       .applied = [this](const Write& w, const Json& o) { applied(w, o); },
                       .conclude = {},
                   }) {}

  Plan decide(const ObjectKey& key);
  void plan_endpoints(std::vector<Write>& writes, const CachedService& service,
                      const std::vector<PodPointer>& selected) const;
  void plan_slices(std::vector<Write>& writes, const CachedService& service,
                   const std::vector<PodPointer>& selected) const;
  void applied(const Write& write, const Json& object);
  void on_pod(const CachedPod* before, const CachedPod* after);

  PodCache& pods;
  Informer<CachedService> services;
  Informer<CachedEndpoints> endpoints;
  Informer<CachedSlice> slices;
  std::map<ObjectKey, std::set<ObjectKey>> slices_of;  ///< By Service.
  Reconciler reconciler;
};

Plan EndpointsController::State::decide(const ObjectKey& key) {
  if (!pods.synced() || !services.synced() || !endpoints.synced() || !slices.synced()) {
    return {{}, until_synced};
  }
  const auto service = services.get(key);
  std::vector<Write> writes;
  if (service == nullptr) {
    const auto left = endpoints.get(key);
    if (left != nullptr && left->metadata.label(managed_by) != nullptr) {
      writes.push_back(Write::delete_object(left->seen(), "its Service is gone"));
    }
    return {std::move(writes), {}};
  }
  if (!selects_pods(*service) || service->metadata.deletion_timestamp) return {};
  std::vector<PodPointer> selected;
  pods.for_each_in(key.namespace_, [&](const PodPointer& pod) {
    if (selects(*service, *pod)) selected.push_back(pod);
  });
  plan_endpoints(writes, *service, selected);
  plan_slices(writes, *service, selected);
  return {std::move(writes), {}};
}

void EndpointsController::State::plan_endpoints(std::vector<Write>& writes,
                                                const CachedService& service,
                                                const std::vector<PodPointer>& selected) const {
  Json wanted = desired_endpoints(service, selected);
  const auto found = endpoints.get(service.metadata.key());
  if (found == nullptr) {
    writes.push_back(Write::create(api::kinds::endpoints, std::move(wanted), "Service without"));
  } else {
    plan_update(writes, found->seen(), wanted, {"subsets"});
  }
}

void EndpointsController::State::plan_slices(std::vector<Write>& writes,
                                             const CachedService& service,
                                             const std::vector<PodPointer>& selected) const {
  std::set<ObjectKey> surplus;
  if (const auto known = slices_of.find(service.metadata.key()); known != slices_of.end()) {
    surplus = known->second;
  }
  for (Json& wanted : desired_slices(service, selected)) {
    const ObjectKey key{service.metadata.namespace_,
                        std::string(wanted["metadata"]["name"].string_or_empty())};
    surplus.erase(key);
    const auto found = slices.get(key);
    if (found == nullptr) {
      writes.push_back(
          Write::create(api::kinds::endpoint_slice, std::move(wanted), "Service without"));
    } else {
      plan_update(writes, found->seen(), wanted, {"endpoints", "ports"});
    }
  }
  for (const ObjectKey& key : surplus) {
    writes.push_back(Write::delete_object(slices.get(key)->seen(), "no endpoint is left for it"));
  }
}

void EndpointsController::State::applied(const Write& write, const Json& object) {
  if (write.is_delete()) return;
  const api::Kind& kind = write.target().kind;
  if (kind == api::kinds::endpoints) endpoints.apply(object);
  if (kind == api::kinds::endpoint_slice) slices.apply(object);
}

void EndpointsController::State::on_pod(const CachedPod* before, const CachedPod* after) {
  if (!matters(before, after)) return;
  const CachedPod& pod = after != nullptr ? *after : *before;
  services.for_each_in(pod.metadata.namespace_, [&](const auto& service) {
    if ((before != nullptr && selects(*service, *before)) ||
        (after != nullptr && selects(*service, *after))) {
      reconciler.add(service->metadata.key());
    }
  });
}

EndpointsController::EndpointsController(kubernetes::EventLoop& loop,
                                         kubernetes::Transport& transport, PodCache& pods,
                                         std::uint64_t seed)
    : state_(std::make_shared<State>(loop, transport, pods, seed)) {
  State* const raw = state_.get();
  const auto add = [raw](const auto& before, const auto& after) {
    raw->reconciler.add((after != nullptr ? after : before)->metadata.key());
  };
  raw->services.on_change(add);
  raw->endpoints.on_change(add);
  raw->slices.on_change([raw](const auto& before, const auto& after) {
    const auto service_of = [](const CachedSlice& slice) -> std::optional<ObjectKey> {
      const std::string* service = slice.metadata.label(service_label);
      const api::OwnerReference* owner = slice.metadata.controller();
      if (service == nullptr || owner == nullptr) return std::nullopt;
      return ObjectKey{slice.metadata.namespace_, *service};
    };
    if (before != nullptr) {
      if (const auto service = service_of(*before)) {
        std::set<ObjectKey>& known = raw->slices_of[*service];
        known.erase(before->metadata.key());
        if (known.empty()) raw->slices_of.erase(*service);
        raw->reconciler.add(*service);
      }
    }
    if (after != nullptr) {
      if (const auto service = service_of(*after)) {
        raw->slices_of[*service].insert(after->metadata.key());
        raw->reconciler.add(*service);
      }
    }
  });
  pods.on_change([weak = std::weak_ptr<State>(state_)](const auto& before, const auto& after) {
    if (const auto self = weak.lock()) self->on_pod(before.get(), after.get());
  });
}

EndpointsController::~EndpointsController() = default;

void EndpointsController::start() {
  state_->services.start();
  state_->endpoints.start();
  state_->slices.start();
}

void EndpointsController::stop() {
  state_->services.stop();
  state_->endpoints.stop();
  state_->slices.stop();
  state_->reconciler.stop();
}

}  // namespace slipway::cluster
