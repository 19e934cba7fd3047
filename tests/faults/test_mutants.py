"""The check that counts what was lost or doubled is itself held: faults put into the code on purpose are noticed.

The fourth of them, a cursor on ids, needs a PostgreSQL of its own: test_cursor.py.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test import override_settings

from parkkeeper.demo.bench.faults_ledger import held_against
from parkkeeper.demo.bench.faults_phones import FieldPhone
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sync import inbox, views
from parkkeeper.sync.models import Phone
from tests.sync.handset import REHEARSAL, Handset, enrolled, json_of
from tests.world import later, world

pytestmark = pytest.mark.django_db(transaction=True)
CLEAN = {"acknowledged_and_lost": 0, "stored_twice": 0, "shown_wrongly": 0}


@pytest.fixture(autouse=True)
def _rehearsal() -> Iterator[None]:
    with override_settings(REHEARSAL_TOKEN=REHEARSAL):
        yield


class Ledger:
    """A phone that writes down what it says and hears, as those of the bench do."""

    def __init__(self, w: Any) -> None:
        self.w, self.phone = w, enrolled(w.scanner, w.point, by=w.office)
        self.book = FieldPhone(None, ("", 0), "")  # type: ignore[arg-type]

    def scans(self, serial: int) -> list[dict[str, Any]]:
        code = tube_code("YQ", serial)
        return [
            self.phone.op("scan", tube=code, person=person.uuid, how="code", at=later(n))
            for n, person in enumerate(self.w.workers)
        ]

    def send(self, operations: list[dict[str, Any]]) -> None:
        """Send until it is acknowledged, as phones do; note what was told and heard."""
        self.book.told += [one for one in operations if one not in self.book.told]
        number = str(uuid4())
        for _attempt in range(5):
            answer = Handset(token=self.phone.token).send(operations, number=number)
            if answer.status_code == 200:
                for verdict in json_of(answer)["verdicts"]:
                    self.book.verdicts[verdict["id"]] = verdict["verdict"]
                return
        raise AssertionError("never taken")

    def counts(self) -> dict[str, int]:
        connection.ensure_connection()
        with connection.cursor() as cursor:  # the park of the test
            cursor.execute("SELECT 1")
        found = held_against([self.book], connection.connection)
        return {name: found[name] for name in CLEAN}


def a_day_with_a_cut_before_a_commit(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Three batches; the database goes away when the second is about to be committed."""
    ledger = Ledger(world())
    finish, cut = inbox._finish, [1, 2]  # a door that tries again by itself meets it twice

    def cut_off(work: inbox.Work, reply: dict[str, Any]) -> None:
        finish(work, reply)
        if cut:
            cut.pop()
            _kill_this_connection()

    ledger.send(ledger.scans(1))
    monkeypatch.setattr(inbox, "_finish", cut_off)
    ledger.send(ledger.scans(2))
    ledger.send(ledger.scans(3))
    return ledger.counts()


def _kill_this_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()


def a_day_with_everything_told_twice() -> dict[str, int]:
    """The same operations in two batches: the answer to the first was lost with the phone's note of its batch."""
    ledger = Ledger(world())
    operations = ledger.scans(1)
    ledger.send(operations)
    ledger.send(operations)
    return ledger.counts()


def a_day_with_a_bad_operation() -> dict[str, int]:
    """One operation that nobody can understand among good ones."""
    ledger = Ledger(world())
    ledger.send([*ledger.scans(1), {**ledger.scans(2)[0], "how": "guessed"}])
    return ledger.counts()


def test_a_connection_that_dies_before_the_commit_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert a_day_with_a_cut_before_a_commit(monkeypatch) == CLEAN


def test_saying_saved_before_the_transaction_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def said_too_early(phone: Phone, envelope: Any, *, at: Any) -> Any:
        told: Any = ({}, False)
        try:
            with transaction.atomic():
                told = inbox._take(phone, envelope, at=at, careful=False, whole=True)
        except OperationalError:
            connection.close()
        return told

    monkeypatch.setattr(views, "take_batch", said_too_early)
    assert a_day_with_a_cut_before_a_commit(monkeypatch)["acknowledged_and_lost"] > 0


def test_what_is_told_twice_is_there_once() -> None:
    assert a_day_with_everything_told_twice() == CLEAN


def test_what_cannot_be_understood_is_kept() -> None:
    assert a_day_with_a_bad_operation() == CLEAN


def test_ids_that_the_server_makes_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = inbox.parse

    def with_an_id_of_its_own(raw: Any, offset: Any) -> Any:
        kind, operation = parse(raw, offset)
        return kind, replace(operation, id=uuid4())

    monkeypatch.setattr(inbox, "parse", with_an_id_of_its_own)
    assert a_day_with_everything_told_twice()["stored_twice"] > 0


def test_dropping_a_refused_row_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def dropped(work: inbox.Work) -> None:
        return None

    monkeypatch.setattr(inbox, "_keep_poison", dropped)
    assert a_day_with_a_bad_operation()["acknowledged_and_lost"] > 0
