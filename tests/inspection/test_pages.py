"""The pages of inspection: who sees what, what each may do, and that they ask the database a fixed number of times."""

import re
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.inspection.actions import lookbacks, stopwork
from parkkeeper.inspection.models import Extension, Finding, Notice, Photo, StopWork, Visit
from parkkeeper.inspection.purposes import purposes_of
from parkkeeper.inspection.worklist import work_list
from parkkeeper.kernel import clock
from parkkeeper.park.models import Enterprise
from tests.inspection.evening import inspected_evening
from tests.inspection.kit import Inspector, again, found, inspected_world, later, noticed
from tests.pages_unit.desk import Desk, filled
from tests.world import DAY, world

pytestmark = pytest.mark.django_db
NIGHT = later(120)


@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    settings.FILES_DIR = tmp_path
    made: Any = world()
    made.there = inspected_evening(made)
    with clock.at(NIGHT):
        yield made


PAGES = ["grids", "work_list", "visits", "visit", "visit_notice", "findings", "finding", "finding_act", "notices",
         "notice", "notice_act", "stop_works", "stop_work", "stop_act", "inspection_setup", "checklist",
         "checklist_new", "authorisation_new", "debriefs", "debrief", "debrief_new", "debrief_act", "measures",
         "measure", "cases", "case", "case_act", "case_mark", "day_check", "day_sign", "complaints", "complaint_new",
         "complaint_settle", "checklist_upload", "checklist_preview", "self_checks",
         "self_check_new"]  # fmt: skip


def test_every_page_opens_for_the_office(w: Any) -> None:
    found = {page: Desk(w.office).get(page, *w.there.get(page, [])).status for page in PAGES}
    assert found == dict.fromkeys(PAGES, 200)


@pytest.mark.parametrize("page", ["visit", "finding", "notice", "stop_work", "notice_act"])
def test_a_liaison_sees_the_own_enterprise_and_of_others_not_even_that_there_is_something(w: Any, page: str) -> None:
    args = w.there[page] if page != "notice_act" else [w.there["notice"][0], "extend"]
    assert Desk(w.mei).get(page, *args).status == 200
    assert Desk(w.bo).get(page, *args).status == 404


def test_the_lists_of_another_enterprise_are_empty_and_the_own_ones_can_be_exported(w: Any) -> None:
    number = Notice.objects.get().number
    for page in ("notices", "findings", "visits", "stop_works"):
        assert "彩虹" in Desk(w.mei).get(page).text
        assert "彩虹" not in Desk(w.bo).get(page).text
    assert number in Desk(w.mei).get("notices", export="csv").content.decode("utf-8-sig")


def test_a_page_offers_only_what_the_reader_may_do(w: Any) -> None:
    notice = w.there["notice"][0]
    offers = {name: set(re.findall(rf"/notices/{notice}/(\w+)\"", Desk(who).get("notice", notice).text))
              for name, who in (("mei", w.mei), ("ann", w.ann), ("leader", w.leader))}  # fmt: skip
    assert offers == {"mei": {"extend"}, "ann": {"decide", "stop", "withdraw"}, "leader": set()}
    assert Desk(w.leader).post("notice_act", notice, "withdraw", reason="x").status == 403


def picture(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"\x89PNG picture", content_type="image/png")


def test_the_enterprise_reports_with_pictures_and_another_inspector_looks_back(w: Any) -> None:
    danger = Finding.objects.get(item__code="C6")
    told = Desk(w.mei).post("finding_act", danger.pk, "report", note="已打开", pictures=filled(b"a,b", "a.csv"))
    assert told.status == 422 and "图片" in told.text  # a CSV is no picture
    told = Desk(w.mei).post("finding_act", danger.pk, "report", pictures=picture("a.png"))
    assert told.status == 302 and Photo.objects.filter(finding=danger, of="reported").count() == 1
    assert Desk(w.ann).post("finding_act", danger.pk, "look", outcome="fixed").status == 422
    assert Desk(w.cai).post("finding_act", danger.pk, "look", outcome="fixed").status == 302
    assert not Finding.objects.open().filter(pk=danger.pk).exists()
    shown = Photo.objects.get(of="reported", finding=w.there["finding"][0])
    assert Desk(w.mei).get("finding_photo", shown.pk).content == b"x"
    assert Desk(w.bo).get("finding_photo", shown.pk).status == 404


def test_a_visit_shows_what_was_looked_at_with_its_pictures_to_those_whom_it_concerns(w: Any) -> None:
    visit, shown = w.there["visit"][0], sha256(b"x").hexdigest()
    page = Desk(w.mei).get("visit", visit).text
    assert all(word in page for word in ("C9", "36.5", "不涉及", f"/visits/{visit}/photos/{shown}"))
    assert Desk(w.mei).get("visit_photo", visit, shown).content == b"x"
    assert Desk(w.bo).get("visit_photo", visit, shown).status == 404
    assert Desk(w.mei).get("visit_photo", visit, "b" * 64).status == 404  # the signature has not arrived
    assert Desk(w.office).get("visit_photo", w.there["visit_notice"][0], shown).status == 404  # of another visit


def test_the_way_from_a_visit_to_an_extension_by_pages(w: Any) -> None:
    visit = w.there["visit_notice"][0]
    made = Desk(w.ann).post("visit_notice", visit)
    notice = Notice.objects.order_by("-pk")[0]
    assert made.href == f"/notices/{notice.pk}" and notice.visit_id == visit
    assert Desk(w.ann).post("notice_act", notice.pk, "serve", how="left").status == 422
    assert Desk(w.ann).post("notice_act", notice.pk, "serve", how="left", refusal="拒收").status == 302
    assert Desk(w.mei).post("notice_act", notice.pk, "extend", amount="3", reason="等").status == 302
    assert Desk(w.ann).post("notice_act", notice.pk, "decide", granted="yes").status == 302
    assert Extension.objects.get(notice=notice).granted is True
    text = Desk(w.mei).get("notice", notice.pk).text
    assert "限期内" in text and "同意" in text


def test_a_stop_of_work_goes_its_way_by_pages(w: Any) -> None:
    stop = w.there["stop_work"][0]
    steps = [
        (w.leader, "decide", {"approved": "yes"}), (w.ann, "serve", {"how": "left", "to": "梅"}),
        (w.ben, "check", {"holds": "no", "note": "夜班开工"}), (w.mei, "apply", {"note": "已打开"}),
        (w.ben, "accept", {"met": "yes"}), (w.leader, "lift", {}),
    ]  # fmt: skip
    for minute, (who, act, data) in enumerate(steps):
        with clock.at(later(120 + minute)):
            assert Desk(who).post("stop_act", stop, act, **data).status == 302, act
    assert again(StopWork.objects.get(pk=stop)).lifted_at is not None
    assert "已解除" in Desk(w.office).get("stop_work", stop).text


def test_a_checklist_shows_of_each_item_what_is_asked_beyond_what_it_fails_and_what_is_to_be_done(w: Any) -> None:
    w.checklist.items.filter(code="B3").update(least=0.5, most=37.3, hours=6, sample="5 rooms")
    rows = {
        row[:2]: row
        for row in re.split(r'<td class="main code"[^>]*>', Desk(w.office).get("checklist", w.checklist.pk).text)
    }
    b3 = w.checklist.items.get(code="B3")
    assert "不低于 0.5 · 不高于 37.3 · 6 小时内整改" in rows["B3"] and "(5 rooms)" in rows["B3"]
    assert str(b3.get_severity_display()) in rows["B3"] and b3.remedy in rows["B3"] and b3.evidence_words in rows["B3"]
    limited = w.checklist.items.exclude(least=None, most=None)
    assert limited.count() > 1 and all(item.limit_words in rows[item.code] for item in limited)


def test_what_was_put_aside_comes_up_on_its_day_on_the_teams_list_and_the_leaders_page(w: Any) -> None:
    danger, until = Finding.objects.get(item__code="C6"), DAY + timedelta(days=2)
    lookbacks.hang_up(danger, reason="等管道", until=until, by=w.cai, at=NIGHT)
    for n, there in ((1, False), (2, True)):
        at = NIGHT + timedelta(days=n)
        [line] = [one for one in work_list(w.grids[0], DAY + timedelta(days=n), at, w.cai).lines
                  if one.enterprise == w.rainbow]  # fmt: skip
        assert ("挂账到期 1 项" in line.reasons, "复查 2 项" in line.purposes) == (there, there)
        with clock.at(at):
            assert ("挂账到期的问题" in Desk(w.leader).get("brief").text) == there
            assert ("C6" in Desk(w.office).get("findings", state="awaited").text.split("<tbody>")[-1]) == there


def test_a_number_or_a_day_that_no_clock_holds_is_told_in_the_form(w: Any) -> None:
    notice = w.there["notice"][0]
    for amount in ("1e300", "inf", "nan", "999999999999"):
        told = Desk(w.mei).post("notice_act", notice, "extend", amount=amount, reason="等")
        assert told.status == 422 and 'class="error' in told.text, amount
    danger = Finding.objects.get(item__code="C6")
    told = Desk(w.ann).post("finding_act", danger.pk, "hang", reason="等", until="9999-12-31")
    assert told.status == 422 and "2999 年之间" in told.text


def test_an_act_that_there_is_not_is_no_page(w: Any) -> None:
    assert Desk(w.office).get("notice_act", w.there["notice"][0], "burn").status == 404


def test_the_office_puts_the_sample_in_force_and_files_a_paper(w: Any) -> None:
    office = Desk(w.office)
    form = {"name": "新表", "start": "2022-05-11", "source": "第二版"}
    assert office.post("checklist_new", **form).status == 302 and office.post("checklist_new", **form).status == 422
    paper = {"basis": "authority", "body": "区应急局", "document": "书", "start": "2022-05-11"}
    beyond = office.post("authorisation_new", **paper, last_day="9999-12-31")
    assert beyond.status == 422 and "2999 年之间" in beyond.text
    assert office.post("authorisation_new", **paper).status == 302
    assert "区应急局" in office.get("inspection_setup").text
    assert Desk(w.ann).get("inspection_setup").status == 403


@pytest.mark.parametrize("page", ["grids", "work_list", "visits", "findings", "notices", "stop_works", "day_check",
                                  "debriefs", "measures", "cases", "complaints"])  # fmt: skip
def test_the_number_of_questions_does_not_grow_with_the_rows(w: Any, page: str) -> None:
    desk = Desk(w.office)
    desk.get(page)
    with CaptureQueriesContext(connection) as few:
        assert desk.get(page).status == 200
    w.team = Inspector(w, w.ann)
    for n in range(3):
        noticed(w, "B3", "B4", minutes=-600 + 50 * n)
    with CaptureQueriesContext(connection) as many:
        assert desk.get(page).status == 200
    assert len(many) <= len(few), [q["sql"][:90] for q in many.captured_queries[-6:]]


# ---- the list of a team
def test_the_list_goes_by_risk_draws_its_share_again_the_same_and_lets_the_own_firm_be() -> None:
    w = inspected_world()
    more = {"grid": w.grids[0]}
    others = [
        Enterprise.objects.create(credit_code=f"91310000TEST1{n:05d}", name=f"企业{n}", short_name=f"企业{n}",
                                  resumed_on=DAY if n else None, **more)
        for n in range(9)
    ]  # fmt: skip
    notice = noticed(w)
    at = later(3000)
    made = work_list(w.grids[0], DAY, at, w.ann)
    assert made.lines[0].enterprise == w.rainbow and notice.due_at <= at
    assert sum(line.drawn for line in made.lines) == 2  # 20 % of ten
    again_ = work_list(w.grids[0], DAY, at, w.ann)
    assert [line.enterprise for line in again_.lines if line.drawn] == [x.enterprise for x in made.lines if x.drawn]
    assert any("擅自复工" in reason for line in made.lines if line.enterprise == others[0] for reason in line.reasons)
    own = work_list(w.grids[0], DAY, at, w.workers[0])
    assert own.lines[-1].enterprise == w.rainbow and own.lines[-1].own and not own.lines[-1].drawn


def test_an_enterprise_that_was_visited_often_is_put_off_unless_a_look_back_is_due() -> None:
    w = inspected_world()
    for n in range(7):
        found(w, "B3", minutes=60 * n)
    made = work_list(w.grids[0], DAY, later(600), w.ann)
    assert made.lines[0].full and made.lines[0].visits == 7
    noticed(w, minutes=500)
    assert not work_list(w.grids[0], DAY, later(2500), w.ann).lines[0].full
    assert Visit.objects.count() == 8


def test_whatever_asks_for_an_enterprise_is_one_visit_and_says_who_may_not_look_back() -> None:
    w = inspected_world()
    (danger,) = found(w, "C6")
    lookbacks.report_fixed(danger, note="已开", by=w.mei, at=later(40))
    stop = stopwork.impose_stop_work(danger, extent="line", place="一号线", reason="锁闭", conditions="打开", by=w.ann,
                                     at=later(50))  # fmt: skip
    next_day, day = later(1000), DAY + timedelta(days=1)
    line = work_list(w.grids[0], day, next_day, w.cai).lines[0]
    assert line.purposes == ["复查 1 项", "停工巡查", "日常巡查"] and line.avoid == ["安组长", "本组员"]
    with clock.at(next_day):
        page = Desk(w.cai).get("work_list").text
    assert "合并为一次" in page and "复查 1 项 + 停工巡查 + 日常巡查" in page and "复查回避：安组长 / 本组员" in page

    team = Inspector(w, w.cai)
    visit = team.visit(1010, second=w.ben.uuid, visit_kind="short")
    team.say(visit, team.look(danger, "fixed", 1020))
    stopwork.check_stop_work(stop, holds=True, by=w.ben, at=later(1025))
    team.say(team.end(visit, minutes=1030))
    lookbacks.reopen_finding(danger, reason="又坏", by=w.cai, at=later(1040))  # after it: no part of it
    assert purposes_of(Visit.objects.get(pk=visit.id), later(1100)) == ["日常巡查", "复查 1 项", "停工巡查"]
    after = work_list(w.grids[0], day, later(1035), w.ann).lines[0]
    assert after.purposes == [] and after.today and after.full and after.minutes == 40  # 20 of the day before
    other = w.team.visit(1050)
    w.team.say(other, w.team.end(other, minutes=1060))
    with clock.at(later(1100)):
        page = Desk(w.mei).get("visit", visit.id).text
    assert "日常巡查 + 复查 1 项 + 停工巡查" in page and "同日其他检查" in page and f"/visits/{other.id}" in page


def test_the_daily_check_of_a_stop_and_an_application_to_resume_are_on_the_list_whatever_the_cap() -> None:
    w = inspected_world()
    (danger,) = found(w, "C6")
    stop = stopwork.impose_stop_work(danger, extent="line", place="一号线", reason="锁闭", conditions="打开", by=w.ann,
                                     at=later(50))  # fmt: skip
    for n in range(7):
        found(w, "B3", minutes=60 + 30 * n)
    at = later(400)
    line = work_list(w.grids[0], DAY, at, w.ann).lines[0]
    assert (line.visits, line.full, line.purposes) == (8, False, ["停工巡查"])
    stopwork.check_stop_work(stop, holds=True, by=w.ben, at=later(300))
    stopwork.apply_to_resume(stop, note="已开", by=w.mei, at=later(310))
    assert work_list(w.grids[0], DAY, at, w.ann).lines[0].purposes == ["复工验收"]
    stopwork.accept_resumption(stop, met=True, by=w.ben, at=later(320))
    assert work_list(w.grids[0], DAY, at, w.ann).lines[0].full
    assert purposes_of(Visit.objects.order_by("began_at").last(), at) == ["全面检查"]  # type: ignore[arg-type]
