"""The phones' cursor of changes, on a PostgreSQL of its own: whatever order transactions commit in, no line is lost.

Other databases of a shared server would hold back what is handed out; here nobody else is.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from parkkeeper.config.supervise import site_env
from parkkeeper.kernel.postgres import Server, throwaway
from parkkeeper.kernel.processes import CHECKOUT


@pytest.fixture
def server() -> Iterator[Server]:
    with throwaway() as server:
        yield server


def heard(server: Server, ask: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.a_cursor", ask],
        env=site_env(server.home, server.url), cwd=CHECKOUT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def lost(told: dict[str, Any]) -> int:
    """How many lines a phone that asked twice has never heard of."""
    return len(told["lines"]) - told["between"] - told["after"]


def test_a_line_that_commits_late_is_not_passed(server: Server) -> None:
    told = heard(server, "changes")
    assert told["lines"] == ["1", "2"]
    assert (told["between"], told["after"], lost(told)) == (0, 2, 0)


def test_a_cursor_on_ids_is_noticed(server: Server) -> None:
    assert lost(heard(server, "by_id")) == 1
