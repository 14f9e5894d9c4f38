#!/usr/bin/env python3
"""Puts the same requests to the embedded cluster and to a real API server and compares the answers.

  run.py --slipway build/release/slipway          with the real server's recorded answers
  run.py --slipway build/release/slipway --live   with the server of $KUBECONFIG; its answers must
                                                  be the recorded ones, too
  run.py --record                                 records the server of $KUBECONFIG
  run.py ... FILE [FILE]                          only these files of the corpus

Each difference must be listed in differs.txt, and the manual must show that list: --update-manual
writes it there. README.md says how the corpus is written.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/kubernetes"), str(ROOT / "tests/conformance")]
import compare  # noqa: E402
import manual  # noqa: E402
import processes  # noqa: E402
from corpus import Malformed, read_corpus  # noqa: E402
from session import Broken, play_all  # noqa: E402
from target import Program  # noqa: E402

RECORDING = ROOT / "tests/data/kubernetes/differential-1.34.jsonl"
TOLD_MAX = 1000


def play_embedded(slipway, files, jobs):
    with tempfile.TemporaryDirectory(prefix="slipway-differential-") as folder:
        kubeconfig = f"{folder}/kubeconfig"
        program = Program(
            [str(slipway), "cluster", "--address", "127.0.0.1:0", "--kubeconfig", kubeconfig,
             "--logformat", "json"], Path(folder) / "cluster.log", "the cluster serves")
        try:
            return play_all(kubeconfig, files, jobs)
        finally:
            program.stop()


def steps_of(files):
    return {step.id: step for file in files for step in file.steps}


def record(steps, answers):
    with open(RECORDING, "w") as file:
        for name, step in steps.items():
            line = {"step": name, "request": step.request(), "answer": answers[name]}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def read_recording(steps):
    """{step id: answer}. Raises where the corpus asks what was never recorded."""
    lines = map(json.loads, RECORDING.read_text().splitlines())
    recorded = {line["step"]: line for line in lines}
    for name, step in steps.items():
        if recorded.get(name, {}).get("request") != step.request():
            raise ValueError(f"`{name}` is not recorded as it is asked; `make kubernetes-record`")
    return {name: recorded[name]["answer"] for name in steps}


def tell(title, lines):
    if lines:
        print(f"{title}:")
        for line in lines[:TOLD_MAX]:
            print(f"  {line}")
        if len(lines) > TOLD_MAX:
            print(f"  and {len(lines) - TOLD_MAX} more")


def judge(options, steps, wanted, found):
    """Whether all differences are known, all that are known exist and the manual lists them."""
    known = compare.read_known()
    differing = compare.differences(wanted, found)
    unknown, idle = compare.split(differing, known)
    count = len({one.step for one in differing})
    print(f"{len(steps)} requests: {len(steps) - count} answers agree, {count} differ somewhere")
    tell("Differences that differs.txt doesn't list", unknown)
    if options.files:
        return not unknown
    tell("Listed in differs.txt, but not seen: take them out",
         [f"line {line.line}: {line.step} | {line.path}" for line in idle])
    section = manual.section(known, len(steps), count)
    if options.update_manual:
        manual.write(section)
    fresh = manual.is_fresh(section)
    if not fresh:
        print(f"{manual.MANUAL} lists other differences: run this with --update-manual")
    return not unknown and not idle and fresh


def run(options):
    files = [file for file in read_corpus() if not options.files or file.name in options.files]
    steps = steps_of(files)
    if options.record:
        record(steps, play_all(os.environ["KUBECONFIG"], files, options.jobs))
        print(f"recorded {len(steps)} answers")
        return 0
    wanted = read_recording(steps)
    agrees = True
    if options.live:
        live = play_all(os.environ["KUBECONFIG"], files, options.jobs)
        changed = compare.differences(wanted, live)
        tell("The real server doesn't answer as recorded", changed)
        agrees, wanted = not changed, live
    found = play_embedded(Path(options.slipway).resolve(), files, options.jobs)
    return 0 if judge(options, steps, wanted, found) and agrees else 1


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slipway", default=os.environ.get("SLIPWAY"), help="the program to test")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--update-manual", action="store_true")
    parser.add_argument("--jobs", type=int, default=6, help="files played at once")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    if not options.record and not options.slipway:
        parser.error("--slipway or SLIPWAY must name the program to test")
    if (options.record or options.live) and not os.environ.get("KUBECONFIG"):
        parser.error("KUBECONFIG must name the server; try scripts/kubernetes run -- ...")
    if options.record and options.files:
        parser.error("only the whole corpus can be recorded")
    return options


def told(options):
    """Its status; a corpus that can't be read or played is told as one message."""
    try:
        return run(options)
    except (Malformed, Broken, ValueError) as error:
        print(f"differential: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    arguments = parse_arguments()
    sys.exit(processes.guarded(lambda: told(arguments)))
