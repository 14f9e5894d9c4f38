"""Reads the corpus: files of requests, in a small language that README.md explains."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "corpus"
ENDING = ".requests"
PATCH_TYPES = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
_AS = "application/json;as={};v=v1;g=meta.k8s.io"
ACCEPTED = {
    "table": _AS.format("Table") + ",application/json",
    "table-only": _AS.format("Table"),
    "partial": _AS.format("PartialObjectMetadata") + ",application/json",
    "partial-list": _AS.format("PartialObjectMetadataList") + ",application/json",
    "aggregated": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
                  "application/json",
    "yaml": "application/yaml",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "WATCH", "OPTIONS")
DIRECTIVES = ("patch", "retainKeys", "setElementOrder", "deleteFromPrimitiveList")
OPTIONS = ("accept", "content", "until", "take", "touch", "pick", "text")
_DEFINITION = re.compile(r"let (\w+) = (.*)", re.DOTALL)
_OPTION = re.compile(r"(%s):(?: (.*))?" % "|".join(OPTIONS))


class Malformed(Exception):
    """A corpus file that can't be read: which one, where and why."""


@dataclass
class Step:
    """One request. Its texts may hold $version{STEP}, $uid{STEP}, $continue{STEP} of earlier ones."""

    file: str
    name: str
    method: str
    target: str
    body: str | None = None
    content_type: str = "application/json"
    accept: str = "application/json"
    until: str = ""  # GET again until "404" is the code, or "/path = value" holds.
    take: int = 0    # A watch ends after so many events; 0: when the server ends it.
    touch: str = ""  # An object that is annotated while the watch is open.
    pick: list = field(default_factory=list)  # Only these parts of the body are compared.

    @property
    def id(self):
        return f"{self.file}: {self.name}"

    def request(self):
        """What a recording holds of the request, to notice that it is another one now."""
        parts = {"method": self.method, "target": self.target, "content_type": self.content_type,
                 "accept": self.accept, "body": self.body, "until": self.until,
                 "take": self.take, "touch": self.touch, "pick": self.pick}
        return {key: value for key, value in parts.items() if value}


@dataclass
class File:
    """Requests that follow upon each other, in a namespace of their own."""

    name: str
    steps: list
    has_widgets: bool

    @property
    def namespace(self):
        return f"diff-{self.name}"


def merged(base, change):
    """JSON merge patch: how `$base + {...}` is meant."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    result = dict(base)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key, {}), value) if isinstance(value, dict) else value
    return result


class _Reader:
    def __init__(self, path, shared):
        self.path = path
        self.name = path.stem.replace("_", "-")
        self.words = {
            "ns": f"diff-{self.name}",
            "core": f"/api/v1/namespaces/diff-{self.name}",
            "apps": f"/apis/apps/v1/namespaces/diff-{self.name}",
            "group": f"{self.name}.example.com",
            "widgets": f"/apis/{self.name}.example.com/v1/namespaces/diff-{self.name}/widgets",
            "argo": f"/apis/argoproj.io/v1alpha1/namespaces/diff-{self.name}",
        }
        for name, value in shared.items():
            self.define(name, value)

    def define(self, name, value):
        if name in self.words:
            raise Malformed(f"{self.path}: `{name}` is defined twice")
        is_json = re.match(r"[{\[]|\$\w+\s*\+", value)
        self.words[name] = self.value(value) if is_json else self.filled(value)

    def filled(self, text):
        """With $words in their places; $version{..} and the like stay."""
        def word(found):
            name = found.group(1)
            if name in DIRECTIVES:
                return found.group()
            if name not in self.words:
                raise Malformed(f"{self.path}: `${name}` is not defined: {text}")
            value = self.words[name]
            return value if isinstance(value, str) else json.dumps(value)

        return re.sub(r"\$(\w+)(?![\w{])", word, text)

    def filled_within(self, value):
        if isinstance(value, str):
            return self.filled(value)
        if isinstance(value, list):
            return [self.filled_within(item) for item in value]
        if isinstance(value, dict):
            return {self.filled(key): self.filled_within(item) for key, item in value.items()}
        return value

    def value(self, text):
        """`$pod + {"metadata": {...}} + ...` as JSON."""
        rest, result, is_first = text.strip(), None, True
        while rest:
            if named := re.match(r"\$(\w+)", rest):
                if named.group(1) not in self.words:
                    raise Malformed(f"{self.path}: `{named.group(0)}` is not defined")
                term, end = self.words[named.group(1)], named.end()
            else:
                try:
                    term, end = json.JSONDecoder().raw_decode(rest)
                except ValueError as error:
                    raise Malformed(f"{self.path}: {error} in: {rest[:200]}") from error
                term = self.filled_within(term)
            result, is_first = term if is_first else merged(result, term), False
            rest = rest[end:].strip()
            if rest:
                if not rest.startswith("+"):
                    raise Malformed(f"{self.path}: a + is missing before: {rest[:200]}")
                rest = rest[1:].strip()
        return result

    def request_line(self, step_name, line):
        method, _, target = line.partition(" ")
        content_type = "application/json"
        if method == "PATCH":
            name, _, target = target.partition(" ")
            content_type = PATCH_TYPES.get(name)
        if method not in METHODS or not content_type or not target.startswith(("/", "$")):
            raise Malformed(f"{self.path}: {step_name}: not a request: {line}")
        return Step(self.name, step_name, method, self.filled(target), content_type=content_type)

    def step(self, step_name, lines):
        if not lines:
            raise Malformed(f"{self.path}: {step_name}: there is no request")
        step = self.request_line(step_name, lines[0])
        rest = lines[1:]
        is_text = False
        while rest and (option := _OPTION.fullmatch(rest[0])):
            key, value = option.group(1), self.filled(option.group(2) or "")
            rest = rest[1:]
            if key == "accept":
                step.accept = ACCEPTED.get(value, value)
            elif key == "content":
                step.content_type = value
            elif key == "take":
                step.take = int(value)
            elif key == "touch":
                step.touch = value
            elif key == "until":
                step.until = value
            elif key == "pick":
                step.pick.append(value)
            else:
                is_text = True
        body = "\n".join(rest)
        if is_text:
            step.body = self.filled(body)
        elif body:
            step.body = json.dumps(self.value(body))
        return step

    def read(self):
        steps, has_widgets = [], False
        for block in re.split(r"\n\s*\n", self.path.read_text()):
            lines = [line for line in block.split("\n") if line and not line.startswith("#")]
            if not lines:
                continue
            if lines[0].startswith("let "):
                for definition in re.split(r"\n(?=let )", "\n".join(lines)):
                    self.define(*_DEFINITION.fullmatch(definition).groups())
            elif lines == ["with widgets"]:
                has_widgets = True
            elif lines[0].startswith("== "):
                steps.append(self.step(lines[0][3:], lines[1:]))
            else:
                raise Malformed(f"{self.path}: neither `let` nor `==`: {lines[0]}")
        return File(self.name, steps, has_widgets)


def read_shared():
    """The definitions that each file may use."""
    text = (FOLDER / "shared.definitions").read_text()
    lines = "\n".join(line for line in text.split("\n") if line and not line.startswith("#"))
    return dict(_DEFINITION.fullmatch(one).groups() for one in re.split(r"\n(?=let )", lines))


def read_corpus():
    shared = read_shared()
    files = [_Reader(path, shared).read() for path in sorted(FOLDER.glob("*" + ENDING))]
    seen = set()
    for file in files:
        for step in file.steps:
            if step.id in seen:
                raise Malformed(f"two requests are named `{step.id}`")
            seen.add(step.id)
    return files
