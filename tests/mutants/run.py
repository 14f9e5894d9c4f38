#!/usr/bin/env python3
"""Re-introduces defects one by one and asserts that the promises catch each of them.

  run.py BUILD [NAME...]   BUILD is a configured build folder that holds tests/trial
  run.py BUILD --check     only asserts that each patch still applies

Each patches/NN-name.patch changes one source file. It is applied to a copy, which is compiled with the
build's own command and linked before the layers, so the copy's definitions are the ones that count.
Then random lives are judged until a promise breaks. The unpatched tree must keep them all for as many
lives as any mutant was given. Exit status 1 if a mutant is missed or a patch does not apply.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATCHES = Path(__file__).resolve().parent / "patches"
FOUNDING = "01-founding-bug"
FOUNDING_SEEDS, FOUNDING_SECONDS, FOUNDING_PROPERTIES = 50, 5, 4
SEEDS, SECONDS = 400, 60


class Failure(Exception):
    pass


@dataclass
class Verdict:
    broken: bool
    runs: int
    seconds: float
    properties: list


def changed_file(patch):
    names = re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(), re.MULTILINE)
    if len(names) != 1:
        raise Failure(f"{patch.name} changes {len(names)} files; a mutant changes one")
    return names[0]


def run(command, cwd, what):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"{what}:\n{done.stdout}{done.stderr}")
    return done.stdout


def patched_copy(patch, source, folder):
    """The file as the patch makes it, without fuzz: a patch that is off is a test that lies."""
    copy = folder / source
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text((ROOT / source).read_text())
    # Outside of any repository as git sees it: else it would skip what it does not track.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    applied = subprocess.run(["git", "apply", "-p1", str(patch)], cwd=folder, env=environment,
                             capture_output=True, text=True)
    if applied.returncode != 0 or copy.read_text() == (ROOT / source).read_text():
        raise Failure(f"{patch.name} no longer applies to {source}: write it anew for the code as it "
                      f"is now, or remove it if the defect cannot be made any more\n"
                      f"{applied.stderr.strip()}")
    return copy


def compile_copy(build, source, copy, folder):
    entries = json.loads((build / "compile_commands.json").read_text())
    entry = next((e for e in entries if e["file"] == str(ROOT / source)), None)
    if entry is None:
        raise Failure(f"{source} is not compiled by {build}")
    words = shlex.split(entry["command"])
    produced = folder / "mutant.o"
    command = []
    skip = False
    for word, following in zip(words, words[1:] + [""]):
        if skip:
            skip = False
        elif word == "-o":
            command += ["-o", str(produced)]
            skip = True
        elif word == "-c":
            command += ["-c", str(copy)]
            skip = True
        else:
            command.append(word)
    run(command, entry["directory"], f"{source} does not compile with the patch")
    return produced


def link_command(build):
    commands = run(["ninja", "-t", "commands", "tests/trial"], build, "ninja").splitlines()
    return commands[-1]


def link(build, command, produced, folder):
    """The mutant's object comes first, so nothing asks the layers' libraries for that file."""
    program = folder / "trial"
    text = command.replace("-o tests/trial", f"{shlex.quote(str(produced))} -o {shlex.quote(str(program))}",
                           1)
    run(["bash", "-c", text], build, "the mutant does not link")
    return program


def judge(program, seeds, seconds):
    # What a mutant does to itself may be a crash, or no end.
    try:
        done = subprocess.run([str(program), "--seeds", str(seeds), "--seconds", str(seconds),
                               "--at-least", str(FOUNDING_PROPERTIES)],
                              capture_output=True, text=True, timeout=5 * seconds + 60)
    except subprocess.TimeoutExpired:
        return Verdict(True, 0, seconds, ["R1 (no end)"])
    last = done.stdout.strip().splitlines()[-1].split() if done.stdout.strip() else []
    if len(last) < 3 or last[0] not in ("broken", "kept"):
        return Verdict(True, 0, 0, [f"R1 (exit status {done.returncode})"])
    return Verdict(last[0] == "broken", int(last[1]), float(last[2]),
                   last[3].split(",") if len(last) > 3 else [])


def misses(name, verdict):
    """Why it does not count as caught; empty where it does."""
    if not verdict.broken:
        return f"kept every promise in {verdict.runs} lives"
    if name == FOUNDING and len(verdict.properties) < FOUNDING_PROPERTIES:
        return f"is caught by fewer than {FOUNDING_PROPERTIES} properties"
    if name == FOUNDING and verdict.seconds > FOUNDING_SECONDS:
        return f"took {verdict.seconds} s, more than {FOUNDING_SECONDS}"
    return ""


def try_mutant(build, patch, command):
    folder = build / "mutants" / patch.stem
    folder.mkdir(parents=True, exist_ok=True)
    source = changed_file(patch)
    produced = compile_copy(build, source, patched_copy(patch, source, folder), folder)
    program = link(build, command, produced, folder)
    limits = (FOUNDING_SEEDS, 10) if patch.stem == FOUNDING else (SEEDS, SECONDS)
    verdict = judge(program, *limits)
    program.unlink()
    return verdict


def check(build, patches):
    off = 0
    for patch in patches:
        folder = build / "mutants" / "check" / patch.stem
        folder.mkdir(parents=True, exist_ok=True)
        try:
            patched_copy(patch, changed_file(patch), folder)
        except Failure as failure:
            off += 1
            print(failure)
    print(f"{len(patches) - off} patches apply, {off} do not")
    return 1 if off or not patches else 0


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=Path)
    arguments.add_argument("names", nargs="*")
    arguments.add_argument("--check", action="store_true")
    options = arguments.parse_args()
    build = options.build.resolve()
    patches = sorted(PATCHES.glob("*.patch"))
    if options.names:
        patches = [p for p in patches if any(p.stem.startswith(n) for n in options.names)]
    if options.check:
        return check(build, patches)
    command = link_command(build)
    caught, missed, runs_max = 0, 0, 1
    started = time.monotonic()
    for patch in patches:
        try:
            verdict = try_mutant(build, patch, command)
            why = misses(patch.stem, verdict)
        except Failure as failure:
            verdict, why = Verdict(False, 0, 0, []), str(failure)
        runs_max = max(runs_max, verdict.runs)
        caught += not why
        missed += bool(why)
        by = ",".join(verdict.properties) or "nothing"
        print(f"{'MISSED' if why else 'caught'} {patch.stem:<28} by {by} after {verdict.runs} runs, "
              f"{verdict.seconds:.1f} s{': ' + why if why else ''}", flush=True)
    sane = judge(build / "tests" / "trial", runs_max, 2 * SECONDS)
    if sane.broken:
        print(f"the tree as it is breaks {','.join(sane.properties)} within {sane.runs} runs: "
              "no mutant can be told from it")
    print(f"{time.monotonic() - started:.0f} s in all")
    print(f"{caught} caught, {missed} missed")
    return 1 if missed or sane.broken else 0


if __name__ == "__main__":
    sys.exit(main())
