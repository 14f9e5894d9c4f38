#include "cluster/controllers/namespace_controller.h"

#include "cluster/controllers/reconciler.h"
#include "cluster/whole_object.h"
#include "kubernetes/client.h"
#include "kubernetes/informer.h"

namespace slipway::cluster {

using api::Kind;
using api::ObjectKey;
using kubernetes::Informer;
using kubernetes::Write;

namespace {

using CachedNamespace = WholeObject<api::kinds::namespace_>;

constexpr Duration until_synced = Duration::from_milliseconds(50);
/// Between two sweeps of a namespace whose objects take their time to go (pods, finalizers).
constexpr Duration between_sweeps = Duration::from_milliseconds(500);

bool is_emptying(const CachedNamespace& object) {
  return object.metadata.deletion_timestamp && !object.content["spec"]["finalizers"].empty();
}

/// Lets the namespace go, other people's finalizers aside.
Write finalize(const CachedNamespace& object) {
  Json rest = Json::array();
  const Json& finalizers = object.content["spec"]["finalizers"];
  for (std::size_t i = 0; i < finalizers.size(); ++i) {
    if (finalizers.at(i).string_or_empty() != "kubernetes") rest.push_back(finalizers.at(i));
  }
  Json finalized = object.content;
  finalized.member("spec").set("finalizers", std::move(rest));
  return Write::replace_through(object.seen(), std::move(finalized), "finalize",
                                "the namespace is empty");
}

}  // namespace

struct NamespaceController::State : std::enable_shared_from_this<NamespaceController::State> {
  State(kubernetes::EventLoop& loop, kubernetes::Transport& transport, Discovery& d,
        std::uint64_t seed)
      : discovery(d),
        client(transport),
        namespaces(loop, transport, {.kind = api::kinds::namespace_}, seed, CachedNamespace::read),
        reconciler("namespace", loop, transport,
                   {
                       .decide = [this](const ObjectKey& key) { return decide(key); },
                       .applied = [this](const Write& w, const Json& o) { applied(w, o); },
                       .conclude = {},
                   }) {}

  /// One look at everything in a namespace: first all kinds are listed, then a plan comes of it.
  struct Sweep {
    int waiting_for = 0;
    bool failed = false;
    std::size_t found = 0;
    std::vector<Write> deletes;
  };

  Plan decide(const ObjectKey& key);
  void start_sweep(const ObjectKey& key);
  void applied(const Write& write, const Json& object);

  Discovery& discovery;
  kubernetes::Client client;
  Informer<CachedNamespace> namespaces;
  std::map<ObjectKey, std::shared_ptr<Sweep>> sweeps;
  bool stopped = false;
  Reconciler reconciler;
};

Plan NamespaceController::State::decide(const ObjectKey& key) {
  const auto object = namespaces.get(key);
  if (object == nullptr || !is_emptying(*object)) {
    sweeps.erase(key);
    return {};
  }
  if (!discovery.synced()) return {{}, until_synced};
  const auto running = sweeps.find(key);
  if (running == sweeps.end()) {
    start_sweep(key);
    return {};
  }
  if (running->second->waiting_for > 0) return {};
  const std::shared_ptr<Sweep> sweep = running->second;
  sweeps.erase(running);
  if (sweep->found == 0 && !sweep->failed) return {{finalize(*object)}, {}};
  return {std::move(sweep->deletes), between_sweeps};
}

void NamespaceController::State::start_sweep(const ObjectKey& key) {
  const auto sweep = std::make_shared<Sweep>();
  sweeps[key] = sweep;
  for (const Kind& kind : discovery.kinds()) {
    if (!kind.namespaced) continue;
    ++sweep->waiting_for;
    client.list(kind, key.name, {},
                [weak = weak_from_this(), sweep, key, kind](Result<Json::Array> objects) {
                  const auto self = weak.lock();
                  if (self == nullptr || self->stopped) return;
                  if (!objects) sweep->failed |= objects.error().code != ErrorCode::not_found;
                  for (Json& object : objects ? *objects : Json::Array{}) {
                    ++sweep->found;
                    if (!object["metadata"]["deletionTimestamp"].is_null()) continue;
                    sweep->deletes.push_back(Write::delete_object(
                        api::Object::of(kind, std::move(object)), "its namespace is deleted"));
                  }
                  if (--sweep->waiting_for == 0) self->reconciler.add(key);
                });
  }
}

void NamespaceController::State::applied(const Write& write, const Json& object) {
  if (!write.is_delete()) namespaces.apply(object);
}

NamespaceController::NamespaceController(kubernetes::EventLoop& loop,
                                         kubernetes::Transport& transport, Discovery& discovery,
                                         std::uint64_t seed)
    : state_(std::make_shared<State>(loop, transport, discovery, seed)) {
  state_->namespaces.on_change([raw = state_.get()](const auto& before, const auto& after) {
    raw->reconciler.add((after != nullptr ? after : before)->metadata.key());
  });
}

NamespaceController::~NamespaceController() = default;

void NamespaceController::start() {
  state_->namespaces.start();
}

void NamespaceController::stop() {
  state_->stopped = true;
  state_->namespaces.stop();
  state_->reconciler.stop();
}

}  // namespace slipway::cluster
