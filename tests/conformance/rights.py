"""Compares the rules of deploy/ with the requests that controllers made, as the server's audit log tells.

A request that RBAC refused is a rule too few; a rule without a request is one too many.
"""

import json
from dataclasses import dataclass

# Admission checks these on a write to something else, so no request is ever for them.
CHECKED_BY_ADMISSION = {("argoproj.io", "rollouts/finalizers", "update")}


@dataclass(frozen=True)
class Asked:
    user: str
    group: str
    resource: str  # "rollouts/status" for a subresource.
    verb: str
    name: str
    allowed: bool


def read_audit(path):
    """All requests for resources, each once.

    Roles do not change during a run, so what was allowed at any time is refused only by a server
    that has just started, whose cache of roles is not full yet.
    """
    asked = set()
    with open(path) as log:
        for line in log:
            event = json.loads(line)
            thing = event.get("objectRef")
            if thing is None:
                continue
            resource = thing["resource"]
            if thing.get("subresource"):
                resource += "/" + thing["subresource"]
            decision = event.get("annotations", {}).get("authorization.k8s.io/decision")
            one = Asked(event["user"]["username"], thing.get("apiGroup", ""), resource,
                        event["verb"], thing.get("name", ""), decision != "forbid")
            asked.add((one, thing.get("namespace", "")))

    def of(one, namespace):
        return one.user, one.group, one.resource, one.verb, namespace
    allowed = {of(one, namespace) for one, namespace in asked if one.allowed}
    return {one for one, namespace in asked
            if one.allowed or of(one, namespace) not in allowed}


def single_rules(roles):
    """Every (group, resource, verb) that these roles grant."""
    return {(group, resource, verb) for role in roles for rule in role["rules"]
            for group in rule["apiGroups"] for resource in rule["resources"]
            for verb in rule["verbs"]}


def compare(asked, users, roles):
    """What is wrong with the rules that these users have, a sentence each."""
    ours = {each for each in asked if each.user in users}
    problems = [f"{each.user} may not {each.verb} {each.group}/{each.resource} {each.name}"
                for each in sorted(ours, key=str) if not each.allowed]
    used = {(each.group, each.resource, each.verb) for each in ours}
    for group, resource, verb in sorted(single_rules(roles) - used - CHECKED_BY_ADMISSION):
        problems.append(f"nobody of {', '.join(sorted(users))} needs to {verb} {group}/{resource}")
    return problems
