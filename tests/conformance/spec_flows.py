"""Corners of the spec, each through a whole update."""

import json
import tempfile

from flow import flow
from world import rollout, service, template

METADATA = {"canary": {"stableMetadata": {"labels": {"role": "stable"}},
                       "canaryMetadata": {"labels": {"role": "canary"}},
                       "steps": [{"setWeight": 50}, {"pause": {}}]}}


def roles(world, tag):
    """Role labels of the pods of that image, each once."""
    return {pod["metadata"]["labels"].get("role") for pod in world.pods()
            if pod["spec"]["containers"][0]["image"] == f"registry.example/app:{tag}"}


@flow("running pods carry the labels of the part that their ReplicaSet plays")
def metadata(world):
    world.create("Rollout", rollout("shop", METADATA, 2))
    world.until_phase("shop", "Healthy")
    world.until("pods are labelled", lambda: roles(world, "v1") == {"stable"})
    world.set_image("shop", "v2")
    world.until_phase("shop", "Paused")
    world.until("pods are labelled by their part", lambda: (
        roles(world, "v1"), roles(world, "v2")) == ({"stable"}, {"canary"}))
    world.slipway("promote", "shop")
    world.until_phase("shop", "Healthy")
    world.until("all pods are labelled stable", lambda: roles(world, "v2") == {"stable"})


def deployment(name, replicas):
    return {"metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "app"}},
                     "template": template()}}


def rollout_of(kind, name, **reference):
    api_version = "v1" if kind == "PodTemplate" else "apps/v1"
    thing = rollout("shop", {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}, 2,
                    workloadRef={"apiVersion": api_version, "kind": kind, "name": name, **reference})
    del thing["spec"]["template"]
    return thing


def note_wrong_generation(world, name):
    """As if a newer workload had been decided on: the controller looks at it, and mends the note."""
    note = "rollout.argoproj.io/workload-generation"
    world.merge("Rollout", name, {"metadata": {"annotations": {note: "99"}}})
    world.until(f"{name} notes its workload's generation", lambda: world.get(
        "Rollout", name)["metadata"]["annotations"][note] != "99")


@flow("a Rollout takes over from a Deployment, whose template is its own from then on")
def workload(world):
    world.create("Deployment", deployment("old", 2))
    world.create("Rollout", rollout_of("Deployment", "old", scaleDown="progressively"))
    world.until_phase("shop", "Healthy")
    world.until_polled("the Deployment has no pods",
                       lambda: world.read("Deployment", "old")["spec"]["replicas"] == 0)
    world.set_image("shop", "v2")
    world.until("shop is paused", lambda: world.status("shop").get("phase") == "Paused")
    world.until_sizes("shop", v1=1, v2=1)
    world.slipway("undo", "shop")
    world.until_sizes("shop", v1=2)
    note_wrong_generation(world, "shop")


@flow("a Rollout takes the template of a PodTemplate")
def pod_template(world):
    world.create("PodTemplate", {"metadata": {"name": "lent"}, "template": template()})
    world.create("Rollout", rollout_of("PodTemplate", "lent"))
    world.until_phase("shop", "Healthy")
    world.until_sizes("shop", v1=2)
    note_wrong_generation(world, "shop")


@flow("explain says what holds a Rollout up, and plan what comes next, without doing it")
def foresight(world):
    world.create("Rollout", rollout("shop", METADATA, 2))
    world.until_phase("shop", "Healthy")
    assert "nothing to do" in world.slipway("explain", "shop")
    world.set_image("shop", "v2")
    world.until_phase("shop", "Paused")
    told = world.slipway("explain", "shop")
    assert "waits at step 2/2 (pause) until a person promotes" in told, told
    assert "to go on: kubectl argo rollouts promote shop" in told, told
    before = world.versions()
    assert "would write nothing now" in world.slipway("plan", "shop")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as manifest:
        json.dump({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
                   **rollout("other", METADATA, 3)}, manifest)
        manifest.flush()
        told = world.slipway("plan", manifest.name)
    assert "1. patch Rollout " in told and "revision 1" in told, told
    assert world.versions() == before


@flow("a controller of one namespace may do all that the spec asks for there")
def one_namespace(world):
    world.own_controller()
    world.create("Deployment", deployment("old", 2))
    taking = rollout_of("Deployment", "old", scaleDown="onsuccess")
    taking["metadata"]["labels"] = world.instance_labels
    taking["spec"]["strategy"] = METADATA
    world.create("Rollout", taking)
    world.until_phase("shop", "Healthy")
    world.until_polled("the Deployment has no pods",
                       lambda: world.read("Deployment", "old")["spec"]["replicas"] == 0)
    world.set_image("shop", "v2")
    world.until("shop is paused", lambda: world.status("shop").get("phase") == "Paused")
    world.slipway("promote", "shop")
    world.until("all pods are labelled stable", lambda: roles(world, "v2") == {"stable"})
    world.create("PodTemplate", {"metadata": {"name": "lent"}, "template": template()})
    lent = rollout_of("PodTemplate", "lent")
    lent["metadata"] = {"name": "lent", "labels": world.instance_labels}
    world.create("Rollout", lent)
    world.until_phase("lent", "Healthy")
    for name in ("shop", "lent"):
        note_wrong_generation(world, name)


@flow("the Services of a Rollout that was deleted select by their own labels again")
def services_let_go(world):
    world.create("Service", service("active"))
    world.create("Rollout", rollout("shop", {"blueGreen": {"activeService": "active"}}, 1))
    world.until_phase("shop", "Healthy")
    world.until("active is taken", lambda: world.selected("active"))
    world.delete("Rollout", "shop")
    world.until("active is let go", lambda: world.get("Service", "active")["spec"]["selector"] == {
        "app": "app"} and not world.get("Service", "active")["metadata"].get("annotations"))
    world.until("the end is told", lambda: "RolloutDeleted" in world.event_reasons("shop"))
