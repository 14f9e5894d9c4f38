"""Plays the files of the corpus on a server and keeps its answers."""

import http.client
import json
import re
import select
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/conformance"))
from api import Client  # noqa: E402
from corpus import Malformed, read_shared  # noqa: E402
from normal import Normalizer  # noqa: E402

NAMESPACES = "/api/v1/namespaces"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
REQUEST_LIMIT_S = 30
UNTIL_LIMIT_S = 20
POLL_S = 0.02
_SHOWN = re.compile(r"\$(version|uid|continue|name)\{([^}]*)\}")
_PATHS = {"version": "/metadata/resourceVersion", "uid": "/metadata/uid",
          "continue": "/metadata/continue", "name": "/metadata/name"}


class Broken(Exception):
    """The corpus can't be played: the words say where."""


class Late(Broken):
    """What was waited for hasn't come."""


def at(value, pointer):
    """What stands at a JSON pointer; `[name=pods]` picks out of a list. None where nothing does."""
    for part in re.findall(r"/((?:\[[^\]]*\]|[^/])*)", pointer):
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and (picked := re.fullmatch(r"\[(\w+)=(.*)\]", part)):
            key, wanted = picked.groups()
            value = next((item for item in value
                          if str(at(item, "/" + key.replace(".", "/"))) == wanted), None)
        elif isinstance(value, list) and part.isdigit():
            value = value[int(part)] if int(part) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


class Server(Client):
    """Requests as they are written in the corpus, answers as they come."""

    def ask(self, method, target, body=None, content_type="application/json",
            accept="application/json"):
        """(code, headers, text); the code is 0 where the server hangs up instead of answering."""
        headers = {**self._headers(), "Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        connection = self._kept_connection() or self._connect(REQUEST_LIMIT_S)
        try:
            connection.request(method, target, body and body.encode(), headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (http.client.HTTPException, ssl.SSLError, OSError) as error:
            connection.close()
            if isinstance(error, (TimeoutError, ConnectionRefusedError)):
                raise Broken(f"{method} {target}: {error!r}") from error
            return 0, [], ""
        self._threads.connection = connection
        return answer.status, answer.getheaders(), text

    def stream(self, target, accept, count, opened=lambda: None):
        """(code, headers, events or text): the first `count` of them, or all until the server ends it.

        `opened` is called once the server has begun to answer."""
        connection = self._connect(REQUEST_LIMIT_S)
        try:
            connection.request("GET", target, headers={**self._headers(), "Accept": accept})
            answer = connection.getresponse()
            opened()
            events = []
            if answer.status != 200:
                return answer.status, answer.getheaders(), answer.read().decode()
            while (not count or len(events) < count) and (line := answer.readline()):
                events.append(json.loads(line))
            return answer.status, answer.getheaders(), events
        except TimeoutError as error:
            raise Broken(f"{target}: {len(events)} events in {REQUEST_LIMIT_S} s, the next one "
                         "doesn't come") from error
        finally:
            connection.close()

    def do(self, method, target, body=None, content_type="application/json", also=()):
        """For what isn't compared: must succeed."""
        code, _, text = self.ask(method, target, body, content_type)
        if not 200 <= code < 300 and code not in also:
            raise Broken(f"{method} {target}: {code}: {text[:500]}")
        return json.loads(text)

    def wait_for(self, target, holds):
        """Gets until `holds(code, text)`; the last answer. Raises Late."""
        deadline = time.monotonic() + UNTIL_LIMIT_S
        while True:
            code, headers, text = self.ask("GET", target)
            if holds(code, text):
                return code, headers, text
            if time.monotonic() > deadline:
                raise Late(f"GET {target}: not within {UNTIL_LIMIT_S} s; last: {code}: {text}")
            select.select([], [], [], POLL_S)


def _parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


class Playing:
    """One file being played on one server."""

    def __init__(self, server, file):
        self.server = server
        self.file = file
        self.bodies = {}
        self.normalizer = Normalizer()
        self._group = f"{file.name}.example.com"
        self._made = [f"{NAMESPACES}/{file.namespace}"]
        if file.has_widgets:
            self._made.append(f"{DEFINITIONS}/widgets.{self._group}")

    def play(self):
        """{step id: answer}"""
        try:
            self._prepare()
            return {step.id: self._answer(step) for step in self.file.steps}
        finally:
            self._clean_up()

    def _prepare(self):
        self._clean_up()  # An earlier run may have left something.
        for path in self._made:
            self.server.wait_for(path, lambda code, _: code == 404)
        self.server.do("POST", NAMESPACES, json.dumps({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.file.namespace}}))
        if self.file.has_widgets:
            definition = read_shared()["widget_definition"].replace("$group", self._group)
            self.server.do("POST", DEFINITIONS, definition)
            wait_until_served(self.server, f"widgets.{self._group}", f"/apis/{self._group}/v1",
                              "widgets")

    def _clean_up(self):
        for path in self._made:
            self.server.ask("DELETE", path)
        for group_version, plural in (("api/v1", "configmaps"), (f"apis/{self._group}/v1", "widgets")):
            self._let_go(f"/{group_version}/namespaces/{self.file.namespace}/{plural}")

    def _let_go(self, collection):
        """Nothing may hold up the end of the namespace."""
        code, _, text = self.server.ask("GET", collection)
        for item in json.loads(text)["items"] if code == 200 else []:
            if "finalizers" in item["metadata"]:
                self.server.ask("PATCH", f"{collection}/{item['metadata']['name']}",
                                '{"metadata": {"finalizers": null}}', "application/merge-patch+json")

    def _filled(self, step, text):
        def shown(found):
            what, name = found.groups()
            if name not in self.bodies:
                raise Malformed(f"{step.id}: no earlier step is named `{name}`")
            return str(at(self.bodies[name], _PATHS[what]) or "")

        return _SHOWN.sub(shown, text)

    def _send(self, step):
        target = self._filled(step, step.target)
        body = None if step.body is None else self._filled(step, step.body)
        self.normalizer.expect_names(at(_parsed(body or ""), "/metadata/generateName"))
        if step.method == "WATCH":
            target += ("&" if "?" in target else "?") + "watch=1"
            return self.server.stream(target, step.accept, step.take, lambda: self._touch(step.touch))
        if step.until:
            pointer, is_path, wanted = step.until.partition(" = ")
            holds = ((lambda code, text: str(at(_parsed(text), pointer)) == wanted) if is_path
                     else (lambda code, text: str(code) == step.until))
            return self.server.wait_for(target, holds)
        return self.server.ask(step.method, target, body, step.content_type, step.accept)

    def _touch(self, target):
        if target:
            self.server.do("PATCH", target, '{"metadata": {"annotations": {"touched": "yes"}}}',
                           "application/merge-patch+json")

    def _settle(self, step, code, body):
        """Lets the ReplicaSets' controller answer a write, so that the next answer is no chance."""
        if step.method == "GET" or code >= 300 or at(body, "/kind") != "ReplicaSet":
            return
        if "dryRun" in step.target or "deletionTimestamp" in body["metadata"]:
            return
        name, generation = body["metadata"]["name"], body["metadata"]["generation"]
        self.server.wait_for(
            f"/apis/apps/v1/namespaces/{self.file.namespace}/replicasets/{name}",
            lambda code, text: at(_parsed(text), "/status/observedGeneration") == generation)

    def _answer(self, step):
        try:
            code, headers, text = self._send(step)
        except Late as late:
            code, headers, text = "late", [], str(late)
        except (Broken, ValueError) as error:
            raise Broken(f"{step.id}: {error}") from error
        body = _parsed(text) if isinstance(text, str) else text
        self.bodies[step.name] = body
        self._settle(step, code, body)
        answer = {"code": code}
        names = {name.lower(): value for name, value in headers}
        if "content-type" in names and text:
            answer["type"] = names["content-type"]
        if warnings := [value for name, value in headers if name.lower() == "warning"]:
            answer["warnings"] = warnings
        if "retry-after" in names:
            answer["retry-after"] = names["retry-after"]
        kept = {pick: at(body, pick) for pick in step.pick} if step.pick else body
        answer["body"] = self.normalizer.normal(kept)
        self.normalizer.learn(step.name, body)
        return answer


def wait_until_served(server, definition, group_version, plural):
    """Definitions are established first and served a moment later."""
    server.wait_for(f"{DEFINITIONS}/{definition}",
                    lambda code, text: '"Established"' in text and code == 200)
    server.wait_for(group_version, lambda code, text: code == 200 and f'"{plural}"' in text)
    server.wait_for(f"{group_version}/{plural}", lambda code, text: code == 200)


def install_rollout_definitions(server):
    """Those of deploy/, where the server lacks them."""
    for file in sorted((ROOT / "deploy/crds").glob("*-crd.yaml")):
        server.do("POST", DEFINITIONS, file.read_text(), "application/yaml", also=(409,))
    for plural in ("rollouts", "analysisruns", "analysistemplates", "experiments",
                   "clusteranalysistemplates"):
        wait_until_served(server, f"{plural}.argoproj.io", "/apis/argoproj.io/v1alpha1", plural)


def play_all(kubeconfig, files, jobs):
    """{step id: answer}, of all files side by side."""
    server = Server(kubeconfig)
    install_rollout_definitions(server)
    answers = {}
    with ThreadPoolExecutor(jobs) as pool:
        for played in pool.map(lambda file: Playing(server, file).play(), files):
            answers.update(played)
    return answers
