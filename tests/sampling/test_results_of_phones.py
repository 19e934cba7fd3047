"""From the phone's words to what people owe: the field's own verbs, then the laboratory's word."""

from typing import Any

import pytest

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import Anomaly, Person
from parkkeeper.sampling.actions.scans import take_scans, undo_scans
from parkkeeper.sampling.actions.settle import settle
from parkkeeper.sampling.actions.tubes import open_tubes, seal_tubes
from parkkeeper.sampling.field import OpenTube, SealTube, Source, TakeScan, UndoScan
from parkkeeper.sampling.models import Result
from parkkeeper.sampling.standing import standing_of
from tests.sampling.results_world import code, later, make_round, owing, report
from tests.world import world

pytestmark = pytest.mark.django_db


def source(w: Any, minutes: float) -> Source:
    return Source(w.scanner, w.point, 1, later(minutes))


def scan_in(w: Any, serial: int, person: Person | None, *, taken: float, heard: float, claimed: str = "") -> TakeScan:
    op = TakeScan(
        new_id(), 1, later(taken), later(taken), code(serial), "code", person.uuid if person else None, claimed
    )
    take_scans([op], source(w, heard), by=w.scanner, at=later(heard))
    return op


def open_in(w: Any, serial: int, size: int, *, taken: float, heard: float) -> None:
    op = OpenTube(new_id(), 1, later(taken), later(taken), code(serial), size)
    open_tubes([op], source(w, heard), by=w.scanner, at=later(heard))


def test_a_phones_evening_and_the_laboratorys_word_make_people_owe_and_clear() -> None:
    w = world()
    make_round(w, *w.workers)
    open_in(w, 1, 10, taken=0, heard=1)
    for person in w.workers[:3]:
        scan_in(w, 1, person, taken=1, heard=2)
    seal_tubes([SealTube(new_id(), 9, later(3), later(3), code(1), 3)], source(w, 4), by=w.scanner, at=later(4))
    report(w, (1, "positive"))
    assert [bool(owing(person)) for person in w.workers[:4]] == [True, True, True, False]
    open_in(w, 2, 1, taken=400, heard=401)
    scan_in(w, 2, w.workers[0], taken=402, heard=403)
    report(w, (2, "negative"), minutes=600)
    assert standing_of(w.workers[0], later(601)).clear
    assert not standing_of(w.workers[1], later(601)).clear


def test_results_that_come_before_every_word_of_the_phone_wait_for_it() -> None:
    w = world()
    make_round(w, *w.workers)
    report(w, (1, "positive"), minutes=200)
    scan_in(w, 1, w.workers[0], taken=1, heard=300)
    assert owing(w.workers[0]) == [("single_retest", f"tube:{code(1)}")]
    assert Result.objects.get().tube is not None


def test_a_tube_heard_to_be_single_only_later_closes_only_then() -> None:
    w = world()
    make_round(w, *w.workers)
    scan_in(w, 1, w.workers[0], taken=1, heard=2)
    report(w, (1, "positive"))
    scan_in(w, 2, w.workers[0], taken=400, heard=401)
    report(w, (2, "negative"), minutes=600)
    assert owing(w.workers[0])
    open_in(w, 2, 1, taken=399, heard=700)
    assert owing(w.workers[0]) == []


def test_a_scan_that_was_undone_at_the_point_owes_nothing_even_if_the_undo_came_first() -> None:
    w = world()
    make_round(w, *w.workers)
    scan = TakeScan(new_id(), 1, later(1), later(1), code(1), "code", w.workers[0].uuid)
    undo = UndoScan(new_id(), 2, later(2), later(2), scan.id)
    report(w, (1, "positive"), minutes=100)
    undo_scans([undo], source(w, 200), by=w.scanner, at=later(200))
    take_scans([scan], source(w, 201), by=w.scanner, at=later(201))
    assert owing(w.workers[0]) == []


def test_a_person_whom_staff_named_later_owes_from_then_on() -> None:
    w = world()
    make_round(w, *w.workers)
    scan_in(w, 1, None, taken=1, heard=2, claimed="看不清")
    report(w, (1, "positive"))
    assert Anomaly.objects.open().filter(kind="positive_without_names").exists()
    doubt = Anomaly.objects.get(kind="unknown_person")
    settle(doubt, "assign_person", reason="本人到场确认", by=w.office, at=later(400), person=w.workers[0])
    assert owing(w.workers[0]) == [("single_retest", f"tube:{code(1)}")]
    assert Anomaly.objects.get(kind="positive_without_names").evidence["holds"] is False


def test_settling_a_contradiction_by_striking_opens_again_what_it_had_closed() -> None:
    w = world()
    make_round(w, *w.workers)
    scan_in(w, 1, w.workers[0], taken=1, heard=2)
    report(w, (1, "positive"))
    open_in(w, 2, 1, taken=400, heard=401)
    scan_in(w, 2, w.workers[0], taken=402, heard=403)
    report(w, (2, "negative"), (2, "invalid"), minutes=600)
    assert owing(w.workers[0])
    doubt = Anomaly.objects.open().get(kind="result_contradicts")
    wrong = Result.objects.get(value="invalid")
    settle(doubt, "strike_result", reason="仪器故障", by=w.office, at=later(700), result=wrong)
    assert owing(w.workers[0]) == []
    doubt.refresh_from_db()
    assert doubt.settled_by == w.office
