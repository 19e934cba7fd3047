"""Clear is derived from everything that is open: the table of who is shown clear, and why not."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import Person, Presence
from parkkeeper.park.scope import Scope
from parkkeeper.sampling.actions.instructions import lower_flag
from parkkeeper.sampling.actions.results import strike_result
from parkkeeper.sampling.actions.retests import order_single_retest, release_case
from parkkeeper.sampling.models import Disposition, Flag, Obligation, Reception, Result, Scan
from parkkeeper.sampling.retestlist import open_retests
from parkkeeper.sampling.standing import standing_of, standings
from tests.sampling.results_world import code, due, later, make_round, owing, report, scan, tube
from tests.world import DAY, world

pytestmark = pytest.mark.django_db


def why(person: Person, minutes: float = 3000) -> list[str]:
    return [reason.kind for reason in standing_of(person, later(minutes)).open]


def test_a_negative_of_the_round_makes_clear() -> None:
    w = world()
    tube(w, 1, w.workers[0], round=make_round(w, w.workers[0]))
    report(w, (1, "negative"))
    standing = standing_of(w.workers[0], later(300))
    assert standing.clear
    assert standing.negative_at == later(0)


def test_no_result_is_not_a_negative() -> None:
    w = world()
    tube(w, 1, w.workers[0], round=make_round(w, w.workers[0], w.workers[1]))
    assert why(w.workers[0]) == ["waiting"]
    assert why(w.workers[1]) == ["not_sampled"]
    assert why(w.workers[2]) == ["never_sampled"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["indeterminate"], "not_done"), (["invalid"], "not_done"), (["negative", "invalid"], "not_done"),
        (["negative", "indeterminate"], "not_done"),
    ],
)  # fmt: skip
def test_an_unsure_or_contradicting_word_is_not_done(words: list[str], reason: str) -> None:
    w = world()
    tube(w, 1, w.workers[0], round=make_round(w, w.workers[0]))
    report(w, *((1, word) for word in words))
    assert why(w.workers[0]) == [reason]


def test_a_positive_pool_owes_whatever_negatives_there_are() -> None:
    w = world()
    evening = make_round(w, w.workers[0])
    tube(w, 1, w.workers[0], round=evening)
    tube(w, 2, w.workers[0], minutes=5, round=evening)
    report(w, (1, "positive"), (2, "negative"))
    assert "single_retest" in why(w.workers[0])


def test_a_late_negative_of_an_older_sample_clears_nobody() -> None:
    w = world()
    evening = make_round(w, w.workers[0])
    tube(w, 1, w.workers[0], minutes=0, round=evening)
    tube(w, 2, w.workers[0], minutes=5, round=evening)
    report(w, (2, "indeterminate"), minutes=300)
    report(w, (1, "negative"), minutes=600)
    assert why(w.workers[0]) == ["not_done"]


def test_the_single_retest_makes_clear_again() -> None:
    w = world()
    evening = make_round(w, w.workers[0])
    tube(w, 1, w.workers[0], round=evening)
    report(w, (1, "positive"))
    tube(w, 2, w.workers[0], size=1, minutes=400)
    assert why(w.workers[0], 500) == ["single_retest", "positive"]
    report(w, (2, "negative"), minutes=600)
    assert why(w.workers[0], 700) == []


def test_a_case_is_never_clear_before_its_release_and_a_later_negative() -> None:
    w = world()
    tube(w, 1, w.workers[0], size=1, round=make_round(w, w.workers[0]))
    report(w, (1, "positive"))
    tube(w, 2, w.workers[0], size=1, minutes=400)
    report(w, (2, "negative"), minutes=600)
    assert why(w.workers[0]) == ["case"]
    release_case(Obligation.objects.get(), reason="出院证明 12 号", by=w.office, at=later(700))
    assert why(w.workers[0]) == []
    assert why(w.workers[0], 650) == ["case"]


def test_a_spoiled_tube_is_not_a_sample() -> None:
    w = world()
    made = tube(w, 1, w.workers[0], round=make_round(w, w.workers[0]))
    Reception.objects.create(
        tube=made, laboratory=w.laboratory, condition="leaked", at=later(60), by=w.lab, received_at=later(60)
    )
    assert why(w.workers[0]) == ["tube_spoiled"]


def test_only_the_newest_line_counts_and_a_later_sample_answers_an_earlier_gap() -> None:
    w = world()
    make_round(w, w.workers[0])
    tomorrow = make_round(w, w.workers[0], day=DAY + timedelta(days=1), shift=1440)
    assert why(w.workers[0]) == ["not_sampled"]
    tube(w, 1, w.workers[0], minutes=1440, round=tomorrow)
    report(w, (1, "negative"), minutes=1700)
    assert why(w.workers[0]) == []


def test_yesterdays_negative_does_not_meet_todays_line() -> None:
    w = world()
    tube(w, 1, w.workers[0], round=make_round(w, w.workers[0]))
    report(w, (1, "negative"))
    make_round(w, w.workers[0], day=DAY + timedelta(days=1), shift=1440)
    assert why(w.workers[0], 1000 - 600) == []
    assert why(w.workers[0], 1500) == ["not_sampled"]


def test_a_walk_in_with_a_negative_is_clear_without_a_line() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "negative"))
    assert why(w.workers[0]) == []


def test_an_undone_scan_is_no_sample() -> None:
    w = world()
    tube(w, 1, w.workers[0], round=make_round(w, w.workers[0]))
    Scan.objects.update(undone_at=later(1), undone_received_at=later(1))
    report(w, (1, "negative"))
    assert why(w.workers[0]) == ["not_sampled"]


def elsewhere(w: Any, round: Any, **more: Any) -> None:
    Disposition.objects.create(
        round=round, person=w.workers[0], kind="elsewhere", place="区医院", sampled_at=later(10), by=w.mei,
        at=later(60), **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("result", "reasons"),
    [("", ["elsewhere_no_result"]), ("negative", []), ("positive", ["elsewhere_not_negative"])],
)
def test_elsewhere_counts_with_a_negative_result_only(result: str, reasons: list[str]) -> None:
    w = world()
    elsewhere(w, make_round(w, w.workers[0]), result=result)
    assert why(w.workers[0]) == reasons
    assert why(w.workers[0], 30) == ["not_sampled"]


def test_an_excuse_lifts_its_line_and_the_line_before_decides() -> None:
    w = world()
    tube(w, 1, w.workers[0], round=make_round(w, w.workers[0], w.workers[1]))
    report(w, (1, "negative"))
    today = make_round(w, *w.workers[:3], day=DAY + timedelta(days=1), shift=1440)
    for person in w.workers[:3]:
        Disposition.objects.create(round=today, person=person, kind="excused", reason="骨折", by=w.mei, at=later(1500))
    assert [why(person, 1600) for person in w.workers[:3]] == [[], ["not_sampled"], ["never_sampled"]]
    Disposition.objects.update(withdrawn_at=later(1550), withdrawn_by=w.mei)
    assert why(w.workers[0], 1600) == ["not_sampled"]
    assert why(w.workers[0], 1520) == []


def test_who_is_isolated_is_not_clear() -> None:
    w = world()
    tube(w, 1, w.workers[0], round=make_round(w, w.workers[0]))
    report(w, (1, "negative"))
    Presence.objects.filter(person=w.workers[0]).update(state="isolated")
    assert why(w.workers[0]) == ["isolated"]


def test_a_rehearsals_round_says_nothing_about_anybody() -> None:
    w = world()
    tube(w, 1, w.workers[0], round=make_round(w, w.workers[0], rehearsal=True))
    report(w, (1, "negative"))
    assert why(w.workers[0]) == ["never_sampled"]


def test_a_past_moment_is_told_as_it_was_known_then() -> None:
    w = world()
    tube(w, 1, w.workers[0], round=make_round(w, w.workers[0]))
    assert why(w.workers[0], -30) == ["not_sampled"]
    report(w, (1, "negative"), minutes=300)
    strike_result(Result.objects.get(), reason="样本调换", by=w.office, at=later(500))
    assert [why(w.workers[0], m) for m in (299, 300, 499, 500)] == [["waiting"], [], [], ["waiting"]]


def test_a_name_found_later_was_not_known_before() -> None:
    w = world()
    made = tube(w, 1, round=make_round(w, w.workers[0]))
    found = scan(made, w.workers[0], round=made.round)
    Scan.objects.filter(pk=found.pk).update(identified_at=later(400))
    report(w, (1, "negative"))
    assert why(w.workers[0], 399) == ["not_sampled"]
    assert why(w.workers[0], 400) == []


def test_a_line_added_later_was_not_due_before() -> None:
    w = world()
    evening = make_round(w)
    due(evening, w.workers[0], w=w)
    evening.dues.update(added_at=later(50))
    assert why(w.workers[0], 49) == ["never_sampled"]
    assert why(w.workers[0], 50) == ["not_sampled"]


def test_many_people_take_as_many_statements_as_one() -> None:
    w = world()
    make_round(w, *w.workers)
    with CaptureQueriesContext(connection) as seen:
        found = standings([p.pk for p in (*w.workers, *w.lotus_workers)], later(100))
    assert len(seen) == 4
    assert len(found) == 9


def test_an_ordered_retest_is_closed_by_a_later_single_tube_only() -> None:
    w = world()
    tube(w, 1, w.workers[0], size=1, minutes=0)
    report(w, (1, "negative"), minutes=100)
    order_single_retest(w.workers[0], reason="同住人阳性", by=w.office, at=later(200))
    assert [kind for kind, _ in owing(w.workers[0])] == ["single_retest"]
    tube(w, 2, w.workers[0], size=1, minutes=300)
    report(w, (2, "negative"), minutes=400)
    assert owing(w.workers[0]) == []


def test_a_single_retest_cannot_be_released_by_anybody() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "positive"))
    with pytest.raises(Refused, match="单管结果"):
        release_case(Obligation.objects.get(), reason="本人要求", by=w.office, at=later(400))


def test_releasing_a_case_needs_office_and_reason_and_is_done_once() -> None:
    w = world()
    tube(w, 1, w.workers[0], size=1)
    report(w, (1, "positive"))
    case = Obligation.objects.get()
    with pytest.raises(Refused, match="理由"):
        release_case(case, reason="", by=w.office, at=later(400))
    with pytest.raises(Forbidden):
        release_case(case, reason="出院", by=w.mei, at=later(400))
    release_case(case, reason="出院", by=w.office, at=later(400))
    with pytest.raises(Refused, match="办公室甲"):
        release_case(case, reason="出院", by=w.office, at=later(401))


def test_a_flag_is_lowered_once_everybody_of_its_place_was_retested() -> None:
    w = world()
    tube(w, 1, w.workers[0], w.lotus_workers[0])
    report(w, (1, "positive"))
    tube(w, 2, w.workers[0], size=1, minutes=400)
    report(w, (2, "negative"), minutes=600)
    with pytest.raises(Refused, match="1 人没有完成"):
        lower_flag(Flag.objects.get(point=w.point), reason="已消毒", by=w.office, at=later(700))
    own = lower_flag(Flag.objects.get(enterprise=w.rainbow), reason="已消毒", by=w.office, at=later(700))
    assert own.lowered_by == w.office
    with pytest.raises(Refused, match="办公室甲"):
        lower_flag(own, reason="已消毒", by=w.office, at=later(701))


def test_the_retest_list_says_what_is_next() -> None:
    w = world()
    tube(w, 1, *w.workers[:4], w.lotus_workers[0])
    report(w, (1, "positive"))
    tube(w, 2, w.workers[1], size=1, minutes=400)
    tube(w, 3, w.workers[2], size=1, minutes=400)
    tube(w, 4, w.workers[3], size=1, minutes=400)
    report(w, (3, "invalid"), (4, "positive"), minutes=600)
    steps = {one.person: (one.step, one.tube) for one in open_retests(later(650), None)}
    assert steps == {
        w.workers[0]: ("to_sample", ""), w.workers[1]: ("waiting", code(2)), w.workers[2]: ("to_sample_again", code(3)),
        w.workers[3]: ("to_release", ""), w.lotus_workers[0]: ("to_sample", ""),
    }  # fmt: skip
    assert [one.overdue for one in open_retests(later(2000), None)] == [True] * 5
    assert open_retests(later(200), None) == []


def test_the_retest_list_shows_only_the_readers_people() -> None:
    w = world()
    tube(w, 1, w.workers[0], w.lotus_workers[0])
    report(w, (1, "positive"))
    assert [one.person for one in open_retests(later(400), [Scope(enterprise=w.lotus.pk)])] == [w.lotus_workers[0]]
    assert open_retests(later(400), []) == []
