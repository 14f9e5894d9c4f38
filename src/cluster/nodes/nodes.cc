#include "cluster/nodes/nodes.h"

#include "cluster/controllers/reconciler.h"
#include "cluster/nodes/node_object.h"
#include "cluster/nodes/pod_events.h"
#include "cluster/nodes/pod_status.h"
#include "cluster/nodes/scheduler.h"
#include "cluster/whole_object.h"
#include "kubernetes/events.h"

namespace slipway::cluster {

using api::ObjectKey;
using kubernetes::EventType;
using kubernetes::Informer;
using kubernetes::Write;
using kubernetes::Writer;

namespace {

using CachedNode = WholeObject<api::kinds::node>;

/// Its collection is the pods': a binding is created at POST pods/NAME/binding.
constexpr api::Kind binding_kind{"", "v1", "Binding", "pods"};
constexpr Duration until_synced = Duration::from_milliseconds(100);

/// One pod as this process runs it.
struct Run {
  PodLife life;
  std::string pod_ip;
  std::optional<Instant> stopping_since;
};

Write bind(const CachedPod& pod, const std::string& node) {
  return Write::create(
             binding_kind,
             Json::object({
                 {"apiVersion", "v1"                                                                  },
                 {"kind",       "Binding"                                                             },
                 {"metadata",   Json::object({{"name", pod.metadata.name},
                                            {"namespace", pod.metadata.namespace_},
                                            {"uid", pod.metadata.uid}})  },
                 {"target",     Json::object({{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}})},
  }),
             "pod is pending, node " + node + " has the fewest")
      .through("binding");
}

Write remove_now(const CachedPod& pod) {
  return Write::delete_object(api::Object::of(api::kinds::pod, pod.content),
                              "its containers have stopped", "Background", 0);
}

Json unschedulable_status(const CachedPod& pod, const std::string& why, Instant now) {
  const api::Condition* before = find_condition(pod.status.conditions, "PodScheduled");
  const bool same = before != nullptr && before->status == "False" && before->last_transition_time;
  Json status = pod.content["status"];
  Json conditions = Json::array({
      Json::object({
                    {"type", "PodScheduled"},
                    {"status", "False"},
                    {"lastTransitionTime", format_rfc3339(same ? *before->last_transition_time : now)},
                    {"reason", "Unschedulable"},
                    {"message", why},
                    }
      )
  });
  for (std::size_t i = 0; i < status["conditions"].size(); ++i) {
    const Json& condition = status["conditions"].at(i);
    if (condition["type"].string_or_empty() != "PodScheduled") conditions.push_back(condition);
  }
  status.set("phase", "Pending");
  status.set("conditions", std::move(conditions));
  return status;
}

}  // namespace

struct Nodes::State {
  State(kubernetes::EventLoop& l, kubernetes::Transport& transport, PodCache& p, std::uint64_t s,
        Options o)
      : loop(l),
        pods(p),
        seed(s),
        options(std::move(o)),
        nodes(l, transport, {.kind = api::kinds::node}, seed + 1, CachedNode::read),
        kubelet_events(l, transport, "kubelet", seed + 2),
        scheduler_events(l, transport, "default-scheduler", seed + 3),
        registrations("node", l, transport,
                      {
                          .decide = [this](const ObjectKey& key) { return register_node(key); },
                          .applied = [this](const Write&, const Json& o) { nodes.apply(o); },
                      }),
        runs("pod", l, transport,
             {
                 .decide = [this](const ObjectKey& key) { return decide(key); },
                 .applied = [this](const Write&, const Json& object) { pods.apply(object); },
                 .conclude =
                     [this](const ObjectKey& key, const std::vector<Write>& writes,
                            const Writer::Outcome& outcome) {
                       return conclude(key, writes, outcome);
                     },
             }) {
    for (int i = 0; i < options.count; ++i) {
      NodeAddress address = node_address(i);
      ours.emplace(address.name, address);
    }
  }

  Plan register_node(const ObjectKey& key);
  Plan decide(const ObjectKey& key);
  Plan conclude(const ObjectKey& key, const std::vector<Write>& writes,
                const Writer::Outcome& outcome);
  Plan schedule(const CachedPod& pod);
  Plan run(const CachedPod& pod, const NodeAddress& address);
  Plan stop(const CachedPod& pod);
  Run& run_of(const CachedPod& pod, const NodeAddress& address);
  ParsedScript script_of(const CachedPod& pod) const;
  std::vector<NodeView> views() const;
  void on_pod(const CachedPod* before, const CachedPod* after);
  void say(kubernetes::EventRecorder& recorder, const CachedPod& pod,
           const kubernetes::EventNote& note);

  kubernetes::EventLoop& loop;
  PodCache& pods;
  std::uint64_t seed;
  Options options;
  std::map<std::string, NodeAddress> ours;
  Informer<CachedNode> nodes;
  std::map<std::string, std::size_t> pods_on;    ///< By node: bound and not finished.
  std::map<ObjectKey, std::string> placed;       ///< Bound by us, not yet so in the cache.
  std::map<std::string, Run> running;            ///< By the pod's uid.
  std::map<std::string, std::uint32_t> next_ip;  ///< By node.
  std::set<std::string> used_ips;
  kubernetes::EventRecorder kubelet_events;
  kubernetes::EventRecorder scheduler_events;
  Reconciler registrations;
  Reconciler runs;
};

void Nodes::State::say(kubernetes::EventRecorder& recorder, const CachedPod& pod,
                       const kubernetes::EventNote& note) {
  if (options.events) recorder.record(api::Object::of(api::kinds::pod, pod.content).ref, note);
}

Plan Nodes::State::register_node(const ObjectKey& key) {
  if (!nodes.synced()) return {{}, until_synced};
  if (nodes.get(key) != nullptr) return {};
  return {{Write::create(api::kinds::node,
                         make_node_object(ours.at(key.name), options.version, loop.now()),
                         "simulated node")},
          {}};
}

std::vector<NodeView> Nodes::State::views() const {
  std::vector<NodeView> views;
  nodes.for_each([&](const auto& node) {
    if (!ours.contains(node->metadata.name)) return;
    NodeView view{node->metadata.name, node->metadata.labels, true, true, 0};
    view.schedulable = !node->content["spec"]["unschedulable"].bool_or(false);
    if (const auto count = pods_on.find(view.name); count != pods_on.end()) {
      view.pods = count->second;
    }
    for (const auto& [key, name] : placed) view.pods += name == view.name ? 1 : 0;
    views.push_back(std::move(view));
  });
  return views;
}

Plan Nodes::State::decide(const ObjectKey& key) {
  if (!pods.synced() || !nodes.synced()) return {{}, until_synced};
  const PodPointer pod = pods.get(key);
  if (pod == nullptr) return {};
  const bool deleted = pod->metadata.deletion_timestamp.has_value();
  // Removed but for a finalizer: its holder takes it from here.
  if (deleted && pod->metadata.deletion_grace_period_seconds == 0) return {};
  if (pod->spec.node_name.empty()) return deleted ? Plan{{remove_now(*pod)}, {}} : schedule(*pod);
  const auto address = ours.find(pod->spec.node_name);
  if (address == ours.end()) return {};
  return deleted ? stop(*pod) : run(*pod, address->second);
}

/// Whether the default scheduler, which this is, may place the pod now.
bool is_for_us(const CachedPod& pod) {
  const Json& spec = pod.content["spec"];
  const std::string_view scheduler = spec["schedulerName"].string_or_empty();
  return spec["schedulingGates"].empty() && (scheduler.empty() || scheduler == "default-scheduler");
}

Plan Nodes::State::schedule(const CachedPod& pod) {
  const ObjectKey key = pod.metadata.key();
  if (placed.contains(key) || !is_for_us(pod)) return {};
  const Placed place = choose_node(pod, views());
  if (!place.node.empty()) {
    placed[key] = place.node;
    return {{bind(pod, place.node)}, {}};
  }
  const Json status = unschedulable_status(pod, place.message, loop.now());
  if (status == pod.content["status"]) return {};
  say(scheduler_events, pod, {EventType::warning, "FailedScheduling", place.message});
  return {{Write::status(api::Object::of(api::kinds::pod, pod.content), status, place.message)},
          {}};
}

ParsedScript Nodes::State::script_of(const CachedPod& pod) const {
  return parse_script(pod, options.timing, Random(seed ^ hash128(pod.metadata.uid).low));
}

Run& Nodes::State::run_of(const CachedPod& pod, const NodeAddress& address) {
  const auto [found, is_new] = running.try_emplace(pod.metadata.uid);
  Run& run = found->second;
  if (!is_new) return run;
  const bool known = pod.status.start_time.has_value();
  run.life = known ? recover_life(pod, loop.now()) : begin_life(loop.now());
  run.pod_ip = pod.status.pod_ip;
  while (run.pod_ip.empty()) {
    const std::string candidate = pod_address(address, next_ip[address.name]++);
    if (used_ips.insert(candidate).second) run.pod_ip = candidate;
  }
  for (const std::string& complaint : script_of(pod).complaints) {
    say(kubelet_events, pod, {EventType::warning, "MalformedAnnotation", complaint});
  }
  return run;
}

Plan Nodes::State::run(const CachedPod& pod, const NodeAddress& address) {
  Run& run = run_of(pod, address);
  const Instant now = loop.now();
  const PodScript script = script_of(pod).script;
  const PodLife before = run.life;
  run.life = advance(run.life, script, now);
  for (const kubernetes::EventNote& note : notes_between(pod, before, run.life)) {
    say(kubelet_events, pod, note);
  }

  Plan plan;
  const Json status = render_status(pod, run.life, script, {address.host_ip, run.pod_ip}, now);
  if (status != pod.content["status"]) {
    plan.writes.push_back(
        Write::status(api::Object::of(api::kinds::pod, pod.content), status, "pod moved on"));
  }
  if (const auto next = next_change(run.life, script)) plan.look_again = *next - now;
  return plan;
}

Plan Nodes::State::stop(const CachedPod& pod) {
  Run& run = run_of(pod, ours.at(pod.spec.node_name));
  const Instant now = loop.now();
  const bool runs_now = run.life.stage == Stage::running;
  if (!run.stopping_since) {
    run.stopping_since = now;
    for (std::size_t i = 0; runs_now && i < pod.spec.containers.size(); ++i) {
      say(kubelet_events, pod,
          {EventType::normal, "Killing", "Stopping container " + pod.spec.containers[i].name});
    }
  }
  const Instant due = runs_now ? std::min(*run.stopping_since + script_of(pod).script.stop_delay,
                                          *pod.metadata.deletion_timestamp)
                               : now;
  if (due <= now) return {{remove_now(pod)}, {}};
  return {{}, due - now};
}

Plan Nodes::State::conclude(const ObjectKey& key, const std::vector<Write>& writes,
                            const Writer::Outcome& outcome) {
  if (writes.empty() || !writes[0].is_create()) return {};
  const PodPointer pod = pods.get(key);
  if (outcome.error || pod == nullptr) {
    placed.erase(key);
  } else {
    say(scheduler_events, *pod,
        {EventType::normal, "Scheduled",
         fmt::format("Successfully assigned {} to {}", key.text(),
                     writes[0].body()["target"]["name"].string_or_empty())});
  }
  return {};
}

void Nodes::State::on_pod(const CachedPod* before, const CachedPod* after) {
  const auto counts = [](const CachedPod* pod) {
    return pod != nullptr && !pod->spec.node_name.empty() && !is_finished(*pod);
  };
  if (counts(before)) --pods_on[before->spec.node_name];
  if (counts(after)) ++pods_on[after->spec.node_name];
  if (before != nullptr) used_ips.erase(before->status.pod_ip);
  if (after != nullptr && !after->status.pod_ip.empty()) used_ips.insert(after->status.pod_ip);

  const CachedPod& pod = after != nullptr ? *after : *before;
  const ObjectKey key = pod.metadata.key();
  const bool replaced =
      before != nullptr && after != nullptr && before->metadata.uid != after->metadata.uid;
  if (after == nullptr || replaced || !after->spec.node_name.empty()) placed.erase(key);
  if (after == nullptr || replaced) {
    if (const auto run = running.find(before->metadata.uid); run != running.end()) {
      used_ips.erase(run->second.pod_ip);
      running.erase(run);
    }
    runs.forget(key);
  }
  if (after != nullptr) runs.add(key);
}

Nodes::Nodes(kubernetes::EventLoop& loop, kubernetes::Transport& transport, PodCache& pods,
             std::uint64_t seed, Options options)
    : state_(std::make_shared<State>(loop, transport, pods, seed, std::move(options))) {
  const std::weak_ptr<State> weak = state_;
  pods.on_change([weak](const auto& before, const auto& after) {
    if (const auto self = weak.lock()) self->on_pod(before.get(), after.get());
  });
  state_->nodes.on_change([raw = state_.get()](const auto& before, const auto& after) {
    const CachedNode& node = after != nullptr ? *after : *before;
    if (raw->ours.contains(node.metadata.name)) raw->registrations.add(node.metadata.key());
    // Room may have come: pods that found none are asked again.
    raw->pods.for_each([raw](const PodPointer& pod) {
      if (pod->spec.node_name.empty()) raw->runs.add(pod->metadata.key());
    });
  });
}

Nodes::~Nodes() = default;

void Nodes::start() {
  state_->nodes.start();
  for (const auto& [name, address] : state_->ours) state_->registrations.add({{}, name});
}

void Nodes::stop() {
  state_->nodes.stop();
  state_->registrations.stop();
  state_->runs.stop();
}

}  // namespace slipway::cluster
