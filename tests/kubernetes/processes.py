"""Child processes that never outlive us, however we end."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import traceback

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent(signal_number):
    """Asks the kernel for this signal to us when our parent ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal_number)


def adopt_orphans():
    """Makes us the parent of all descendants whose own parent ends, so that none is lost."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def start(command, *, log=None, own_group=True, **more):
    """Starts a process; with `log`, a file, it reads nothing and says everything there.

    With `own_group` a Ctrl-C at the terminal doesn't reach it: it ends when we say so.
    """
    streams = {} if log is None else {
        "stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, start_new_session=own_group, **streams, **more)


def end(process, patience):
    """SIGTERM, and SIGKILL to what is still there after `patience` seconds."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _children():
    with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]


def kill_descendants():
    """Kills whatever is still below us. Orphans come to us (`adopt_orphans`), so this ends."""
    while children := _children():
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)


def copy_in_background(stream, file):
    """Copies what a process goes on to say, until it ends."""
    def copy():
        for line in stream:
            file.write(line)
            file.flush()

    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    return thread


def _end_with_all_below(number, _):
    kill_descendants()
    os._exit(128 + number)


def guarded(work):
    """Runs `work` in a child, and ends all that is below it once it has ended, or was killed.

    Should this process be killed itself, the child is told by SIGTERM and does the same: so nothing
    is left, whichever of the two is killed. `work` may handle SIGTERM in an orderly way of its own.
    Returns what `work` returned, as a status.
    """
    adopt_orphans()
    end_with_parent(signal.SIGTERM)
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        adopt_orphans()
        signal.signal(signal.SIGTERM, _end_with_all_below)
        end_with_parent(signal.SIGTERM)
        status = 1
        try:
            if os.getppid() == parent:
                status = work()
        except BaseException:  # Told here: nothing above us in this process would.
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(child, number))
    _, status = os.waitpid(child, 0)
    kill_descendants()
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
