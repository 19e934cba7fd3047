"""The same batch twice at once, two phones on one tube, a database that goes away: nothing lost, nothing twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, connections
from django_pgschemas.schema import Schema, activate

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Anomaly
from parkkeeper.sampling.models import Round, Scan
from parkkeeper.sync import door, inbox
from parkkeeper.sync.gate import Gate
from parkkeeper.sync.models import Batch
from tests.sync.handset import Handset, enrolled, json_of, verdicts
from tests.world import DAY, later, world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Being told to come later is not what is tried here."""
    monkeypatch.setattr(door, "gate", Gate(8, 8, 30.0))


def together(*asks: Any) -> list[Any]:
    """Run these at once, each in a thread with a database connection of its own."""
    ready = threading.Barrier(len(asks))

    def one(ask: Any) -> Any:
        activate(Schema.create("world"))
        try:
            ready.wait(10)
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(asks)) as pool:
        return [made.result(60) for made in [pool.submit(one, ask) for ask in asks]]


def scans_of(phone: Handset, people: list[Any], serial: int = 7) -> list[dict[str, Any]]:
    code = tube_code("YQ", serial)
    return [phone.op("scan", tube=code, person=p.uuid, how="code", at=later(n)) for n, p in enumerate(people)]


def twin(phone: Handset) -> Handset:
    """The same phone with a connection of its own."""
    return Handset(token=phone.token)


def test_the_same_batch_twice_at_once_is_done_once_and_answered_twice() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    operations, number = scans_of(phone, w.workers), str(uuid4())
    answers = together(*[lambda: twin(phone).send(operations, number=number)] * 4)
    assert {a.status_code for a in answers} == {200}
    assert all(json_of(a) == json_of(answers[0]) for a in answers)
    assert sorted(a.headers.get("Parkkeeper-Repeated", "") for a in answers) == ["", "1", "1", "1"]
    assert (Batch.objects.count(), Scan.objects.count()) == (1, 6)


def test_two_phones_with_the_same_people_in_opposite_order_lose_nothing() -> None:
    w: Any = world()
    phones = [
        enrolled(w.scanner, w.point, by=w.office),
        enrolled(w.sampler, w.point, by=w.office, role="sampling_specialist"),
    ]
    Round.objects.create(
        programme=w.programme, test="pcr", day=DAY, opens_at=later(-60), closes_at=later(60), frozen_at=later(-60)
    )
    for number in range(5):
        forth = scans_of(phones[0], w.workers, 2 * number + 1)
        back = scans_of(phones[1], w.workers[::-1], 2 * number + 2)
        answers = together(lambda forth=forth: phones[0].send(forth), lambda back=back: phones[1].send(back))
        for answer in answers:
            assert set(verdicts(answer)) == {"stored"}
    assert Scan.objects.count() == 60
    assert Anomaly.objects.filter(kind="double_scan_other_tube").exists()


def test_a_deadlock_is_tried_again_and_nobody_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    gate, first_tries = threading.Barrier(2), []
    take_scans = inbox.VERBS["scan"]

    def crossing(scans: Any, source: Any, **rest: Any) -> Any:
        mine, other = (1, 2) if len(scans) == 1 else (2, 1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [mine])
            if mine not in first_tries:
                first_tries.append(mine)
                gate.wait(10)
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [other])
        return take_scans(scans, source, **rest)

    monkeypatch.setitem(inbox.VERBS, "scan", crossing)
    one, two = scans_of(phone, w.workers[:1], 7), scans_of(phone, w.workers[1:3], 8)
    answers = together(lambda: twin(phone).send(one), lambda: twin(phone).send(two))
    assert [set(verdicts(a)) for a in answers] == [{"stored"}, {"stored"}]
    assert Scan.objects.count() == 3


def test_a_database_that_stops_in_mid_request_acknowledges_nothing_and_the_next_sending_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    operations, number = scans_of(phone, w.workers), str(uuid4())
    take_scans = inbox.VERBS["scan"]

    def cut(scans: Any, source: Any, **rest: Any) -> Any:
        told = take_scans(scans, source, **rest)
        _kill(connection)
        return told

    monkeypatch.setitem(inbox.VERBS, "scan", cut)
    answer = phone.send(operations, number=number)
    assert (answer.status_code, json_of(answer)["error"]["code"]) == (503, "database_away")
    assert int(answer["Retry-After"]) > 0
    monkeypatch.undo()
    assert (Batch.objects.count(), Scan.objects.count()) == (0, 0)
    assert set(verdicts(phone.send(operations, number=number))) == {"stored"}
    assert Scan.objects.count() == 6


def _kill(victim: Any) -> None:
    with victim.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()


def test_one_dead_connection_is_replaced_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    take_scans, killed = inbox.VERBS["scan"], []

    def cut_once(scans: Any, source: Any, **rest: Any) -> Any:
        if not killed:
            killed.append(1)
            _kill(connection)
        return take_scans(scans, source, **rest)

    monkeypatch.setitem(inbox.VERBS, "scan", cut_once)
    assert set(verdicts(phone.send(scans_of(phone, w.workers)))) == {"stored"}
    assert Scan.objects.count() == 6


def test_a_database_that_cannot_be_reached_is_told_with_the_time_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)

    def away(statement: str, parameters: Any = ()) -> Any:
        raise OperationalError("connection refused")

    monkeypatch.setattr("parkkeeper.sync.door.run", away)
    for method, path in (("POST", "batches"), ("GET", "roster"), ("GET", "changes")):
        answer = phone.ask(method, path)
        assert (answer.status_code, json_of(answer)["error"]["code"]) == (503, "database_away")
        assert answer["Retry-After"] == "5"
