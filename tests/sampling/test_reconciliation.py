"""Due <-> scanned <-> received <-> result: every line in one state, at any moment, as it was known then."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Presence, Rule
from parkkeeper.park.scope import Scope
from parkkeeper.sampling.actions.gaps import excuse, order_retest, record_elsewhere, withdraw
from parkkeeper.sampling.actions.rounds import join_round, open_round
from parkkeeper.sampling.gaplines import gap_lines, states_of
from parkkeeper.sampling.models import Round, Scan
from parkkeeper.sampling.reconciliation import coverage, progress, reconcile, strays
from parkkeeper.sampling.states import ACTIONS, CODES, GAPS, MEANINGS, State
from tests.sampling.facts import antigen, lost, owes, received, scan, tube, word
from tests.world import DAY, EVENING, MORNING, later, resident_id, world

pytestmark = pytest.mark.django_db

HOURS = 60


def opened(w: Any, **more: Any) -> Round:
    return open_round(w.programme, DAY, by=w.office, at=MORNING, **more)


def state(round: Round, person: Any, at: datetime) -> State:
    return states_of(round, [person.pk], at)[person.pk]


def test_a_sample_moves_through_its_states_and_each_past_moment_stays_what_it_was() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1", at=later(0), heard=later(5))
    received("T1", w.laboratory, at=later(2 * HOURS))
    word("T1", "negative", at=later(9 * HOURS))
    told = {
        -1: "not_sampled",
        4: "not_sampled",
        5: "sampled",
        119: "sampled",
        120: "no_result",
        539: "no_result",
        540: "met",
    }
    assert {minute: state(round, one, later(minute)).value for minute in told} == told


def test_a_tube_that_does_not_reach_the_laboratory_in_time_is_a_gap_of_the_courier() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    assert state(round, one, later(4 * HOURS)) == State.SAMPLED
    assert state(round, one, later(4 * HOURS + 1)) == State.TUBE_NOT_RECEIVED
    received("T1", w.laboratory, at=later(5 * HOURS))
    assert state(round, one, later(5 * HOURS)) == State.NO_RESULT
    (line,) = gap_lines(round, later(270), states=[State.TUBE_NOT_RECEIVED]).lines
    assert (line.owner, line.since, line.tube_code) == ("courier", later(4 * HOURS), "T1")


def test_a_result_that_is_late_is_a_gap_of_the_laboratory() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    received("T1", w.laboratory, at=later(60))
    assert state(round, one, later(24 * HOURS)) == State.NO_RESULT
    assert state(round, one, later(24 * HOURS + 1)) == State.RESULT_OVERDUE
    (line,) = gap_lines(round, later(25 * HOURS), states=GAPS, enterprise=w.rainbow.pk, q=one.staff_number).lines
    assert (line.owner, line.since) == ("lab_member", later(24 * HOURS))


@pytest.mark.parametrize("condition", ["damaged", "leaked", "missing", "rejected"])
def test_a_spoiled_tube_is_to_be_sampled_again_until_the_laboratory_says_otherwise(condition: str) -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    received("T1", w.laboratory, at=later(60), condition=condition)
    assert state(round, one, later(60)) == State.TUBE_SPOILED
    received("T1", w.laboratory, at=later(90))
    assert state(round, one, later(90)) == State.NO_RESULT


def test_a_lost_box_spoils_its_tubes() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    lost("T1", by=w.office, at=later(30))
    assert state(round, one, later(29)) == State.SAMPLED
    assert state(round, one, later(30)) == State.TUBE_SPOILED


@pytest.mark.parametrize("value", ["indeterminate", "invalid"])
def test_no_plain_result_is_no_result_and_a_contradiction_is_none_either(value: str) -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    word("T1", value, at=later(300))
    assert state(round, one, later(300)) == State.NOT_DONE
    word("T1", "negative", at=later(310))
    assert state(round, one, later(310)) == State.NOT_DONE


def test_a_struck_result_counted_until_it_was_struck() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    word("T1", "invalid", at=later(100), struck_at=later(200), struck_by=w.office, struck_reason="录错")
    word("T1", "negative", at=later(150))
    assert state(round, one, later(199)) == State.NOT_DONE
    assert state(round, one, later(200)) == State.MET


def test_a_positive_is_unresolved_until_all_that_the_person_owes_is_closed() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    word("T1", "positive", at=later(300))
    owed = owes(one, tube=tube(round, "T1"), at=later(300))
    assert state(round, one, later(301)) == State.POSITIVE_UNRESOLVED
    scan(round, one, "T2", at=later(320))
    answer = word("T2", "negative", at=later(500))
    owed.closed_at, owed.closed_by_result = later(500), answer
    owed.save()
    assert state(round, one, later(499)) == State.POSITIVE_UNRESOLVED
    assert state(round, one, later(500)) == State.MET
    owes(one, tube=tube(round, "T2"), at=later(600), kind="case")
    assert state(round, one, later(600)) == State.POSITIVE_UNRESOLVED


def test_a_late_negative_does_not_outvote_an_open_positive() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    scan(round, one, "T2", at=later(10))
    word("T1", "positive", at=later(300))
    word("T2", "negative", at=later(400))
    assert state(round, one, later(401)) == State.POSITIVE_UNRESOLVED


def test_of_two_tubes_the_one_that_says_most_rules() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    scan(round, one, "T2", at=later(10))
    received("T1", w.laboratory, at=later(60), condition="leaked")
    assert state(round, one, later(60)) == State.SAMPLED
    word("T2", "negative", at=later(300))
    assert state(round, one, later(300)) == State.MET


def test_an_undone_scan_is_a_sample_only_until_the_undo_was_heard() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1", undone=later(10))
    assert state(round, one, later(9)) == State.SAMPLED
    assert state(round, one, later(10)) == State.NOT_SAMPLED


def test_a_name_that_staff_found_later_was_not_known_before() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1", claimed="张 工", identified_at=later(60))
    assert state(round, one, later(59)) == State.NOT_SAMPLED
    assert strays(round, later(59))[0] == 1
    assert state(round, one, later(60)) == State.SAMPLED
    assert strays(round, later(60)) == (0, [])


def test_a_tube_of_another_round_never_meets_this_one() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    next_round = open_round(w.programme, DAY + timedelta(days=1), by=w.office, at=MORNING)
    scan(round, w.workers[1], "T1")
    word("T1", "negative", at=later(300))
    scan(next_round, one, "T1", at=later(24 * HOURS))
    assert state(next_round, one, later(25 * HOURS)) == State.NOT_DONE


def test_a_tube_without_round_still_counts_for_its_scans() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    tube(None, "T1")
    scan(round, one, "T1")
    assert state(round, one, later(5)) == State.SAMPLED
    word("T1", "negative", at=later(300))
    assert state(round, one, later(300)) == State.MET


def test_an_excuse_or_a_sampling_elsewhere_counts_from_when_it_was_said_until_it_is_taken_back() -> None:
    w = world()
    round, (one, two) = opened(w), w.workers[:2]
    said = excuse(round, one, reason="高烧", by=w.mei, at=later(60))
    record_elsewhere(round, two, place="浦东医院", sampled_at=EVENING, by=w.mei, at=later(70))
    withdraw(said, by=w.mei, at=later(90))
    told = [state(round, one, later(m)).value for m in (59, 60, 89, 90)]
    assert told == ["not_sampled", "excused", "excused", "not_sampled"]
    assert state(round, two, later(70)) == State.ELSEWHERE


def test_a_sample_on_its_way_goes_before_an_excuse_and_an_excuse_before_a_spoiled_tube() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    excuse(round, one, reason="高烧", by=w.mei, at=later(0))
    scan(round, one, "T1", at=later(5))
    assert state(round, one, later(5)) == State.SAMPLED
    received("T1", w.laboratory, at=later(60), condition="leaked")
    assert state(round, one, later(60)) == State.EXCUSED


def test_an_ordered_retest_meets_the_line_when_its_own_tube_is_negative() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    received("T1", w.laboratory, at=later(60), condition="leaked")
    order_retest(round, one, reason="渗漏", by=w.mei, at=later(70))
    assert state(round, one, later(71)) == State.TUBE_SPOILED
    (owed,) = one.obligations.order_by("pk")
    next_round = open_round(w.programme, DAY + timedelta(days=1), by=w.office, at=MORNING)
    scan(next_round, one, "T2", at=later(800))
    answer = word("T2", "negative", at=later(1000))
    owed.closed_at, owed.closed_by_result = later(1000), answer
    owed.save()
    assert state(round, one, later(1000)) == State.MET


def test_people_who_are_not_due_keep_their_class_whatever_they_do_and_count_as_beyond() -> None:
    w = world()
    Presence.objects.filter(person=w.workers[0]).update(state="silent")
    round = opened(w)
    scan(round, w.workers[0], "T1")
    assert state(round, w.workers[0], later(5)) == State.SILENT
    (row,) = reconcile(round, later(5))
    assert (row.sampled, row.beyond, row.due, row.population, row.on_post) == (0, 1, 12, 13, 12)


def test_who_joined_later_is_counted_apart_from_the_moment_of_joining() -> None:
    w = world()
    round = opened(w)
    new = w.person("新来的", w.rainbow)
    scan(round, new, "T1", at=later(5))
    (total, (stray,)) = strays(round, later(6))
    assert (total, stray.person_id, stray.enterprise) == (1, new.pk, "彩虹生物")
    join_round(round, new, point=w.point, by=w.mei, at=later(10))
    assert strays(round, later(10)) == (0, [])
    (row,) = reconcile(round, later(10))
    assert (row.population, row.due, row.sampled, row.beyond) == (13, 13, 0, 1)
    assert row.added == {State.SAMPLED: 1}
    assert reconcile(round, later(9))[0].added == {}


def test_unknown_people_in_the_rounds_tubes_are_listed_with_what_was_read() -> None:
    w = world()
    round = opened(w)
    scan(round, None, "T1", claimed="W9999", point=w.point)
    scan(round, w.workers[0], "T1")
    total, (stray,) = strays(round, later(1))
    assert (total, stray.claimed, stray.person, stray.point, stray.tube_code) == (1, "W9999", None, "P01", "T1")
    assert strays(round, later(1), scopes=[Scope(enterprise=w.rainbow.pk)])[0] == 1
    assert strays(round, later(1), scopes=[Scope(enterprise=w.lotus.pk)])[0] == 0


@pytest.mark.parametrize("by", ["park", "grid", "enterprise", "point", "slot", "standing"])
def test_however_counts_are_grouped_they_sum_up_to_the_frozen_population(by: str) -> None:
    w = world()
    Presence.objects.filter(person=w.workers[0]).update(state="away")
    round = opened(w)
    scan(round, w.workers[1], "T1")
    scan(round, w.lotus_workers[1], "T2")
    excuse(round, w.workers[2], reason="高烧", by=w.mei, at=later(1))
    rows = reconcile(round, later(5), by=by)
    assert sum(row.population for row in rows) == round.population == 13
    assert sum(row.due for row in rows) == 12
    assert sum(row.sampled for row in rows) == 2
    assert sum(row.counts.get(State.EXCUSED, 0) for row in rows) == 1
    expected = {
        "park": [""], "grid": ["第1网格", "第2网格"], "enterprise": ["彩虹生物", "莲花电子"], "point": ["P01", "P02"],
        "slot": ["17:00"], "standing": ["应检", "离岗"],
    }  # fmt: skip
    assert sorted(row.label for row in rows) == sorted(expected[by])


def test_a_reader_sees_only_what_the_scopes_reach() -> None:
    w = world()
    round = opened(w)
    mine = [Scope(grid=w.grids[1].pk, enterprise=w.lotus.pk)]
    assert [row.label for row in reconcile(round, later(0), by="enterprise", scopes=mine)] == ["莲花电子"]
    assert coverage(round, later(0), scopes=mine).due == 4
    assert {line.enterprise for line in gap_lines(round, later(0), states=GAPS, scopes=mine).lines} == {"莲花电子"}
    assert gap_lines(round, later(0), states=GAPS, scopes=[Scope(site=w.point.site_id)]).total == 9
    assert gap_lines(round, later(0), states=GAPS, scopes=[Scope(grid=w.grids[0].pk)]).total == 9
    assert coverage(round, later(0), scopes=[]).population == 0


def test_coverage_tells_numerator_denominators_and_when() -> None:
    w = world()
    round = opened(w)
    scan(round, w.workers[0], "T1")
    scan(round, w.workers[0], "T2", at=later(1))
    scan(round, w.workers[1], "T2", at=later(1))
    found = coverage(round, later(5))
    assert (found.sampled, found.due, found.on_post, found.population, found.as_of) == (2, 13, 13, 13, later(5))


def test_the_list_of_the_missing_is_found_by_name_pinyin_numbers_and_document() -> None:
    w = world()
    round = opened(w)
    wei = w.workers[0]
    for q in ("张伟", "张", "zhang wei", "zhangwei", "ZW", wei.staff_number, wei.phone, wei.document_tail, " 张伟 "):
        assert wei.pk in {line.person_id for line in gap_lines(round, later(0), states=GAPS, q=q).lines}, q
    serial = int(wei.staff_number[1:])
    found = gap_lines(round, later(0), states=GAPS, q=resident_id(serial)).lines
    assert [line.person_id for line in found] == [wei.pk]
    assert gap_lines(round, later(0), states=GAPS, q="%").total == 0
    assert gap_lines(round, later(0), states=GAPS, q="李娜").total == 1


def test_the_list_pages_keep_one_order_and_the_total() -> None:
    w = world()
    round = opened(w)
    whole = gap_lines(round, later(0), states=GAPS, limit=None)
    assert whole.total == len(whole.lines) == 13
    parts = [gap_lines(round, later(0), states=GAPS, offset=n, limit=5) for n in (0, 5, 10)]
    assert [line.person_id for part in parts for line in part.lines] == [line.person_id for line in whole.lines]
    assert {part.total for part in parts} == {13}
    assert [line.enterprise for line in whole.lines] == ["彩虹生物"] * 9 + ["莲花电子"] * 4


def test_a_line_shows_what_was_done_about_it() -> None:
    w = world()
    round = opened(w)
    excuse(round, w.workers[0], reason="高烧", by=w.mei, at=later(1))
    (line,) = gap_lines(round, later(2), states=[State.EXCUSED]).lines
    assert [(d.kind, d.reason, d.by.name) for d in line.dispositions] == [("excused", "高烧", "梅联络")]
    assert (line.since, line.slot_from, line.point) == (later(1), 1020, "P01")


def test_the_evenings_curve_counts_each_person_once_at_the_first_sample() -> None:
    w = world()
    round = opened(w)
    for person, minute in ((w.workers[0], 0), (w.workers[1], 9), (w.workers[0], 25), (w.workers[2], 31)):
        scan(round, person, f"T{minute}", at=later(minute))
    scan(round, w.workers[3], "T99", at=later(12), undone=later(13))
    curve = dict(progress(round, later(60)))
    assert [curve[later(minute)] for minute in (0, 10, 20, 30, 40, 60)] == [0, 2, 2, 2, 3, 3]
    assert min(curve) == round.opens_at
    assert max(curve) == later(60)


def test_an_antigen_round_is_met_by_the_days_test() -> None:
    w = world()
    round = open_round(w.antigen, DAY, by=w.office, at=MORNING - timedelta(hours=2))
    one, two, three, four = w.workers[:4]
    antigen(one, "negative", at=MORNING, day=DAY)
    bad = antigen(two, "positive", at=MORNING, day=DAY)
    antigen(three, "invalid", at=MORNING, day=DAY)
    antigen(four, "negative", at=MORNING - timedelta(days=1), day=DAY - timedelta(days=1))
    at = MORNING + timedelta(minutes=1)
    assert [state(round, person, at).value for person in (one, two, three, four)] == [
        "met", "positive_unresolved", "not_done", "not_sampled",
    ]  # fmt: skip
    owed = owes(two, antigen=bad, at=MORNING)
    assert state(round, two, at) == State.POSITIVE_UNRESOLVED
    pcr = opened(w)
    scan(pcr, two, "T1")
    owed.closed_at, owed.closed_by_result = later(500), word("T1", "negative", at=later(500))
    owed.save()
    assert state(round, two, later(500)) == State.MET
    assert coverage(round, at).sampled == 3
    assert progress(round, at)[-1][1] == 3


def test_the_rules_of_the_rounds_opening_decide_and_a_missing_one_is_said() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    scan(round, one, "T1")
    Rule.objects.filter(key="tube_to_lab_hours").update(during=(MORNING, later(30)))
    Rule.objects.create(key="tube_to_lab_hours", value=1, during=(later(30), None), source="新版")
    assert state(round, one, later(120)) == State.SAMPLED
    Rule.objects.all().delete()
    with pytest.raises(Refused, match="tube_to_lab_hours"):
        reconcile(round, later(5))


def test_counts_cost_the_same_number_of_queries_whatever_the_size() -> None:
    w = world()
    round = opened(w)
    for n, person in enumerate(w.workers):
        scan(round, person, f"T{n}")
    counted = []
    for q in (w.workers[0].staff_number, None):
        with CaptureQueriesContext(connection) as queries:
            reconcile(round, later(5), by="enterprise")
            gap_lines(round, later(5), states=list(State), limit=None, q=q)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 12
    assert Scan.objects.count() == 6


def test_every_state_has_a_title_and_every_gap_an_owner_and_ways_out() -> None:
    assert set(MEANINGS) == set(State) == set(CODES.values())
    for found, meaning in MEANINGS.items():
        assert str(meaning.title)
        assert set(meaning.ways) <= set(ACTIONS), found
        assert not meaning.gap or (meaning.owner and meaning.ways), found
