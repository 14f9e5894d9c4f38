"""Corners of the spec, each through a whole update."""

from flow import flow
from world import rollout

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
    assert roles(world, "v1") == {"stable"}
    world.set_image("shop", "v2")
    world.until_phase("shop", "Paused")
    assert (roles(world, "v1"), roles(world, "v2")) == ({"stable"}, {"canary"})
    world.slipway("promote", "shop")
    world.until_phase("shop", "Healthy")
    world.until("all pods are labelled stable", lambda: roles(world, "v2") == {"stable"})
