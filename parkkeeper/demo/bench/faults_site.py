"""A whole site that may be killed: its own PostgreSQL, web server and worker, a park with phones."""

import json
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from parkkeeper.demo.bench.cpu import children_of
from parkkeeper.demo.bench.ingest_park import NOW, BenchPark
from parkkeeper.kernel import clock
from parkkeeper.kernel.postgres import Server
from parkkeeper.kernel.postgres_home import Layout
from parkkeeper.kernel.processes import ProcessError, Service, child_env, free_port, wait_for_port, web_service

SCHEMA = "faults"
HOST = "127.0.0.1"
WORKER = "faults-worker"
"""What the worker calls itself in PostgreSQL."""


@dataclass
class Site:
    """What can be killed and started again; `park` has the phones' tokens and who is due where.

    `told_before` are the ids of what phones said that nobody asks about any more, `done` the people who have a scan
    that stands by what any phone said; `everybody` is who is due at each point. `until`: when it is time for the next
    fault, on the clock of time.monotonic().
    """

    server: Server
    web: Service
    worker: Service
    port: int
    park: BenchPark
    home: Path
    told_before: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    everybody: list[tuple[int, list[str]]] = field(default_factory=list)
    until: float = math.inf

    def kill_web(self) -> None:
        """kill -9 of the web server with all its processes, and start it again."""
        assert self.web.process is not None
        os.killpg(self.web.process.pid, signal.SIGKILL)
        self.web.process.wait()
        self.start_web()

    def start_web(self) -> None:
        self.web.start()
        wait_for_port(self.web, HOST, self.port)

    def kill_web_process(self) -> None:
        """kill -9 of one process of the web server, the one that runs longest; the server itself starts another."""
        assert self.web.process is not None
        (server,) = children_of(self.web.process.pid)  # behind its guard
        victims = children_of(server)
        if victims:
            with suppress(ProcessLookupError):
                os.kill(victims[0], signal.SIGKILL)  # the youngest may still be starting, and has no request
        wait_a_moment(1.0)
        if not self.web.alive():  # it gives up when its processes end too often; `./run serve` starts it again
            self.start_web()

    def kill_worker(self) -> None:
        """kill -9 of the worker, wherever in its turn it is, and start it again."""
        assert self.worker.process is not None
        os.killpg(self.worker.process.pid, signal.SIGKILL)
        self.worker.process.wait()
        self.start_worker()

    def start_worker(self) -> None:
        """Start the worker and wait until it is at work."""
        before = _times_begun(self.worker)
        self.worker.start()
        while _times_begun(self.worker) == before:
            if not self.worker.alive():
                raise ProcessError(f"the worker did not start: {self.home / 'worker.log'}")
            wait_a_moment(0.05)

    def journal(self) -> dict[str, int]:
        """What the worker has made of the journal: `entries`, `sealed` ones, `broken` seals; the rest is sealed first.

        The journal is a chain: of a worker that was killed and one that followed it, none may seal a line twice or
        leave one out.
        """
        return self._told_by("faults_journal")

    def shown(self) -> dict[str, int]:
        """How many people the pages show as sampled, by point."""
        return self._told_by("faults_shown")

    def _told_by(self, program: str) -> dict[str, int]:
        asked = [sys.executable, "-m", f"parkkeeper.demo.bench.{program}"]
        told = subprocess.run(asked, env=self.web.env, check=True, stdout=subprocess.PIPE)
        found: dict[str, int] = json.loads(told.stdout)
        return found

    @contextmanager
    def asking(self) -> Iterator["psycopg.Connection[Any]"]:
        """A connection of its own to the park's tables."""
        with psycopg.connect(self.server.url, autocommit=True) as asking:
            asking.execute(f"SET search_path = {SCHEMA}, public".encode())
            yield asking

    def wait_for_the_worker(self, patience: float = 2.5) -> None:
        """Return when the worker is in the middle of a transaction, or after so many seconds."""
        until = time.monotonic() + patience
        busy = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{WORKER}' AND xact_start IS NOT NULL"
        with self.asking() as asking:
            while time.monotonic() < until and asking.execute(busy.encode()).fetchone() == (0,):
                time.sleep(0.001)

    def transactions_cut(self) -> int:
        """How often PostgreSQL has told that somebody hung up in the middle of a transaction."""
        log = Layout(self.home).log
        return log.read_bytes().count(b"with an open transaction") if log.exists() else 0

    def kill_postgres(self) -> None:
        """kill -9 of PostgreSQL, and start it again."""
        assert self.server.process is not None
        self.server.process.kill()
        self.server.process.wait()
        self.server.stop()
        self.server.start()

    def back_up(self) -> None:
        """Keep a copy of the database as it is now."""
        self._copy(Layout(self.home).data, self.home / "backup")

    def restore(self) -> None:
        """Put the copy in the place of the database: whatever came after it is gone."""
        self._copy(self.home / "backup", Layout(self.home).data)

    def _copy(self, source: Path, target: Path) -> None:
        self.server.stop()
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(["cp", "-a", str(source), str(target)], check=True)
        self.server.start()


@contextmanager
def faulty_site(*, people: int = 3_000, points: int = 8, workers: int = 2) -> Iterator[Site]:
    """A site with one park while inside; nothing of it remains."""
    home = Path(tempfile.mkdtemp(prefix="pk-faults-", dir="/tmp"))
    home.chmod(0o711)  # root's PostgreSQL runs as another account, which must pass
    server, port = Server(home), free_port(HOST)
    clock.set_offset_to(NOW)
    web = worker = None
    try:
        server.start()
        files = home / "site"
        files.mkdir(mode=0o700)
        env = child_env({
            "DATABASE_URL": server.url, "PARKKEEPER_DATA": str(files), **clock.environment(),
            "DJANGO_SETTINGS_MODULE": "parkkeeper.config.settings",
        })  # fmt: skip
        subprocess.run([sys.executable, "-m", "parkkeeper.config.prepare"], env=env, check=True)
        asked = [sys.executable, "-m", "parkkeeper.demo.bench.faults_park", str(people), str(points)]
        made = subprocess.run(asked, env=env, check=True, stdout=subprocess.PIPE)
        web = web_service(host=HOST, port=port, env=env, workers=workers, log=home / "web.log")
        worker = Service(
            "worker", [sys.executable, "-m", "django", "worker"], env | {"PGAPPNAME": WORKER}, log=home / "worker.log"
        )
        park: BenchPark = pickle.loads(made.stdout)
        everybody = [(desk.point, [person for person, _slot in desk.people]) for desk in park.desks]
        site = Site(server, web, worker, port, park, home, everybody=everybody)
        site.start_web()
        site.start_worker()
        yield site
    finally:
        for service in (worker, web):
            if service is not None:
                service.stop()
        server.stop()
        clock.use_real_time()
        shutil.rmtree(home, ignore_errors=True)


def _times_begun(worker: Service) -> int:
    assert worker.log is not None
    return worker.log.read_bytes().count(b"Working until") if worker.log.exists() else 0


def wait_a_moment(seconds: float) -> None:
    """Let the phones work for so long."""
    time.sleep(seconds)
