"""How much memory the machine (or the container) has, what PostgreSQL gets of it, and what stays in it for good."""

import gc
from contextlib import suppress
from pathlib import Path

MEGABYTE = 1 << 20
_UNKNOWN = 2048 * MEGABYTE
_LIMITS = ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory_of_machine(root: Path = Path("/")) -> int:
    """Bytes of memory: the machine's or, when it is less, the container's; 2 GB where the kernel tells neither."""
    found = []
    with suppress(OSError, ValueError, IndexError, StopIteration):
        lines = (root / "proc/meminfo").read_text().splitlines()
        found.append(int(next(line for line in lines if line.startswith("MemTotal:")).split()[1]) * 1024)
    for limit in _LIMITS:
        with suppress(OSError, ValueError):  # "max": no limit
            found.append(int((root / limit).read_text()))
    return min(found, default=_UNKNOWN)


def memory_settings(memory: int) -> dict[str, str]:
    """Settings of a PostgreSQL that shares `memory` bytes with the web server and whatever else runs there.

    An eighth for its own pages, between 128 MB and 4 GB: of a round of 1,890,000 people all tables together have half
    a gigabyte.
    """
    own = min(max(memory // 8, 128 * MEGABYTE), 4096 * MEGABYTE)
    cached = max(memory // 2, 512 * MEGABYTE)
    return {
        "shared_buffers": f"{own // MEGABYTE}MB",
        "effective_cache_size": f"{cached // MEGABYTE}MB",
    }


SETTLES_AFTER = 10.0
"""Seconds after its start, which somebody waits for, a web server loads the rest of its code (config/wsgi.py)."""


def keep_loaded() -> None:
    """Say that all that is loaded by now stays, so that Python's collector looks no more at it.

    It would do so in the middle of a page: 30 to 80 ms for what a web server has loaded.
    """
    gc.collect()
    gc.freeze()
