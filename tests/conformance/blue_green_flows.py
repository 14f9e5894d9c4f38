"""Blue-green updates."""

from datetime import datetime, timezone

from flow import flow
from world import DEADLINE, rollout, service, template

IMAGE = "registry.example/app:"


def blue_green(**more):
    return {"blueGreen": {"activeService": "active", "previewService": "preview",
                          "autoPromotionEnabled": False, "scaleDownDelaySeconds": 2,
                          "abortScaleDownDelaySeconds": 2, **more}}


def install(world, strategy=None, **spec):
    for name in ("active", "preview"):
        world.create("Service", service(name))
    world.create("Rollout", rollout("web", strategy or blue_green(), 3, **spec))
    world.until_phase("web", "Healthy")


def update_to_pause(world, tag="v2"):
    world.set_image("web", tag)
    world.until_phase("web", "Paused", "BlueGreenPause")


def until_active(world, tag, name="active"):
    world.until(f"{name} selects {tag}", lambda: world.selected(name) is not None
                and world.selected(name) == world.hash("web", IMAGE + tag))


def until_alone(world, tag, size=3):
    world.until_phase("web", "Healthy")
    until_active(world, tag)
    world.until_sizes("web", **{tag: size})


@flow("the first version is switched to once it stands")
def first_version(world):
    install(world)
    until_active(world, "v1")
    until_active(world, "v1", "preview")
    annotations = world.get("Service", "active")["metadata"]["annotations"]
    assert annotations["argo-rollouts.argoproj.io/managed-by-rollouts"] == "web"


@flow("an update previews, waits, switches, and ends the old version after its delay")
def update(world):
    install(world)
    update_to_pause(world)
    world.until_sizes("web", v1=3, v2=3)
    until_active(world, "v1")
    until_active(world, "v2", "preview")
    early = []

    def note_end(kind, before, after):
        if kind != "ReplicaSet" or not before or not after or after["spec"]["replicas"] > 0:
            return
        deadline = before["metadata"].get("annotations", {}).get(DEADLINE)
        if before["spec"]["replicas"] > 0 and (
                not deadline or datetime.fromisoformat(deadline) > datetime.now(timezone.utc)):
            early.append(f"{before['metadata']['name']} ended before {deadline}")

    world.listen(note_end)
    world.slipway("promote", "web")
    until_alone(world, "v2")
    assert not early, early[0]
    old = world.replica_set("web", IMAGE + "v1")
    assert DEADLINE not in old["metadata"].get("annotations", {})


@flow("a promotion happens by itself where nobody asked for a pause")
def automatic(world):
    install(world, blue_green(autoPromotionEnabled=True))
    world.set_image("web", "v2")
    until_alone(world, "v2")


@flow("autoPromotionSeconds ends the pause after that time")
def automatic_later(world):
    install(world, blue_green(autoPromotionEnabled=True, autoPromotionSeconds=2))
    update_to_pause(world)
    until_alone(world, "v2")


@flow("a preview stays small until it is promoted")
def small_preview(world):
    install(world, blue_green(previewReplicaCount=1))
    update_to_pause(world)
    world.until_sizes("web", v1=3, v2=1)
    world.slipway("promote", "web")
    until_alone(world, "v2")


@flow("going back within the delay is immediate")
def back_at_once(world):
    install(world, blue_green(scaleDownDelaySeconds=600))
    update_to_pause(world)
    world.slipway("promote", "web")
    world.until_phase("web", "Healthy")
    until_active(world, "v2")
    world.slipway("undo", "web")
    until_active(world, "v1")
    world.until_phase("web", "Healthy")
    world.until_sizes("web", v1=3, v2=3)


@flow("an abort leaves the active service alone and ends the preview after its delay")
def abort_and_retry(world):
    install(world)
    update_to_pause(world)
    world.slipway("abort", "web")
    world.until_phase("web", "Degraded", "RolloutAborted")
    world.until_sizes("web", v1=3)
    until_active(world, "v1")
    world.slipway("retry", "rollout", "web")
    world.until_phase("web", "Paused", "BlueGreenPause")
    world.slipway("promote", "web", "--full")
    until_alone(world, "v2")


@flow("no more old versions wait out their delay than the limit says")
def delayed_revisions(world):
    install(world, blue_green(autoPromotionEnabled=True, scaleDownDelaySeconds=600,
                              scaleDownDelayRevisionLimit=1))
    for tag in ("v2", "v3", "v4"):
        world.set_image("web", tag)
        until_active(world, tag)
        world.until_phase("web", "Healthy")
    world.until_sizes("web", v3=3, v4=3)


@flow("a third version takes over from a preview that nobody promoted")
def third_version(world):
    install(world)
    update_to_pause(world)
    update_to_pause(world, "v3")
    world.slipway("promote", "web")
    until_alone(world, "v3")


@flow("a scaleDownDelaySeconds of 0 ends the old version at once")
def no_delay(world):
    install(world, blue_green(autoPromotionEnabled=True, scaleDownDelaySeconds=0))
    world.set_image("web", "v2")
    until_alone(world, "v2")


@flow("a change of size reaches both versions")
def scale(world):
    install(world)
    update_to_pause(world)
    world.merge("Rollout", "web", {"spec": {"replicas": 4}}, subresource="scale")
    world.until_sizes("web", v1=4, v2=4)
    until_active(world, "v1")


@flow("a preview that never gets ready fails its deadline and is never switched to")
def never_ready(world):
    install(world, progressDeadlineSeconds=2)
    bad = template("v2", {"slipway.dev/behaviour": "never-ready"})
    world.patch_spec("web", {"template": bad})
    world.until_phase("web", "Degraded", "ProgressDeadlineExceeded")
    until_active(world, "v1")
    world.slipway("undo", "web")
    until_alone(world, "v1")


@flow("a missing service is told, and its creation goes on at once")
def missing_service(world):
    world.create("Service", service("active"))
    world.create("Rollout", rollout("web", blue_green(), 3))
    world.until_phase("web", "Degraded", "preview")
    world.create("Service", service("preview"))
    world.until_phase("web", "Healthy")


@flow("somebody who writes the ReplicaSets all the time stops nothing")
def busy_neighbour(world):
    install(world, blue_green(autoPromotionEnabled=True))
    world.set_image("web", "v2")

    def is_over_while_written():
        for each in world.replica_sets("web"):
            name = each["metadata"]["name"]
            version = each["metadata"]["resourceVersion"]
            world.merge("ReplicaSet", name, {"metadata": {"annotations": {"busy": version}}})
        return world.sizes("web") == {IMAGE + "v2": 3} and world.phase("web") == "Healthy"

    world.until("the update is over", is_over_while_written)
    until_active(world, "v2")
