"""Visits, findings, photos: what phones tell is stored, judged afterwards, and told twice stored once."""

import csv
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from parkkeeper.inspection.actions import findings, lookbacks, notices, setup, stopwork, visits
from parkkeeper.inspection.checklistfiles import FOLDER, BadChecklist, read_checklist, read_rows
from parkkeeper.inspection.field import Place
from parkkeeper.inspection.models import Checklist, Finding, Item, Notice, Photo, Step, Visit
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import Anomaly, Rule
from parkkeeper.sampling.actions.settle import settle
from parkkeeper.sampling.field import Source
from tests.inspection.kit import Inspector, found, inspected_world, later
from tests.world import EVENING

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> Any:
    return inspected_world()


# ---- checklists
def test_the_sample_has_the_59_items_of_eight_aspects_with_evidence_and_remedy() -> None:
    rows = read_checklist()
    assert len(rows) == 59 and len({row.code for row in rows}) == 59
    assert {row.aspect for row in rows} == set(Item.Aspect.values) - {"other"}
    assert all(row.evidence and row.remedy and row.remedy_en and row.text_en and row.basis for row in rows)
    assert 10 <= sum(row.short_round for row in rows) <= 25
    assert {row.code for row in rows if row.severity == "!!"} == {"B8", "C6", "C7", "H1"}


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [("text", "", "text is missing"), ("aspect", "x", "none of"), ("evidence", "Q", "letters"), ("hours", "a", "whole"),
     ("code", "A1", "twice")],
)  # fmt: skip
def test_a_wrong_row_is_told_with_its_number(column: str, value: str, told: str) -> None:
    with (FOLDER / "nine-grids.csv").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        rows = list(table)
    rows[3][column] = value
    with pytest.raises(BadChecklist, match=f"row 5.*{told}"):
        read_rows(rows)


def test_a_new_version_ends_the_one_before_and_a_visit_keeps_what_it_began_with(w: Any) -> None:
    visit = w.team.visit(0)
    w.team.say(visit)
    newer = setup.put_checklist_in_force(
        "nine-grids", "九宫格检查表", read_checklist()[:5], start=date(2022, 5, 10), source="第二版", by=w.office,
        at=later(5),
    )  # fmt: skip
    w.team.say(w.team.note(visit, "H1", 10))
    assert Finding.objects.get().item.checklist == w.checklist and newer.version == 2
    assert Checklist.objects.on(date(2022, 5, 9)).get() == w.checklist
    with pytest.raises(Refused, match="第 2 版"):
        setup.put_checklist_in_force("nine-grids", "x", read_checklist(), start=date(2022, 5, 1), source="y",
                                     by=w.office, at=EVENING)  # fmt: skip


# ---- on what basis
def test_a_visit_on_paper_orders_and_one_without_only_advises_and_is_doubted() -> None:
    w = inspected_world(authorised=False)
    visit = w.team.visit(0)
    assert w.team.say(visit)[visit.id].doubts == ("visit_without_authorisation",)
    assert not Visit.objects.get().orders
    setup.file_authorisation("emergency", "区", "授权书", start=date(2022, 5, 1), by=w.office, at=EVENING)
    second = w.team.visit(30)
    assert w.team.say(second)[second.id].doubts == ()
    assert Visit.objects.get(pk=second.id).orders


def test_guidance_needs_no_paper_and_gets_none(w: Any) -> None:
    visit = w.team.visit(0, basis="guidance")
    assert w.team.say(visit)[visit.id].doubts == () and not Visit.objects.get().orders
    with pytest.raises(Refused, match="不需要授权"):
        setup.file_authorisation("guidance", "区", "书", start=date(2022, 5, 1), by=w.office, at=EVENING)


def test_who_works_there_or_has_another_grid_is_doubted_and_stored(w: Any) -> None:
    insider = w.post(w.person("内部人", w.rainbow), "team_member", grid=w.grids[0])
    inside = Inspector(w, insider)
    visit = inside.visit(0)
    assert inside.say(visit)[visit.id].doubts == ("visit_conflict_of_interest",)
    away = w.team.visit(5, enterprise=w.lotus.credit_code)
    assert w.team.say(away)[away.id].doubts == ("visit_outside_grid",)
    assert Visit.objects.count() == 2 and Anomaly.objects.filter(noun="inspection").count() == 2


def test_a_visit_beyond_the_cap_is_stored_and_doubted_unless_it_looks_back_or_work_stands_still(w: Any) -> None:
    for n in range(7):
        found(w, "C6", minutes=30 * n)
    assert not Anomaly.objects.filter(kind="visit_over_cap").exists()  # the seventh is within the cap
    beyond, back = w.team.visit(300, visit_kind="short"), w.team.visit(310, visit_kind="look_back")
    verdicts = w.team.say(beyond, back)
    assert verdicts[beyond.id].doubts == ("visit_over_cap",) and verdicts[beyond.id].stored
    assert verdicts[back.id].doubts == ()
    doubt = Anomaly.objects.get(kind="visit_over_cap")
    assert (doubt.evidence["visits"], doubt.evidence["cap"], doubt.enterprise) == (7, 7, w.rainbow)
    settle(doubt, "accept", reason="上级临时要求", by=w.office, at=later(320))
    assert not Anomaly.objects.open_at(later(330)).exists()
    week = w.team.visit(8 * 24 * 60, visit_kind="short")
    assert w.team.say(week)[week.id].doubts == ()  # the seven days are over


def test_what_stands_still_is_visited_every_day_whatever_the_cap(w: Any) -> None:
    for n in range(7):
        (danger,) = found(w, "C6", minutes=30 * n)
    stopwork.impose_stop_work(danger, extent="line", place="一号线", reason="锁闭", conditions="打开", by=w.ann,
                              at=later(250))  # fmt: skip
    check = w.team.visit(300, visit_kind="short")
    assert w.team.say(check)[check.id].doubts == ()


def test_no_rule_of_a_cap_is_no_cap_and_no_reason_to_lose_a_visit(w: Any) -> None:
    Rule.objects.filter(key="visits_a_week").delete()
    visit = w.team.visit()
    assert w.team.say(visit)[visit.id].doubts == () and Visit.objects.exists()


# ---- what is told
def test_the_same_words_twice_are_stored_once(w: Any) -> None:
    visit = w.team.visit()
    note = w.team.note(visit)
    words = [visit, note, w.team.photo(note), w.team.fix(note), w.team.end(visit)]
    first, second = w.team.say(*words), w.team.say(*words)
    assert all(v.stored for v in first.values()) and not any(v.stored for v in second.values())
    counts = (Visit.objects.count(), Finding.objects.count(), Photo.objects.count(), Step.objects.count())
    assert counts == (1, 1, 1, 1)


def test_a_photo_shows_for_ever_what_it_showed(w: Any) -> None:
    visit = w.team.visit()
    note = w.team.note(visit)
    first = w.team.photo(note)
    w.team.say(visit, note, first)
    forged = replace(first, of="on_the_spot", sha256="b" * 64)
    assert not w.team.say(forged)[first.id].stored
    photo = Photo.objects.get()
    assert (photo.sha256, photo.of) == ("a" * 64, "found")
    photo.sha256 = "b" * 64
    with pytest.raises(TypeError, match="never changed"):
        photo.save()
    for way in (lambda: Photo.objects.update(sha256="b" * 64), Photo.objects.all().delete, photo.delete):
        with pytest.raises(TypeError, match=r"only ever added to|never deleted"):
            way()


def test_two_inspectors_offline_at_one_enterprise_are_two_visits(w: Any) -> None:
    other = Inspector(w, w.cai)
    mine, theirs = w.team.visit(0), other.visit(1)
    w.team.say(mine, w.team.note(mine), heard=200)
    other.say(theirs, other.note(theirs), heard=100)
    assert Visit.objects.count() == 2 and Finding.objects.open().count() == 2


def test_a_refused_signature_has_its_reason_and_no_access_no_signature(w: Any) -> None:
    refused, shut = w.team.visit(0), w.team.visit(40)
    w.team.say(refused, w.team.end(refused, refusal="负责人拒签"))
    w.team.say(shut, w.team.end(shut, "no_access", 50, signature="b" * 64))
    one, two = Visit.objects.order_by("began_at")
    assert (one.refusal, one.signature) == ("负责人拒签", "")
    assert (two.ended_how, two.signature, two.refusal) == ("no_access", "", "")


def test_a_visit_that_ended_with_neither_signature_nor_refusal_is_stored_and_doubted(w: Any) -> None:
    silent, shut = w.team.visit(0), w.team.visit(40)
    told = w.team.end(silent, signed_by="梅联络")  # a name is no signature
    verdicts = w.team.say(silent, told, shut, w.team.end(shut, "no_access", 50))
    assert verdicts[told.id].doubts == ("visit_unsigned",) and verdicts[told.id].stored
    assert list(Anomaly.objects.values_list("kind", "enterprise")) == [("visit_unsigned", w.rainbow.pk)]
    assert not w.team.say(told)[told.id].stored and Anomaly.objects.count() == 1


def test_a_photo_without_place_needs_a_reason_or_is_doubted(w: Any) -> None:
    visit = w.team.visit()
    note = w.team.note(visit)
    told = w.team.photo(note, place=Place(missing="室内没有信号"))
    silent = w.team.photo(note, sha256="c" * 64, place=Place())
    verdicts = w.team.say(visit, note, told, silent)
    assert verdicts[told.id].doubts == () and verdicts[silent.id].doubts == ("photo_without_place",)
    assert Photo.objects.count() == 2


def test_fixed_on_the_spot_settles_and_without_a_photo_is_doubted(w: Any) -> None:
    visit = w.team.visit()
    shown, claimed = w.team.note(visit), w.team.note(visit, "B4")
    fixed, said = w.team.fix(shown), w.team.fix(claimed)
    verdicts = w.team.say(visit, shown, claimed, w.team.photo(shown, "on_the_spot"), fixed, said)
    assert not Finding.objects.open().exists()
    assert verdicts[fixed.id].doubts == () and verdicts[said.id].doubts == ("spot_fix_without_photo",)


def test_a_spot_fix_before_the_notice_settles_however_late_and_one_of_another_day_or_after_it_is_kept_and_doubted(
    w: Any,
) -> None:
    one, other, third = found(w, "B3", "B4", "C6")
    shown = [w.team.photo(finding, "on_the_spot", 10) for finding in (one, other, third)]
    in_time, next_day, told_late = w.team.fix(one, 12), w.team.fix(other, 8 * 60), w.team.fix(third, 15)
    w.team.say(*shown)
    assert w.team.say(in_time, heard=25)[in_time.id].doubts == ()
    notices.issue_notice(third.visit, by=w.ann, at=later(30))
    for fix in (next_day, told_late):  # the second was put right before the notice and is heard of after it
        verdict = w.team.say(fix, heard=9 * 60)[fix.id]
        assert verdict.stored and verdict.doubts == ("spot_fix_too_late",)
    assert set(Finding.objects.open()) == {other, third} and Step.objects.filter(counts=False).count() == 2
    assert Notice.objects.get().closed_at is None


def test_a_spot_fix_after_the_visit_or_after_somebodys_word_settles_nothing(w: Any) -> None:
    near, after = found(w, "B3", "B4")  # the visit ends at 20; a sending may correct the clock by five minutes more
    fixes = w.team.fix(near, 24), w.team.fix(after, 26)
    verdicts = w.team.say(w.team.photo(near, "on_the_spot", 24), w.team.photo(after, "on_the_spot", 26), *fixes)
    assert [verdicts[fix.id].doubts for fix in fixes] == [(), ("spot_fix_too_late",)]
    visit = w.team.visit(40)
    note = w.team.note(visit, "C3", 41)
    w.team.say(visit, note)  # the visit goes on
    reported = Finding.objects.get(pk=note.id)
    lookbacks.report_fixed(reported, by=w.mei, at=later(42))
    fix = w.team.fix(note, 43)
    assert "spot_fix_too_late" in w.team.say(fix)[fix.id].doubts
    assert set(Finding.objects.open()) == {after, reported}


def test_a_spot_fix_of_the_next_day_settles_nothing_though_no_notice_was_issued(w: Any) -> None:
    one = found(w)[0]
    fix = w.team.fix(one, 8 * 60)
    w.team.say(w.team.photo(one, "on_the_spot", 8 * 60), fix)
    assert Finding.objects.open().get() == one and Anomaly.objects.get().kind == "spot_fix_too_late"


def test_what_cannot_be_placed_is_left_to_the_door_which_keeps_it(w: Any) -> None:
    with pytest.raises(Refused, match="没有企业"):
        w.team.say(w.team.visit(enterprise="91310000NOBODY0000"))
    visit = w.team.visit()
    w.team.say(visit)
    with pytest.raises(Refused, match="Z9"):
        w.team.say(w.team.note(visit, "Z9"))


def test_a_clock_ahead_of_the_servers_does_not_make_the_future(w: Any) -> None:
    visit = w.team.visit(300)
    w.team.say(visit, heard=10)
    assert Visit.objects.get().began_at == later(10)


def test_checklists_and_papers_are_the_offices(w: Any) -> None:
    with pytest.raises(Forbidden):
        setup.put_checklist_in_force("x", "x", read_checklist(), start=date(2022, 5, 1), source="s", by=w.ann,
                                     at=EVENING)  # fmt: skip
    source = Source(w.courier, w.point, 1, EVENING)
    visits.begin_visits([w.team.visit()], source, by=w.courier, at=EVENING)
    assert Anomaly.objects.filter(kind="holder_without_post").exists()
    assert findings.note_findings([], source, by=w.ann, at=EVENING) == []


def test_a_found_world_has_what_it_says(w: Any) -> None:
    one, two = found(w, "B3", "C6")
    assert (one.item.code, two.item.severity, one.visit.signed_by) == ("B3", "!!", "梅联络")
