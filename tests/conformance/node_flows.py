"""What simulated nodes make of pods, with the cluster's own controllers."""

from flow import flow
from world import QUICK, is_ready


def pod(name, annotations, **spec):
    return {"metadata": {"name": name, "annotations": {**QUICK, **annotations}},
            "spec": {"containers": [{"name": "app", "image": "registry.example/app:v1"}], **spec}}


def container(world, name):
    statuses = (world.get("Pod", name) or {}).get("status", {}).get("containerStatuses", [{}])
    return statuses[0]


def waits_for(world, name, reason):
    return container(world, name).get("state", {}).get("waiting", {}).get("reason") == reason


@flow("pods are bound, run, crash, fail to pull or end, by their script")
def scripts(world):
    world.create("Pod", pod("runs", {}))
    world.create("Pod", pod("crashes", {"slipway.dev/behaviour": "crash",
                                        "slipway.dev/crash-after": "10ms"}))
    world.create("Pod", pod("no-image", {"slipway.dev/behaviour": "image-pull-error"}))
    for name, code in (("succeeds", "0"), ("fails", "3")):
        world.create("Pod", pod(name, {"slipway.dev/behaviour": "exit", "slipway.dev/exit-after":
                                       "10ms", "slipway.dev/exit-code": code},
                                restartPolicy="Never"))
    world.until("one is ready", lambda: is_ready(world.get("Pod", "runs") or {}))
    assert world.get("Pod", "runs")["spec"]["nodeName"].startswith("node-")
    world.until("one crashes", lambda: waits_for(world, "crashes", "CrashLoopBackOff"))
    world.until("one cannot be pulled", lambda: waits_for(world, "no-image", "ImagePullBackOff"))
    for name, phase, code in (("succeeds", "Succeeded", 0), ("fails", "Failed", 3)):
        world.until(f"{name} is {phase}", lambda name=name, phase=phase: world.get(
            "Pod", name)["status"].get("phase") == phase)
        assert container(world, name)["state"]["terminated"]["exitCode"] == code


@flow("a readiness probe's delay comes before a pod is ready")
def probe(world):
    slow = pod("slow", {})
    del slow["metadata"]["annotations"]["slipway.dev/ready-delay"]
    slow["spec"]["containers"][0]["readinessProbe"] = {
        "initialDelaySeconds": 1, "httpGet": {"port": 80}}
    world.create("Pod", slow)
    world.until("it runs", lambda: "running" in container(world, "slow").get("state", {}))
    assert not is_ready(world.get("Pod", "slow"))
    world.until("it is ready", lambda: is_ready(world.get("Pod", "slow")))


@flow("a deleted pod stops and is gone")
def deleted(world):
    world.create("Pod", pod("gone", {}))
    world.until("it is ready", lambda: is_ready(world.get("Pod", "gone") or {}))
    world.delete("Pod", "gone")
    world.until("it is gone", lambda: world.get("Pod", "gone") is None)


@flow("Jobs end as their pods' exit codes say", only="kubernetes")
def jobs(world):
    for name, code in (("good", "0"), ("bad", "3")):
        world.create("Job", {"metadata": {"name": name}, "spec": {
            "backoffLimit": 0, "template": {
                "metadata": {"annotations": {**QUICK, "slipway.dev/behaviour": "exit",
                                             "slipway.dev/exit-after": "10ms",
                                             "slipway.dev/exit-code": code}},
                "spec": {"restartPolicy": "Never", "containers": [
                    {"name": "app", "image": "registry.example/app:v1"}]}}}})
    for name, condition in (("good", "Complete"), ("bad", "Failed")):
        world.until(f"{name} is {condition}", lambda name=name, condition=condition: any(
            each["type"] == condition and each["status"] == "True" for each in (world.get(
                "Job", name) or {}).get("status", {}).get("conditions", [])))
