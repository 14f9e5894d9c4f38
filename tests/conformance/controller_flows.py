"""Controllers that end, are killed, start late, or find what nobody should have left."""

from datetime import datetime, timedelta, timezone

import blue_green_flows
import canary_flows
from flow import flow
from world import DEADLINE, rollout, service

OLD = "registry.example/app:v1"


def install_canary(world):
    canary_flows.install(world, labels=world.instance_labels)


def install_blue_green(world, **more):
    for name in ("active", "preview"):
        world.create("Service", service(name))
    world.create("Rollout", rollout("web", blue_green_flows.blue_green(
        autoPromotionEnabled=True, **more), 3, labels=world.instance_labels))
    world.until_phase("web", "Healthy")


def until_reconciled(world, controller):
    """This controller has looked at its Rollout, and has nothing more to do at once."""
    def is_reconciled():
        metrics = controller.metrics()
        return any(name.startswith("rollout_reconcile_count") and value >= 1
                   for name, value in metrics.items())

    world.until_polled("the new controller has reconciled", is_reconciled)


@flow("a controller that starts anew writes nothing to what is settled")
def settled(world):
    first = world.own_controller()
    install_canary(world)
    canary_flows.update_to_pause(world)
    world.slipway("promote", "shop")
    canary_flows.until_updated(world, "v2")
    world.until("the cluster has done its part", lambda: len(world.list("Pod")) == 5 and all(
        each["status"].get("observedGeneration") == each["metadata"]["generation"]
        and each["status"]["replicas"] == each["spec"]["replicas"]
        for each in world.replica_sets("shop")))
    assert first.stop() == 0
    before = world.versions()
    second = world.own_controller()
    until_reconciled(world, second)
    world.slipway("status", "shop")
    after = world.versions()
    assert after == before, dict(after.items() - before.items())


@flow("a controller that is killed again and again leaves nothing undone")
def killed(world):
    controller = world.own_controller()
    install_canary(world)
    seen = []

    def note(kind, before, after):
        if kind == "ReplicaSet":
            seen.append(after)

    world.listen(note)
    world.set_image("shop", "v2")
    for _ in range(3):
        so_far = len(seen)
        world.until("a ReplicaSet moves", lambda so_far=so_far: len(seen) > so_far + 1
                    or world.phase("shop") == "Paused")
        controller.kill()
        controller = world.own_controller()
    world.until_phase("shop", "Paused", "CanaryPauseStep")
    world.slipway("promote", "shop")
    canary_flows.until_updated(world, "v2")


@flow("a deadline that passed while no controller ran ends the old version at once")
def overdue(world):
    controller = world.own_controller()
    install_blue_green(world, scaleDownDelaySeconds=1)
    old = world.replica_set("web", OLD)["metadata"]["name"]
    world.patch_spec("web", {"strategy": blue_green_flows.blue_green(
        autoPromotionEnabled=True, scaleDownDelaySeconds=600)})
    world.set_image("web", "v2")
    world.until("the old version has a deadline", lambda: DEADLINE in world.get(
        "ReplicaSet", old)["metadata"].get("annotations", {}))
    world.until_phase("web", "Healthy")
    controller.stop()
    past = (datetime.now(timezone.utc) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.merge("ReplicaSet", old, {"metadata": {"annotations": {DEADLINE: past}}})
    world.own_controller()
    blue_green_flows.until_alone(world, "v2")


@flow("the founding bug's zombies end")
def zombies(world):
    controller = world.own_controller()
    install_blue_green(world, scaleDownDelaySeconds=3)
    for tag, deadline in (("v2", ""), ("v3", "soon"), ("v4", "0001-01-01")):
        world.set_image("web", tag)
        blue_green_flows.until_active(world, tag)
        old = world.until("an old version waits", lambda: next(
            (each for each in world.replica_sets("web") if each["spec"]["replicas"] > 0
             and DEADLINE in each["metadata"].get("annotations", {})), None))
        controller.stop()
        world.merge("ReplicaSet", old["metadata"]["name"],
                    {"metadata": {"annotations": {DEADLINE: deadline}}})
        controller = world.own_controller()
        blue_green_flows.until_alone(world, tag)


@flow("a standby takes over from a leader that is killed in the middle of an update")
def stand_by(world):
    leader = world.own_controller()
    install_canary(world)
    canary_flows.update_to_pause(world)
    world.own_controller()
    leader.kill()
    world.slipway("promote", "shop")
    canary_flows.until_updated(world, "v2")
