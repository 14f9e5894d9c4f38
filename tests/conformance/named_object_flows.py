"""What Rollouts name beside their Services and workloads: analysis templates, Ingresses, routes."""

import snapshots
from api import KINDS, Kind
from flow import flow
from world import rollout, service

ISTIO = KINDS["VirtualService"]
MAPPING = Kind("Mapping", "mappings", "getambassador.io/v2")
MESH_SERVICE = Kind("VirtualService", "virtualservices", "appmesh.k8s.aws/v1beta2")
MESH_ROUTER = Kind("VirtualRouter", "virtualrouters", "appmesh.k8s.aws/v1beta2")


def make(world, kind, name, spec):
    world.target.client.request("POST", kind.path(world.namespace), {
        "apiVersion": kind.group_version, "kind": kind.kind, "metadata": {"name": name},
        "spec": spec})


def name_in(world, name, labels, **canary):
    thing = rollout(name, {"canary": {"canaryService": "canary", "stableService": "stable",
                                      **canary}}, 1, labels)
    world.create("Rollout", thing)


def told(world, name):
    return {each["type"]: each["message"] for each in world.status(name).get("conditions", [])}


def until_invalid(world, name, ending):
    world.until(f"{name} is told to be invalid: {ending}",
                lambda: told(world, name).get("InvalidSpec", "").endswith(ending))
    assert world.status(name)["phase"] == "Degraded"


def until_valid(world, name):
    world.until(f"{name} is valid, and left alone", lambda: "InvalidSpec" not in told(
        world, name) and "NotSupported" in told(world, name))


METRICS = {"metrics": [{"name": "one", "provider": {"job": {"spec": {"template": {"spec": {
    "restartPolicy": "Never", "containers": [{"name": "c", "image": "registry.example/c"}]}}}}}}]}


def each_is_looked_at(world, labels):
    snapshots.define_istio(world)
    world.define((MAPPING, MESH_SERVICE, MESH_ROUTER))
    for name in ("canary", "stable"):
        world.create("Service", service(name))

    name_in(world, "judged", labels, analysis={"templates": [{"templateName": "rate"}]})
    until_invalid(world, "judged", "AnalysisTemplate 'rate' not found")
    make(world, KINDS["AnalysisTemplate"], "rate", METRICS)
    until_valid(world, "judged")

    name_in(world, "nginx", labels, trafficRouting={"nginx": {"stableIngress": "web"}})
    until_invalid(world, "nginx", 'ingress.networking.k8s.io "web" not found')
    make(world, KINDS["Ingress"], "web", {"rules": [{"http": {"paths": [{
        "path": "/", "pathType": "Prefix",
        "backend": {"service": {"name": "stable", "port": {"number": 80}}}}]}}]})
    until_valid(world, "nginx")

    name_in(world, "istio", labels, trafficRouting={"istio": {"virtualService": {"name": "web"}}})
    until_invalid(world, "istio", 'virtualservices.networking.istio.io "web" not found')
    make(world, ISTIO, "web", {"http": [{"route": [
        {"destination": {"host": host}, "weight": weight}
        for host, weight in (("stable", 100), ("canary", 0))]}]})
    until_valid(world, "istio")

    name_in(world, "ambassador", labels, trafficRouting={"ambassador": {"mappings": ["web"]}})
    until_invalid(world, "ambassador", 'mappings.getambassador.io "web" not found')
    make(world, MAPPING, "web", {"prefix": "/", "service": "stable"})
    until_valid(world, "ambassador")

    name_in(world, "mesh", labels, trafficRouting={"appMesh": {
        "virtualService": {"name": "web"},
        "virtualNodeGroup": {"canaryVirtualNodeRef": {"name": "canary"},
                             "stableVirtualNodeRef": {"name": "stable"}}}})
    until_invalid(world, "mesh", 'virtualservices.appmesh.k8s.aws "web" not found')
    make(world, MESH_SERVICE, "web",
         {"provider": {"virtualRouter": {"virtualRouterRef": {"name": "web"}}}})
    until_invalid(world, "mesh", 'virtualrouters.appmesh.k8s.aws "web" not found')
    make(world, MESH_ROUTER, "web", {"routes": [{"name": "all", "httpRoute": {"action": {
        "weightedTargets": [{"weight": 100}, {"weight": 0}]}}}]})
    until_valid(world, "mesh")


@flow("what a Rollout names is looked at: what is missing is told, and found once it is there")
def named_objects(world):
    each_is_looked_at(world, {})
    of_cluster = f"rate-{world.namespace}"
    name_in(world, "judged-by-all", {}, analysis={
        "templates": [{"templateName": of_cluster, "clusterScope": True}]})
    until_invalid(world, "judged-by-all", f"ClusterAnalysisTemplate '{of_cluster}' not found")
    make(world, KINDS["ClusterAnalysisTemplate"], of_cluster, METRICS)
    until_valid(world, "judged-by-all")


@flow("a controller of one namespace looks at what Rollouts name there, and nowhere else")
def named_objects_of_one_namespace(world):
    world.own_controller()
    each_is_looked_at(world, world.instance_labels)
    name_in(world, "judged-by-all", world.instance_labels, analysis={
        "templates": [{"templateName": "rate", "clusterScope": True}]})
    until_invalid(world, "judged-by-all", "ClusterAnalysisTemplate 'rate' not found")
