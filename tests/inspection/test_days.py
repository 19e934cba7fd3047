"""The day of a grid: books against what was found, counted once; a mismatch is tomorrow's work, the team signs."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.inspection.actions import days
from parkkeeper.inspection.models import DayLine, GridDay
from parkkeeper.inspection.reconciling import count_day, counted_day
from parkkeeper.park.actions.presence import change_presence
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import JournalEntry
from tests.inspection.kit import found, inspected_world, later, noticed
from tests.pages.evening import sampled_evening
from tests.world import DAY, EVENING

pytestmark = pytest.mark.django_db
MIDNIGHT = later(360)  # 24:00 of the day
NEXT = later(361)


@pytest.fixture
def w() -> Any:
    made = inspected_world()
    made.checklist.during = (DAY, None)
    made.checklist.save()
    return made


def line(w: Any, at: Any = MIDNIGHT) -> DayLine:
    return next(one for one in counted_day(w.grids[0], DAY, at).lines if one.enterprise_id == w.rainbow.pk)


def answered(w: Any, **numbers: str) -> None:
    visit = w.team.visit(30)
    answers = {code: {"ok": True, "value": value} for code, value in numbers.items()}
    w.team.say(visit, w.team.end(visit, minutes=50, answers=answers))


def kinds(one: DayLine) -> dict[str, tuple[Any, Any]]:
    return {row["kind"]: (row["expected"], row["found"]) for row in one.mismatches}


def test_what_the_books_say_and_what_was_counted_on_site_are_held_against_each_other(w: Any) -> None:
    sampled_evening(w)
    change_presence(w.workers[5], "silent", reason="返岗", by=w.office, at=later(-60))
    answered(w, A3="7", B5="2", C4="30")
    one = line(w)
    assert (one.due, one.sampled, one.visits, one.found, one.beds) == (6, 3, 1, 7, 30)
    assert kinds(one) == {"sampled": (6, 3), "found": (6, 7), "silent": (1, 2), "beds": (7, 30)}


def test_without_a_round_the_roster_counts_and_nobody_is_missing(w: Any) -> None:
    answered(w, A3="9", B5="0")
    one = line(w)
    assert (one.on_post, one.due, one.sampled, one.silent) == (9, None, None, 0) and one.mismatches == []


def test_an_answer_that_is_no_number_says_nothing(w: Any) -> None:
    answered(w, A3="约九人")
    assert line(w).found is None


def test_an_overdue_notice_that_nobody_visited_is_a_mismatch(w: Any) -> None:
    noticed(w, "B3", minutes=-1440)
    assert kinds(line(w)) == {"overdue": (1, 0)}
    answered(w, A3="9")
    assert kinds(line(w)) == {}


def test_a_past_day_stays_what_it_was_whatever_is_told_later(w: Any) -> None:
    sampled_evening(w)
    assert days.close_days(at=NEXT) == 3
    kept = line(w, later(2000))
    w.phone.say(w.phone.scan(w.workers[3], 3, 400), heard=400)
    answered(w, A3="3")
    change_presence(w.workers[0], "left", reason="离职", by=w.office, at=later(390))
    after = line(w, later(3000))
    assert (after.pk, after.sampled, after.mismatches) == (kept.pk, 3, kept.mismatches)
    assert days.close_days(at=later(500)) == 0


def test_a_day_counted_late_is_the_day_as_it_was_known_at_its_end(w: Any) -> None:
    sampled_evening(w)
    fresh = {one.enterprise_id: (one.sampled, one.mismatches) for one in count_day(w.grids[0], DAY, MIDNIGHT)}
    w.phone.say(w.phone.scan(w.workers[3], 3, 350), heard=1505)
    assert days.close_days(at=later(1510)) >= 3
    rows = DayLine.objects.filter(grid_day__day=DAY, grid_day__grid=w.grids[0])
    assert {one.enterprise_id: (one.sampled, one.mismatches) for one in rows} == fresh


def test_the_team_signs_once_and_explains_what_does_not_agree(w: Any) -> None:
    answered(w, A3="3")
    with pytest.raises(Refused, match="1 处不一致"):
        days.sign_off(w.grids[0], DAY, by=w.ann, at=later(240))
    with pytest.raises(Forbidden):
        days.sign_off(w.grids[1], DAY, by=w.ann, at=later(240))
    with pytest.raises(Refused, match="将来"):
        days.sign_off(w.grids[0], DAY + timedelta(days=1), by=w.ann, at=later(240))
    row = days.sign_off(w.grids[0], DAY, note="六人外出送货，明早核对", by=w.ann, at=later(240))
    assert row.mismatches == 1 and row.counted_at == later(240)
    with pytest.raises(Refused, match="已经签认"):
        days.sign_off(w.grids[0], DAY, note="又", by=w.ben, at=later(241))
    assert days.close_days(at=NEXT) == 2  # the other two grids
    assert JournalEntry.objects.filter(verb="day.counted").count() == 2


def test_what_midnight_counted_can_be_signed_the_next_morning(w: Any) -> None:
    days.close_days(at=NEXT)
    row = days.sign_off(w.grids[0], DAY, by=w.ann, at=later(900))
    assert row.signed_at == later(900) and row.counted_at == MIDNIGHT and GridDay.objects.count() == 3


def test_a_day_before_the_first_checklist_is_not_counted(w: Any) -> None:
    w.checklist.during = (DAY + timedelta(days=1), None)
    w.checklist.save()
    assert days.close_days(at=NEXT) == 0


def test_a_grids_day_asks_the_same_number_of_questions_however_many_enterprises(w: Any) -> None:
    sampled_evening(w)
    noticed(w, "B3")
    with CaptureQueriesContext(connection) as few:
        count_day(w.grids[0], DAY, MIDNIGHT)
    for one in (w.lotus, w.builders):
        one.grid = w.grids[0]
        one.save()
        w.team.w.rainbow = one
        found(w, "B3", minutes=60)
    with CaptureQueriesContext(connection) as many:
        assert len(count_day(w.grids[0], DAY, MIDNIGHT)) == 3
    assert len(many) == len(few)


def test_a_complaint_is_taken_down_and_settled_with_words(w: Any) -> None:
    with pytest.raises(Refused, match="来源和内容"):
        days.note_complaint(w.rainbow, source="hotline", text=" ", by=w.ann, at=EVENING)
    with pytest.raises(Forbidden):
        days.note_complaint(w.lotus, source="hotline", text="噪声", by=w.ann, at=EVENING)
    one = days.note_complaint(w.rainbow, source="hotline", text="夜间开工", by=w.ann, at=EVENING)
    with pytest.raises(Refused, match="查实"):
        days.settle_complaint(one, note="", by=w.ann, at=EVENING)
    days.settle_complaint(one, note="属实，已制止", by=w.ben, at=later(30))
    with pytest.raises(Refused, match="已经办结"):
        days.settle_complaint(one, note="又", by=w.ben, at=later(31))
