"""What a killed supervisor may leave behind: a live server, orphaned backends, a stale postmaster.pid."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from parkkeeper.kernel.postgres_programs import PostgresError

Say = Callable[[str], None]


def silent(text: str) -> None:
    """Say nothing."""


def postmaster_of(data: Path) -> int | None:
    """Return the process id in the postmaster.pid of `data`, dead or alive, or None."""
    with suppress(OSError, ValueError, IndexError):
        return int((data / "postmaster.pid").read_text().splitlines()[0])
    return None


def is_ready(data: Path) -> bool:
    """Tell whether the server of `data` says that it takes connections (line 8 of its postmaster.pid)."""
    with suppress(OSError, IndexError):
        return (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
    return False


def processes_in(data: Path) -> list[int]:
    """Return the ids of PostgreSQL's processes that work in `data`: each of them has it as its current folder."""
    found = []
    with suppress(OSError):
        wanted = data.stat()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if (entry / "comm").read_text().startswith("postgres") and (entry / "cwd").stat() == wanted:
                        found.append(int(entry.name))
    return found


def clear_the_way(data: Path, say: Say = silent) -> None:
    """Stop a server that a killed supervisor left in `data`, and its orphaned backends; remove a stale postmaster.pid.

    Call only while holding the lock of the data home. Raises PostgresError when a process cannot be stopped.
    """
    for attempt in range(4):
        there = processes_in(data)
        if not there:
            (data / "postmaster.pid").unlink(missing_ok=True)
            return
        postmaster = postmaster_of(data)
        if attempt == 0:
            say("Stopping a PostgreSQL that an earlier run left behind …")
        if postmaster in there:
            targets, number, patience = [postmaster], (signal.SIGINT, signal.SIGQUIT)[min(attempt, 1)], 20
        else:  # backends without their server end by themselves when they next look
            targets, number, patience = there, signal.SIGTERM, 3
        if attempt >= 2:
            targets, number, patience = there, signal.SIGKILL, 5
        _send_and_wait(targets, number, data, patience)
    if still := processes_in(data):
        raise PostgresError(f"PostgreSQL processes {still} of {data} do not end. End them, then start again.")
    (data / "postmaster.pid").unlink(missing_ok=True)


def _send_and_wait(targets: list[int], number: signal.Signals, data: Path, patience: float) -> None:
    for pid in targets:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    end = time.monotonic() + patience
    while processes_in(data) and time.monotonic() < end:
        time.sleep(0.05)
