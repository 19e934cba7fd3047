"""kill -9 of the launcher, of PostgreSQL, of everything: nothing acknowledged is lost, nothing keeps running."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from parkkeeper.kernel.postgres import Server, running
from parkkeeper.kernel.postgres_home import Layout
from parkkeeper.kernel.postgres_leftovers import processes_in
from parkkeeper.kernel.processes import child_env

WRITERS = 4
LAUNCHER = """
import sys, time
from pathlib import Path
from parkkeeper.kernel.postgres import running
from parkkeeper.kernel.processes import orderly_exit
with orderly_exit(), running(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    time.sleep(120)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="pk-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    for pid in processes_in(Layout(path).data):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(path)


def launch(home: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a launcher of its own; return it with the URL of its server."""
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(home)], stdout=subprocess.PIPE, text=True, env=child_env()
    )
    assert launcher.stdout is not None
    with launcher.stdout as output:
        url = output.readline().strip()
    assert url.startswith("postgresql://")
    return launcher, url


def until(condition: Callable[[], bool], patience: float = 15.0) -> bool:
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def write_until_cut_off(url: str, writer: int, acknowledged: list[tuple[int, int]]) -> None:
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            for number in range(1_000_000):
                connection.execute("insert into written values (%s, %s)", [writer, number])
                acknowledged.append((writer, number))
    except psycopg.Error:
        pass  # cut off, as intended


@pytest.mark.parametrize("victims", ["launcher", "postmaster", "everything"])
def test_kill_9_under_four_writers_loses_no_acknowledged_row(home: Path, victims: str) -> None:
    data = Layout(home).data
    acknowledged: list[tuple[int, int]] = []
    launcher, url = launch(home)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table written (writer int, number int, primary key (writer, number))")
    threads = [
        threading.Thread(target=write_until_cut_off, args=(url, writer, acknowledged)) for writer in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    assert until(lambda: len(acknowledged) > 400)

    postmaster = int((data / "postmaster.pid").read_text().split()[0])
    pids = {"launcher": [launcher.pid], "postmaster": [postmaster]}.get(
        victims, [launcher.pid, postmaster, *processes_in(data)]
    )
    for pid in dict.fromkeys(pids):
        os.kill(pid, signal.SIGKILL)
    if victims == "postmaster":
        launcher.kill()
    launcher.wait()
    with running(home) as server:  # at once: the next start must not wait for anybody to tidy up
        for thread in threads:
            thread.join(10)
        with psycopg.connect(server.url) as connection:
            kept = set(connection.execute("select writer, number from written").fetchall())
    lost = set(acknowledged) - kept
    assert lost == set()
    assert len(kept) - len(acknowledged) <= WRITERS  # at most one commit each whose answer did not arrive


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_no_server_outlives_its_launcher(home: Path, by: signal.Signals) -> None:
    launcher, _ = launch(home)
    assert processes_in(Layout(home).data)
    launcher.send_signal(by)
    launcher.wait(15)
    assert until(lambda: processes_in(Layout(home).data) == [])


def test_a_launcher_in_the_background_of_a_script_hears_sigint_and_under_nohup_no_sighup(home: Path) -> None:
    before = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGINT, signal.SIGHUP)}
    try:
        launcher, _ = launch(home)  # inherits what is ignored
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    launcher.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        launcher.wait(0.5)
    launcher.send_signal(signal.SIGINT)
    launcher.wait(15)
    assert until(lambda: processes_in(Layout(home).data) == [])


def test_a_server_that_was_left_running_is_taken_over(home: Path) -> None:
    left = Server(home).start()
    assert left.process is not None
    old, left.process = left.process, None  # forgotten, as by a launcher that was killed
    left.stop()  # frees the lock only
    assert old.poll() is None
    said: list[str] = []
    with running(home, say=said.append) as server:
        assert old.wait(5) == 0
        assert server.alive()
    assert any("left behind" in line for line in said)


def test_a_stale_pid_file_that_names_a_living_stranger_is_removed(home: Path) -> None:
    with running(home):
        pass
    pid_file = Layout(home).data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{Layout(home).data}\n1\n5432\n/tmp\n\n  1 1\nready\n")
    with running(home) as server:
        assert server.alive()


def test_a_busy_backend_without_its_server_does_not_block_the_next_start(home: Path) -> None:
    left = Server(home).start()
    connection = psycopg.connect(left.url, autocommit=True)
    busy = threading.Thread(target=_spin, args=(connection,))
    busy.start()
    with psycopg.connect(left.url) as look:
        spinning = "select count(*) from pg_stat_activity where query like 'do %' and state = 'active'"
        assert until(lambda: look.execute(spinning.encode()).fetchone() == (1,))
    assert left.process is not None
    left.process.kill()
    left.process.wait()
    assert processes_in(Layout(home).data)
    left.stop()
    with running(home) as server:
        assert server.alive()
    busy.join(10)


def _spin(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with suppress(psycopg.Error):  # cut off, as intended
        connection.execute("do $$ begin loop end loop; end $$")
