"""What migrations make of rows that older versions wrote, and that such rows break no page and no act."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from parkkeeper.inspection.actions import stopwork
from parkkeeper.inspection.actions.deadlines import tell_deadlines
from parkkeeper.inspection.models import Deadline, Finding, NoticeLine, StopWork, Visit
from parkkeeper.kernel import clock
from parkkeeper.park.models import JournalEntry
from tests.inspection.kit import Inspector, again, found, inspected_world, later, noticed
from tests.pages_unit.desk import Desk

pytestmark = pytest.mark.django_db
DAY_ON = 1440
FACTS = {"extent": "site", "place": "全厂", "reason": "出口锁闭", "conditions": "打开出口"}
OLD = "0005_checklists_as_survey_forms"


@pytest.fixture
def w() -> Any:
    return inspected_world()


def migrated(*names: str) -> None:
    """To that migration, or to today's."""
    _sql("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks that wait for the commit is not altered
    made = MigrationExecutor(connection)
    made.migrate([("inspection", name) for name in names] or made.loader.graph.leaf_nodes("inspection"))


def _sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_what_older_versions_wrote_is_brought_to_todays_rules(w: Any) -> None:
    lapsed, fine = noticed(w, "B3", "B4"), noticed(w, "C3", minutes=2 * DAY_ON)
    tell_deadlines(at=later(30 + 2 * DAY_ON))
    other = Inspector(w, w.cai)
    other.say(*(other.look(one, "not_fixed", DAY_ON) for one in lapsed_findings(lapsed)), heard=3 * DAY_ON)
    told, forgotten, going = w.team.visit(500), w.team.visit(600), w.team.visit(700)
    for one in (told, forgotten, going):
        w.team.say(one)
    w.team.say(w.team.end(told, minutes=520), heard=900)
    w.team.say(w.team.end(forgotten, minutes=620), heard=901)
    migrated(OLD)
    _sql("UPDATE inspection_notice SET lapsed_at = %s WHERE id = %s", later(30 + 2 * DAY_ON), lapsed.pk)  # anew
    _sql("UPDATE inspection_visit SET basis = 'self_check', authorisation_id = NULL WHERE id = %s", told.id)
    _sql("DELETE FROM park_journal_entry WHERE verb = 'visit.ended' AND noun_id = %s", str(forgotten.id))
    migrated()
    assert set(NoticeLine.objects.filter(lapsed=True).values_list("notice", flat=True)) == {lapsed.pk}
    assert NoticeLine.objects.filter(notice=lapsed, lapsed=False).count() == 0
    assert NoticeLine.objects.filter(notice=fine, lapsed=False).count() == 1
    visits = Visit.objects.in_bulk([told.id, forgotten.id, going.id])
    assert (visits[told.id].basis, visits[forgotten.id].basis) == ("guidance", "emergency")
    assert visits[told.id].end_received_at == later(900)  # as the journal tells
    assert visits[forgotten.id].end_received_at == later(620)  # the journal's period is over: when it ended
    assert visits[going.id].end_received_at is None
    (one,) = Deadline.objects.filter(kind="lapsed")
    assert one.taken_back_at == JournalEntry.objects.get(verb="notice.lapse_taken_back").at == later(3 * DAY_ON)


def lapsed_findings(notice: Any) -> list[Finding]:
    return list(Finding.objects.filter(lines__notice=notice).order_by("item__code"))


def test_an_emergency_stop_from_before_stops_had_findings_goes_its_whole_way(w: Any) -> None:
    (danger,) = found(w, "C6")
    old = stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=later(30))
    StopWork.objects.filter(pk=old.pk).update(finding=None)
    readers = (w.office, w.leader, w.ann, w.mei)
    for minutes, act, facts, by in (
        (60, stopwork.decide_stop_work, {"approved": True}, w.leader),
        (70, stopwork.serve_stop_work, {"how": "left", "to": "梅联络"}, w.ann),
        (80, stopwork.check_stop_work, {"holds": True}, w.ben),
        (90, stopwork.apply_to_resume, {"note": "已打开"}, w.mei),
        (100, stopwork.accept_resumption, {"met": True}, w.ben),
        (110, stopwork.lift_stop_work, {}, w.leader),
    ):
        with clock.at(later(minutes - 1)):
            assert [Desk(one).get("stop_work", old.pk).status for one in readers] == [200] * 4
            for page in ("stop_works", "grids", "brief", "screen_data", "bulletin"):
                assert Desk(w.leader).get(page).status == 200, page
            assert Desk(w.ann).get("work_list", grid=w.grids[0].pk).status == 200
            assert Desk(w.ann).get("finding", danger.pk).status == 200
        act(old, **facts, by=by, at=later(minutes))
        tell_deadlines(at=later(minutes))
    assert again(old).lifted_at == later(110) and again(w.rainbow).stopped_at is None
    with clock.at(later(120)):
        for paper in ("stop_work", "stop_receipt", "lift"):
            assert Desk(w.office).get("stop_paper", old.pk, paper).content[:4] == b"%PDF"


def test_an_emergency_stop_from_before_stops_had_findings_falls_like_any_other(w: Any) -> None:
    (danger,) = found(w, "C6")
    old = stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=later(30))
    StopWork.objects.filter(pk=old.pk).update(finding=None)
    tell_deadlines(at=later(30 + DAY_ON))
    assert again(w.rainbow).stopped_at is None
    made = stopwork.impose_stop_work(danger, **FACTS, by=w.ben, at=later(30 + DAY_ON) + timedelta(minutes=1))
    assert made.finding == danger
