"""The cluster under test, and the processes that work on it."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from api import Client
from cache import Cache

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kubernetes"))
import processes  # noqa: E402

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
END_LIMIT_S = 20


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


class Target:
    """An API server with nodes and the custom resources, ready for flows."""

    def __init__(self, slipway, folder, patience):
        self.slipway = str(slipway)
        self.folder = Path(folder)
        self.patience = patience
        self.programs = []
        self.kubeconfig = self.client = self.cache = None
        self.controller_kubeconfig = None

    def start_controller(self, name, namespaced=False):
        """`name` is its namespace if it works in one only, and then its instance id too."""
        kubeconfig = self.controller_credentials(name if namespaced else None)
        command = [self.slipway, "controller", "--kubeconfig", kubeconfig, "--metricsPort", "0",
                   "--healthzPort", "0", "--logformat", "json", "--qps", "200", "--burst", "400",
                   # Killed ones leave their lease behind: the next one waits until it is over.
                   "--leader-election-lease-duration", "3s", "--leader-election-renew-deadline",
                   "2s", "--leader-election-retry-period", "500ms"]
        if namespaced:
            command += ["--namespaced", "--namespace", name, "--instance-id", name]
        controller = Controller(command, self.folder / f"controller-{name}.log",
                                "controller started")
        self.programs.append(controller)
        return controller

    def controller_credentials(self, namespace):
        """The kubeconfig that a controller for this namespace (None: for all) runs with."""
        return self.kubeconfig

    def end(self):
        if self.cache:
            self.cache.end()
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


class KubernetesTarget(Target):
    """Any API server without nodes that the kubeconfig's user administrates."""

    name = "kubernetes"

    def __init__(self, slipway, folder, patience, kubeconfig):
        super().__init__(slipway, folder, patience)
        self.kubeconfig = str(kubeconfig)

    def start(self):
        kubectl(self.kubeconfig, "apply", "-f", str(DEPLOY / "crds"))
        kubectl(self.kubeconfig, "wait", "--for=condition=Established", "--timeout=60s", "-f",
                str(DEPLOY / "crds"))
        self._run("nodes", ["nodes", "--kubeconfig", self.kubeconfig], "simulated nodes serve")
        self._connect()


def kubectl(kubeconfig, *words, text=None):
    done = subprocess.run(["kubectl", "--kubeconfig", kubeconfig, *words], input=text,
                          capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr}")
    return done.stdout
