"""One flow's view of a cluster: a namespace of its own, and what people do in it."""

import copy
import json
import select
import subprocess
import time

from api import KINDS, Refused
from cache import FOLLOWED

HASH = "rollouts-pod-template-hash"
DEADLINE = "scale-down-deadline"
LIMIT_S = 60
COMMAND_LIMIT_S = 60
POLL_S = 0.1

# Pods are quick, so that flows are; what a flow is about, it says itself.
QUICK = {"slipway.dev/start-delay": "50ms", "slipway.dev/ready-delay": "50ms",
         "slipway.dev/stop-delay": "50ms"}


class Missed(AssertionError):
    """A condition that did not come to hold."""


class World:
    def __init__(self, target, namespace):
        self.target = target
        self.namespace = namespace
        self._client = target.client
        self._cache = target.cache
        self._own_controllers = []
        self._beside = []
        self.create("Namespace", {"metadata": {"name": namespace}})

    def beside(self, name):
        """Another namespace of the same flow."""
        self._beside.append(World(self.target, f"{self.namespace}-{name}"))
        return self._beside[-1]

    def end(self):
        for controller in self._own_controllers:
            controller.stop()

    # What is there.

    def get(self, kind, name):
        return self._cache.get(kind, self.namespace, name)

    def list(self, kind):
        return self._cache.list(kind, self.namespace)

    def read(self, kind, name, namespace=None):
        """Live, where what the cache holds may be older than what the flow has just done."""
        return self._client.request("GET", self._path(kind, name, namespace))

    def status(self, rollout):
        return (self.get("Rollout", rollout) or {}).get("status", {})

    def phase(self, rollout):
        """None until the controller has seen the newest spec."""
        seen = self.get("Rollout", rollout)
        status = (seen or {}).get("status", {})
        if seen is None or status.get("observedGeneration") != str(seen["metadata"]["generation"]):
            return None
        return status.get("phase")

    def replica_sets(self, rollout):
        return [each for each in self.list("ReplicaSet")
                if any(owner["name"] == rollout for owner in each["metadata"].get(
                    "ownerReferences", []))]

    def replica_set(self, rollout, image):
        for each in self.replica_sets(rollout):
            if each["spec"]["template"]["spec"]["containers"][0]["image"] == image:
                return each
        return None

    def size(self, rollout, image):
        """What is asked for; 0 where there is no such ReplicaSet."""
        found = self.replica_set(rollout, image)
        return 0 if found is None else found["spec"]["replicas"]

    def sizes(self, rollout):
        """By image, those that ask for pods."""
        return {each["spec"]["template"]["spec"]["containers"][0]["image"]: each["spec"]["replicas"]
                for each in self.replica_sets(rollout) if each["spec"]["replicas"] > 0}

    def hash(self, rollout, image):
        found = self.replica_set(rollout, image)
        return None if found is None else found["metadata"]["labels"][HASH]

    def selected(self, service):
        return (self.get("Service", service) or {}).get("spec", {}).get("selector", {}).get(HASH)

    def pods(self):
        """The application's that are not on their way out."""
        return [pod for pod in self.list("Pod") if "deletionTimestamp" not in pod["metadata"]
                and pod["metadata"].get("labels", {}).get("app") == "app"]

    def ready_pods(self):
        return [pod for pod in self.pods() if is_ready(pod)]

    def event_reasons(self, name):
        return [each["reason"] for each in self.list("Event")
                if each["involvedObject"]["name"] == name]

    # Waiting.

    def until(self, what, holds, limit_s=LIMIT_S):
        value = self._cache.wait(self.namespace, holds, limit_s * self.target.patience)
        if not value:
            raise Missed(f"not within {limit_s} s: {what}")
        return value

    def until_phase(self, rollout, phase, message=None):
        self.until(f"{rollout} is {phase} {message or ''}", lambda: self.phase(rollout) == phase and (
            message is None or message in self.status(rollout).get("message", "")))

    def until_sizes(self, rollout, **by_image):
        """Waits until exactly these ask for pods: `until_sizes("shop", v1=4, v2=1)`."""
        wanted = {f"registry.example/app:{tag}": size for tag, size in by_image.items() if size > 0}
        self.until(f"{rollout} has sizes {wanted}, not {self.sizes(rollout)}",
                   lambda: self.sizes(rollout) == wanted)

    def until_polled(self, what, holds, limit_s=LIMIT_S, pause_s=POLL_S):
        """For what no watch tells."""
        deadline = time.monotonic() + limit_s * self.target.patience
        while not holds():
            if time.monotonic() > deadline:
                raise Missed(f"not within {limit_s} s: {what}")
            select.select([], [], [], pause_s)

    def versions(self):
        """The resourceVersion of everything that a controller of Rollouts might write."""
        return {(kind, each["metadata"]["name"]): each["metadata"]["resourceVersion"]
                for kind in ("Rollout", "ReplicaSet", "Service")
                for each in self.read(kind, "")["items"]}

    def listen(self, listener):
        self._cache.listen(self.namespace, listener)

    # What people do.

    def create(self, kind, thing):
        thing = {"apiVersion": KINDS[kind].group_version, "kind": kind, **thing}
        self._catch_up(self._client.request("POST", self._path(kind), thing))

    def define(self, kinds, also_served=None):
        """Brings in kinds of others, unless another flow has, and waits until they are served."""
        for kind in kinds:
            group, version = kind.group_version.split("/")
            schema = {"openAPIV3Schema": {"type": "object",
                                          "x-kubernetes-preserve-unknown-fields": True}}
            versions = [{"name": each, "served": True, "storage": each == version,
                         "schema": schema} for each in (version, also_served) if each]
            try:
                self._client.request("POST", self._path("CustomResourceDefinition"), {
                    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                    "metadata": {"name": f"{kind.plural}.{group}"},
                    "spec": {"group": group, "scope": "Namespaced",
                             "names": {"kind": kind.kind, "plural": kind.plural},
                             "versions": versions}})
            except Refused as refused:
                if refused.status != 409:
                    raise
            self.until_polled(f"{kind.plural}.{group} are served", lambda: self._is_served(kind))

    def _is_served(self, kind):
        try:
            self._client.request("GET", kind.path(self.namespace))
            return True
        except Refused:
            return False

    def merge(self, kind, name, patch, subresource=""):
        path = self._path(kind, name) + (f"/{subresource}" if subresource else "")
        self._catch_up(self._client.request("PATCH", path, patch, "application/merge-patch+json"))

    def meddle(self, kind, name, patch):
        """A merge patch by somebody in a hurry, who doesn't look at what comes of it."""
        self._client.request("PATCH", self._path(kind, name), patch,
                             "application/merge-patch+json")

    def patch_spec(self, rollout, spec):
        self.merge("Rollout", rollout, {"spec": spec})

    def delete(self, kind, name):
        self._client.request("DELETE", self._path(kind, name))

    def set_image(self, rollout, tag):
        self.slipway("set", "image", rollout, f"app=registry.example/app:{tag}")

    def slipway(self, *words):
        """The plugin's commands, by the program itself. Returns what it printed."""
        done = subprocess.run(
            [self.target.slipway, *words, "--namespace", self.namespace, "--kubeconfig",
             self.target.kubeconfig], capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
        if done.returncode != 0:
            raise AssertionError(f"slipway {' '.join(words)}: {done.stderr or done.stdout}")
        for each in self.read("Rollout", "")["items"]:
            self._catch_up({"kind": "Rollout", **each})
        return done.stdout

    def _catch_up(self, written):
        """Waits until the cache has seen what was written: a flow never meets the world before."""
        kind, name = written["kind"], written["metadata"]["name"]
        if kind not in FOLLOWED:
            return
        version = int(written["metadata"]["resourceVersion"])
        self.until(f"the watch tells of {kind} {name}", lambda: int((self.get(kind, name) or {
            "metadata": {"resourceVersion": 0}})["metadata"]["resourceVersion"]) >= version)

    def _path(self, kind, name="", namespace=None):
        return KINDS[kind].path(namespace or self.namespace, name)

    # A controller of one's own, to be stopped and killed.

    def own_controller(self):
        """One for this namespace alone. Rollouts that `instance_labels` mark are its."""
        controller = self.target.start_controller(self.namespace, namespaced=True)
        self._own_controllers.append(controller)
        return controller

    @property
    def instance_labels(self):
        return {"argo-rollouts.argoproj.io/controller-instance-id": self.namespace}

    def describe(self):
        """What is there, for whoever reads about a failure."""
        lines = [each.describe() for each in self._beside]
        for rollout in self.list("Rollout"):
            lines.append(json.dumps({"rollout": rollout["metadata"]["name"],
                                     "generation": rollout["metadata"]["generation"],
                                     "strategy": rollout["spec"].get("strategy"),
                                     "status": rollout.get("status")}))
        for each in self.list("ReplicaSet"):
            lines.append(json.dumps({"replicaSet": each["metadata"]["name"],
                                     "annotations": each["metadata"].get("annotations"),
                                     "replicas": each["spec"]["replicas"],
                                     "status": each.get("status")}))
        for each in self.list("Pod"):
            lines.append(f"pod {each['metadata']['name']} {each['status'].get('phase')} "
                         f"ready={is_ready(each)} {each['metadata'].get('deletionTimestamp', '')}")
        for each in self.list("Event"):
            lines.append(f"event {each['involvedObject']['name']} {each['reason']}: "
                         f"{each.get('message')}")
        return "\n".join(lines)


def is_ready(pod):
    return any(condition["type"] == "Ready" and condition["status"] == "True"
               for condition in pod.get("status", {}).get("conditions", []))


def template(tag="v1", annotations=None):
    return {"metadata": {"labels": {"app": "app"}, "annotations": {**QUICK, **(annotations or {})}},
            "spec": {"terminationGracePeriodSeconds": 1,
                     "containers": [{"name": "app", "image": f"registry.example/app:{tag}"}]}}


def rollout(name, strategy, replicas, labels=None, **spec):
    return {"metadata": {"name": name, "labels": labels or {}},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "app"}},
                     "template": template(), "strategy": copy.deepcopy(strategy), **spec}}


def service(name):
    return {"metadata": {"name": name},
            "spec": {"selector": {"app": "app"}, "ports": [{"port": 80}]}}
