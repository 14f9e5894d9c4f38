"""A controller starts in clusters that Argo Rollouts has left. The table of all that is written
then is tests/scenarios/taking_over_test.cc; here the same clusters stand in a real server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import snapshots
from flow import flow
from snapshots import DEADLINE, TIME_FORMAT
from world import HASH

QUIET_S = {"embedded": 10, "kubernetes": 60}
AT_ONCE = 6
INSTANCE_ID = "taking-over"
INSTANCE_LABEL = "argo-rollouts.argoproj.io/controller-instance-id"
UNSUPPORTED = ("analysis-running", "experiment-running", "istio-weighted")
ZOMBIE = "bluegreen-empty-deadline"
KEPT = ("Rollout", "ReplicaSet", "Service", "Deployment", "AnalysisRun", "AnalysisTemplate",
        "Experiment", "VirtualService", "DestinationRule")


def load(world, version, name):
    place = world.beside(f"{version}-{name}".replace(".", "-"))
    snapshots.load(place, snapshots.read(version, name),
                   {INSTANCE_LABEL: INSTANCE_ID})
    return name, place


def everything(place):
    return {(kind, each["metadata"]["name"]): each
            for kind in KEPT for each in place.read(kind, "")["items"]}


def changed(before, after):
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


def deadlines(place):
    return [each["metadata"]["annotations"][DEADLINE] for each in place.list("ReplicaSet")
            if DEADLINE in each["metadata"]["annotations"]]


def is_left_whole(before, after):
    """Nothing differs but one condition more."""
    rollout = ("Rollout", "web")
    assert changed(before, after) == [rollout], changed(before, after)
    *others, told = after[rollout]["status"]["conditions"]
    assert (told["type"], told["status"]) == ("NotSupported", "True"), told
    assert {**after[rollout]["status"], "conditions": others} == before[rollout]["status"]
    assert after[rollout]["spec"] == before[rollout]["spec"]


def has_an_end_now(place, before, after):
    assert [kind for kind, _ in changed(before, after)] == ["ReplicaSet"], changed(before, after)
    assert deadlines(place) != [""], deadlines(place)


def stable(place):
    status = place.status("web")
    return status.get("stableRS") == status.get("currentPodHash")


def promoted(place):
    place.slipway("promote", "web")
    place.until("web is Healthy, and the new version stable",
                lambda: place.phase("web") == "Healthy" and stable(place))


def switched(place):
    promoted(place)
    # Services are watched apart: what is seen of them may be older.
    place.until("the active Service points at it",
                lambda: place.selected("active") == place.status("web")["stableRS"])
    place.until("the old version has its end", lambda: any(
        datetime.strptime(each, TIME_FORMAT).replace(tzinfo=timezone.utc)
        > datetime.now(timezone.utc) for each in deadlines(place)))


def retried(place):
    place.slipway("retry", "rollout", "web")
    place.until_phase("web", "Paused")
    assert place.status("web")["currentStepIndex"] == 1


def hashes(place):
    """Of all ReplicaSets: whether one was added."""
    return {each["metadata"]["labels"].get(HASH) for each in place.list("ReplicaSet")}


GOING_ON = {"canary-paused": promoted, "canary-weight-step": promoted, "workloadref": promoted,
            "bluegreen-paused": switched, "canary-aborted": retried}


def load_all(world):
    snapshots.define_istio(world)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda each: load(world, *each), [
            (version, name) for version in snapshots.VERSIONS for name in snapshots.names()]))


def listen_for_writes(places):
    """An event that is set once anything that waits is written to."""
    written = threading.Event()

    def listener(kind, _before, _after):
        if kind in KEPT:
            written.set()

    for name, place in places:
        if name not in UNSUPPORTED and name != ZOMBIE:
            place.listen(listener)
    return written


def go_on(name, place):
    versions = hashes(place)
    if name in GOING_ON:
        GOING_ON[name](place)
    assert hashes(place) == versions


@flow("a controller that takes over from Argo Rollouts writes nothing to what waits, and goes on")
def recorded_clusters(world):
    places = load_all(world)
    before = [everything(place) for _, place in places]
    written = listen_for_writes(places)
    controller = world.target.start_controller("taking-over", instance_id=INSTANCE_ID)
    try:
        written.wait(QUIET_S[world.target.name])
        reconciled = [each for each in controller.metrics()
                      if each.startswith("rollout_reconcile_count") and 'name="web"' in each]
        assert len(reconciled) == len(places), reconciled
        for (name, place), was in zip(places, before):
            now = everything(place)
            if name in UNSUPPORTED:
                is_left_whole(was, now)
            elif name == ZOMBIE:
                has_an_end_now(place, was, now)
            else:
                assert was == now, (place.namespace, changed(was, now))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda each: go_on(*each), places))
    finally:
        controller.stop()
