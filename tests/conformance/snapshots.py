"""Puts the clusters of tests/data/snapshots, as Argo Rollouts left them, into any API server.

Pods and what a Deployment owns are left out: their controllers make them anew, and the loader waits
until each ReplicaSet counts what it counted. A server gives out uids, resourceVersions and
generations itself: uids are the new ones wherever they are named, generations are brought to where
they were. All times are moved by the same length, so that the snapshot is a second old.
"""

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

from api import KINDS

FOLDER = Path(__file__).resolve().parents[1] / "data/snapshots"
VERSIONS = ("1.7.1", "1.9.1", "1.10")
AGE = timedelta(seconds=1)
DEADLINE = "scale-down-deadline"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
COUNTS = ("replicas", "readyReplicas", "availableReplicas")
ISTIO = ("VirtualService", "DestinationRule")


def names():
    return sorted(path.stem for path in (FOLDER / VERSIONS[0]).glob("*.json"))


def read(version, name):
    return json.loads((FOLDER / version / f"{name}.json").read_text())["items"]


def define_istio(world):
    """The two kinds of Istio that snapshots hold."""
    world.define([KINDS[each] for each in ISTIO], also_served="v1alpha3")


def load(world, items, labels):
    """Makes the objects in the world's namespace; the Rollout gets the labels too."""
    loading = _Loading(world, items, labels)
    left = [each for each in items if not _is_made_by_the_cluster(each)]
    while left:  # Owners first: what they own names their new uids.
        ready = next(each for each in left if loading.knows_owners_of(each))
        left.remove(ready)
        loading.make(ready)
    for each in items:
        if each["kind"] == "ReplicaSet" and not _is_made_by_the_cluster(each):
            _wait_for_counts(world, each)
    loading.write_statuses()


def _is_made_by_the_cluster(item):
    return item["kind"] == "Pod" or any(
        owner["kind"] == "Deployment" for owner in item["metadata"].get("ownerReferences", []))


def _wait_for_counts(world, item):
    def counts(status):
        return [status.get(each, 0) for each in COUNTS]

    def is_as_it_was():
        there = world.get("ReplicaSet", item["metadata"]["name"])
        return there and counts(there["status"]) == counts(item["status"]) and there["status"].get(
            "observedGeneration") == there["metadata"]["generation"]

    world.until(f"{item['metadata']['name']} counts {counts(item['status'])}", is_as_it_was)


def _strings(value, key=""):
    """Each string inside, with the key of the nearest object."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each, key)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _strings(each, name)


class _Loading:
    def __init__(self, world, items, labels):
        self._world = world
        self._labels = labels
        self._uids = {}
        self._statuses = []
        last = max(value for each in items for key, value in _strings(each)
                   if TIME.fullmatch(value) and key != DEADLINE)
        now = datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
        self._shift = now - AGE - datetime.strptime(last, TIME_FORMAT)

    def knows_owners_of(self, item):
        return all(owner["uid"] in self._uids
                   for owner in item["metadata"].get("ownerReferences", []))

    def make(self, item):
        thing = self._translated(item)
        status = thing.get("status", {})
        generation = item["metadata"].get("generation", 1) if "observedGeneration" in status else 1
        made = self._create(thing, generation)
        self._uids[item["metadata"]["uid"]] = made["metadata"]["uid"]
        if item["kind"] == "Rollout":
            self._statuses.append((item["metadata"]["name"], status))

    def write_statuses(self):
        for name, status in self._statuses:
            self._world.merge("Rollout", name, {"status": status}, "status")

    def _create(self, thing, generation):
        """A server counts generations itself: one for each change of the spec."""
        kind, name = thing["kind"], thing["metadata"]["name"]
        wanted = thing.get("spec", {}).get("minReadySeconds")
        if generation > 1:
            thing["spec"]["minReadySeconds"] = generation
        self._world.create(kind, thing)
        for left in range(generation - 1, 0, -1):
            self._world.merge(kind, name, {"spec": {
                "minReadySeconds": wanted if left == 1 else left}})
        made = self._world.read(kind, name)
        assert made["metadata"].get("generation", 1) == generation, made["metadata"]
        return made

    def _translated(self, item):
        text = json.dumps(item)
        for old, new in self._uids.items():
            text = text.replace(old, new)
        thing = json.loads(TIME.sub(self._moved, text))
        for given in ("uid", "resourceVersion", "creationTimestamp", "generation", "namespace"):
            thing["metadata"].pop(given, None)
        if thing["kind"] == "Rollout":
            thing["metadata"]["labels"] = {**thing["metadata"].get("labels", {}), **self._labels}
        if thing["kind"] == "Service":
            for given in ("clusterIP", "clusterIPs"):
                thing["spec"].pop(given, None)
        if thing["kind"] == "Job":  # The server names its own uid in these.
            del thing["spec"]["selector"]
            thing["spec"]["template"]["metadata"].pop("labels")
        return thing

    def _moved(self, match):
        return (datetime.strptime(match[0], TIME_FORMAT) + self._shift).strftime(TIME_FORMAT)
