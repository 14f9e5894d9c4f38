#!/usr/bin/env python3
"""Runs the flow tests against the embedded cluster or a real API server.

  run.py --slipway build/release/slipway                       on the embedded cluster
  run.py --slipway build/release/slipway --target kubernetes   on the server of $KUBECONFIG, which
                                                               must have no nodes of its own
  run.py ... NAME [NAME]                                       only flows with this in their name

Each flow has a namespace of its own, so they run side by side. The exit status says whether all passed.
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kubernetes"))
import processes  # noqa: E402
from flow import FLOWS  # noqa: E402
from target import EmbeddedTarget, KubernetesTarget  # noqa: E402
from world import World  # noqa: E402
import blue_green_flows  # noqa: E402,F401
import canary_flows  # noqa: E402,F401
import controller_flows  # noqa: E402,F401
import fault_flows  # noqa: E402,F401
import named_object_flows  # noqa: E402,F401
import node_flows  # noqa: E402,F401
import spec_flows  # noqa: E402,F401
import taking_over_flows  # noqa: E402,F401


def run_flow(target, flow):
    """None, or what went wrong."""
    world = None
    try:
        world = World(target, flow.name)
        flow.run(world)
        return None
    except Exception:  # Whatever it is, the other flows go on and this one is told.
        return traceback.format_exc() + (world.describe() if world else "")
    finally:
        if world:
            world.end()


def timed(target, flow):
    begun = time.monotonic()
    problem = run_flow(target, flow)
    return problem, time.monotonic() - begun


def run_all(target, flows, jobs):
    failed = []
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(timed, target, flow): flow for flow in flows}
        for done in as_completed(running):
            flow, (problem, took) = running[done], done.result()
            print(f"{'FAILED' if problem else 'ok    '} {took:5.1f} s  {flow.name}: {flow.sentence}",
                  flush=True)
            if problem:
                failed.append(flow.name)
                print(problem, flush=True)
    return failed


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slipway", default=os.environ.get("SLIPWAY"), help="the program to test")
    parser.add_argument("--target", choices=["embedded", "kubernetes"], default="embedded")
    parser.add_argument("--jobs", type=int, default=12, help="flows at once")
    parser.add_argument("--patience", type=float, default=1, help="factor for all time limits")
    parser.add_argument("--logs", help="folder to leave the programs' logs in")
    parser.add_argument("--audit-log", help="the server's, to compare the controllers' rights with")
    parser.add_argument("only", nargs="*", help="parts of names")
    options = parser.parse_args()
    if not options.slipway:
        parser.error("--slipway or SLIPWAY must name the program to test")
    if options.target == "kubernetes" and not os.environ.get("KUBECONFIG"):
        parser.error("KUBECONFIG must name the cluster; try scripts/kubernetes run -- ...")
    return options


def make_target(options, folder):
    slipway = Path(options.slipway).resolve()
    if options.target == "kubernetes":
        return KubernetesTarget(slipway, folder, options.patience, os.environ["KUBECONFIG"],
                                options.audit_log)
    return EmbeddedTarget(slipway, folder, options.patience)


def run(options):
    with tempfile.TemporaryDirectory(prefix="slipway-flows-") as temporary:
        folder = Path(options.logs or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        target = make_target(options, folder)
        flows = [flow for flow in FLOWS if flow.only in ("", target.name)
                 and (not options.only or any(part in flow.name for part in options.only))]
        begun = time.monotonic()
        try:
            target.start()
            target.start_shared_controller()
            failed = run_all(target, [flow for flow in flows if not flow.alone], options.jobs)
            failed += run_all(target, [flow for flow in flows if flow.alone], 1)
            # A part of the flows needs a part of the rights.
            problems = target.check_rights() if options.audit_log and not options.only else []
        finally:
            target.end()
    print(f"{target.name}: {len(flows) - len(failed)} of {len(flows)} flows passed in "
          f"{time.monotonic() - begun:.0f} s" + (f"; failed: {', '.join(failed)}" if failed else ""))
    for problem in problems:
        print(f"rights: {problem}")
    return 1 if failed or problems or not flows else 0


if __name__ == "__main__":
    arguments = parse_arguments()
    sys.exit(processes.guarded(lambda: run(arguments)))
