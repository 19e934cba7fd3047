"""Connections that the pool lends: seldom asked whether they are well, and never dead ones."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from parkkeeper.park.tenancy.postgresql import base

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The connections that were asked, by their server process."""
    found: list[int] = []
    real = ConnectionPool.check_connection

    def counting(one: psycopg.Connection) -> None:
        found.append(one.info.backend_pid)
        real(one)

    monkeypatch.setattr(ConnectionPool, "check_connection", staticmethod(counting))
    return found


@pytest.fixture
def lent() -> Iterator[psycopg.Connection]:
    with psycopg.connect(**{**connection.get_connection_params(), "autocommit": True}) as one:
        yield one


def test_a_connection_that_was_well_is_not_asked_again_for_a_while(
    lent: psycopg.Connection, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _request in range(3):
        base.be_well(lent)
        lent.execute("SELECT 1")
    assert len(asked) == 1
    monkeypatch.setattr(base, "TRUSTED", 0.0)
    base.be_well(lent)
    assert len(asked) == 2


def test_a_connection_whose_server_has_hung_up_is_not_lent(lent: psycopg.Connection, asked: list[int]) -> None:
    base.be_well(lent)
    with psycopg.connect(**{**connection.get_connection_params(), "autocommit": True}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [lent.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        base.be_well(lent)
    assert len(asked) == 2


def test_the_pool_of_the_web_server_asks_in_this_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", {"min_size": 0, "max_size": 1})
    monkeypatch.setattr(connection, "_connection_pools", {})
    pool = connection.pool
    try:
        assert pool._check is base.be_well
    finally:
        pool.close()
