"""Where two servers' answers differ, and which differences are known."""

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

KNOWN = Path(__file__).resolve().parent / "differs.txt"
SHOWN_MAX = 160
ABSENT = "nothing"


@dataclass(frozen=True)
class Difference:
    step: str
    path: str
    wanted: object
    found: object

    def __str__(self):
        wanted, found = (one if one is ABSENT else json.dumps(one)[:SHOWN_MAX]
                         for one in (self.wanted, self.found))
        return f"{self.step}\n      {self.path}: {wanted}\n      but here: {found}"


@dataclass
class Known:
    """A line of differs.txt: requests and fields (with * for any text), and why they differ."""

    step: str
    path: str
    reason: str
    line: int
    steps: set = field(default_factory=set)  # That it was needed for.

    def explains(self, difference):
        return fnmatchcase(difference.step, self.step) and fnmatchcase(difference.path, self.path)


def read_known():
    known = []
    for number, line in enumerate(KNOWN.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) != 3:
            raise ValueError(f"{KNOWN}:{number}: expected `requests | field | reason`")
        # A bracket is no pattern: it stands in paths of lists.
        known.append(Known(*(part.replace("[", "[[]") for part in parts[:2]), parts[2], number))
    return known


def _have_names(items):
    names = [item.get("name") for item in items if isinstance(item, dict)]
    return len(set(names)) == len(items) and None not in names


def _walk(path, wanted, found):
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys()):
            yield from _walk(f"{path}.{key}" if path else key, wanted.get(key, ABSENT),
                             found.get(key, ABSENT))
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found) and _have_names(wanted) and _have_names(found):
            ours, theirs = ({item["name"]: item for item in one} for one in (found, wanted))
            for name in sorted(theirs.keys() | ours.keys()):
                yield from _walk(f"{path}[{name}]", theirs.get(name, ABSENT), ours.get(name, ABSENT))
            return
        if len(wanted) != len(found):
            yield f"{path}.length", len(wanted), len(found)
        for index, (one, other) in enumerate(zip(wanted, found)):
            yield from _walk(f"{path}[{index}]", one, other)
    elif type(wanted) is not type(found) or wanted != found:
        yield path, wanted, found


def _outcome(answer):
    body = answer.get("body")
    message = body.get("message") if isinstance(body, dict) else None
    return f"{answer.get('code')} {message}" if message else answer.get("code")


def differences(wanted, found):
    """All of them, over the steps of `wanted`."""
    result = []
    for step, answer in wanted.items():
        other = found.get(step, {})
        if answer["code"] != other.get("code"):  # Nothing else can agree then.
            result.append(Difference(step, "code", _outcome(answer), _outcome(other)))
            continue
        result += [Difference(step, *where) for where in _walk("", answer, other)]
    return result


def split(found, known):
    """Which differences no line explains, and which lines explain none."""
    unknown = []
    for difference in found:
        lines = [line for line in known if line.explains(difference)]
        if not lines:
            unknown.append(difference)
        for line in lines:
            line.steps.add(difference.step)
    return unknown, [line for line in known if not line.steps]
