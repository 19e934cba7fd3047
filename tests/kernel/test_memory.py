"""PostgreSQL's memory follows the machine's, or the container's when that is less."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from parkkeeper.kernel.memory import MEGABYTE, keep_loaded, memory_of_machine, memory_settings


def machine(root: Path, **files: str) -> Path:
    for name, text in files.items():
        place = root / name.replace("__", "/").replace("_dot_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return root


def test_the_machines_memory_counts_where_no_container_limits_it(tmp_path: Path) -> None:
    here = machine(
        tmp_path, proc__meminfo="MemTotal:  8000 kB\nMemFree: 1 kB\n", sys__fs__cgroup__memory_dot_max="max\n"
    )
    assert memory_of_machine(here) == 8000 * 1024


def test_a_containers_limit_counts_when_it_is_less(tmp_path: Path) -> None:
    here = machine(tmp_path, proc__meminfo="MemTotal:  8000 kB\n", sys__fs__cgroup__memory_dot_max="1048576\n")
    assert memory_of_machine(here) == 1048576


def test_a_kernel_that_tells_nothing_is_taken_for_a_small_machine(tmp_path: Path) -> None:
    assert memory_of_machine(tmp_path) == 2048 * MEGABYTE


@pytest.mark.parametrize(
    ("megabytes", "own", "cached"),
    [(512, "128MB", "512MB"), (2048, "256MB", "1024MB"), (8192, "1024MB", "4096MB"), (131072, "4096MB", "65536MB")],
)
def test_an_eighth_is_postgresqls_own_within_bounds(megabytes: int, own: str, cached: str) -> None:
    settings = memory_settings(megabytes * MEGABYTE)
    assert (settings["shared_buffers"], settings["effective_cache_size"]) == (own, cached)


def test_what_is_loaded_is_not_looked_at_again() -> None:
    try:
        keep_loaded()
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < 1_000
    finally:
        gc.unfreeze()


def test_a_web_server_keeps_what_it_has_loaded_with_all_its_pages() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import gc, sys; from parkkeeper.config.wsgi import settle; settle(); "
            "print(gc.get_freeze_count() > 50_000, 'parkkeeper.board.views' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["True", "True"]
