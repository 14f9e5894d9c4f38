"""Canary updates."""

from datetime import datetime

from flow import flow
from world import is_ready, rollout, service, template

STEPS = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": "2s"}}]
CANARY = {"canary": {"maxSurge": 1, "maxUnavailable": 0, "steps": STEPS}}


def install(world, **spec):
    world.create("Rollout", rollout("shop", spec.pop("strategy", CANARY), 5, **spec))
    world.until_phase("shop", "Healthy")


def update_to_pause(world, tag="v2"):
    world.set_image("shop", tag)
    world.until_phase("shop", "Paused", "CanaryPauseStep")


def until_updated(world, tag, size=5):
    world.until_phase("shop", "Healthy")
    world.until_sizes("shop", **{tag: size})
    assert world.status("shop")["stableRS"] == world.hash("shop", f"registry.example/app:{tag}")


@flow("the first version is installed at once, without steps")
def first_version(world):
    install(world)
    status = world.status("shop")
    assert status["stableRS"] == status["currentPodHash"]
    assert status["currentStepIndex"] == 4
    assert status["availableReplicas"] == 5
    world.until_sizes("shop", v1=5)


@flow("an update takes the steps, waits at the pause, and ends with the old ReplicaSet gone")
def update(world):
    install(world)
    few = []

    def count_ready(kind, before, after):
        if kind == "Pod" and len(world.ready_pods()) < 5:
            few.append(len(world.ready_pods()))

    # The watch of pods may be behind that of Rollouts.
    world.until("all pods are seen to be ready", lambda: len(world.ready_pods()) == 5)
    world.listen(count_ready)
    update_to_pause(world)
    assert world.status("shop")["currentStepIndex"] == 1
    world.until_sizes("shop", v1=4, v2=1)
    assert world.slipway("promote", "shop") == "rollout 'shop' promoted\n"
    world.until_sizes("shop", v1=2, v2=3)
    until_updated(world, "v2")
    assert not few, f"maxUnavailable is 0, and {few} pods were ready"
    assert "Healthy" in world.slipway("status", "shop")


@flow("a timed pause lasts its time")
def timed_pause(world):
    pauses = {}

    def note(kind, before, after):
        if kind == "Rollout" and after and after.get("status", {}).get("pauseConditions"):
            status = after["status"]
            pauses[status["currentStepIndex"]] = status["pauseConditions"][0]["startTime"]

    world.listen(note)
    install(world)
    update_to_pause(world)
    world.slipway("promote", "shop")
    until_updated(world, "v2")
    begun = datetime.fromisoformat(pauses[3])
    completed = next(each for each in world.status("shop")["conditions"]
                     if each["type"] == "Completed")
    lasted = datetime.fromisoformat(completed["lastTransitionTime"]) - begun
    assert lasted.total_seconds() >= 2, lasted


@flow("an aborted update goes back to the stable version, and a retry takes the steps again")
def abort_and_retry(world):
    install(world)
    update_to_pause(world)
    world.slipway("abort", "shop")
    world.until_phase("shop", "Degraded", "RolloutAborted: Rollout aborted update to revision 2")
    world.until_sizes("shop", v1=5)
    world.slipway("retry", "rollout", "shop")
    world.until_phase("shop", "Paused", "CanaryPauseStep")
    world.until_sizes("shop", v1=4, v2=1)
    world.slipway("promote", "shop")
    until_updated(world, "v2")


@flow("a full promotion skips the pauses")
def promote_full(world):
    install(world)
    update_to_pause(world)
    world.slipway("promote", "shop", "--full")
    until_updated(world, "v2")


@flow("going back to the stable template skips the steps")
def undo(world):
    install(world)
    update_to_pause(world)
    world.slipway("undo", "shop")
    until_updated(world, "v1")
    assert "SkipSteps" in world.until("an event about skipped steps",
                                      lambda: world.event_reasons("shop"))


@flow("a third version takes over from a second that was half-way")
def third_version(world):
    install(world)
    update_to_pause(world)
    update_to_pause(world, "v3")
    world.until_sizes("shop", v1=4, v3=1)
    world.slipway("promote", "shop")
    until_updated(world, "v3")


@flow("a person's pause holds the update until it is resumed")
def pause(world):
    install(world)
    world.slipway("pause", "shop")
    world.set_image("shop", "v2")
    world.until_phase("shop", "Paused", "manually paused")
    world.until_sizes("shop", v1=5)
    world.patch_spec("shop", {"paused": False})
    world.until_phase("shop", "Paused", "CanaryPauseStep")
    world.slipway("promote", "shop")
    until_updated(world, "v2")


@flow("a change of size keeps the step and the split")
def scale(world):
    install(world)
    update_to_pause(world)
    world.merge("Rollout", "shop", {"spec": {"replicas": 10}}, subresource="scale")
    world.until_sizes("shop", v1=8, v2=2)
    world.merge("Rollout", "shop", {"spec": {"replicas": 5}}, subresource="scale")
    world.until_sizes("shop", v1=4, v2=1)
    assert world.status("shop")["currentStepIndex"] == 1


def fails_its_deadline(world, behaviour):
    install(world, progressDeadlineSeconds=2)
    bad = template("v2", {"slipway.dev/behaviour": behaviour, "slipway.dev/crash-after": "20ms"})
    world.patch_spec("shop", {"template": bad})
    world.until_phase("shop", "Degraded", "ProgressDeadlineExceeded")
    world.until("the stable version has its pods", lambda: len(world.ready_pods()) == 5)
    world.patch_spec("shop", {"template": template("v1", {"slipway.dev/behaviour": None,
                                                          "slipway.dev/crash-after": None})})
    until_updated(world, "v1")


@flow("a version that never gets ready fails its deadline, and the stable one goes on")
def never_ready(world):
    fails_its_deadline(world, "never-ready")


@flow("a version that crashes fails its deadline, and the stable one goes on")
def crash(world):
    fails_its_deadline(world, "crash")


@flow("a version without an image fails its deadline, and the stable one goes on")
def no_image(world):
    fails_its_deadline(world, "image-pull-error")


@flow("history beyond the limit is cleaned up")
def history(world):
    install(world, revisionHistoryLimit=1, strategy={"canary": {"maxSurge": "100%"}})
    for tag in ("v2", "v3", "v4"):
        world.set_image("shop", tag)
        until_updated(world, tag)
    world.until("two ReplicaSets are left", lambda: len(world.replica_sets("shop")) == 2)


@flow("an update without steps is a rolling one, and its Services follow")
def without_steps(world):
    world.create("Service", service("stable"))
    world.create("Service", service("canary"))
    install(world, strategy={"canary": {"stableService": "stable", "canaryService": "canary"}})
    world.set_image("shop", "v2")
    until_updated(world, "v2")
    for name in ("stable", "canary"):
        world.until(f"{name} selects the new version", lambda name=name: world.selected(
            name) == world.status("shop")["currentPodHash"])


@flow("a Rollout that is deleted takes its ReplicaSets and pods with it")
def delete(world):
    install(world)
    world.delete("Rollout", "shop")
    world.until("all is gone", lambda: not world.list("ReplicaSet") and not world.list("Pod"))


@flow("an invalid spec is told, and mended by a valid one")
def invalid(world):
    install(world)
    world.patch_spec("shop", {"minReadySeconds": 700})
    world.until_phase("shop", "Degraded", "must be greater than minReadySeconds")
    world.patch_spec("shop", {"minReadySeconds": 0})
    world.until_phase("shop", "Healthy")


@flow("a restart replaces each pod, never too many at once")
def restart(world):
    install(world)
    restart_all(world)


def restart_all(world):
    before = {pod["metadata"]["name"] for pod in world.pods()}
    # Times have whole seconds: pods of this very second would count as new.
    world.slipway("restart", "shop", "--in", "1s")
    world.until("five other pods are ready", lambda: len(
        [pod for pod in world.ready_pods() if pod["metadata"]["name"] not in before]) == 5)
    world.until_phase("shop", "Healthy")


@flow("minReadySeconds holds the update back")
def min_ready(world):
    install(world, minReadySeconds=2, strategy={"canary": {"maxSurge": "100%"}})
    unavailable = []

    def note(kind, before, after):
        if kind == "Rollout" and after and after.get("status", {}).get("availableReplicas", 5) < 5:
            unavailable.append(after["status"])

    world.listen(note)
    world.set_image("shop", "v2")
    until_updated(world, "v2")
    assert not unavailable, unavailable[0]
    world.until("all pods are ready", lambda: all(is_ready(pod) for pod in world.pods()))
