"""Papers of inspection from the rows: who may print them, and what a stranger with the code learns."""

from typing import Any

import pypdfium2
import pytest
from django.test import Client

from parkkeeper.inspection.actions.notices import issue_second_notice, withdraw_notice
from parkkeeper.inspection.models import Finding, Notice, StopWork, Visit
from parkkeeper.inspection.papers import stop_work_facts
from parkkeeper.kernel import clock
from parkkeeper.park.models import Certificate, Enterprise
from tests.inspection.evening import inspected_evening
from tests.inspection.kit import Inspector, later
from tests.pages_unit.desk import Desk
from tests.world import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    settings.FILES_DIR = tmp_path
    made: Any = world()
    made.there = inspected_evening(made)
    made.notice = Notice.objects.get()
    with clock.at(later(120)):
        yield made


def printed(answer: Any) -> str:
    assert answer.status == 200, answer.text
    return "".join(p.get_textpage().get_text_range() for p in pypdfium2.PdfDocument(answer.content)).replace("\r\n", "")


def test_a_notice_names_its_problems_its_inspectors_and_their_certificates(w: Any) -> None:
    for one, number in ((w.ann, "ZJ-7"), (w.ben, "ZJ-8")):
        Certificate.objects.filter(person=one).update(number=number)
    Certificate.objects.filter(person=w.ben).update(revoked_at=later(60), revoked_by=w.office)  # after it was issued
    Enterprise.objects.filter(pk=w.rainbow.pk).update(name="彩虹\U000f0000喆祎赟有限公司")
    shown = printed(Desk(w.mei).get("notice_paper", w.notice.pk, "notice"))
    for words in (
        w.notice.number,
        "彩虹〓喆祎赟有限公司",
        "证号ZJ-7",
        "证号ZJ-8",
        "本组员",
        "修复隔离",
        "一号楼",
        "区领导小组",
    ):
        assert words in shown.replace(" ", ""), words


def test_there_is_no_look_back_paper_before_a_look_and_it_is_of_the_day_of_the_look(w: Any) -> None:
    assert Desk(w.ann).get("notice_paper", w.notice.pk, "look_back").status == 404
    assert "复查意见书" not in Desk(w.ann).get("notice", w.notice.pk).text
    fence, exit_door = Finding.objects.filter(lines__notice=w.notice).order_by("item__position")
    cai, day = Inspector(w, w.cai), 24 * 60
    cai.say(cai.look(fence, "no_access", minutes=200))
    assert Desk(w.ann).get("notice_paper", w.notice.pk, "look_back").status == 404  # nobody has seen anything
    cai.say(cai.look(fence, "fixed", minutes=day))
    with clock.at(later(2 * day)):
        shown = printed(Desk(w.ann).get("notice_paper", w.notice.pk, "look_back")).replace(" ", "")
        assert "复查意见书" in Desk(w.ann).get("notice", w.notice.pk).text
    assert "2022年5月11日" in shown.split("企业负责人")[1] and "2022年5月10日" not in shown.split("企业负责人")[1]
    assert "已整改" in shown and "尚未复查" in shown and "应继续整改" in shown
    cai.say(cai.look(exit_door, "fixed", minutes=2 * day))
    cai.say(cai.look(fence, "fixed", minutes=2 * day))  # a later word of what is settled
    with clock.at(later(3 * day)):
        shown = printed(Desk(w.ann).get("notice_paper", w.notice.pk, "look_back")).replace(" ", "")
    assert "全部办结" in shown and "2022年5月12日" in shown.split("企业负责人")[1]


def test_the_first_look_back_paper_stays_what_it_was_when_a_second_notice_follows(w: Any) -> None:
    cai = Inspector(w, w.cai)
    for one in Finding.objects.filter(lines__notice=w.notice):
        cai.say(cai.look(one, "not_fixed", minutes=60))
    second = issue_second_notice(w.notice, by=w.ann, at=later(70))
    assert Desk(w.ann).get("notice_paper", second.pk, "look_back").status == 404  # the look was before it
    for one in Finding.objects.filter(lines__notice=second):
        cai.say(cai.look(one, "fixed", minutes=100))
    first, then = (printed(Desk(w.ann).get("notice_paper", pk, "look_back")) for pk in (w.notice.pk, second.pk))
    assert "未整改" in first and "全部办结" not in first and "全部办结" in then and "未整改" not in then


def test_what_the_enterprise_would_not_show_is_named_on_the_visit_s_page_and_on_the_notice(w: Any) -> None:
    assert "拒绝接受" not in printed(Desk(w.mei).get("notice_paper", w.notice.pk, "notice")).replace(" ", "")
    answers = {"E1": {"ok": None, "value": "", "refused": "门卫说没有权限。"}, "D2": {"ok": None, "refused": ""},
               "A1": {"ok": True, "value": ""}}  # fmt: skip
    Visit.objects.filter(pk=w.notice.visit_id).update(answers=answers)
    page = Desk(w.mei).get("visit", w.notice.visit_id).text
    assert page.count("拒绝检查") == 2 and "门卫说没有权限。" in page
    shown = printed(Desk(w.mei).get("notice_paper", w.notice.pk, "notice")).replace(" ", "")
    seats, log = (w.checklist.items.get(code=code).text for code in ("D2", "E1"))
    assert f"拒绝接受下列项目的检查：{seats}；{log}（门卫说没有权限）。" in shown


def test_a_notice_that_was_not_signed_for_says_why_where_the_signature_would_stand(w: Any) -> None:
    assert "企业签收" in printed(Desk(w.ann).get("notice_paper", w.notice.pk, "notice"))
    Notice.objects.filter(pk=w.notice.pk).update(served_to="", receipt_refused="负责人拒签，驻企店小二见证。")
    shown = printed(Desk(w.ann).get("notice_paper", w.notice.pk, "notice")).replace(" ", "")
    assert "企业拒绝签收：负责人拒签，驻企店小二见证。" in shown and "企业签收：" not in shown
    nobody = {"served_at": None, "served_by": None, "served_how": "", "receipt_refused": ""}
    Notice.objects.filter(pk=w.notice.pk).update(**nobody)
    Visit.objects.filter(pk=w.notice.visit_id).update(signature="", signed_by="", refusal="不同意检查结论")
    shown = printed(Desk(w.ann).get("notice_paper", w.notice.pk, "notice")).replace(" ", "")
    assert "现场检查时拒绝签字：不同意检查结论。" in shown  # of the visit; the notice itself may still be taken
    assert "企业拒绝签收" not in shown and "企业签收：" in shown


def test_a_decision_on_an_emergency_stop_is_in_force_from_when_it_was_imposed(w: Any) -> None:
    stop = StopWork.objects.get()
    Desk(w.leader).post("stop_act", stop.pk, "decide", approved="yes")
    shown = printed(Desk(w.ann).get("stop_paper", stop.pk, "stop_work")).replace(" ", "")
    assert "停工已自2022年5月10日18:55起执行" in shown and "送达之日" not in shown
    ordinary = StopWork.objects.select_related("authorisation", "enterprise").get()
    ordinary.emergency = False
    assert stop_work_facts(ordinary)["since"] == ""


def test_the_other_papers_tell_receipt_and_stop(w: Any) -> None:
    assert "梅联络" in printed(Desk(w.ann).get("notice_paper", w.notice.pk, "receipt"))
    stop = w.there["stop_work"][0]
    assert Desk(w.ann).get("stop_paper", stop, "stop_work").status == 404  # nothing is decided
    Desk(w.leader).post("stop_act", stop, "decide", approved="yes")
    assert "解除条件：打开出口" in printed(Desk(w.ann).get("stop_paper", stop, "stop_work")).replace(" ", "")
    assert printed(Desk(w.ann).get("stop_paper", stop, "stop_receipt"))
    assert Desk(w.ann).get("notice_paper", w.notice.pk, "secret").status == 404


def test_a_notice_that_was_taken_back_has_a_paper_that_says_so(w: Any, client: Client) -> None:
    assert Desk(w.ann).get("notice_paper", w.notice.pk, "withdrawal").status == 404  # it stands
    Desk(w.ann).post("notice_act", w.notice.pk, "withdraw", reason="企业名称有误。")
    shown = printed(Desk(w.mei).get("notice_paper", w.notice.pk, "withdrawal")).replace(" ", "")
    for words in ("整改通知书撤回决定书", w.notice.number, w.rainbow.name, "因企业名称有误，决定予以撤回", "安组长"):
        assert words in shown, words
    assert "撤回决定书" in Desk(w.mei).get("notice", w.notice.pk).text
    checked = client.get(f"/verify/{w.notice.code}").content.decode()
    assert "已撤回" in checked and "撤回日期" in checked and "到期" not in checked and "有误" not in checked


def test_a_stop_that_was_lifted_has_a_paper_from_when_work_may_go_on(w: Any, client: Client) -> None:
    stop = StopWork.objects.get()
    Desk(w.leader).post("stop_act", stop.pk, "decide", approved="yes")
    Desk(w.mei).post("stop_act", stop.pk, "apply", note="出口已打开")
    Desk(w.ben).post("stop_act", stop.pk, "accept", met="yes")
    assert Desk(w.mei).get("stop_paper", stop.pk, "lift").status == 404  # accepted, but not lifted
    Desk(w.leader).post("stop_act", stop.pk, "lift")
    stop.refresh_from_db()
    shown = printed(Desk(w.mei).get("stop_paper", stop.pk, "lift")).replace(" ", "")
    for words in ("解除停工决定书", stop.number, w.rainbow.name, "解除条件（打开出口）已经满足", "一号线", "本组员"):
        assert words in shown, words
    assert "解除停工决定书" in Desk(w.mei).get("stop_work", stop.pk).text
    checked = client.get(f"/verify/{stop.code}").content.decode()
    assert "已解除" in checked and "解除日期" in checked and "出口" not in checked
    assert Desk(w.bo).get("stop_paper", stop.pk, "lift").status == 404


def test_a_paper_of_another_enterprise_is_not_there(w: Any) -> None:
    assert Desk(w.bo).get("notice_paper", w.notice.pk, "notice").status == 404


def test_whoever_reads_the_code_learns_number_state_and_dates_and_no_name(w: Any, client: Client) -> None:
    html = client.get(f"/verify/{w.notice.code}").content.decode()
    assert w.notice.number in html and "逾期" in html
    item = Finding.objects.first()
    told = [w.rainbow.name, w.rainbow.short_name, w.ann.name, w.mei.name, item.item.text if item else "", "一号楼"]
    assert [words for words in told if words in html] == []


def test_a_withdrawn_paper_says_so_and_an_unknown_code_is_not_one_of_ours(w: Any, client: Client) -> None:
    withdraw_notice(w.notice, reason="有误", by=w.ann, at=later(100))
    assert "已撤回" in client.get(f"/verify/{w.notice.code}").content.decode()
    answer = client.get("/verify/nobody-s-code")
    assert answer.status_code == 404 and "没有这份文书" in answer.content.decode()
    stop = StopWork.objects.get()
    assert client.get(f"/verify/{stop.code}").status_code == 404  # a proposal is no paper yet
