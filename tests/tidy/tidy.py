#!/usr/bin/env python3
"""Reads the tree and fails on what no compiler sees.

  tidy.py [ROOT]      checks the tree; each finding names file, line and what to do
  tidy.py --self-test shows that each rule fires on a bad tree and not on a good one

A rule is a generator of findings over the tree. What is excepted stands in `EXCEPTED`, with why.
"""

import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

COLUMNS_MAX = 100
LINES_MAX = 600
SKIPPED_FOLDERS = {".git", ".cache", "build", "__pycache__", "node_modules"}
# Recordings and fuzz inputs are others' texts, taken as they are.
SKIPPED_PATHS = ("tests/data/", "tests/fuzz/corpus/")
TEXT_ENDINGS = {".cc", ".h", ".cmake", ".txt", ".md", ".py", ".sh", ".json", ".yaml", ".yml", ""}
# Pure code: no clock, no chance, no files.
DOMAIN_FOLDERS = ("src/rollout/", "src/api/")

# (rule, path) -> why. A path that ends in a slash stands for all below it.
EXCEPTED = {
    ("sleep", "tests/tidy/tidy.py"): "its self-test shows what sleeping looks like",
}


@dataclass(frozen=True)
class Finding:
    rule: str
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message} [{self.rule}]"


def blank_comments_and_texts(code):
    """C++ with comments and the insides of texts as blanks: lines and columns stay."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"([^(\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.DOTALL)
    keep_lines = lambda found: re.sub(r"[^\n]", " ", found.group(0))
    return pattern.sub(keep_lines, code)


class File:
    def __init__(self, root, path):
        self.path = path
        raw = (root / path).read_bytes()
        self.is_text = b"\0" not in raw
        self.text = raw.decode("utf-8", "replace") if self.is_text else ""
        self.lines = self.text.splitlines()
        self.ending = Path(path).suffix
        self._code_lines = None

    def is_cpp(self):
        return self.ending in (".cc", ".h")

    def is_test(self):
        name = Path(self.path).name
        return name.endswith(("_test.cc", "_for_test.h")) or name.startswith("test_")

    def code_lines(self):
        if self._code_lines is None:
            self._code_lines = blank_comments_and_texts(self.text).split("\n")
        return self._code_lines

    def includes(self):
        for number, line in enumerate(self.lines, 1):
            found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if found:
                yield number, found.group(1) == '"', found.group(2)


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.files = {}
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS)
            for name in sorted(names):
                path = (Path(folder) / name).relative_to(self.root).as_posix()
                if path.startswith(SKIPPED_PATHS) or not (self.root / path).is_file():
                    continue
                file = File(self.root, path)
                if file.is_text:
                    self.files[path] = file
        self.layers = self._read_layers()

    def all(self, *prefixes):
        return [f for p, f in self.files.items() if not prefixes or p.startswith(prefixes)]

    def cpp(self, *prefixes):
        return [f for f in self.all(*prefixes) if f.is_cpp()]

    def cmake_text(self, path):
        return self.files[path].text if path in self.files else ""

    def _read_layers(self):
        """Each layer with all that it may see: the build's own list, so that there is one."""
        depends = {}
        for name, rest in re.findall(r"slipway_layer\((\w+)([^)]*)\)",
                                     self.cmake_text("CMakeLists.txt")):
            named = re.search(r"\bDEPENDS\s+([\w\s]+?)(?=\bEXTERNAL\b|$)", rest)
            depends[name] = named.group(1).split() if named else []

        def below(name):
            seen = {name}
            for lower in depends.get(name, []):
                seen |= below(lower)
            return seen

        return {name: below(name) for name in depends}


def includes_point_down(tree):
    for file in tree.cpp("src/", "tests/"):
        parts = file.path.split("/")
        layer = parts[1] if parts[0] == "src" and len(parts) > 2 else None
        for number, quoted, target in file.includes():
            if ".." in target.split("/"):
                yield Finding("include", file.path, number,
                              f'"{target}" climbs out of its folder; include "layer/file.h"')
            first = target.split("/")[0]
            if (quoted and layer in tree.layers and first in tree.layers
                    and first not in tree.layers[layer]):
                yield Finding("include", file.path, number,
                              f"{layer} must not see {first}; move what is shared down, or the "
                              "code up")


DOMAIN_CALLS = [
    (r"_clock\s*::\s*now\b", "reads a clock", "take `now` as an argument"),
    (r"(?<![\w.>])(?:std\s*::\s*|::\s*)?time\s*\(\s*(?:nullptr|NULL|0|&)", "reads a clock",
     "take `now` as an argument"),
    (r"(?<![\w.>])s?rand\s*\(", "asks for chance", "take a `Random&`"),
    (r"\brandom_(?:device|seed)\b", "asks for chance", "take a `Random&`"),
    (r"\bgetenv\s*\(", "reads the environment", "take the value as an argument"),
    (r"\bfopen\s*\(|\bifstream\b", "reads files", "take the text as an argument"),
]


def domain_is_pure(tree):
    for file in tree.cpp(*DOMAIN_FOLDERS):
        if file.is_test():
            continue
        for number, line in enumerate(file.code_lines(), 1):
            for pattern, what, instead in DOMAIN_CALLS:
                if re.search(pattern, line):
                    yield Finding("pure-domain", file.path, number,
                                  f"the domain {what}; {instead}")


HEAVY = re.compile(r"(boost|curl|simdjson|spdlog|CLI|CLI11|prometheus|openssl|libfyaml|zstd)"
                   r"(?:/|\.h(?:pp)?$)")


def headers_are_light(tree):
    for file in tree.cpp("src/"):
        if file.ending != ".h":
            continue
        for number, _, target in file.includes():
            found = HEAVY.match(target)
            if found:
                yield Finding("heavy-include", file.path, number,
                              f"a header includes {found.group(1)}; include it in the .cc and "
                              "hide it behind a pointer")


def sources_are_built(tree):
    tests = tree.cmake_text("tests/CMakeLists.txt")
    globbed = set(re.sub(r"[)\s]+", " ", " ".join(
        re.findall(r"foreach\(folder([^)]*)\)", tests))).split())
    fuzzers = set(re.findall(r"slipway_fuzzer\((\w+)", tree.cmake_text("tests/fuzz/CMakeLists.txt")))
    for file in tree.cpp("src/", "tests/"):
        if file.ending != ".cc":
            continue
        parts = file.path.split("/")
        name = parts[-1]
        if parts[0] == "src" and len(parts) > 2 and parts[1] in tree.layers:
            continue
        if parts[0] == "tests" and len(parts) == 3 and parts[1] in globbed:
            continue
        if file.path.startswith("tests/fuzz/") and name.removesuffix("_fuzz.cc") in fuzzers:
            continue
        lists = ["CMakeLists.txt", "cmake/layers.cmake"]
        lists += ["/".join(parts[:i]) + "/CMakeLists.txt" for i in range(1, len(parts))]
        word = re.compile(r"(?<![\w.])" + re.escape(name) + r"(?![\w.])")
        if not any(word.search(tree.cmake_text(path)) for path in lists):
            yield Finding("unbuilt", file.path, 1,
                          "no target builds this file; name it in a CMakeLists.txt or delete it")


def headers_are_guarded(tree):
    for file in tree.cpp("src/", "tests/"):
        if file.ending == ".h" and "#pragma once" not in file.lines:
            yield Finding("pragma-once", file.path, 1, "no #pragma once; put it on the first line")


def nothing_is_left_open(tree):
    word = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
    for file in tree.all():
        if file.ending == ".md" or file.ending not in TEXT_ENDINGS:
            continue
        for number, line in enumerate(file.lines, 1):
            found = word.search(line)
            if found:
                yield Finding("left-open", file.path, number,
                              f"{found.group(0)} is no plan; do it, or open an issue")


def lines_fit(tree):
    """Texts can't be broken and clang-format pads the columns of tables, so both count as nothing:
    what is left is code that could be broken."""
    for file in tree.cpp():
        for number, (whole, code) in enumerate(zip(file.lines, file.code_lines()), 1):
            indent = len(whole) - len(whole.lstrip())
            width = indent + len(re.sub(r" {2,}", " ", code.strip()))
            if width > COLUMNS_MAX:
                yield Finding("columns", file.path, number,
                              f"{width} columns; break the line at {COLUMNS_MAX}")


def files_are_short(tree):
    for file in tree.cpp("src/"):
        if len(file.lines) > LINES_MAX:
            yield Finding("long-file", file.path, LINES_MAX + 1,
                          f"{len(file.lines)} lines; look for the second concept and split")


def links_live(tree):
    link = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
    for file in tree.all():
        if file.ending != ".md":
            continue
        # Code is no text: fences over several lines, then spans.
        keep_lines = lambda found: re.sub(r"[^\n]", " ", found.group(0))
        prose = re.sub(r"^ {0,3}(```|~~~).*?^ {0,3}\1", keep_lines, file.text, flags=re.M | re.S)
        prose = re.sub(r"`[^`\n]*`", keep_lines, prose)
        for found in link.finditer(prose):
            target = found.group(1).split("#")[0]
            if not target or re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            base = tree.root if target.startswith("/") else tree.root / Path(file.path).parent
            if not (base / target.lstrip("/")).exists():
                yield Finding("dead-link", file.path, prose.count("\n", 0, found.start()) + 1,
                              f"{target} does not exist; mend or drop the link")


def words_are_ours(tree):
    forbidden = ["/wo" "rk/", "/tmp/wo" "rk"]
    for file in tree.all():
        for number, line in enumerate(file.lines, 1):
            for text in forbidden:
                if text in line:
                    yield Finding("forbidden", file.path, number,
                                  f"{text} is a path of one machine; use a relative one")
                    break


def layers_are_explained(tree):
    for layer in tree.layers:
        path = f"src/{layer}/README.md"
        if any(p.startswith(f"src/{layer}/") for p in tree.files) and path not in tree.files:
            yield Finding("readme", path, 1,
                          "missing; write one screen: purpose, entry points, what is absent")


SLEEP = re.compile(r"\bsleep_(?:for|until)\b|\bu?sleep\s*\(|\bnanosleep\s*\(")


def nothing_sleeps(tree):
    for file in tree.all("src/", "tests/"):
        if not file.is_cpp() and file.ending != ".py":
            continue
        lines = file.code_lines() if file.is_cpp() else file.lines
        for number, line in enumerate(lines, 1):
            if SLEEP.search(line):
                yield Finding("sleep", file.path, number,
                              "sleeps; use an EventLoop, virtual in tests, or wait for an event")


TRY_IN_LIST = re.compile(r"\{(?!\s)[^{};]*,\s*[^,{};]*\bTRY\(")


def lists_do_not_return(tree):
    """g++ 12 forgets the finished members of a braced list when a later one returns."""
    for file in tree.cpp("src/", "tests/"):
        code = "\n".join(file.code_lines())
        for found in TRY_IN_LIST.finditer(code):
            yield Finding("try-in-list", file.path, code.count("\n", 0, found.end()) + 1,
                          "TRY within a braced list leaks what stands before it; take the value "
                          "first")


RULES = [includes_point_down, domain_is_pure, headers_are_light, sources_are_built,
         headers_are_guarded, nothing_is_left_open, lines_fit, files_are_short, links_live,
         words_are_ours, layers_are_explained, nothing_sleeps,
         lists_do_not_return]


def is_excepted(finding):
    return any(finding.rule == rule and
               (finding.path == path or path.endswith("/") and finding.path.startswith(path))
               for rule, path in EXCEPTED)


def check(root):
    tree = Tree(root)
    found = [f for rule in RULES for f in rule(tree)]
    return [f for f in found if not is_excepted(f)]


GOOD_TREE = {
    "CMakeLists.txt": "slipway_layer(base EXTERNAL ${X})\nslipway_layer(api DEPENDS base)\n"
                      "slipway_layer(rollout DEPENDS api EXTERNAL ${Y})\n"
                      "add_executable(slipway src/main.cc)\n",
    "tests/CMakeLists.txt": "foreach(folder conformance scenarios)\nendforeach()\n",
    "tests/fuzz/CMakeLists.txt": "slipway_fuzzer(json DEPENDS base)\n",
    "tests/fuzz/json_fuzz.cc": "",
    "tests/scenarios/demo_test.cc": "",
    "src/main.cc": '#include "rollout/plan.h"\n',
    "src/base/README.md": "[api](../api/README.md#top) [web](https://example.org) `[x](y)`\n"
                          "```\n[not](a_link)\n```\n",
    "src/api/README.md": "", "src/rollout/README.md": "",
    "src/base/json.h": "#pragma once\n#include <vector>\n",
    "src/base/json.cc": '#include <simdjson.h>\n#include "base/json.h"\n'
                        "auto t = std::chrono::steady_clock::now();\n",
    "src/rollout/plan.h": '#pragma once\n#include "api/kinds.h"\n#include "base/json.h"\n',
    "src/rollout/plan.cc": '// rand() and time(0) and sleep_for(1)\nauto s = "getenv(x) sleep(1)";\n'
                           "auto r = R\"(rand() \" sleep(1))\";\nauto c = '\"'; Time time(1);\n"
                           "auto o = operand(1) + object.time(0);\n"
                           "Both f() {\n  return both(a, TRY(b()));\n}\n"
                           '  {"' + "x" * 120 + '"' + " " * 60 + ", 1},\n",
    "src/rollout/plan_test.cc": 'auto f = std::ifstream("x");\n',
}

# rule -> trees of which each must make it fire.
BAD_TREES = {
    "include": [{"src/api/a.cc": '#include "rollout/plan.h"\n'},
                {"src/base/a.h": '#pragma once\n#include "api/kinds.h"\n'},
                {"src/api/a.cc": '#include "../base/json.h"\n'},
                {"tests/scenarios/a_test.cc": '#include "x/../y.h"\n'}],
    "pure-domain": [{"src/rollout/a.cc": line + "\n"} for line in
                    ("auto t = std::chrono::system_clock::now();", "auto t = time(nullptr);",
                     "auto t = std::time(0);", "int r = rand();", "std::random_device d;",
                     "auto e = std::getenv(name);", "auto* f = fopen(name, mode);",
                     "std::ifstream f(name);", "auto s = random_seed();")] +
                   [{"src/api/a.h": "#pragma once\nlong t = ::time(&x);\n"}],
    "heavy-include": [{"src/base/a.h": f"#pragma once\n#include <{header}>\n"} for header in
                      ("boost/asio.hpp", "curl/curl.h", "simdjson.h", "spdlog/spdlog.h",
                       "CLI/CLI.hpp", "prometheus/counter.h", "openssl/ssl.h", "libfyaml.h",
                       "zstd.h")],
    "unbuilt": [{"src/stray.cc": ""}, {"src/unknown/a.cc": ""}, {"tests/other/a_test.cc": ""},
                {"tests/scenarios/deep/a_test.cc": ""}, {"tests/fuzz/yaml_fuzz.cc": ""}],
    "pragma-once": [{"src/base/a.h": "#ifndef A\n"}],
    "left-open": [{"src/base/a.cc": "// TO" "DO: later\n"}, {"scripts/run": "# FIX" "ME\n"},
                  {"CMakeLists.txt": GOOD_TREE["CMakeLists.txt"] + "# XX" "X\n"}],
    "columns": [{"src/base/a.cc": "x" * 101 + "\n"}],
    "long-file": [{"src/base/a.cc": "\n" * 601}],
    "dead-link": [{"README.md": "see [this](docs/none.md)\n"},
                  {"docs/a.md": "![image](/none.png)\n"}],
    "forbidden": [{"docs/a.md": "in /wo" "rk/main\n"}, {"scripts/run": "cd /tmp/wo" "rk\n"}],
    "readme": [{"src/rollout/README.md": None}],
    "sleep": [{"src/base/a.cc": line + "\n"} for line in
              ("std::this_thread::sleep_for(1s);", "usleep(5);", "::sleep(1);",
               "this_thread::sleep_until(t);")] +
             [{"tests/a.py": "time.sle" "ep(1)\n"}],
    "try-in-list": [{"src/base/a.cc": "return Pair{name,\n  text(TRY(read(name)))};\n"}],
}


def check_files(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            if text is None:
                continue
            place = Path(root) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return check(root)


def self_test():
    faults = [f"the good tree is refused: {f}" for f in check_files(GOOD_TREE)]
    for rule, trees in BAD_TREES.items():
        for changes in trees:
            rules = {f.rule for f in check_files({**GOOD_TREE, **changes})}
            if rules != {rule}:
                faults.append(f"{rule} expected of {changes}, found {sorted(rules) or 'nothing'}")
    for fault in faults:
        print(fault)
    print(f"self-test: {sum(map(len, BAD_TREES.values()))} bad trees, {len(faults)} faults")
    return 1 if faults else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    found = check(root)
    for finding in found:
        print(finding)
    if found:
        print(f"{len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
