"""The cluster under test, and the processes that work on it."""

import json
import os
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import rights
from api import KINDS, Client
from cache import Cache

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kubernetes"))
import processes  # noqa: E402

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
END_LIMIT_S = 20
CONTROLLER_HOME = "argo-rollouts"
SERVICE_ACCOUNT = "slipway"
ROLLOUT_DEFINITIONS = [f"{plural}.argoproj.io" for plural in (
    "rollouts", "analysisruns", "analysistemplates", "clusteranalysistemplates", "experiments")]
LEASE = "argo-rollouts-controller-lock"


class Program:
    """A `slipway` process whose log says when it serves."""

    def __init__(self, command, log, started_by, environment=None):
        self.log = Path(log)
        self._file = open(self.log, "ab")
        # Its log is read as it is written: a pipe, so that nothing polls.
        self.process = processes.start(
            command, stdin=subprocess.DEVNULL, stdout=self._file, stderr=subprocess.PIPE,
            env=environment)
        self.fields = self._read_until(started_by)
        self._copy = processes.copy_in_background(self.process.stderr, self._file)

    def _read_until(self, message):
        """Reads JSON log lines up to the one with this message; returns its fields."""
        for line in self.process.stderr:
            self._file.write(line)
            self._file.flush()
            fields = _as_json(line)
            if fields.get("msg") == message:
                return fields
        self.process.wait()
        raise RuntimeError(f"{self.log.stem} ended with {self.process.returncode}:\n"
                           f"{self.log.read_text()}")

    def stop(self):
        """As Kubernetes stops it: SIGTERM. Returns its status."""
        processes.end(self.process, END_LIMIT_S)
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait()


def _as_json(line):
    try:
        return json.loads(line)
    except ValueError:
        return {}


class Controller(Program):
    def metrics(self):
        """Each sample of /metrics by its name with labels."""
        url = f"http://127.0.0.1:{self.fields['metrics_port']}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in (
            line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}


class KeptController:
    """A controller that is started again when it ends by itself, as the kubelet does."""

    def __init__(self, start):
        self._start = start
        self._is_stopping = threading.Event()
        self.current = start()
        threading.Thread(target=self._keep, daemon=True).start()

    def metrics(self):
        return self.current.metrics()

    def stop(self):
        self._is_stopping.set()
        self.current.stop()

    def _keep(self):
        while True:
            self.current.process.wait()
            if self._is_stopping.is_set():
                return
            self.current = self._start()


class Target:
    """An API server with nodes and the custom resources, ready for flows."""

    def __init__(self, slipway, folder, patience):
        self.slipway = str(slipway)
        self.folder = Path(folder)
        self.patience = patience
        self.programs = []
        self.kubeconfig = self.client = self.cache = None
        self.controller = None  # The one for all namespaces.

    def start_controller(self, name, namespaced=False, instance_id=""):
        """`name` is its namespace if it works in one only, and then its instance id too.

        One of all namespaces that has an instance id takes no lease: it has no right to its own.
        """
        kubeconfig = self.controller_credentials(name if namespaced else None)
        command = [self.slipway, "controller", "--kubeconfig", kubeconfig, "--metricsPort", "0",
                   "--healthzPort", "0", "--logformat", "json", "--qps", "200", "--burst", "400"]
        if namespaced:
            command += ["--namespaced", "--namespace", name, "--instance-id", name,
                        # A killed one leaves its lease behind: the next one waits for its end.
                        "--leader-election-lease-duration", "5s",
                        "--leader-election-renew-deadline", "4s",
                        "--leader-election-retry-period", "500ms"]
        elif instance_id:
            command += ["--instance-id", instance_id, "--leader-elect=false"]
        controller = Controller(
            command, self.folder / f"controller-{name}.log", "controller started",
            environment={**os.environ, "POD_NAMESPACE": name if namespaced else CONTROLLER_HOME})
        self.programs.append(controller)
        return controller

    def controller_credentials(self, namespace):
        """The kubeconfig that a controller for this namespace (None: for all) runs with."""
        return self.kubeconfig

    def start_shared_controller(self):
        """The one for all namespaces."""
        self.controller = KeptController(lambda: self.start_controller("all"))

    def check_rights(self):
        """What is wrong with the rights that deploy/ gives the controllers, a sentence each."""
        return []

    def end(self):
        if self.cache:
            self.cache.end()
        if self.controller:
            self.controller.stop()
        for program in reversed(self.programs):
            program.stop()

    def _connect(self):
        self.client = Client(self.kubeconfig)
        self.cache = Cache(self.client)

    def _run(self, name, words, started_by):
        program = Program([self.slipway, *words, "--logformat", "json"],
                          self.folder / f"{name}.log", started_by)
        self.programs.append(program)


class EmbeddedTarget(Target):
    name = "embedded"

    def start(self):
        self.kubeconfig = str(self.folder / "kubeconfig")
        self._run("cluster", ["cluster", "--address", "127.0.0.1:0", "--kubeconfig",
                              self.kubeconfig], "the cluster serves")
        self._connect()
        self.client.request("POST", KINDS["Namespace"].path(), {
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": CONTROLLER_HOME}})


class KubernetesTarget(Target):
    """Any API server without nodes that the kubeconfig's user administrates.

    All controllers run with the service accounts and the rights of deploy/.
    """

    name = "kubernetes"

    def __init__(self, slipway, folder, patience, kubeconfig, audit_log):
        super().__init__(slipway, folder, patience)
        self.kubeconfig = str(kubeconfig)
        self.audit_log = audit_log
        self._lock = threading.Lock()
        self._namespaced = {}  # Kubeconfigs by namespace.

    def start(self):
        # Whatever the Deployment's pods break of the restricted standard, the server refuses.
        kubectl(self.kubeconfig, "create", "namespace", CONTROLLER_HOME)
        kubectl(self.kubeconfig, "label", "namespace", CONTROLLER_HOME,
                "pod-security.kubernetes.io/enforce=restricted")
        kubectl(self.kubeconfig, "apply", "-k", str(DEPLOY / "cluster"))
        kubectl(self.kubeconfig, "wait", "--for=condition=Established", "--timeout=60s",
                *(f"crd/{name}" for name in ROLLOUT_DEFINITIONS))
        self._run("nodes", ["nodes", "--kubeconfig", self.kubeconfig], "simulated nodes serve")
        self._connect()
        kubectl(self.kubeconfig, "rollout", "status", "deployment/slipway", "--timeout=60s",
                "--namespace", CONTROLLER_HOME)

    def controller_credentials(self, namespace):
        with self._lock:
            if namespace in self._namespaced:
                return self._namespaced[namespace]
            if namespace is not None:
                overlay = kubectl(self.kubeconfig, "kustomize", str(DEPLOY / "namespaced"))
                # As whoever sets --instance-id does: the lease is named for it.
                overlay = overlay.replace(LEASE, f"{LEASE}-{namespace}")
                kubectl(self.kubeconfig, "apply", "--namespace", namespace, "-f", "-", text=overlay)
            file = self.folder / f"kubeconfig-{namespace}"
            self._write_token_kubeconfig(file, namespace or CONTROLLER_HOME)
            self._namespaced[namespace] = str(file)
            return str(file)

    def _write_token_kubeconfig(self, file, namespace):
        token = self.client.request(
            "POST", KINDS["ServiceAccount"].path(namespace, SERVICE_ACCOUNT, "token"),
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "it",
                  "clusters": [{"name": "it", "cluster": self.client.cluster}],
                  "users": [{"name": "it", "user": {"token": token["status"]["token"]}}],
                  "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}]}
        file.touch(mode=0o600)
        file.write_text(json.dumps(config))

    def check_rights(self):
        asked = rights.read_audit(self.audit_log)

        def rules(kind, name, namespace=""):
            return self.client.request("GET", KINDS[kind].path(namespace, name))

        problems = rights.compare(asked, {_user(CONTROLLER_HOME)}, [
            rules("ClusterRole", "slipway"), rules("Role", "slipway-lease", CONTROLLER_HOME)])
        spaces = [namespace for namespace in self._namespaced if namespace is not None]
        return problems + rights.compare(asked, {_user(space) for space in spaces}, [
            rules("Role", name, spaces[0]) for name in ("slipway", "slipway-lease")])


def _user(namespace):
    return f"system:serviceaccount:{namespace}:{SERVICE_ACCOUNT}"


def kubectl(kubeconfig, *words, text=None):
    done = subprocess.run(["kubectl", "--kubeconfig", kubeconfig, *words], input=text,
                          capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr}")
    return done.stdout
