"""The harness: one database, one park `world` in it; each test in its own transaction inside that park."""

import ipaddress
import os
import shutil
import socket
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.utils import timezone, translation
from django_pgschemas.schema import Schema, deactivate
from pytest_django import DjangoDbBlocker

from parkkeeper.kernel.postgres import throwaway
from parkkeeper.park.tenancy import middleware
from tests.fakes import verified_setattr

LONG_AGO = datetime(2022, 4, 1, tzinfo=UTC)
# Whether the test was a transactional one: its rows stay and its park goes, unless somebody puts that right.
COMMITTED = pytest.StashKey[bool]()
BLOCKER = pytest.StashKey[DjangoDbBlocker]()
# Files of these folders, with a browser or with servers that are stopped, wait as long as they work.
WAITING = ("pages", "faults", "phone")
# Of the others these work longest: whichever came last would be waited for by all cores but one.
LONG = ("properties", "demo")
A_TURN = 2
"""Files that only work to one that waits: so many that some are left for the end, when nobody should wait."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait and files that work take turns, the long ones first: the cores are never all idle."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = _in_order(WAITING, [path for path in files if path.parent.name in WAITING])
    working = _in_order(LONG, [path for path in files if path.parent.name not in WAITING])
    turns = [[file, *working[A_TURN * n : A_TURN * (n + 1)]] for n, file in enumerate(waiting)]
    rest = working[A_TURN * len(waiting) :]
    items[:] = [item for file in (*chain.from_iterable(turns), *rest) for item in files[file]]


def _in_order(folders: tuple[str, ...], files: list[Path]) -> list[Path]:
    places = {name: place for place, name in enumerate(folders)}
    return sorted(files, key=lambda file: places.get(file.parent.name, len(places)))


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Of several processes each has a PostgreSQL of its own: one's transactions do not hold up the other's cursors.

    Two runs at once on one server need two databases: PYTEST_DB names this run's.
    """
    from parkkeeper.config.settings import database as parse_database_url

    database = settings.DATABASES["default"]
    suffix = os.environ.get("PYTEST_DB", "")
    if suffix:
        database.setdefault("TEST", {})["NAME"] = f"test_parkkeeper_{suffix}"
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    with throwaway() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", server.url)
        patch.setitem(database, "HOST", parse_database_url(server.url)["HOST"])
        yield


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """A process's own PostgreSQL goes as a whole: no need to drop a database that a late connection may still hold."""
    return django_db_keepdb or "PYTEST_XDIST_WORKER" in os.environ


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker, pytestconfig: pytest.Config) -> None:
    from parkkeeper.park.tenancy.parks import make_park

    pytestconfig.stash[BLOCKER] = django_db_blocker
    with django_db_blocker.unblock():
        deactivate()
        if not _schema_exists("world"):
            make_park("world", name="测试园区", name_en="Test Park", at=LONG_AGO)
        _the_world_alone()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """After a transactional test, outside of every transaction, the world is as empty as before it."""
    try:
        yield
    finally:
        if item.config.stash.get(COMMITTED, False) and nextitem is not None:
            with item.config.stash[BLOCKER].unblock():
                _the_world_alone()
        item.config.stash[COMMITTED] = False


def _schema_exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)", [name])
        found: bool = cursor.fetchone()[0]
    return found


def _the_world_alone() -> None:
    """The park's row, which a transactional test's flush takes away, is there again; its tables are empty."""
    from parkkeeper.park.tenancy.models import Park

    deactivate()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables"
            " WHERE schemaname = 'world' AND tablename NOT LIKE 'django%'"
        )
        cursor.execute(f"TRUNCATE {cursor.fetchone()[0]} RESTART IDENTITY CASCADE")
    if not Park.objects.filter(schema_name="world").exists():
        Park(schema_name="world", name="测试园区", name_en="Test Park", created_at=LONG_AGO).save()


@pytest.fixture(scope="session", autouse=True)
def _static_files_as_they_are() -> Iterator[None]:
    """Pages name their static files without hashes: a test needs no collectstatic before it."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_hashed_quickly() -> Iterator[None]:
    """What a password costs in service is tests/park/test_login.py's to hold."""
    with override_settings(PASSWORD_HASHERS=["tests.fakes.QuickArgon2"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def _names_of_parks_are_looked_up_seldom() -> Iterator[None]:
    """The test client's host is on no list: looking it up each second would be counted with some page's questions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(middleware, "UNKNOWN_FOR", middleware.FRESH_FOR)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_unverified_fake() -> Iterator[None]:
    """What stands for a function of ours in a test can be asked in the same ways as the function."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pytest.MonkeyPatch, "setattr", verified_setattr)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_network_beyond_this_machine() -> Iterator[None]:
    """A test that reaches for another machine fails; loopback and sockets of files are this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def refuse_far(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
            raise OSError(f"No test talks beyond loopback, and this one connects to {address[0]}.")

    def connect_near(self: socket.socket, address: Any) -> None:
        refuse_far(self, address)
        connect(self, address)

    def connect_ex_near(self: socket.socket, address: Any) -> int:
        refuse_far(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_near)
        patch.setattr(socket.socket, "connect_ex", connect_ex_near)
        yield


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def _inside_the_world(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that use the database work inside the park `world`, in its time zone, in simplified Chinese."""
    if "db" not in request.fixturenames and "transactional_db" not in request.fixturenames:
        marker = request.node.get_closest_marker("django_db")
        if marker is None:
            yield
            return
    request.getfixturevalue("transactional_db" if "transactional_db" in request.fixturenames else "db")
    from parkkeeper.park.tenancy.middleware import forget_parks

    forget_parks()
    request.config.stash[COMMITTED] = not connection.in_atomic_block
    with Schema.create("world"), timezone.override("Asia/Shanghai"), translation.override("zh-hans"):
        yield
    deactivate()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's chromium, one for all tests of a process: playwright cannot begin twice in one thread."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is missing: apt-get install chromium fonts-noto-cjk")
    # playwright's own event loop runs in this thread; the tests' database calls beside it are meant to be synchronous
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
