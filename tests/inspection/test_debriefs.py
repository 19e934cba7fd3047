"""The nightly debrief: its agenda follows from the day, what it decides has an owner and a day, its minutes stay."""

from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.inspection.actions import debriefs, lookbacks
from parkkeeper.inspection.agenda import agenda_of
from parkkeeper.inspection.burden import meter_of
from parkkeeper.inspection.debriefbook import with_reviewed
from parkkeeper.inspection.ladder import rung_of
from parkkeeper.inspection.minutes import print_minutes
from parkkeeper.inspection.models import Finding, Measure, Visit
from parkkeeper.inspection.repeats import repeats_of
from parkkeeper.inspection.states import VISIT_STATES
from parkkeeper.kernel import clock
from parkkeeper.park.errors import Forbidden, Refused
from tests.inspection.kit import again, found, inspected_world, later, noticed
from tests.pages_unit.desk import Desk
from tests.world import DAY

pytestmark = pytest.mark.django_db
TOMORROW = DAY + timedelta(days=1)
NIGHT = later(200)


@pytest.fixture
def w() -> Any:
    return inspected_world()


def test_the_agenda_counts_causes_and_what_nobody_has_thought_about_comes_last(w: Any) -> None:
    first, second, third = found(w, "B3", "B4", "C5")
    debriefs.name_cause(first, "supplies", by=w.ann, at=later(30))
    debriefs.name_cause(first, "rules", by=w.ann, at=later(31))
    debriefs.name_cause(second, "rules", by=w.ben, at=later(32))
    agenda = agenda_of(DAY, NIGHT)
    assert agenda["causes"] == [
        {"cause": "rules", "findings": 2, "enterprises": 1}, {"cause": "", "findings": 1, "enterprises": 1},
    ]  # fmt: skip
    assert agenda["counts"]["findings"] == 3 and third.item.aspect in [row["aspect"] for row in agenda["aspects"]]
    assert agenda_of(DAY, later(30))["causes"][0]["cause"] == "supplies"
    assert agenda_of(TOMORROW, later(1600))["counts"]["findings"] == 0


def test_a_closed_debrief_has_reviewed_the_day_s_visits_and_not_what_came_later(w: Any) -> None:
    def states() -> list[str]:
        with clock.at(later(3000)):
            rows = {
                name: Desk(w.ann).get("visits", state=name).text.count('href="/visits/') for name, _ in VISIT_STATES
            }
        return [f"{name} {n}" for name, n in rows.items() if n]

    (one,) = found(w)
    going = w.team.visit(100)
    w.team.say(going)
    assert states() == ["going 1", "ended 1"]
    meeting = debriefs.hold_debrief(DAY, by=w.office, at=NIGHT)
    assert states() == ["going 1", "ended 1"]  # it sits
    debriefs.close_debrief(meeting, by=w.office, at=later(210))
    assert states() == ["going 1", "reviewed 1"]
    late = w.team.visit(30)
    w.team.say(late, w.team.end(late, minutes=40), w.team.end(going, minutes=220), heard=230)
    found(w, minutes=24 * 60)  # another day's
    assert states() == ["ended 3", "reviewed 1"]
    with clock.at(later(3000)):
        assert "例会已议" in Desk(w.mei).get("visit", one.visit_id).text
        assert "待例会" in Desk(w.mei).get("visit", late.id).text


def test_what_was_heard_after_its_debrief_had_closed_comes_up_on_the_next_one(w: Any) -> None:
    found(w, "B3")  # talked about on its day
    going, silent, late = w.team.visit(30), w.team.visit(40), w.team.visit(50)
    w.team.say(going, silent)
    debriefs.close_debrief(debriefs.hold_debrief(DAY, by=w.office, at=NIGHT), by=w.office, at=later(210))
    # begun and heard of in time; ended before the close too, but that was heard after it
    w.team.say(w.team.end(going, minutes=60), w.team.note(silent, "B4", 45), heard=230)
    w.team.say(late, w.team.note(late, "C5", 51), w.team.note(late, "C6", 52), w.team.end(late, minutes=70), heard=240)
    assert Visit.objects.get(pk=going.id).end_received_at == later(230)
    names = {str(one.id): name for one, name in ((going, "going"), (silent, "silent"), (late, "late"))}

    def lines(day: Any, at: Any) -> list[tuple[str, int]]:
        return [(names[row["id"]], row["findings"]) for row in agenda_of(day, at)["late"]]

    def reviewed() -> list[str]:
        return [names[str(one.pk)] for one in with_reviewed(Visit.objects.order_by("began_at"))
                if one.reviewed and str(one.pk) in names]  # fmt: skip

    expected = [("going", 0), ("silent", 1), ("late", 2)]
    assert lines(DAY, later(300)) == [] and lines(TOMORROW, later(220)) == []
    assert lines(TOMORROW, later(1600)) == expected and reviewed() == []
    meeting = debriefs.hold_debrief(TOMORROW, by=w.office, at=later(1600))
    with clock.at(later(1610)):
        shown = Desk(w.office).get("debrief", meeting.pk).text
    assert "以前例会之后才收到的检查" in shown and f"/visits/{late.id}" in shown and "新收到问题 2 项" in shown
    debriefs.close_debrief(meeting, by=w.office, at=later(1620))
    assert reviewed() == ["going", "late"]  # nobody has said how the other one ended
    text = "".join(p.get_textpage().get_text_range() for p in
                   pypdfium2.PdfDocument(print_minutes(again(meeting), park="云桥")))  # fmt: skip
    assert "5月10日的检查在当日例会之后收到，其中问题2项" in "".join(text.split())
    w.team.say(w.team.end(silent, minutes=80), heard=1700)
    assert lines(TOMORROW + timedelta(days=1), later(3000)) == [("silent", 0)]


def test_a_day_that_had_no_debrief_is_talked_about_at_the_next_one(w: Any) -> None:
    found(w, "B3")
    assert agenda_of(TOMORROW, later(1600))["late"] == []  # before a first debrief nothing is late
    yesterday = DAY - timedelta(days=1)
    debriefs.close_debrief(debriefs.hold_debrief(yesterday, by=w.office, at=NIGHT), by=w.office, at=NIGHT)
    assert [row["findings"] for row in agenda_of(TOMORROW, later(1600))["late"]] == [1]
    meeting = debriefs.hold_debrief(TOMORROW, by=w.office, at=later(1600))
    debriefs.close_debrief(meeting, by=w.office, at=later(1600))
    assert [one.reviewed for one in with_reviewed(Visit.objects.all())] == [True]


def test_a_cause_of_another_kind_is_told_in_words_and_only_by_who_inspects(w: Any) -> None:
    (one,) = found(w)
    with pytest.raises(Refused, match="写明"):
        debriefs.name_cause(one, "other", by=w.ann, at=NIGHT)
    with pytest.raises(Refused, match="选择原因"):
        debriefs.name_cause(one, "weather", by=w.ann, at=NIGHT)
    with pytest.raises(Forbidden):
        debriefs.name_cause(one, "rules", by=w.mei, at=NIGHT)


def test_the_agenda_names_what_is_overdue_what_repeats_and_who_was_visited_too_often(w: Any) -> None:
    notice = noticed(w, "B3")
    for one in Finding.objects.filter(lines__notice=notice).select_related("visit"):
        lookbacks.look_back(one, "fixed", by=w.cai, at=later(100))
    late = noticed(w, "B4", minutes=110)
    found(w, "B3", minutes=150)
    agenda = agenda_of(DAY, NIGHT)
    assert [(row["item"], row["times"]) for row in agenda["repeats"]] == [("B3", 1)]
    assert agenda["burden"] == [
        {"enterprise": "彩虹生物", "visits": 3, "week": 3, "minutes": 60, "over": False}
    ]  # fmt: skip
    assert agenda["overdue"] == []
    (row,) = agenda_of(DAY, later(3000))["overdue"]
    assert row["number"] == late.number and not row["lapsed"]


def test_repeats_of_many_findings_are_those_of_each(w: Any) -> None:
    for minutes in (0, 200, 400, 600):
        notice = noticed(w, "B3", "B4", minutes=minutes)
        for one in Finding.objects.filter(lines__notice=notice).select_related("visit")[: 2 if minutes else 1]:
            lookbacks.look_back(one, "fixed", by=w.cai, at=later(minutes + 100))
    each = {one.pk: rung_of(one).repeats for one in Finding.objects.select_related("item", "enterprise", "visit")}
    told = repeats_of(list(each), 30.0)
    assert told == {pk: n for pk, n in each.items() if n} and max(told.values()) > 1 and len(told) < len(each)


def test_what_two_teams_took_at_one_time_burdens_once(w: Any) -> None:
    for minutes in (0, 10):
        visit = w.team.visit(minutes)
        w.team.say(visit, w.team.end(visit, minutes=minutes + 30))
    assert agenda_of(DAY, NIGHT)["burden"][0]["minutes"] == 40


def test_a_visit_that_was_cancelled_or_never_got_in_is_no_burden(w: Any) -> None:
    for minutes, how in ((0, "cancelled"), (40, "no_access"), (80, "finished")):
        visit = w.team.visit(minutes)
        w.team.say(visit, w.team.end(visit, how, minutes=minutes + 20))
    meter = meter_of(w.rainbow, NIGHT)
    assert (meter.week, meter.today, meter.week_minutes) == (1, 1, 20)


def test_a_day_has_one_debrief_that_ends_with_what_it_saw(w: Any) -> None:
    debrief = debriefs.hold_debrief(DAY, attendance="各组", by=w.leader, at=NIGHT)
    with pytest.raises(Refused, match="已经召开"):
        debriefs.hold_debrief(DAY, by=w.office, at=NIGHT)
    with pytest.raises(Refused, match="将来"):
        debriefs.hold_debrief(TOMORROW, by=w.office, at=NIGHT)
    with pytest.raises(Forbidden):
        debriefs.hold_debrief(DAY, by=w.ann, at=NIGHT)
    found(w, "B3", minutes=100)
    debriefs.decide(debrief, "统一更换隔离标识", by=w.office, at=NIGHT)
    debriefs.close_debrief(debrief, notes="按时结束", by=w.leader, at=NIGHT)
    found(w, "B4", minutes=150)
    kept = again(debrief)
    assert kept.agenda["counts"]["findings"] == 1 and agenda_of(DAY, later(300))["counts"]["findings"] == 2
    for late in (
        lambda: debriefs.decide(debrief, "又", by=w.office, at=NIGHT),
        lambda: debriefs.order_measure(debrief, "又", owner=w.ann, due_on=TOMORROW, by=w.office, at=NIGHT),
        lambda: debriefs.close_debrief(debrief, by=w.leader, at=NIGHT),
    ):
        with pytest.raises(Refused, match="不再改动"):
            late()


def test_a_measure_comes_up_until_its_owner_or_the_chair_says_that_it_is_done(w: Any) -> None:
    debrief = debriefs.hold_debrief(DAY, by=w.office, at=NIGHT)
    with pytest.raises(Refused, match="今天"):
        debriefs.order_measure(debrief, "补", owner=w.ann, due_on=DAY - timedelta(days=1), by=w.office, at=NIGHT)
    measure = debriefs.order_measure(debrief, "补齐标识", owner=w.ann, due_on=TOMORROW, by=w.office, at=NIGHT)
    assert agenda_of(TOMORROW, later(1600))["measures"] == [measure.pk]
    assert list(Measure.objects.overdue(TOMORROW)) == []
    assert list(Measure.objects.overdue(TOMORROW + timedelta(days=1))) == [measure]
    with pytest.raises(Refused, match="责任人"):
        debriefs.finish_measure(measure, note="好了", by=w.ben, at=later(1600))
    with pytest.raises(Refused, match="完成情况"):
        debriefs.finish_measure(measure, note=" ", by=w.ann, at=later(1600))
    debriefs.finish_measure(measure, note="已补 12 处", by=w.ann, at=later(1600))
    assert agenda_of(TOMORROW, later(1700))["measures"] == []
    with pytest.raises(Refused, match="已经办结"):
        debriefs.finish_measure(measure, note="又", by=w.office, at=later(1700))


def test_the_agenda_asks_the_same_number_of_questions_however_much_happened(w: Any) -> None:
    for minutes in (0, 30):
        noticed(w, "B3", minutes=minutes)
    with CaptureQueriesContext(connection) as few:
        agenda_of(DAY, later(3000))
    for minutes in (60, 120):
        noticed(w, "B3", "B4", minutes=minutes)
    with CaptureQueriesContext(connection) as many:
        agenda_of(DAY, later(3000))
    assert len(many) == len(few)
