"""The embedded PostgreSQL: a real server that Parkkeeper starts, owns and stops.

    with running(data_home()) as server:        # or throwaway() for tests
        psycopg.connect(server.url)

The server is our direct child and listens only on a unix socket that only its own account (and root) can reach. It
stops with us: by SIGINT when we leave, and by the kernel when we are killed. Whatever a killed predecessor left behind
(a live server, orphaned backends, a stale postmaster.pid) is cleared at the next start. docs/adr/0002 has the reasons.

Linux only, like the programs that we bring.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote

import psycopg

from parkkeeper.kernel.memory import memory_of_machine, memory_settings
from parkkeeper.kernel.postgres_home import (
    DATABASE,
    PORT,
    SOCKET_PATH_LIMIT,
    Layout,
    data_home,
    plain_env,
    prepare_home,
    run_as,
    socket_folder,
    write_access_rules,
)
from parkkeeper.kernel.postgres_leftovers import Say, clear_the_way, is_ready, postmaster_of, processes_in, silent
from parkkeeper.kernel.postgres_programs import SUPPORTED, Account, PostgresError, Programs, account_for, find_programs
from parkkeeper.kernel.processes import dies_with_parent, undisturbed

__all__ = [
    "PostgresError",
    "Server",
    "check_server",
    "data_home",
    "database",
    "prepare_home",
    "running",
    "running_url",
    "throwaway",
]

_EXTENSIONS = ("pg_trgm", "btree_gist")

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",  # costs more than it gains on our short queries
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_buffers": "16MB",
    "min_wal_size": "160MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "log_line_prefix": "%m [%p] %q%d ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# Its memory in pages of 2 MB where the kernel has some: with those of 4 KB a join of a million people takes a quarter
# longer, for looking up where its pages are.
_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
# A throw-away server may lose everything in a power cut; it still survives kill -9.
_THROWAWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
}


@contextmanager
def running(home: Path, *, durable: bool = True, say: Say = silent) -> Iterator["Server"]:
    """Run the PostgreSQL of the data home `home` while inside; makes it at the first time.

    `say` is called with lines about progress. `durable=False` is only for data that nobody needs.
    Raises PostgresError when another Parkkeeper uses `home`, or when the server cannot run. Main thread only.
    """
    server = Server(home, durable=durable, say=say)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def throwaway(*, durable: bool = False, say: Say = silent) -> Iterator["Server"]:
    """Run a new, empty PostgreSQL in a temporary data home while inside; nothing of it remains.

    `durable=True` makes commits cost what they cost in production, for measurements.
    """
    home = Path(tempfile.mkdtemp(prefix="parkkeeper-", dir=_short_temporary_folder()))
    home.chmod(0o711)  # root's server runs as another account, which must pass
    try:
        with running(home, durable=durable, say=say) as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _short_temporary_folder() -> str:
    """Return the temporary folder when a socket's path fits into it, else /tmp."""
    folder = tempfile.gettempdir()
    return folder if len(os.fsencode(folder)) < SOCKET_PATH_LIMIT - 40 else "/tmp"


@contextmanager
def database(home: Path, env: Mapping[str, str] = os.environ, *, say: Say = silent) -> Iterator[dict[str, str]]:
    """Give the variables (PARKKEEPER_DATA, DATABASE_URL) that our programs need to use the database of `home`.

    DATABASE_URL of `env` wins; else the server of `home` runs while inside. Raises PostgresError.
    """
    if url := env.get("DATABASE_URL"):
        check_server(url)
        prepare_home(home)
        yield {"PARKKEEPER_DATA": str(home), "DATABASE_URL": url}
        return
    with running(home, say=say) as server:
        yield {"PARKKEEPER_DATA": str(home), "DATABASE_URL": server.url}


def check_server(url: str) -> None:
    """Raise PostgresError unless the server at `url` has a version, an encoding and a locale that we can work with.

    Under a C locale trigrams of Chinese text are empty and every search finds nothing, without an error.
    """
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10000
            if version not in SUPPORTED:
                raise PostgresError(f"DATABASE_URL: PostgreSQL {version} is not supported; use 15 to 18.")
            encoding = connection.info.parameter_status("server_encoding")
            if encoding != "UTF8":
                raise PostgresError(
                    f"DATABASE_URL: the database's encoding is {encoding}; create it with ENCODING UTF8."
                )
            _check_chinese_search(connection)
    except psycopg.OperationalError as problem:
        raise PostgresError(f"DATABASE_URL: the database does not answer: {problem}") from problem


def _check_chinese_search(connection: psycopg.Connection[Any]) -> None:
    known = connection.execute("select to_regproc('show_trgm') is not null").fetchone() == (True,)
    if known and connection.execute("select show_trgm('浦') <> '{}'").fetchone() != (True,):
        raise PostgresError(
            "This database cannot search Chinese text: its LC_CTYPE is C. Create it anew from template0 with "
            "LOCALE 'C.UTF-8', and restore a dump into it (docs/operations.md)."
        )


def running_url(home: Path) -> str | None:
    """Return the URL of the server that another process runs for `home`, or None when there is none."""
    layout = Layout(home)
    postmaster = postmaster_of(layout.data)
    if postmaster is None or postmaster not in processes_in(layout.data):
        return None
    with suppress(OSError, IndexError):
        return _url(Path((layout.data / "postmaster.pid").read_text().splitlines()[4]))
    return None


def _url(socket_folder: Path) -> str:
    return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(socket_folder), safe='/')}"


@dataclass
class Server:
    """The server of one data home: `start`, `alive`, `stop`; `url` while it runs. Prefer `running`."""

    home: Path
    durable: bool = True
    say: Say = silent
    url: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _lock: int | None = field(default=None, repr=False)

    def start(self) -> Self:
        """Take the lock, clear what a predecessor left, make the data if there are none, start, and wait until ready.

        Raises PostgresError; then nothing runs and the lock is free.
        """
        layout = Layout(self.home)
        try:
            prepare_home(self.home)
            self._take_lock(layout.lock)
            account = account_for(layout.data)
            self._prepare(layout, account)
            major = _version_of(layout.data)
            programs = find_programs(account, layout.programs, major)
            clear_the_way(layout.data, self.say)
            if major is None:
                self._make_data(layout, account, programs)
            self._launch(layout, account, programs)
            self._make_database()
        except OSError as problem:
            self.stop()
            raise PostgresError(f"PostgreSQL in {self.home} could not be started: {problem}") from problem
        except BaseException:
            self.stop()
            raise
        return self

    def alive(self) -> bool:
        """Tell whether the server is running."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Stop the server (clients are cut off, commits are kept) and free the lock. Safe to call twice."""
        with undisturbed():
            if self.process is not None:
                for number, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
                    if self.process.poll() is None:
                        self.process.send_signal(number)
                        with suppress(subprocess.TimeoutExpired):
                            self.process.wait(patience)
                self.process = None
                self._remove_outside_socket_folder()
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None
        self.url = ""

    def _remove_outside_socket_folder(self) -> None:
        folder = Path(unquote(self.url.partition("?host=")[2]))
        if self.home not in folder.parents:
            with suppress(OSError):
                folder.rmdir()

    def _take_lock(self, path: Path) -> None:
        if self._lock is not None:
            return
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            # A predecessor that was just killed may need a moment to be gone.
            for last in (False, False, False, True):
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if last:
                        holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
                        raise PostgresError(
                            f"Another Parkkeeper (process {holder or 'unknown'}) is using {self.home}. Stop it, or "
                            "choose another directory with --data DIR or the environment variable PARKKEEPER_DATA."
                        ) from None
                    time.sleep(0.1)
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(lock)
            raise
        self._lock = lock

    def _prepare(self, layout: Layout, account: Account) -> None:
        for folder in (layout.access, layout.log.parent, layout.server):
            folder.mkdir(exist_ok=True)
        layout.server.chmod(0o700)
        layout.access.chmod(0o755)
        if account.uid != layout.server.stat().st_uid:
            os.chown(layout.server, account.uid, account.gid)
        if run_as(["test", "-w", str(layout.server)], account).returncode != 0:
            raise PostgresError(
                f"PostgreSQL runs as {account.name}, who cannot reach {layout.server}: a directory above it is closed. "
                "Choose another one with --data DIR, for example /var/lib/parkkeeper."
            )

    def _make_data(self, layout: Layout, account: Account, programs: Programs) -> None:
        self.say(f"Making a new database in {layout.data} (PostgreSQL {programs.version}) …")
        part = layout.server / "data.new"
        shutil.rmtree(part, ignore_errors=True)
        # Not C: trigrams of Chinese text would be empty. Not the machine's locale: sort order would change with libc.
        locale = ["--locale=C.UTF-8"]
        if programs.major >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = run_as(
            [str(programs.folder / "initdb"), "--pgdata", str(part), "--username", DATABASE, "--encoding=UTF8"]
            + locale
            + ["--auth=peer", "--data-checksums", "--no-instructions"]
            + ([] if self.durable else ["--no-sync"]),
            account,
        )
        if done.returncode != 0:
            raise PostgresError(f"initdb failed (exit code {done.returncode}):\n{done.stdout}{done.stderr}")
        part.rename(layout.data)  # whole or not at all

    def _launch(self, layout: Layout, account: Account, programs: Programs) -> None:
        sockets = socket_folder(layout, account)
        write_access_rules(layout, account, programs)
        settings = _SETTINGS | memory_settings(memory_of_machine())
        settings |= {} if self.durable else _THROWAWAY_SETTINGS
        settings["unix_socket_directories"] = f'"{sockets}"'
        settings["hba_file"] = str(layout.access / "pg_hba.conf")
        settings["ident_file"] = str(layout.access / "pg_ident.conf")
        if layout.log.exists() and layout.log.stat().st_size > 20_000_000:
            layout.log.replace(layout.log.with_suffix(".log.1"))
        log_start = layout.log.stat().st_size if layout.log.exists() else 0
        with layout.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(programs.folder / "postgres"), "-D", str(layout.data)]
                + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=plain_env() | _LARGE_PAGES,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGINT),
                **account.popen_arguments(),
            )
        self.url = _url(sockets)
        self._wait_until_ready(layout, log_start)

    def _wait_until_ready(self, layout: Layout, log_start: int) -> None:
        end = time.monotonic() + 300  # recovery after a power cut may read gigabytes of WAL
        told = time.monotonic() + 3
        while not is_ready(layout.data):
            if not self.alive():
                with layout.log.open("rb") as text:
                    text.seek(log_start)
                    said = text.read().decode(errors="replace")[-3000:]
                raise PostgresError(f"PostgreSQL ended while starting. It said (in {layout.log}):\n{said}")
            if time.monotonic() > end:
                raise PostgresError(f"PostgreSQL did not become ready in 300 s; see {layout.log}.")
            if time.monotonic() > told:
                self.say("PostgreSQL is recovering …")
                told = end
            time.sleep(0.01)

    def _make_database(self) -> None:
        """Make our database, and see that Chinese text can be searched in it."""
        with self._connect("postgres") as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
        if not known:
            try:
                with self._connect("template1") as template:  # so that every database has them
                    for name in _EXTENSIONS:
                        template.execute(f"create extension if not exists {name}".encode())
            except psycopg.errors.FeatureNotSupported as problem:
                raise PostgresError(
                    f"This PostgreSQL lacks an extension of its contrib package: {problem}"
                ) from problem
            with self._connect("postgres") as connection:
                connection.execute(f"create database {DATABASE}".encode())
        with self._connect(DATABASE) as connection:
            _check_chinese_search(connection)

    def _connect(self, name: str) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, dbname=name, port=PORT, autocommit=True, connect_timeout=10)


def _version_of(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        if data.exists():
            raise PostgresError(f"{data} exists, but is no PostgreSQL data directory. Move it away.") from None
        return None
