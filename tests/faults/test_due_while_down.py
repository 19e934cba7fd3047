"""A notice falls due while everything is down: it is told once, with how late, whatever is killed and when."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from parkkeeper.config.supervise import site_env
from parkkeeper.kernel.clock import ENVIRONMENT
from parkkeeper.kernel.postgres import Server
from parkkeeper.kernel.processes import CHECKOUT, Service

DOWN = timedelta(minutes=5)  # beyond the due time
WORKER = [sys.executable, "-m", "django", "worker"]


class Site:
    """A database and a worker, each a real process; `due` is when the notice is."""

    def __init__(self, home: Path) -> None:
        self.home, self.server = home, Server(home)
        self.server.start()
        self.worker: Service | None = None
        self._run("-m", "parkkeeper.config.prepare")
        self.due = datetime.fromisoformat(self.ask("make")["due"])

    def env(self, at: datetime | None = None) -> dict[str, str]:
        """The environment of a program, with a clock that runs from `at`."""
        clock = {ENVIRONMENT: f"{at.isoformat()}@{time.time()!r}"} if at else {}
        return site_env(self.home, self.server.url) | clock

    def _run(self, *command: str, at: datetime | None = None) -> str:
        done = subprocess.run(
            [sys.executable, *command], env=self.env(at), cwd=CHECKOUT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, what: str, at: datetime | None = None) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._run("-m", "tests.faults.a_notice", what, at=at).splitlines()[-1])
        return found

    def turn(self, at: datetime) -> None:
        """One whole turn of a worker that ends by itself."""
        self._run("-m", "django", "worker", "--once", at=at)

    def start_worker(self, at: datetime) -> None:
        self.worker = Service("worker", WORKER, self.env(at), log=self.home / "worker.log")
        self.worker.start()

    def kill_worker(self) -> None:
        assert self.worker is not None and self.worker.process is not None
        os.killpg(self.worker.process.pid, signal.SIGKILL)
        self.worker.process.wait()

    def kill_postgres(self) -> None:
        assert self.server.process is not None
        self.server.process.kill()
        self.server.process.wait()
        self.server.stop()

    def count(self, asked: str) -> int:
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            row = connection.execute(asked.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        if self.worker is not None:
            self.worker.stop()
        self.server.stop()


@pytest.fixture
def site() -> Iterator[Site]:
    home = Path(tempfile.mkdtemp(prefix="pk-due-", dir="/tmp"))
    home.chmod(0o711)
    site = Site(home)
    try:
        yield site
    finally:
        site.close()
        shutil.rmtree(home)


def until(condition: Callable[[], bool], patience: float = 60.0) -> bool:
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_what_falls_due_while_all_is_down_is_told_once_and_how_late(site: Site) -> None:
    overdue = "select count(*) from due.inspection_deadline where kind = 'overdue'"
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%park_message%'"
    site.start_worker(site.due - timedelta(minutes=1))
    assert until(lambda: site.count("select count(*) from due.inspection_deadline where kind = 'soon'") == 1)
    site.kill_worker()
    site.kill_postgres()

    site.server.start()
    back = site.due + DOWN
    with psycopg.connect(site.server.url) as other:  # holds the worker in the middle of its turn
        other.execute("LOCK TABLE due.park_message IN ACCESS EXCLUSIVE MODE")
        site.start_worker(back)
        assert until(lambda: site.count(waiting) > 0)
        site.kill_worker()
    assert until(lambda: site.count(waiting) == 0) and site.count(overdue) == 0

    site.start_worker(back)
    assert until(lambda: site.count(overdue) == 1)
    site.kill_worker()
    site.turn(back + timedelta(minutes=1))
    site.turn(back + timedelta(minutes=2))
    told = site.ask("tell", at=back + timedelta(minutes=3))
    [(_soon, early), (kind, late)] = told["deadlines"]
    assert kind == "overdue" and DOWN.total_seconds() <= late < DOWN.total_seconds() + 60 and early > 0
    assert told["journal"][1:] == [["notice.overdue", int(late)]] and len(told["journal"]) == 2
    assert dict(told["people"])["notice_overdue"] == 3 and set(told["messages"]) == {1}  # the liaison, two inspectors
    assert told["open"] == 1 and told["page"] == round(max(late, early) / 60)
