// Drives the embedded cluster with the real kubectl, as people do. KUBECTL names another binary.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "base/text.h"
#include "cluster/serve_cluster.h"

namespace slipway {

namespace {

constexpr const char* web_manifest = R"(
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web
  labels: {app: web, tier: front}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: c
        image: registry.example/web:1
        env: [{name: A, value: '1'}, {name: B, value: '2'}]
)";

std::string kubectl_binary() {
  const char* named = std::getenv("KUBECTL");
  return named != nullptr ? named : "kubectl";
}

bool says(const std::string& arguments, const std::string& text) {
  const std::string command = kubectl_binary() + " " + arguments + " 2>/dev/null | grep -q -- ";
  return std::system((command + "'" + text + "'").c_str()) == 0;
}

bool has_kubectl() {
  static const bool has = says("version --client", "Client Version");
  if (!has) MESSAGE("skipped: there is no kubectl here");
  return has;
}

/// Debian's is 1.20. Newer ones wait for values, and explain by OpenAPI v3.
bool is_modern() {
  static const bool is = says("wait --help", "--for=jsonpath");
  return is;
}

struct Outcome {
  int status = 0;
  std::string output;  ///< Runs of blanks as one, so that tables can be looked for.
};

std::string squeeze(const std::string& text) {
  std::string squeezed;
  for (char c : text) {
    if (c == '\t') c = ' ';
    if (c != ' ' || squeezed.empty() || squeezed.back() != ' ') squeezed += c;
  }
  return squeezed;
}

/// A command that goes on while others run.
class Background {
 public:
  explicit Background(const std::string& command)
      : pipe_(::popen(("echo $$; " + command).c_str(), "r")) {
    char line[64] = "";
    if (std::fgets(line, sizeof line, pipe_) != nullptr) process_ = std::atoi(line);
  }
  ~Background() {
    if (process_ > 0) ::kill(process_, SIGTERM);
    ::pclose(pipe_);
  }
  /// Whether this text comes before the command ends.
  bool says(std::string_view text) {
    char line[512];
    while (squeeze(said_).find(text) == std::string::npos &&
           std::fgets(line, sizeof line, pipe_) != nullptr) {
      said_ += line;
    }
    return squeeze(said_).find(text) != std::string::npos;
  }

 private:
  FILE* pipe_;
  pid_t process_ = 0;
  std::string said_;
};

/// A served cluster on a thread of its own, with pods quick enough for a test in real time, and a
/// folder for kubectl.
class KubectlCluster {
 public:
  KubectlCluster()
      : folder_(std::filesystem::temp_directory_path() /
                fmt::format("slipway-kubectl-{}-{}", ::getpid(), count_++)),
        loop_(kubernetes::make_real_event_loop()) {
    std::filesystem::create_directories(folder_);
    cluster::ServeOptions options{.address = "127.0.0.1:0", .kubeconfig = folder_ / "kubeconfig"};
    const Duration moment = Duration::from_milliseconds(20);
    options.timing = {moment, moment, moment, moment, moment, moment};
    served_ = cluster::ServedCluster::start(*loop_, options).value();
    thread_ = std::thread([this] { loop_->run(); });
    write("web.yaml", web_manifest);
  }
  ~KubectlCluster() {
    std::promise<void> stopped;
    loop_->post([&] { served_->stop([&] { stopped.set_value(); }); });
    stopped.get_future().wait();
    loop_->post([&] { loop_->stop(); });
    thread_.join();
    served_.reset();
    std::filesystem::remove_all(folder_);
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  /// The shell's command for kubectl with these arguments, run in the folder.
  std::string command(const std::string& arguments) const {
    return fmt::format(
        "cd {0} && exec timeout 60 {1} --kubeconfig kubeconfig --cache-dir cache {2} 2>&1",
        folder_.string(), kubectl_binary(), arguments);
  }
  Outcome run(const std::string& arguments) const {
    FILE* const pipe = ::popen(command(arguments).c_str(), "r");
    std::string output;
    char buffer[4096];
    while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) {
      output.append(buffer, n);
    }
    const int status = ::pclose(pipe);
    return {WEXITSTATUS(status), squeeze(output)};
  }

  /// Runs each step and holds it to its status and to the texts that its output must contain.
  struct Step {
    const char* arguments;
    std::vector<std::string> want = {};
    int status = 0;
  };
  void follow(const std::vector<Step>& steps) const {
    for (const Step& step : steps) {
      CAPTURE(std::string(step.arguments));
      const Outcome outcome = run(step.arguments);
      CAPTURE(outcome.output);
      CHECK(outcome.status == step.status);
      for (const std::string& want : step.want) {
        CAPTURE(want);
        CHECK(outcome.output.find(want) != std::string::npos);
      }
    }
  }
  /// Asks again until the output contains the text; empty: until there is none.
  void until(const char* arguments, const std::string& text) const {
    CAPTURE(std::string(arguments));
    CAPTURE(text);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    Outcome outcome;
    do {
      outcome = run(arguments);
      if (text.empty() ? outcome.output.empty() : outcome.output.find(text) != std::string::npos) {
        return;
      }
    } while (std::chrono::steady_clock::now() < end);
    CAPTURE(outcome.output);
    FAIL("not within 30 s");
  }
  void until_two_ready() const { until("get rs web -o jsonpath={.status.readyReplicas}", "2"); }

 private:
  static inline int count_ = 0;
  std::filesystem::path folder_;
  std::unique_ptr<kubernetes::RealEventLoop> loop_;
  std::unique_ptr<cluster::ServedCluster> served_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("kubectl get prints tables, yaml, json, names and paths, selected and from everywhere") {
  if (!has_kubectl()) return;
  KubectlCluster cluster;
  cluster.follow({
      {"get nodes",          {"NAME STATUS ROLES AGE VERSION", "node-1 Ready", "node-3 Ready"}},
      {"get rs",             {"No resources found in default namespace."}                     },
      {"create -f web.yaml", {"replicaset.apps/web created"}                                  },
  });
  cluster.until_two_ready();
  cluster.follow({
      {"get rs", {"NAME DESIRED CURRENT READY AGE", "web 2 2 2 "}},
      {"get rs web -o wide", {"CONTAINERS IMAGES SELECTOR", "c registry.example/web:1 app=web"}},
      {"get pods", {"NAME READY STATUS RESTARTS AGE", "1/1 Running 0"}},
      {"get pods -o wide", {"IP NODE", "10.128.0.1 node-1"}},
      {"get pods -A -l app=web", {"NAMESPACE NAME READY", "default web-"}},
      {"get pods -l 'app notin (web)'", {"No resources found"}},
      {"get pods --field-selector status.phase=Running -o name", {"pod/web-"}},
      {"get pods --field-selector status.phase=Pending", {"No resources found"}},
      {"get rs,pods --show-labels", {"replicaset.apps/web 2 2 2", "pod/web-", "tier=front"}},
      {"get rs web -o yaml", {"kind: ReplicaSet", "availableReplicas: 2", "schedulerName:"}},
      {"get rs web -o json", {"\"kind\": \"ReplicaSet\"", "\"observedGeneration\": 1"}},
      {"get rs web -o jsonpath={.spec.template.spec.containers[0].image}",
       {"registry.example/web:1"}},
      {"get pods -o custom-columns=P:.status.phase", {"Running"}},
      {"get rs nope", {"(NotFound): replicasets.apps \"nope\" not found"}, 1},
      {"get gizmos", {"the server doesn't have a resource type \"gizmos\""}, 1},
      {"get --raw /readyz", {"ok"}},
  });
}

TEST_CASE("kubectl get -w shows what happens") {
  if (!has_kubectl()) return;
  KubectlCluster cluster;
  cluster.follow({{"create -f web.yaml"}});
  cluster.until_two_ready();
  Background watch(cluster.command("get rs web -w --output-watch-events"));
  CHECK(watch.says("ADDED web 2 2 2"));
  cluster.follow({
      {"scale rs web --replicas=3", {"replicaset.apps/web scaled"}}
  });
  CHECK(watch.says("MODIFIED web 3 2 2"));
  CHECK(watch.says("MODIFIED web 3 3 3"));
  cluster.follow({
      {"delete rs web", {"replicaset.apps \"web\" deleted"}}
  });
  CHECK(watch.says("DELETED web"));
}

TEST_CASE("kubectl apply creates, leaves alone, changes, and removes what is no longer named") {
  if (!has_kubectl()) return;
  KubectlCluster cluster;
  std::string changed = web_manifest;
  const auto replace = [&](const std::string& from, const std::string& to) {
    changed.replace(changed.find(from), from.size(), to);
  };
  replace("replicas: 2", "replicas: 3");
  replace(", tier: front", "");
  replace(", {name: B, value: '2'}", "");
  cluster.write("changed.yaml", changed);
  cluster.write("bad.yaml",
                "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: bad}\n"
                "spec: {replicas: many, selector: {matchLabels: {a: b}}}\n");
  cluster.follow({
      {"apply -f web.yaml", {"replicaset.apps/web created"}},
      {"apply -f web.yaml", {"replicaset.apps/web unchanged"}},
      {"label rs web mine=yes", {"replicaset.apps/web labeled"}},
      {"diff -f changed.yaml", {"+ replicas: 3"}, 1},
      {"apply -f changed.yaml", {"replicaset.apps/web configured"}},
      {"get rs web -o jsonpath={.spec.replicas}:{.metadata.labels}",
       {"3:{\"app\":\"web\",\"mine\":\"yes\"}"}},
      {"get rs web -o jsonpath={.spec.template.spec.containers[0].env}",
       {"[{\"name\":\"A\",\"value\":\"1\"}]"}},
      {"apply -f bad.yaml", {"replicas"}, 1},
      {"apply -f web.yaml --dry-run=server", {"configured (server dry run)"}},
      {"get rs web -o jsonpath={.spec.replicas}", {"3"}},
  });
}

TEST_CASE("kubectl takes lists of objects, and gives them") {
  if (!has_kubectl()) return;
  KubectlCluster cluster;
  cluster.write("list.yaml",
                "apiVersion: v1\nkind: List\nitems:\n"
                "- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {a: b}}\n"
                "- apiVersion: argoproj.io/v1alpha1\n  kind: Rollout\n  metadata: {name: shop}\n"
                "  spec:\n    replicas: 1\n    selector: {matchLabels: {app: shop}}\n"
                "    template:\n      metadata: {labels: {app: shop}}\n"
                "      spec: {containers: [{name: c, image: x}]}\n"
                "    strategy: {canary: {steps: [{setWeight: 20}]}}\n");
  cluster.write("maps.yaml",
                "apiVersion: v1\nkind: ConfigMapList\nitems:\n"
                "- {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}\n");
  cluster.follow({
      {"create --save-config -f list.yaml",
       {"configmap/one created", "rollout.argoproj.io/shop created"}},
      {"apply -f list.yaml", {"configmap/one unchanged", "rollout.argoproj.io/shop unchanged"}},
      {"apply -f maps.yaml", {"configmap/two created"}},
      {"get configmaps,rollouts -o yaml > all.yaml"},
      {"delete -f list.yaml -f maps.yaml", {"\"shop\" deleted", "\"two\" deleted"}},
      {"create -f all.yaml", {"configmap/one created", "configmap/two created", "shop created"}},
  });
}

TEST_CASE("kubectl shows what the server warns of, in the server's words") {
  if (!has_kubectl() || !is_modern()) return;
  KubectlCluster cluster;
  cluster.write("odd.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: odd}\nodd: 1\n");
  cluster.follow({
      {"create -f odd.yaml --validate=warn", {"Warning: unknown field \"odd\"\n"}},
      {"apply -f odd.yaml", {"strict decoding error: unknown field \"odd\""}, 1},
  });
}

TEST_CASE("kubectl changes objects with edit, patch, replace, set, scale, label and annotate") {
  if (!has_kubectl()) return;
  KubectlCluster cluster;
  ::setenv("KUBE_EDITOR", "sed -i s/minReadySeconds:.4/minReadySeconds:\\ 5/", 1);
  cluster.follow({
      {"create -f web.yaml", {"replicaset.apps/web created"}},
      {"create -f web.yaml", {"(AlreadyExists)"}, 1},
      {"patch rs web -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\","
       "\"image\":\"web:2\"}]}}}}'", {"patched"}},
      {"get rs web -o jsonpath={.spec.template.spec.containers[0].env[1].name}", {"B"}},
      {"patch rs web --type=merge -p '{\"spec\":{\"minReadySeconds\":4}}'", {"patched"}},
      {"edit rs web", {"replicaset.apps/web edited"}},
      {"get rs web -o jsonpath={.spec.minReadySeconds}", {"5"}},
      {"patch rs web --type=json -p '[{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":2},"
       "{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":1}]'", {"patched"}},
      {"patch rs web --type=json -p '[{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":2}]'",
       {"invalid"},
       1},
      {"replace -f web.yaml", {"replicaset.apps/web replaced"}},
      {"get rs web -o jsonpath={.spec.replicas}", {"2"}},
      {"set image rs/web c=web:3", {"image updated"}},
      {"scale rs web --replicas=4", {"scaled"}},
      {"scale rs web --current-replicas=9 --replicas=1", {"Expected replicas to be 9, was 4"}, 1},
      {"label rs web x=y", {"labeled"}},
      {"label rs web x=z", {"--overwrite is false"}, 1},
      {"label rs web x=z --overwrite", {"labeled"}},
      {"get rs -l x=z -o name", {"replicaset.apps/web"}},
      {"label rs web x-", {"labeled"}},
      {"annotate rs web note=hello", {"annotated"}},
      {"get rs web -o jsonpath={.metadata.annotations.note}", {"hello"}},
      {"annotate rs web note-", {"annotated"}},
  });
}

TEST_CASE("kubectl delete takes the pods along, waits for them, or leaves them") {
  if (!has_kubectl()) return;
  KubectlCluster cluster;
  const auto create = [&] {
    cluster.follow({{"create -f web.yaml"}});
    cluster.until_two_ready();
  };
  create();
  cluster.follow({
      {"delete rs web --cascade=orphan", {"deleted"}    },
      {"get pods",                       {"1/1 Running"}},
  });
  create();
  cluster.follow({
      {"delete rs web --cascade=foreground", {"deleted"}           },
      {"get pods",                           {"No resources found"}},
  });
  create();
  cluster.follow({
      {"delete rs web --cascade=background", {"deleted"}}
  });
  cluster.until("get pods -l app=web -o name", "");
  cluster.follow({
      {"delete rs web", {"(NotFound)"}, 1},
      {"delete rs web --ignore-not-found"},
      {"run bare --image=x", {"pod/bare created"}},
      {"wait pod/bare --for=condition=Ready --timeout=30s", {"condition met"}},
      {"delete pod bare --grace-period=0 --force", {"force deleted"}},
      {"create configmap a --from-literal=x=y", {"created"}},
      {"create configmap b --from-literal=x=y", {"created"}},
      {"delete configmap a b", {"configmap \"a\" deleted", "configmap \"b\" deleted"}},
      {"create namespace shop", {"namespace/shop created"}},
      {"create -f web.yaml -n shop", {"created"}},
      {"delete namespace shop --timeout=60s", {"namespace \"shop\" deleted"}},
      {"get rs,pods -n shop", {"No resources found"}},
  });
}

TEST_CASE("kubectl describe tells the story of an object") {
  if (!has_kubectl()) return;
  KubectlCluster cluster;
  cluster.write("crash.yaml",
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: crash\n  annotations: "
                "{slipway.dev/behaviour: crash, slipway.dev/crash-after: 10ms}\n"
                "spec: {containers: [{name: c, image: x}]}\n");
  cluster.follow({
      {"create -f web.yaml"},
      {"create -f crash.yaml"},
  });
  cluster.until_two_ready();
  cluster.follow({
      {"describe rs web",
       {"Replicas: 2 current / 2 desired", "Pods Status: 2 Running / 0 Waiting", "SuccessfulCreate",
        "replicaset-controller Created pod: web-"}                                           },
      {"describe pod -l app=web",
       {"Node: node-", "Controlled By: ReplicaSet/web", "State: Running", "Ready: True",
        "Successfully assigned default/web-", "Started container c"}                         },
      {"describe node node-1",                       {"KubeletReady", "Non-terminated Pods:"}},
      {"expose rs web --port=80 --target-port=8080", {"service/web exposed"}                 },
  });
  cluster.until("get endpoints web", ":8080,10.");
  cluster.follow({
      {"describe service web",                                 {"Selector: app=web", "TargetPort: 8080/TCP", ":8080,10."}},
      {"get endpointslices -l kubernetes.io/service-name=web", {"IPv4 8080 10."}                                         },
      {"get events --field-selector involvedObject.name=web",  {"SuccessfulCreate"}                                      },
  });
  cluster.until("get pod crash", "CrashLoopBackOff");
  cluster.follow({
      {"get pod crash",      {"0/1 CrashLoopBackOff 1 ("}                         },
      {"describe pod crash", {"Last State: Terminated", "Exit Code: 1", "BackOff"}},
  });
}

TEST_CASE("kubectl knows the kinds, ours included, and their fields") {
  if (!has_kubectl()) return;
  KubectlCluster cluster;
  cluster.write("rollout.yaml",
                "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: shop}\nspec:\n"
                "  replicas: 1\n  selector: {matchLabels: {app: shop}}\n  template:\n"
                "    metadata: {labels: {app: shop}}\n"
                "    spec: {containers: [{name: c, image: x}]}\n"
                "  strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}]}}\n");
  cluster.follow({
      {"version", {"Server Version"}},
      {"cluster-info", {"is running at", "https://127.0.0.1:"}},
      {"api-versions", {"apps/v1", "argoproj.io/v1alpha1"}},
      {"api-resources", {"replicasets rs apps/v1 true ReplicaSet", "rollouts ro argoproj.io"}},
      {"auth can-i create pods", {"yes"}},
      {"apply -f rollout.yaml", {"rollout.argoproj.io/shop created"}},
      {"get ro", {"NAME DESIRED CURRENT UP-TO-DATE AVAILABLE AGE", "shop 1"}},
      {"scale rollout shop --replicas=3", {"rollout.argoproj.io/shop scaled"}},
      {"get rollout shop -o jsonpath={.spec.replicas}", {"3"}},
      {"patch rollout shop --type=merge -p '{\"spec\":{\"replicas\":\"many\"}}'",
       {"spec.replicas"},
       1},
  });
  if (is_modern()) {
    cluster.follow({
        {"explain rs.spec.replicas",                                          {"FIELD: replicas <integer>"}   },
        {"explain rollout.spec.strategy.canary.steps",                        {"pause", "setWeight <integer>"}},
        {"wait rollout shop --for=jsonpath={.spec.replicas}=3 --timeout=30s", {"condition met"}               },
    });
  }
  cluster.follow({
      {"delete rollout shop", {"deleted"}}
  });
}

TEST_CASE("kubectl cordons and drains nodes") {
  if (!has_kubectl()) return;
  KubectlCluster cluster;
  cluster.follow({{"create -f web.yaml"}});
  cluster.until_two_ready();
  cluster.follow({
      {"cordon node-3",       {"node/node-3 cordoned"}           },
      {"get nodes",           {"node-3 Ready,SchedulingDisabled"}},
      {"drain node-1 node-2", {"pod/web-", "evicted"}            },
  });
  cluster.until("get pods -l app=web -o jsonpath={.items[*].status.conditions[*].reason}",
                "Unschedulable");
  cluster.follow({
      {"uncordon node-1 node-2 node-3", {"node/node-3 uncordoned"}}
  });
  cluster.until_two_ready();
}

}  // namespace slipway
