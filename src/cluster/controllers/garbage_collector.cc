#include "cluster/controllers/garbage_collector.h"

#include "cluster/controllers/ownership.h"
#include "kubernetes/client.h"
#include "kubernetes/informer.h"
#include "kubernetes/reflector.h"

namespace slipway::cluster {

using api::Kind;
using api::ObjectKey;
using kubernetes::Write;

namespace {

constexpr Duration until_synced = Duration::from_milliseconds(50);
/// An owner that the server has and the graph lacks is on its way here.
constexpr Duration until_seen = Duration::from_milliseconds(500);

/// Work is queued by uid; nothing else names an object for ever.
ObjectKey work_key(const std::string& uid) {
  return {{}, uid};
}

/// Absence is a fact about an owner's uid as looked for in one namespace: from another it may be
/// another's.
std::string absence_key(const UnknownOwner& unknown) {
  return unknown.owner.uid + "@" + unknown.namespace_;
}

/// Owners that the server was found to lack. A uid never comes back, so this holds for ever;
/// bounded all the same: what is forgotten is asked for again.
class AbsentOwners {
 public:
  void add(const std::string& key) {
    constexpr std::size_t limit = 4096;
    if (!keys_.insert(key).second) return;
    order_.push_back(key);
    if (order_.size() <= limit) return;
    keys_.erase(order_.front());
    order_.pop_front();
  }
  bool contains(const std::string& key) const { return keys_.contains(key); }
  void clear() {
    keys_.clear();
    order_.clear();
  }

 private:
  std::set<std::string> keys_;
  std::deque<std::string> order_;
};

}  // namespace

struct GarbageCollector::State {
  State(kubernetes::EventLoop& l, kubernetes::Transport& t, Discovery& d, std::uint64_t s)
      : loop(l),
        transport(t),
        client(t),
        discovery(d),
        seeds(s),
        reconciler("garbage-collector", l, t,
                   {
                       .decide = [this](const ObjectKey& key) { return decide(key.name); },
                       .applied = {},
                       .conclude = {},
                   }) {}

  /// Keeps the graph in step with the objects of one kind.
  struct Monitor final : kubernetes::ReflectorSink {
    Monitor(State& s, const Kind& k, std::uint64_t seed)
        : state(s),
          kind(k),
          reflector(s.loop, s.transport, {.kind = k, .metadata_only = true}, *this, seed) {}

    void store_went_back() override {
      list_counts = true;
      state.absent.clear();  // What was deleted may be back.
    }
    void replace_begin() override { listed.clear(); }
    void replace_item(const Json& object) override {
      listed.insert(std::string(object["metadata"]["uid"].string_or_empty()));
      upsert(object);
    }
    void replace_end(const std::string& version) override;
    void upsert(const Json& object) override;
    void remove(const Json& object) override {
      remove_uid(std::string(object["metadata"]["uid"].string_or_empty()));
    }
    void remove_uid(const std::string& uid) {
      known.erase(uid);
      state.removed(uid);
    }

    State& state;
    Kind kind;
    std::set<std::string> known;
    std::set<std::string> listed;
    bool list_counts = false;  ///< Also where it is older than what is known.
    kubernetes::Reflector reflector;
  };

  Plan decide(const std::string& uid);
  void follow_kinds();
  bool synced() const;
  void put(OwnedObject object);
  void removed(const std::string& uid);
  void touch(const std::optional<OwnedObject>& before, const OwnedObject* after);
  void ask(const UnknownOwner& unknown, const std::string& dependent);

  kubernetes::EventLoop& loop;
  kubernetes::Transport& transport;
  kubernetes::Client client;
  Discovery& discovery;
  Random seeds;
  OwnershipGraph graph;
  AbsentOwners absent;
  std::set<std::string> asking;
  std::map<std::string, std::unique_ptr<Monitor>> monitors;  ///< By path.
  std::shared_ptr<char> alive = std::make_shared<char>();
  bool stopped = false;
  Reconciler reconciler;
};

void GarbageCollector::State::Monitor::replace_end(const std::string& version) {
  std::vector<std::string> gone;
  for (const std::string& uid : known) {
    const OwnedObject* object = state.graph.find(uid);
    if (!listed.contains(uid) && object != nullptr &&
        (list_counts || !api::newer_version(object->resource_version, version))) {
      gone.push_back(uid);
    }
  }
  for (const std::string& uid : gone) remove_uid(uid);
  list_counts = false;
  listed.clear();
}

void GarbageCollector::State::Monitor::upsert(const Json& object) {
  OwnedObject read = read_owned_object(kind, object);
  known.insert(read.uid);
  state.put(std::move(read));
}

/// One Monitor for each kind there is; those of kinds that have gone take their objects with them.
void GarbageCollector::State::follow_kinds() {
  if (stopped) return;
  std::set<std::string> wanted;
  for (const Kind& kind : discovery.kinds()) {
    if (kind.kind == "Event") continue;
    const std::string path = kind.path({});
    wanted.insert(path);
    std::unique_ptr<Monitor>& monitor = monitors[path];
    if (monitor != nullptr) continue;
    monitor = std::make_unique<Monitor>(*this, kind, seeds.next());
    monitor->reflector.start();
  }
  for (auto at = monitors.begin(); at != monitors.end();) {
    if (wanted.contains(at->first)) {
      ++at;
      continue;
    }
    const std::set<std::string> gone = at->second->known;
    at = monitors.erase(at);
    for (const std::string& uid : gone) removed(uid);
  }
}

bool GarbageCollector::State::synced() const {
  if (!discovery.synced()) return false;
  for (const auto& [path, monitor] : monitors) {
    if (!monitor->reflector.synced()) return false;
  }
  return true;
}

void GarbageCollector::State::put(OwnedObject object) {
  const std::string uid = object.uid;
  const std::optional<OwnedObject> before = graph.put(std::move(object));
  touch(before, graph.find(uid));
}

void GarbageCollector::State::removed(const std::string& uid) {
  const std::optional<OwnedObject> before = graph.erase(uid);
  if (!before) return;
  touch(before, nullptr);
  reconciler.forget(work_key(uid));
}

/// Queues all whose fate may hang on this change.
void GarbageCollector::State::touch(const std::optional<OwnedObject>& before,
                                    const OwnedObject* after) {
  const OwnedObject& object = after != nullptr ? *after : *before;
  const bool has_work = !object.owners.empty() || object.being_deleted;
  if (after != nullptr && has_work) reconciler.add(work_key(object.uid));
  if (after == nullptr || after->being_deleted) {
    for (const OwnedObject* dependent : graph.dependents_of(object.uid)) {
      reconciler.add(work_key(dependent->uid));
    }
  }
  // Those that it was, or is, one of the last to block.
  for (const OwnedObject* side : {before ? &*before : nullptr, after}) {
    if (side == nullptr) continue;
    for (const api::OwnerReference& owner : side->owners) {
      const OwnedObject* waiting = graph.find(owner.uid);
      if (waiting != nullptr && waiting->being_deleted) reconciler.add(work_key(owner.uid));
    }
  }
}

Plan GarbageCollector::State::decide(const std::string& uid) {
  if (!synced()) return {{}, until_synced};
  GarbageDecision decision = decide_garbage(graph, uid, [this](const UnknownOwner& unknown) {
    return absent.contains(absence_key(unknown));
  });
  for (const UnknownOwner& unknown : decision.ask) ask(unknown, uid);
  return {std::move(decision.writes), {}};
}

/// A live read: the graph may merely be behind.
void GarbageCollector::State::ask(const UnknownOwner& unknown, const std::string& dependent) {
  const std::string key = absence_key(unknown);
  const Kind* const kind = discovery.find(unknown.owner.api_version, unknown.owner.kind);
  // Of a kind that the server does not have nothing can be said. When it comes, the graph grows.
  if (kind == nullptr || (kind->namespaced && unknown.namespace_.empty())) return;
  if (!asking.insert(key + "<" + dependent).second) return;
  client.get(*kind, {kind->namespaced ? unknown.namespace_ : std::string(), unknown.owner.name},
             [this, weak = std::weak_ptr<char>(alive), key, dependent,
              uid = unknown.owner.uid](const Result<Json>& found) {
               if (weak.expired() || stopped) return;
               asking.erase(key + "<" + dependent);
               const bool is_absent = found ? (*found)["metadata"]["uid"].string_or_empty() != uid
                                            : found.error().code == ErrorCode::not_found;
               if (is_absent) absent.add(key);
               const auto again = [this, weak, dependent] {
                 if (!weak.expired()) reconciler.add(work_key(dependent));
               };
               if (is_absent) return again();
               loop.after(until_seen, again);
             });
}

GarbageCollector::GarbageCollector(kubernetes::EventLoop& loop, kubernetes::Transport& transport,
                                   Discovery& discovery, std::uint64_t seed)
    : state_(std::make_shared<State>(loop, transport, discovery, seed)) {
  discovery.on_change([weak = std::weak_ptr<State>(state_)] {
    if (const auto self = weak.lock()) self->follow_kinds();
  });
}

GarbageCollector::~GarbageCollector() = default;

void GarbageCollector::stop() {
  state_->stopped = true;
  for (const auto& [path, monitor] : state_->monitors) monitor->reflector.stop();
  state_->reconciler.stop();
}

std::size_t GarbageCollector::size() const {
  return state_->graph.size();
}

}  // namespace slipway::cluster
