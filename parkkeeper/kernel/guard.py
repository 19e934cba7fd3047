"""Stands between us and a service: whatever happens to us, the service and all that it started end.

    python -I guard.py PATIENCE program argument …

The guard leads the service's process group. A SIGTERM, from us or from the kernel when we are gone, it hands on; what
still runs after PATIENCE seconds it kills with the whole group, itself included. A program whose threads wait for each
other or for a statement of minutes would else stay when nobody is left to kill it. It ends with its program's code.

A file of its own that needs only Python's library, so that it starts at once.
"""

import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from os import _exit, getpid, getppid, killpg

_PR_SET_PDEATHSIG = 1
_TOLD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(arguments: Sequence[str]) -> int:
    """Run the program until it ends or we are told to end it. Returns its exit code (128 + number after a signal)."""
    patience, argv = float(arguments[0]), arguments[1:]
    # Waited for, not handled: a handler that comes in between another one is how a program stops to listen.
    heard = {*_TOLD, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    try:
        child = subprocess.Popen(argv, preexec_fn=_dies_with(getpid()))
    except OSError as problem:
        print(f"{argv[0]} could not be started: {problem}", file=sys.stderr)
        return 127
    return _watch(child, heard, patience)


def _watch(child: subprocess.Popen[bytes], heard: set[signal.Signals], patience: float) -> int:
    while child.poll() is None:
        if signal.sigwait(heard) in _TOLD:
            child.terminate()
            end = time.monotonic() + patience
            while child.poll() is None and (left := end - time.monotonic()) > 0:
                signal.sigtimedwait({signal.SIGCHLD}, left)
            killpg(0, signal.SIGKILL)  # also after a clean end: its own children must not keep the port
    code = child.returncode
    return code if code >= 0 else 128 - code


def _dies_with(parent: int) -> Callable[[], None]:
    """A `preexec_fn`: the program hears signals again, and the kernel kills it when the guard is killed."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def arrange() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
            if getppid() != parent:
                _exit(1)

    return arrange


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
