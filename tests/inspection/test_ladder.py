"""The ladder, no step of it skipped: notice, look-back, second notice, talk, look-back, stop of work; who is told."""

from datetime import date
from typing import Any

import pytest

from parkkeeper.inspection.actions import lookbacks, notices, setup, stopwork
from parkkeeper.inspection.actions.deadlines import tell_deadlines
from parkkeeper.inspection.ladder import again_and_again, rung_of
from parkkeeper.inspection.models import Deadline, Finding, Notice, StopWork, Visit
from parkkeeper.kernel import clock
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Enterprise, JournalEntry, Message, Post
from tests.inspection.kit import Inspector, again, found, inspected_world, later, noticed
from tests.pages_unit.desk import Desk
from tests.world import ALWAYS, EVENING

pytestmark = pytest.mark.django_db
DAY_ON = 1440
FACTS = {"extent": "site", "place": "全厂", "reason": "反复", "conditions": "修好并验收"}


@pytest.fixture
def w() -> Any:
    return inspected_world()


def look(w: Any, notice: Notice, outcome: str, at: float) -> None:
    for finding in Finding.objects.filter(lines__notice=notice):
        lookbacks.look_back(finding, outcome, by=w.cai, at=later(at))


def talk(w: Any, notice: Notice, at: float, **more: Any) -> None:
    facts = {"people": "梅联络", "minutes": "说明后果，承诺整改", "held_at": later(at), "by": w.ann, **more}
    notices.hold_talk(notice, **facts, at=later(at))


def told(kind: str) -> set[Any]:
    rows = Message.objects.filter(kind=kind).select_related("to")
    return {row.to for row in rows}


def guided(w: Any, code: str = "C6", minutes: float = 0) -> Finding:
    visit = w.team.visit(minutes, basis="guidance", second=w.ben.uuid)
    note = w.team.note(visit, code, minutes + 1)
    w.team.say(visit, note, w.team.end(visit, minutes=minutes + 20))
    return Finding.objects.select_related("visit", "item", "enterprise").get(pk=note.id)


# ---- rungs
def test_the_same_problem_counts_only_when_the_earlier_look_back_passed_or_lapsed(w: Any) -> None:
    noticed(w)
    second = found(w, minutes=300)[0]
    assert rung_of(second).repeats == 0
    first = Finding.objects.order_by("noted_at")[0]
    lookbacks.look_back(first, "fixed", by=w.cai, at=later(280))
    assert rung_of(second).repeats == 1
    assert rung_of(found(w, minutes=400, area="二号楼")[0]).repeats == 0
    assert rung_of(found(w, "B4", minutes=500)[0]).repeats == 0
    assert rung_of(found(w, minutes=31 * DAY_ON)[0]).repeats == 0


def test_a_second_notice_is_no_failed_look_back_and_no_rung_is_skipped(w: Any) -> None:
    one = found(w)[0]
    assert rung_of(one).next == "notice"
    notice = notices.issue_notice(Visit.objects.get(pk=one.visit_id), by=w.ann, at=later(30))
    assert rung_of(one).next == "look_back"
    with pytest.raises(Refused, match="没有不合格"):
        notices.issue_second_notice(notice, by=w.ann, at=later(100))
    with pytest.raises(Refused, match="不必约谈"):
        talk(w, notice, 100)
    look(w, notice, "not_fixed", 100)
    assert rung_of(one).next == "second_notice"
    second = notices.issue_second_notice(notice, by=w.ann, at=later(110))
    assert second.follows == notice and Notice.objects.open().get() == second
    with pytest.raises(Refused, match="第二次通知书代替"):
        notices.serve_notice(notice, "post", to="x", by=w.ann, at=later(111))
    for step, does in (("talk", lambda: talk(w, second, 120)), ("look_back", lambda: look(w, second, "partly", 130))):
        assert rung_of(one).next == step
        with pytest.raises(Refused, match="还没有到"):
            stopwork.propose_stop_work(second, **FACTS, by=w.ann, at=later(115))
        does()
    assert rung_of(one).next == "stop_work"
    for missing in ("place", "conditions", "reason"):
        with pytest.raises(Refused):
            stopwork.propose_stop_work(second, **{**FACTS, missing: ""}, by=w.ann, at=later(140))
    _from_proposal_to_lift(w, stopwork.propose_stop_work(second, **FACTS, by=w.ann, at=later(140)))


def test_a_failed_second_look_back_without_the_talk_leads_to_the_talk(w: Any) -> None:
    notice = noticed(w)
    look(w, notice, "not_fixed", 100)
    second = notices.issue_second_notice(notice, by=w.ann, at=later(110))
    look(w, second, "not_fixed", 120)
    assert rung_of(Finding.objects.get()).next == "talk"
    talk(w, second, 130)
    assert rung_of(Finding.objects.get()).next == "stop_work"


def test_the_same_problem_again_and_again_leads_to_the_last_rung_and_the_page_offers_it(w: Any) -> None:
    for n in range(3):
        notice = noticed(w, minutes=100 * n)
        assert again_and_again(notice) == (n == 2)
        if n < 2:
            look(w, notice, "fixed", 100 * n + 60)
    assert rung_of(Finding.objects.order_by("-noted_at")[0]).next == "stop_work"
    with clock.at(later(300)):
        assert "提请停工" in Desk(w.ann).get("notice", notice.pk).text


def test_a_talk_says_who_when_with_whom_and_what_and_stands_on_its_page_and_in_the_journal(w: Any) -> None:
    notice = noticed(w)
    look(w, notice, "not_fixed", 100)
    second = notices.issue_second_notice(notice, by=w.ann, at=later(110))
    insider = w.post(w.person("内部人", w.rainbow), "team_member", grid=w.grids[0])
    for wrong, said in (
        ({"people": " "}, "写明约谈"), ({"minutes": ""}, "写明约谈"), ({"held_at": later(109)}, "开具之后"),
        ({"held_at": later(999)}, "不晚于现在"), ({"by": insider}, "以外的人"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=said):
            talk(w, second, 120, **wrong)
    form = {"people": "梅联络 联络人", "held_at": "2022-05-10T19:55", "minutes": "说明后果，承诺次日整改"}
    with clock.at(later(120)):
        assert Desk(w.ann).post("notice_act", second.pk, "talk", **form).status == 302
        assert Desk(w.ann).post("notice_act", second.pk, "talk", **form).status == 422
        page = Desk(w.mei).get("notice", second.pk).text
        of_finding = Desk(w.mei).get("finding", Finding.objects.get().pk).text
    assert all(words in page for words in ("约谈记录", "承诺次日整改", "梅联络 联络人", "安组长"))
    assert "下一步" in of_finding and "梅联络 联络人" in of_finding
    made = again(second)
    assert (made.talked_at, made.talked_by, made.talked_with) == (later(115), w.ann, "梅联络 联络人")
    assert JournalEntry.objects.get(verb="notice.talk_held").noun_id == str(second.pk)


def test_a_withdrawn_second_notice_leaves_its_findings_to_another(w: Any) -> None:
    notice = noticed(w)
    look(w, notice, "not_fixed", 100)
    second = notices.issue_second_notice(notice, by=w.ann, at=later(110))
    notices.withdraw_notice(second, reason="写错", by=w.office, at=later(120))
    visit = Visit.objects.get(pk=notice.visit_id)
    assert notices.issue_notice(visit, by=w.ann, at=later(130)).lines.count() == 1


# ---- on what basis
def test_what_a_guidance_visit_found_stops_nobody_by_either_way_though_a_paper_is_on_file(w: Any) -> None:
    danger = guided(w)
    with pytest.raises(Refused, match="指导走访.*授权"):
        stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=later(30))
    notice = notices.issue_notice(danger.visit, by=w.ann, at=later(30))
    look(w, notice, "not_fixed", 100)
    second = notices.issue_second_notice(notice, by=w.ann, at=later(110))
    talk(w, second, 120)
    look(w, second, "not_fixed", 130)
    with pytest.raises(Refused, match="指导走访.*授权"):
        stopwork.propose_stop_work(second, **FACTS, by=w.ann, at=later(140))
    with clock.at(later(150)):
        assert "提请停工" not in Desk(w.ann).get("notice", second.pk).text
        page = Desk(w.ann).get("finding", danger.pk).text
        assert "紧急停工" not in page and "没有停工的授权" in page
    assert not StopWork.objects.exists()


def test_a_stop_rests_on_the_paper_of_the_basis_under_which_it_was_found(w: Any) -> None:
    setup.file_authorisation("authority", "区应急局", "委托书", start=date(2022, 5, 1), by=w.office, at=EVENING)
    visit = w.team.visit(0, basis="authority")
    note = w.team.note(visit, "C6")
    w.team.say(visit, note)
    with pytest.raises(Refused, match="行政检查.*授权"):  # it orders, but not stops; that of the emergency is not asked
        stopwork.impose_stop_work(Finding.objects.get(), **FACTS, by=w.ann, at=later(30))
    paper = setup.file_authorisation("authority", "区应急局", "补充委托", start=date(2022, 5, 10), may_stop_work=True,
                                     by=w.office, at=later(40))  # fmt: skip
    stop = stopwork.impose_stop_work(Finding.objects.get(), **FACTS, by=w.ann, at=later(50))
    assert stop.authorisation == paper


def test_without_a_paper_nobody_stops_work() -> None:
    w = inspected_world(authorised=False)
    (danger,) = found(w, "C6")
    with pytest.raises(Refused, match="授权"):
        stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=later(30))


def test_an_order_is_signed_by_two_who_may_give_it_and_advice_with_whoever_went_along(w: Any) -> None:
    guest = w.post(w.person("宋小二", w.body, state="away"), "concierge", grid=w.grids[0])
    advised = guided(w)
    assert notices.issue_notice(advised.visit, second=guest, by=w.ann, at=later(30)).wording == "advice"
    ordered = found(w, minutes=60)[0].visit
    with pytest.raises(Refused, match="宋小二 不能签发责令"):
        notices.issue_notice(ordered, second=guest, by=w.ann, at=later(90))
    assert notices.issue_notice(ordered, second=w.cai, by=w.ann, at=later(90)).wording == "order"


# ---- a stop's way, and who hears of it
def _from_proposal_to_lift(w: Any, stop: StopWork) -> None:
    assert told("stop_proposed") == {w.leader, w.office}
    with pytest.raises(Refused, match="作出后"):
        stopwork.serve_stop_work(stop, "left", to="梅", by=w.ann, at=later(141))
    stopwork.decide_stop_work(stop, approved=True, by=w.leader, at=later(142))
    assert told("stop_approved") == {w.office, w.ann, w.mei}
    assert Enterprise.objects.get(pk=w.rainbow.pk).stopped_at is None
    stopwork.serve_stop_work(stop, "left", to="梅联络", by=w.ann, at=later(143))
    assert again(stop).number == "园停工〔2022〕1号" and again(w.rainbow).stopped_at == later(143)
    stopwork.check_stop_work(stop, holds=True, by=w.ben, at=later(150))
    with pytest.raises(Refused, match="今天已经"):
        stopwork.check_stop_work(stop, holds=True, by=w.ben, at=later(151))
    with pytest.raises(Refused, match="验收"):
        stopwork.lift_stop_work(stop, by=w.leader, at=later(152))
    stopwork.apply_to_resume(stop, note="已修好", by=w.mei, at=later(160))
    assert told("stop_applied") == {w.leader, w.office, w.ann}
    stopwork.accept_resumption(stop, met=False, note="还差标识", by=w.ben, at=later(170))
    assert w.mei in told("stop_returned")
    stopwork.apply_to_resume(stop, note="标识已补", by=w.mei, at=later(180))
    stopwork.accept_resumption(stop, met=True, by=w.ben, at=later(190))
    assert w.leader in told("stop_accepted")
    stopwork.lift_stop_work(stop, by=w.leader, at=later(200))
    assert told("stop_lifted") == {w.office, w.ann, w.mei} and again(w.rainbow).stopped_at is None
    lines = JournalEntry.objects.filter(noun="stopwork").order_by("pk").values_list("verb", flat=True)
    assert [verb.removeprefix("stop_work.") for verb in lines] == [
        "proposed", "decided", "served", "checked", "applied", "returned", "applied", "accepted", "lifted",
    ]  # fmt: skip


def test_an_emergency_stop_is_in_force_at_once_is_told_before_its_review_and_falls_without_one(w: Any) -> None:
    (danger,) = found(w, "C6")
    stop = stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=later(30))
    assert again(w.rainbow).stopped_at == later(30) and told("stop_imposed") == {w.leader, w.office, w.mei}
    near = later(30 + DAY_ON - 4 * 60)
    assert tell_deadlines(at=near) == 1 and tell_deadlines(at=near) == 0
    assert told("stop_review_soon") == {w.leader, w.office, w.ann}
    with clock.at(near):
        assert "等待决定的停工" in Desk(w.leader).get("brief").text
    fallen = later(30 + DAY_ON)
    tell_deadlines(at=fallen)
    tell_deadlines(at=later(40 + DAY_ON))
    assert list(Deadline.objects.filter(stop_work=stop).order_by("pk").values_list("kind", flat=True)) == [
        "soon",
        "review",
    ]
    assert Message.objects.filter(kind="stop_fell").count() == 4
    assert told("stop_fell") == {w.leader, w.office, w.ann, w.mei} and again(w.rainbow).stopped_at is None
    with clock.at(fallen):
        assert "等待决定的停工" not in Desk(w.leader).get("brief").text
        page = Desk(w.leader).get("stop_work", stop.pk).text
        assert "逾期未复核，已失效" in page and f"/stops/{stop.pk}/decide" not in page
        assert f"/stops/{stop.pk}/check" not in Desk(w.ben).get("stop_work", stop.pk).text
    with pytest.raises(Refused, match="失效"):
        stopwork.decide_stop_work(stop, approved=True, by=w.leader, at=later(31 + DAY_ON))
    with pytest.raises(Refused, match="生效期间"):
        stopwork.check_stop_work(stop, holds=True, by=w.ben, at=later(31 + DAY_ON))
    lesser = found(w, "B3", minutes=2 * DAY_ON)[0]
    with pytest.raises(Refused, match="紧急"):
        stopwork.impose_stop_work(lesser, **FACTS, by=w.ann, at=later(2 * DAY_ON + 30))


def test_an_emergency_stop_that_was_lifted_before_its_review_neither_falls_nor_is_decided(w: Any) -> None:
    (danger,) = found(w, "C6")
    stop = stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=later(30))
    stopwork.apply_to_resume(stop, note="已打开", by=w.mei, at=later(40))
    stopwork.accept_resumption(stop, met=True, by=w.ben, at=later(50))
    stopwork.lift_stop_work(stop, by=w.leader, at=later(60))
    with pytest.raises(Refused, match="已经解除"):
        stopwork.decide_stop_work(stop, approved=True, by=w.leader, at=later(70))
    assert tell_deadlines(at=later(31 + DAY_ON)) == 0 and not told("stop_fell")


def test_nobody_renews_the_own_emergency_stop_and_one_runs_at_a_time_for_a_finding(w: Any) -> None:
    (danger,) = found(w, "C6")
    stop = stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=later(30))
    assert stop.finding == danger
    with clock.at(later(40)):
        assert "紧急停工" not in Desk(w.ben).get("finding", danger.pk).text
    with pytest.raises(Refused, match="C6 已有停工"):
        stopwork.impose_stop_work(danger, **FACTS, by=w.ben, at=later(40))
    fallen = later(30 + DAY_ON)
    with pytest.raises(Refused, match="另一名有权人员"):
        stopwork.decide_stop_work(stop, approved=True, by=w.leader, at=fallen)
    with pytest.raises(Refused, match="不能再次作出"):
        stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=fallen)
    stopwork.impose_stop_work(danger, **FACTS, by=w.ben, at=fallen)
    for one in (w.ann, w.ben):  # nor in turns
        with pytest.raises(Refused, match="不能再次作出"):
            stopwork.impose_stop_work(danger, **FACTS, by=one, at=later(30 + 2 * DAY_ON))


def test_one_proposal_at_a_time_for_a_problem_and_an_emergency_stop_counts(w: Any) -> None:
    for n in range(3):
        notice = noticed(w, "C6", minutes=100 * n)
        if n < 2:
            look(w, notice, "fixed", 100 * n + 60)
    danger = Finding.objects.get(lines__notice=notice)
    stop = stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=later(300))
    with pytest.raises(Refused, match="C6 已有停工"):
        stopwork.propose_stop_work(notice, **FACTS, by=w.ben, at=later(310))
    stopwork.decide_stop_work(stop, approved=False, by=w.leader, at=later(320))
    proposed = stopwork.propose_stop_work(notice, **FACTS, by=w.ben, at=later(330))
    with clock.at(later(335)):
        assert "提请停工" not in Desk(w.ann).get("notice", notice.pk).text
    with pytest.raises(Refused, match="C6 已有停工"):
        stopwork.propose_stop_work(notice, **FACTS, by=w.ann, at=later(340))
    with pytest.raises(Refused, match="C6 已有停工"):
        stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=later(340))
    stopwork.decide_stop_work(proposed, approved=False, by=w.leader, at=later(350))
    stopwork.propose_stop_work(notice, **FACTS, by=w.ann, at=later(360))


def test_a_lifted_stop_is_not_served(w: Any) -> None:
    (danger,) = found(w, "C6")
    stop = stopwork.impose_stop_work(danger, **FACTS, by=w.ann, at=later(30))
    stopwork.decide_stop_work(stop, approved=True, by=w.leader, at=later(35))
    stopwork.apply_to_resume(stop, note="已打开", by=w.mei, at=later(40))
    stopwork.accept_resumption(stop, met=True, by=w.ben, at=later(50))
    stopwork.lift_stop_work(stop, by=w.leader, at=later(60))
    with pytest.raises(Refused, match="已经解除"):
        stopwork.serve_stop_work(stop, "left", to="梅", by=w.ann, at=later(70))


def test_a_stop_that_is_turned_down_is_told_to_its_proposer_and_to_the_enterprise(w: Any) -> None:
    (danger,) = found(w, "C6")
    stop = stopwork.impose_stop_work(danger, **FACTS, by=w.ben, at=later(30))
    stopwork.decide_stop_work(stop, approved=False, note="证据不足", by=w.leader, at=later(60))
    assert told("stop_turned_down") == {w.office, w.ann, w.ben, w.mei}


def test_a_stop_at_an_enterprise_without_a_grid_is_told_to_no_leader_without_one(w: Any) -> None:
    (danger,) = found(w, "C6")
    Post.objects.create(person=w.person("丁组长", w.body, state="away"), role="team_leader", during=ALWAYS)
    Enterprise.objects.filter(pk=w.rainbow.pk).update(grid=None)
    danger = Finding.objects.select_related("visit__enterprise", "item").get(pk=danger.pk)
    stopwork.impose_stop_work(danger, **FACTS, by=w.office, at=later(30))
    assert told("stop_imposed") == {w.leader, w.mei}


def test_a_look_back_of_somebody_else_after_a_spot_fix_that_came_too_late_closes_the_notice(w: Any) -> None:
    notice = noticed(w)
    finding = Finding.objects.get()
    fix = w.team.fix(finding, 40)
    assert w.team.say(fix)[fix.id].doubts == ("spot_fix_too_late", "spot_fix_without_photo")
    assert again(notice).closed_at is None and Finding.objects.open().get() == finding
    assert rung_of(finding).next == "look_back"
    other = Inspector(w, w.cai)
    other.say(other.look(finding, "fixed", 60))
    assert again(notice).closed_at == later(60)
