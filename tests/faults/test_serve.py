"""`./run serve`: one at a time, plain when it cannot, alive again after kill -9 of a part, gone when it ends."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from parkkeeper.kernel.postgres import running_url
from parkkeeper.kernel.postgres_home import Layout
from parkkeeper.kernel.postgres_leftovers import postmaster_of, processes_in
from parkkeeper.kernel.processes import CHECKOUT, child_env, free_port

COMMAND = ("-m", "parkkeeper.config.commands")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One data home for all, with a space in its path: its tables are made once."""
    path = Path(tempfile.mkdtemp(prefix="pk serve-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


class Site:
    """A `./run serve` of its own process, with everything it said in a file."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home = home
        self.port = free_port()
        kept = {name: value for name, value in child_env().items() if not name.startswith(("PARKKEEPER", "DATABASE"))}
        self.said_in = (home / f"said-{self.port}").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, *COMMAND, "serve", "--data", str(home), "--port", str(self.port), *arguments],
            env=kept,
            cwd=CHECKOUT,
            stdout=self.said_in,
            stderr=self.said_in,
        )

    def said(self) -> str:
        self.said_in.seek(0)
        return self.said_in.read()

    def answers(self) -> bool:
        """Tell whether the page comes from Django: any status but a failure of the server."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refused:
            return refused.code < 500
        except OSError:
            return False

    def listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2):
            return True
        return False

    def web_processes(self) -> list[int]:
        """Every process that was started to listen at our port."""
        asked = "\0".join(["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)])
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if asked in (entry / "cmdline").read_text():
                    found.append(int(entry.name))
        return found

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(by)
        return self.process.wait(40)

    def close(self) -> None:
        self.end(signal.SIGTERM)
        self.said_in.close()


@pytest.fixture(scope="module")
def sites(home: Path) -> Iterator[list[Site]]:
    """All that were started, in their order: none outlives the file."""
    found: list[Site] = []
    yield found
    for site in found:
        site.close()


@pytest.fixture
def site(home: Path, sites: list[Site]) -> Site:
    """The one that runs: the last test's, if it has left it alive."""
    if not sites or sites[-1].process.poll() is not None:
        sites.append(Site(home))
    assert until(sites[-1].answers, 90), sites[-1].said()  # the first one makes all tables
    return sites[-1]


def until(condition: Callable[[], bool], patience: float = 30.0) -> bool:
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_a_busy_port_is_refused_with_a_free_one_named(home: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        refused = Site(home, "--port", str(port))
        assert refused.process.wait(30) == 1
        assert re.search(rf"Port {port} .* in use .*--port \d+", refused.said())
        refused.close()
    assert until(lambda: processes_in(Layout(home).data) == [])


def test_it_tells_its_address_and_where_the_data_are(site: Site) -> None:
    assert until(lambda: "Everything it keeps" in site.said())
    assert f"http://127.0.0.1:{site.port}/" in site.said()
    assert f"Everything it keeps is in {site.home}" in site.said()
    assert until(lambda: f"PARKKEEPER_DATA='{site.home}' ./run manage park" in site.said())


def test_a_second_one_on_the_same_data_is_refused(site: Site) -> None:
    second = Site(site.home)
    assert second.process.wait(30) == 1
    assert f"Another Parkkeeper (process {site.process.pid}) is using {site.home}" in second.said()
    second.close()
    assert site.answers()


def test_a_command_of_django_uses_the_database_that_is_served(site: Site) -> None:
    kept = {name: value for name, value in child_env().items() if not name.startswith(("PARKKEEPER", "DATABASE"))}
    done = subprocess.run(
        [sys.executable, *COMMAND, "manage", "migrate", "--check"],
        env=kept | {"PARKKEEPER_DATA": str(site.home)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert site.answers()


def test_it_answers_again_after_kill_9_of_the_database_and_of_the_web_server(site: Site) -> None:
    database = postmaster_of(Layout(site.home).data)
    assert database is not None
    os.kill(database, signal.SIGKILL)
    assert until(lambda: postmaster_of(Layout(site.home).data) not in (None, database))
    assert until(site.answers), site.said()
    web = child_of(child_of(site.process.pid, "granian"), "granian")  # behind its guard
    os.kill(web, signal.SIGKILL)
    assert until(lambda: "web server ended; starting it again" in site.said())
    assert until(site.answers), site.said()


@pytest.mark.parametrize(
    ("by", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_nothing_of_it_remains_when_it_ends(site: Site, by: signal.Signals, code: int) -> None:
    assert site.end(by) == code
    assert until(lambda: not site.listens())
    assert until(lambda: processes_in(Layout(site.home).data) == [])


def test_a_request_at_work_does_not_keep_it(site: Site) -> None:
    other = psycopg.connect(running_url(site.home) or "")  # cut off by the end of PostgreSQL
    with ThreadPoolExecutor() as asking:
        other.execute("LOCK TABLE tenancy_park IN ACCESS EXCLUSIVE MODE")  # what every page begins with
        asked = []

        def one_waits() -> bool:
            asked.append(asking.submit(site.answers))
            return bool(wait(asked, timeout=0.5).not_done)

        assert until(one_waits)
        assert site.web_processes() != []
        started = time.monotonic()
        assert site.end() == 143
        assert until(lambda: site.web_processes() == [])
        assert time.monotonic() - started < 15
    other.close()
    assert until(lambda: processes_in(Layout(site.home).data) == [])


def test_a_web_server_that_hears_nothing_any_more_ends_with_it(site: Site) -> None:
    web = child_of(child_of(site.process.pid, "granian"), "granian")
    assert site.web_processes() != []
    os.kill(web, signal.SIGSTOP)
    site.end(signal.SIGKILL)
    assert until(lambda: site.web_processes() == []), site.web_processes()


def child_of(parent: int, name: str) -> int:
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"PPid:\t{parent}\n" in (entry / "status").read_text() and name in (entry / "cmdline").read_text():
                return int(entry.name)
    raise AssertionError(f"{parent} has no child {name}")
