"""A later word changes what is known from now on, and nothing of what was known before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Anomaly
from parkkeeper.sampling.actions import boxes
from parkkeeper.sampling.actions.results import ResultIn, report_results, strike_result
from parkkeeper.sampling.actions.settle import settle
from parkkeeper.sampling.gaplines import gap_lines, states_of
from parkkeeper.sampling.models import Box, LossBefore, Obligation, Result, ScanBefore, TubeBefore
from parkkeeper.sampling.reconciliation import count_strays, progress, reconcile, reconcile_evening, strays
from parkkeeper.sampling.standing import standing_of
from parkkeeper.sampling.states import State
from tests.sampling.fieldkit import DAY, FieldPhone, moved, pcr_round
from tests.world import later, world

pytestmark = pytest.mark.django_db
WRONG = "TYQ000000019"
A_DAY = timedelta(days=1)


@pytest.fixture
def w() -> Any:
    w = world()
    w.round = pcr_round(w.programme, [(p, "due", w.point) for p in w.workers[:3]])
    w.phone, w.other = FieldPhone(w.scanner, w.point), FieldPhone(w.sampler, w.point, phone_id=2)
    w.laboratory_phone = FieldPhone(w.lab, None, phone_id=3)
    return w


def state(w: Any, at: datetime) -> tuple[State, str]:
    """How the first worker's line is told at that moment, and by which tube; counting tells the same."""
    (line,) = gap_lines(w.round, at, states=list(State), people=[w.workers[0].pk], limit=None).lines
    (row,) = reconcile(w.round, at)
    assert row.counts[line.state] >= 1
    return line.state, line.tube_code


def office(w: Any, kind: str, how: str, minutes: float, **details: Any) -> None:
    doubt = Anomaly.objects.open().get(kind=kind)
    settle(doubt, how, reason="已核实", by=w.office, at=later(minutes), **details)


def words(w: Any, *told: tuple[int, str], minutes: float) -> None:
    rows = [ResultIn(tube_code("YQ", serial), value, later(minutes)) for serial, value in told]
    report_results(rows, laboratory=w.laboratory, kind="table", by=w.lab, at=later(minutes))


def test_a_seal_heard_late_makes_an_undo_void_from_then_on(w: Any) -> None:
    scan = w.phone.scan(w.workers[0], 1, 1)
    w.phone.say(w.phone.open(1), scan, heard=10)
    w.phone.say(w.phone.undo(scan, 5), heard=20)
    w.other.say(w.other.seal(1, 1, 3), heard=30)
    assert [state(w, later(m))[0] for m in (15, 25, 35)] == [State.SAMPLED, State.NOT_SAMPLED, State.SAMPLED]
    kinds = [standing_of(w.workers[0], later(m)).open[0].kind for m in (15, 25, 35)]
    assert kinds == ["waiting", "not_sampled", "waiting"]


QUESTIONS: dict[str, tuple[Callable[[Any, datetime], Any], Any]] = {
    "counts": (lambda w, at: reconcile(w.round, at)[0].sampled, 0),
    "counts with the curve": (lambda w, at: reconcile_evening(w.round, at)[0][0].sampled, 0),
    "curve": (lambda w, at: progress(w.round, at)[-1][1], 0),
    "lines": (lambda w, at: states_of(w.round, [w.workers[0].pk], at)[w.workers[0].pk], State.NOT_SAMPLED),
    "standing": (lambda w, at: standing_of(w.workers[0], at).open[0].kind, "not_sampled"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_corrected_while_a_question_is_asked_changes_nothing_of_before(w: Any, question: str) -> None:
    asked, answer = QUESTIONS[question]
    scan = w.phone.scan(w.workers[0], 1, 1)
    w.phone.say(w.phone.open(1), scan, heard=10)
    w.phone.say(w.phone.undo(scan, 5), heard=20)
    with meanwhile(lambda: w.other.say(w.other.seal(1, 1, 3), heard=30)):
        assert asked(w, later(25)) == answer
    assert asked(w, later(35)) != answer


def test_scans_attached_to_a_round_while_strays_are_counted_were_of_none_before(w: Any) -> None:
    w.round.dues.all().delete()
    w.round.delete()
    w.phone.say(w.phone.open(1), w.phone.scan("没有此人", 1, how="search"), heard=10)
    w.round = pcr_round(w.programme, [])
    with meanwhile(lambda: office(w, "no_round", "attach_round", 60)):
        assert count_strays(w.round, later(30)) == 0
    assert strays(w.round, later(65))[0] == 1


@contextmanager
def meanwhile(word: Callable[[], object]) -> Iterator[None]:
    """Inside, `word` is told right after the first look at whether anything was corrected."""
    told = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if not told and sql.startswith("SELECT EXISTS (SELECT FROM sampling_scan_before WHERE until"):
            told.append(sql)
            word()
        return found

    with connection.execute_wrapper(listen):
        yield
    assert told


def test_an_older_undo_heard_later_does_not_bring_the_scan_back_for_the_time_between(w: Any) -> None:
    scan = w.phone.scan(w.workers[0], 1, 1)
    w.phone.say(scan, heard=10)
    w.phone.say(w.phone.undo(scan, 8), heard=20)
    w.other.say(w.other.undo(scan, 5), heard=30)
    assert [state(w, later(m))[0] for m in (15, 25, 35)] == [State.SAMPLED, State.NOT_SAMPLED, State.NOT_SAMPLED]


def test_an_evening_without_late_words_keeps_nothing_twice(w: Any) -> None:
    scans = [w.phone.scan(p, 1, n) for n, p in enumerate(w.workers[:3], 1)]
    w.phone.say(w.phone.open(1), *scans, heard=10)
    w.phone.say(w.phone.undo(scans[2], 5), heard=20)
    w.phone.say(w.phone.seal(1, 2, 8), w.phone.box(1, 1), heard=30)
    w.laboratory_phone.say(w.laboratory_phone.receive(1), heard=60)
    assert (ScanBefore.objects.count(), TubeBefore.objects.count()) == (0, 0)


def test_a_corrected_code_moves_what_was_told_from_then_on(w: Any) -> None:
    w.phone.say(w.phone.open(WRONG), w.phone.scan(w.workers[0], WRONG), w.phone.seal(WRONG, 1), heard=10)
    lab = w.laboratory_phone
    lab.say(lab.receive(WRONG, "leaked"), heard=40)
    words(w, (3, "negative"), minutes=50)
    office(w, "unknown_tube", "correct_code", 60, code=tube_code("YQ", 3))
    told = [state(w, later(m)) for m in (20, 45, 55, 65)]
    spoiled = (State.TUBE_SPOILED, WRONG)
    assert told == [(State.SAMPLED, WRONG), spoiled, spoiled, (State.MET, tube_code("YQ", 3))]
    assert [standing_of(w.workers[0], later(m)).clear for m in (55, 65)] == [False, True]


def test_a_box_that_was_found_was_lost_before(w: Any) -> None:
    w.phone.say(w.phone.open(1), w.phone.scan(w.workers[0], 1), w.phone.seal(1, 1), w.phone.box(1, 1), heard=20)
    box = Box.objects.get()
    for lost, found in ((30, 40), (50, 60)):
        boxes.mark_box_lost(box, by=w.office, at=later(lost))
        boxes.find_box(box, by=w.office, at=later(found))
    lost_now = [state(w, later(m))[0] is State.TUBE_SPOILED for m in (25, 35, 45, 55, 65)]
    assert lost_now == [False, True, False, True, False]
    assert list(LossBefore.objects.order_by("until").values_list("lost_at", "until", "found_by")) == [
        (later(30), later(40), w.office.pk),
        (later(50), later(60), w.office.pk),
    ]


def test_a_tube_was_in_the_box_that_was_not_chosen(w: Any) -> None:
    first, second = w.phone.box(1, 1, minutes=15), w.phone.box(2, 1, minutes=15)
    w.phone.say(w.phone.open(1), w.phone.scan(w.workers[0], 1), w.phone.seal(1, 1), second, heard=20)
    boxes.mark_box_lost(Box.objects.get(), by=w.office, at=later(25))
    w.phone.say(first, heard=30)
    office(w, "tube_in_two_boxes", "choose_box", 40, box=Box.objects.get(pk=first.id))
    assert [state(w, later(m))[0] is State.TUBE_SPOILED for m in (22, 28, 35, 45)] == [False, True, True, False]


def test_a_tube_put_on_a_lost_boxs_list_later_was_not_lost_before(w: Any) -> None:
    box = w.phone.box(1, 1)
    w.phone.say(w.phone.open(1), w.phone.scan(w.workers[0], 1), w.phone.seal(1, 1), w.phone.hand_over(box), heard=20)
    boxes.mark_box_lost(Box.objects.get(), by=w.office, at=later(25))
    w.phone.say(box, heard=40)
    assert [state(w, later(m))[0] is State.TUBE_SPOILED for m in (30, 45)] == [False, True]


def boxes_at(minutes: float) -> list[tuple[Any, ...]]:
    known = Box.objects.with_state(later(minutes)).order_by("pk")
    return list(known.values_list("pk", "state", "tubes", "received", "left_at", "arrived_at"))


def test_boxes_stand_afterwards_as_they_stood_then(w: Any) -> None:
    first, second = w.phone.box(1, 1, 2, WRONG, minutes=15), w.phone.box(2, 1, minutes=16)
    lab, box_of = w.laboratory_phone, lambda box: Box.objects.get(pk=box.id)
    story: list[Callable[[float], Any]] = [
        lambda m: lab.say(lab.receive(WRONG, box=first.id), heard=m),  # the box is only mentioned
        lambda m: w.phone.say(w.phone.hand_over(first), heard=m),
        lambda m: w.phone.say(*(w.phone.open(tube) for tube in (1, 2, WRONG)), heard=m),
        lambda m: boxes.mark_box_lost(box_of(first), by=w.office, at=later(m)),
        lambda m: w.phone.say(first, second, heard=m),  # a tube in two boxes
        lambda m: boxes.find_box(box_of(first), by=w.office, at=later(m)),
        lambda m: office(w, "tube_in_two_boxes", "choose_box", m, box=box_of(second)),
        lambda m: office(w, "unknown_tube", "correct_code", m, code=tube_code("YQ", 3)),
        lambda m: boxes.mark_box_lost(box_of(second), by=w.office, at=later(m)),
        lambda m: lab.say(lab.receive(2), lab.receive(1), heard=m),
        lambda m: boxes.find_box(box_of(second), by=w.office, at=later(m)),
    ]
    stood = {}
    for minute, told in enumerate(story, 30):
        told(minute)
        stood[minute] = boxes_at(minute)
    assert {minute: boxes_at(minute) for minute in stood} == stood
    assert {state for rows in stood.values() for _pk, state, *_rest in rows} == set(Box.State.values)


def test_scans_attached_to_a_round_were_of_no_round_before(w: Any) -> None:
    w.round.dues.all().delete()
    w.round.delete()
    w.phone.say(w.phone.open(1), w.phone.scan(w.workers[0], 1), w.phone.scan("没有此人", 1, how="search"), heard=10)
    w.round = pcr_round(w.programme, [(w.workers[0], "due", w.point)])
    office(w, "no_round", "attach_round", 60)
    assert [state(w, later(m))[0] for m in (30, 65)] == [State.NOT_SAMPLED, State.SAMPLED]
    assert [strays(w.round, later(m))[0] for m in (30, 65)] == [0, 1]


def test_an_older_scan_that_makes_a_tube_anothers_round_does_so_from_then_on(w: Any) -> None:
    w.phone.say(w.phone.scan(w.workers[0], 1), heard=10)
    words(w, (1, "negative"), minutes=20)
    yesterday = moved(w.other.scan(w.workers[1], 1), -24 * 60)
    w.other.say(yesterday, heard=30)
    pcr_round(w.programme, [(w.workers[1], "due", w.point)], DAY - A_DAY)
    office(w, "no_round", "attach_round", 40)
    assert [state(w, later(m))[0] for m in (25, 35, 45)] == [State.MET, State.MET, State.NOT_DONE]


def test_a_retest_that_is_owed_again_was_done_before(w: Any) -> None:
    w.phone.say(w.phone.open(1), w.phone.scan(w.workers[0], 1), w.phone.seal(1, 1), heard=20)
    words(w, (1, "positive"), minutes=30)
    w.phone.say(w.phone.open(2, 40, pool=1), w.phone.scan(w.workers[0], 2, 41), heard=45)
    words(w, (2, "negative"), minutes=50)
    strike_result(Result.objects.get(value="negative"), reason="样本调换", by=w.office, at=later(60))
    owing = [Obligation.objects.open_at(later(m)).count() for m in (25, 35, 55, 65)]
    assert owing == [0, 1, 0, 1]
    assert [standing_of(w.workers[0], later(m)).clear for m in (35, 55, 65)] == [False, True, False]
    assert state(w, later(55))[0] is State.MET
    w.phone.say(w.phone.open(3, 70, pool=1), w.phone.scan(w.workers[0], 3, 71), heard=75)
    words(w, (3, "negative"), minutes=80)
    chain = Obligation.objects.order_by("opened_at").values_list("opened_at", "closed_at", "due_at")
    due_at = chain[0][2]
    assert list(chain) == [(later(30), later(50), due_at), (later(60), later(80), due_at)]
    assert Obligation.objects.newest().get().follows == Obligation.objects.order_by("opened_at")[0]


def test_when_another_tube_answers_as_well_a_retest_does_not_open_between(w: Any) -> None:
    w.phone.say(w.phone.open(1), w.phone.scan(w.workers[0], 1), heard=20)
    words(w, (1, "positive"), minutes=30)
    for serial in (2, 3):
        w.phone.say(w.phone.open(serial, 40, pool=1), w.phone.scan(w.workers[0], serial, 41 + serial), heard=50)
        words(w, (serial, "negative"), minutes=50 + serial)
    strike_result(Result.objects.get(tube_code=tube_code("YQ", 2)), reason="调换", by=w.office, at=later(60))
    assert [Obligation.objects.open_at(later(m)).count() for m in (51, 53, 59, 60, 61)] == [1, 0, 0, 0, 0]
    assert Obligation.objects.newest().get().closed_by_result == Result.objects.get(tube_code=tube_code("YQ", 3))
