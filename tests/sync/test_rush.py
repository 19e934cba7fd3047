"""More batches at once than a process takes in: told to come again, at once and without a question to the database."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django_pgschemas.schema import Schema, activate

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sampling.models import Scan
from parkkeeper.sync import door, inbox
from parkkeeper.sync.gate import Gate
from parkkeeper.sync.models import Batch
from tests.sync.handset import Handset, batch, enrolled, json_of, verdicts
from tests.world import world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """A door with one place and one chair."""
    narrow = Gate(1, 1, 0.3)
    monkeypatch.setattr(door, "gate", narrow)
    return narrow


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Scans take until the second event is set; the first tells that they have begun."""
    begun, go_on = threading.Event(), threading.Event()
    take_scans = inbox.VERBS["scan"]

    def wait(scans: Any, source: Any, **rest: Any) -> Any:
        begun.set()
        assert go_on.wait(20)
        return take_scans(scans, source, **rest)

    monkeypatch.setitem(inbox.VERBS, "scan", wait)
    yield begun, go_on
    go_on.set()


def one_scan(phone: Handset, person: Any) -> list[dict[str, Any]]:
    return [phone.op("scan", tube=tube_code("YQ", 7), person=person.uuid, how="code")]


def test_who_finds_no_place_is_told_when_to_come_and_nothing_of_his_was_looked_at(gate: Gate) -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    operations, number = one_scan(phone, w.workers[0]), str(uuid4())
    with gate.passed(), CaptureQueriesContext(connection) as asked:
        gate.chairs.acquire()
        answer = phone.send(operations, number=number)
        gate.chairs.release()
    assert (answer.status_code, json_of(answer)["error"]["code"]) == (429, "busy")
    assert 1 <= int(answer["Retry-After"]) <= 3
    assert [one["sql"] for one in asked if "sync_" in one["sql"] or "sampling_" in one["sql"]] == []
    assert Batch.objects.count() == 0
    assert verdicts(phone.send(operations, number=number)) == ["stored"]


def test_phones_that_are_told_to_come_again_are_not_told_the_same_second() -> None:
    full, told = Gate(1, 1, 0.0), set()
    with full.passed():
        for _attempt in range(200):
            with pytest.raises(door.Problem) as refused, full.passed():
                pass
            told.add(refused.value.retry_after)
    assert told == {1, 2, 3}


def test_in_a_rush_one_is_done_one_waits_and_the_rest_are_told_while_others_get_through(
    gate: Gate, slow: tuple[threading.Event, threading.Event]
) -> None:
    w: Any = world()
    gate.patience = 20
    phone = enrolled(w.scanner, w.point, by=w.office)
    sendings = [(one_scan(phone, person), str(uuid4())) for person in w.workers]

    def send(operations: list[Any], number: str) -> Any:
        activate(Schema.create("world"))
        try:
            return Handset(token=phone.token).send(operations, number=number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        first = [pool.submit(send, *sendings[0])]
        assert slow[0].wait(20)
        first.append(pool.submit(send, *sendings[1]))
        while gate.chairs._value:  # type: ignore[attr-defined]
            pass
        rest = [pool.submit(send, *sending).result(20) for sending in sendings[2:]]
        assert {answer.status_code for answer in rest} == {429}
        assert phone.ask("GET", "hello").status_code == phone.ask("GET", "roster").status_code == 200
        slow[1].set()
        assert [verdicts(answer.result(30)) for answer in first] == [["stored"], ["stored"]]
    # the first two were done: the same again gets the same reply
    assert [verdicts(send(*sending)) for sending in sendings] == [["stored"]] * 6
    assert Scan.objects.count() == 6


def test_a_phone_one_version_old_keeps_working_and_the_others_are_told_who_has_to_be_updated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    monkeypatch.setattr(door, "OLDEST", 2)
    monkeypatch.setattr(door, "NEWEST", 3)
    operations = one_scan(phone, w.workers[0])
    spoken = (("1", 426, "update"), ("2", 200, None), ("3", 200, None), ("4", 426, "wait"))
    for version, status, remedy in (("", 426, "update"), *spoken):  # who names none speaks the first
        named = {"Parkkeeper_Protocol": version} if version else {}
        answer = phone.ask("POST", "batches", data=batch(operations), **named)
        assert answer.status_code == status, version
        assert answer["Parkkeeper-Protocol"] == "3"
        if remedy:
            told = json_of(answer)["error"]
            assert (told["code"], told["oldest"], told["newest"]) == ("protocol_unsupported", 2, 3)
            assert told["remedy"] == remedy
            assert ("Retry-After" in answer.headers) == (remedy == "wait")
    assert Scan.objects.count() == 1
