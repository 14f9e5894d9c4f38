"""Controllers that end, are killed, start late, or find what nobody should have left."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import blue_green_flows
import canary_flows
from flow import flow
from world import DEADLINE, HASH, rollout, service

OLD = "registry.example/app:v1"


def install_canary(world):
    canary_flows.install(world, labels=world.instance_labels)


def install_blue_green(world, **more):
    for name in ("active", "preview"):
        world.create("Service", service(name))
    world.create("Rollout", rollout("web", blue_green_flows.blue_green(
        autoPromotionEnabled=True, **more), 3, labels=world.instance_labels))
    world.until_phase("web", "Healthy")


def until_delayed(world):
    """The name of an old version that waits out its delay."""
    return world.until("an old version waits", lambda: next(
        (each for each in world.replica_sets("web") if each["spec"]["replicas"] > 0
         and DEADLINE in each["metadata"].get("annotations", {})), None))["metadata"]["name"]


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
    world.until("the cluster has done its part", lambda: len(world.pods()) == 5 and all(
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


def mend(world, key):
    """A person writes what is no deadline, or one long past, while the controller runs."""
    world.own_controller()
    install_blue_green(world, scaleDownDelaySeconds=3)
    for tag, deadline in (("v2", ""), ("v3", "soon"), ("v4", "2001-01-01T00:00:00Z")):
        world.set_image("web", tag)
        blue_green_flows.until_active(world, tag)
        old = until_delayed(world)
        world.merge("ReplicaSet", old, {"metadata": {"annotations": {DEADLINE: None, key: deadline}}})
        blue_green_flows.until_alone(world, tag)
        if key == DEADLINE and deadline.startswith("2001"):
            continue  # As good as any that has passed.
        world.until_polled("an event tells what was mended", lambda old=old: any(
            each["reason"] == "ScaleDownDeadlineMended" and old in each["message"]
            for each in world.list("Event")))


@flow("a deadline that a person spoils keeps no old version")
def spoiled(world):
    mend(world, DEADLINE)


@flow("a deadline under the key that upstream's documents name keeps no old version")
def misspelt(world):
    mend(world, "argo-rollouts.argoproj.io/scale-down-deadline")


@flow("the founding bug's zombie ends once a controller is back")
def zombie(world):
    controller = world.own_controller()
    install_blue_green(world, scaleDownDelaySeconds=3)
    world.set_image("web", "v2")
    old = until_delayed(world)
    controller.stop()
    world.merge("ReplicaSet", old, {"metadata": {"annotations": {DEADLINE: ""}}})
    world.own_controller()
    blue_green_flows.until_alone(world, "v2")


@flow("a standby takes over from a leader that is killed in the middle of an update")
def stand_by(world):
    leader = world.own_controller()
    install_canary(world)
    canary_flows.update_to_pause(world)
    world.own_controller()
    leader.kill()
    world.slipway("promote", "shop")
    canary_flows.until_updated(world, "v2")


@flow("a controller with the rights of one namespace does all that one for the cluster does")
def one_namespace(world):
    world.own_controller()
    world.create("Service", service("stable"))
    canary_flows.install(world, labels=world.instance_labels, revisionHistoryLimit=0, strategy={
        "canary": {"maxSurge": "100%", "stableService": "stable"}})
    for tag in ("v2", "v3"):
        world.set_image("shop", tag)
        canary_flows.until_updated(world, tag)
    world.until("the history is gone", lambda: len(world.replica_sets("shop")) == 1)
    canary_flows.restart_all(world)


def interfere(world, controller):
    """Writes what the controller writes, each kind until the controller was refused for it."""
    new = world.replica_set("web", "registry.example/app:v2")["metadata"]["name"]
    for kind, name, patch in (
            ("Service", "active", lambda n: {"spec": {"selector": {HASH: f"odd-{n}"}}}),
            ("ReplicaSet", new, lambda n: {"spec": {"replicas": 1 + n % 2}}),
            ("Rollout", "web", lambda n: {"spec": {"replicas": 4 - n % 2}})):
        turns = itertools.count()

        def was_refused(kind=kind, name=name, patch=patch, turns=turns):
            for _ in range(20):
                world.meddle(kind, name, patch(next(turns)))
            refusals = f'slipway_writes_refused_total{{kind="{kind}"}}'
            return controller.metrics().get(refusals, 0) > 0

        # Two at once, so that hardly ever is what the controller has seen what there is.
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(world.until_polled, f"a {kind}'s write is refused",
                                     was_refused, pause_s=0) for _ in range(2)]:
                done.result()
    world.patch_spec("web", {"replicas": 3})


def withstand_interference(world, controller):
    world.set_image("web", "v2")
    world.until("both versions are there", lambda: len(world.replica_sets("web")) == 2)
    interfere(world, controller)
    blue_green_flows.until_alone(world, "v2")


@flow("whoever writes what the controller writes is overcome in the end")
def interference(world):
    blue_green_flows.install(world, blue_green_flows.blue_green(autoPromotionEnabled=True))
    withstand_interference(world, world.target.controller)


@flow("so is whoever does it to a controller with the rights of one namespace")
def interference_in_one_namespace(world):
    controller = world.own_controller()
    install_blue_green(world)
    withstand_interference(world, controller)
