"""The control plane fails in the middle of a canary and of a blue-green update.

These have the server for themselves: what they break is broken for all.
"""

import subprocess
import threading
from pathlib import Path

import blue_green_flows
import canary_flows
from flow import flow
from world import template

CONTROL = Path(__file__).resolve().parents[2] / "scripts/kubernetes"
OUTAGE_S = 30
RECOVERY_LIMIT_S = 120
# Slow enough for the fault to meet pods on their way.
SLOW = {"slipway.dev/start-delay": "1s", "slipway.dev/ready-delay": "1s"}


def control(action):
    subprocess.run([CONTROL, "control", action], check=True)


def is_under_way(world, rollout):
    """The new version's pods are there, and not all of them are ready."""
    found = world.replica_set(rollout, "registry.example/app:v2")
    return found is not None and found["status"].get("replicas", 0) > found["status"].get(
        "readyReplicas", 0)


def until_alone(world, rollout, size):
    """The update is over, and nothing else runs or is asked for."""
    wanted = {"registry.example/app:v2": size}
    world.until(f"{rollout} has v2 alone", lambda: world.phase(rollout) == "Healthy"
                and world.sizes(rollout) == wanted and len(world.list("Pod")) == size
                and len(world.ready_pods()) == size, RECOVERY_LIMIT_S)


def survive(world, fault, fault_at_the_end):
    canary, blue_green = world.beside("canary"), world.beside("blue-green")
    canary_flows.install(canary)
    blue_green_flows.install(blue_green)
    for each, rollout in ((canary, "shop"), (blue_green, "web")):
        each.patch_spec(rollout, {"template": template("v2", SLOW)})
    canary.until("the canary is under way", lambda: is_under_way(canary, "shop"))
    blue_green.until("the preview is under way", lambda: is_under_way(blue_green, "web"))
    fault()
    for each, rollout in ((canary, "shop"), (blue_green, "web")):
        each.until(f"{rollout} waits for a person", lambda each=each, rollout=rollout:
                   each.phase(rollout) == "Paused", RECOVERY_LIMIT_S)
        each.slipway("promote", rollout)
    # And again, now that the one scales step by step and the other has just switched.
    blue_green.until("the switch is made", lambda: blue_green.selected("active")
                     == blue_green.hash("web", "registry.example/app:v2"))
    fault_at_the_end()
    until_alone(canary, "shop", 5)
    until_alone(blue_green, "web", 3)
    blue_green_flows.until_active(blue_green, "v2")


def kill_and_restart_api_server():
    control("kill-apiserver")
    control("start-apiserver")


def stop_etcd_for_a_while():
    control("stop-etcd")
    threading.Event().wait(OUTAGE_S)  # The fault itself, which has a length.
    control("continue-etcd")


@flow("updates survive that kube-apiserver is killed and starts again", only="kubernetes",
      alone=True)
def api_server_killed(world):
    survive(world, kill_and_restart_api_server, kill_and_restart_api_server)


@flow("updates survive that etcd stands still for 30 s", only="kubernetes", alone=True)
def etcd_stopped(world):
    survive(world, stop_etcd_for_a_while, lambda: None)
