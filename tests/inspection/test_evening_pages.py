"""The pages of the evening: debriefs with minutes, cases with redacted pictures, a grid's day, complaints, the list."""

from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.inspection.actions import days, debriefs
from parkkeeper.inspection.minutes import print_minutes
from parkkeeper.inspection.models import CasePhoto, CaseReading, Complaint, Debrief, GoodPractice, GridDay, Measure
from parkkeeper.inspection.worklist import Line, work_list
from parkkeeper.kernel import clock
from parkkeeper.park.models import Message
from tests.inspection.evening import inspected_evening
from tests.inspection.kit import Inspector, again, found, inspected_world, later, noticed
from tests.inspection.pictures import pixels
from tests.pages.evening import sampled_evening
from tests.pages_unit.desk import Desk
from tests.world import DAY, world

pytestmark = pytest.mark.django_db
NIGHT = later(120)
TOMORROW = DAY + timedelta(days=1)


@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    settings.FILES_DIR = tmp_path
    made: Any = world()
    made.there = inspected_evening(made)
    with clock.at(NIGHT):
        yield made


def test_a_debrief_is_held_decides_orders_and_ends_by_pages(w: Any) -> None:
    with clock.at(later(1500)):
        leader = Desk(w.leader)
        made = leader.post("debrief_new", day=TOMORROW.isoformat(), attendance="各组")
        meeting = Debrief.objects.get(day=TOMORROW)
        assert made.href == f"/debriefs/{meeting.pk}"
        assert leader.post("debrief_act", meeting.pk, "decide", text="统一标识").status == 302
        order = {"text": "补齐", "owner": "安组长", "due_on": TOMORROW.isoformat()}
        assert leader.post("debrief_act", meeting.pk, "measure", **{**order, "owner": "无此人"}).status == 422
        assert leader.post("debrief_act", meeting.pk, "measure", **order).status == 302
        measure = Measure.objects.get(text="补齐")
        assert Message.objects.get(kind="measure_ordered", to=w.ann).link == f"/measures/{measure.pk}"
        assert "补齐标识" in leader.get("debrief", meeting.pk).text  # the one of the evening before is still open
        assert leader.get("debrief_minutes", meeting.pk).status == 404
        assert leader.post("debrief_act", meeting.pk, "close", notes="完").status == 302
        assert leader.get("debrief_minutes", meeting.pk).content.startswith(b"%PDF")
        assert leader.post("debrief_act", meeting.pk, "decide", text="又").status == 422
        assert Desk(w.ann).get("debrief", meeting.pk).status == 200 and Desk(w.mei).get("debriefs").status == 403
        assert Desk(w.ann).post("debrief_act", meeting.pk, "decide", text="x").status == 403
        assert Desk(w.ann).post("measure", measure.pk, note="已补").status == 302
        assert again(measure).done_by == w.ann
    assert Desk(w.mei).get("measure", measure.pk).status == 404


def test_the_owner_of_a_measure_needs_no_other_right_to_finish_it(w: Any) -> None:
    mine = debriefs.order_measure(
        Debrief.objects.get(day=DAY), "补口罩", owner=w.mei, due_on=DAY, by=w.office, at=NIGHT
    )
    assert "补口罩" in Desk(w.mei).get("measure", mine.pk).text
    assert Desk(w.mei).post("measure", mine.pk, note="").status == 422
    assert Desk(w.mei).post("measure", mine.pk, note="已领").status == 302
    assert again(mine).done_by == w.mei and Desk(w.office).get("measures", state="done").text.count("补口罩") == 1


def test_the_minutes_say_what_was_seen_decided_and_ordered_and_never_change(w: Any) -> None:
    meeting = Debrief.objects.get(day=DAY)
    debriefs.close_debrief(meeting, notes="第一行\n第二行", by=w.office, at=NIGHT)
    first = print_minutes(again(meeting), park="测试园区")
    debriefs.finish_measure(Measure.objects.get(), note="已补", by=w.office, at=later(130))
    w.team = Inspector(w, w.ann)
    found(w, "B4", minutes=140)
    assert print_minutes(again(meeting), park="测试园区") == first
    document = pypdfium2.PdfDocument(first)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    plain = "".join(text.split())
    for words in ("检查工作例会纪要", "统一标识", "补齐标识", "办公室甲", "制度流程缺失", "第二行", "第1网格"):
        assert words in plain, words


def test_a_draft_of_a_case_is_seen_by_the_own_enterprise_and_published_by_everybody(w: Any) -> None:
    case, desk = w.there["case"][0], Desk(w.mei)
    copy = CasePhoto.objects.order_by("pk")[0]
    assert Desk(w.bo).get("case", case).status == 404 and Desk(w.bo).get("case_photo", copy.pk).status == 404
    assert desk.post("case_act", case, "answer", agreed="no").status == 422
    assert desk.post("case_act", case, "answer", agreed="yes").status == 302
    assert Desk(w.ann).post("case_act", case, "publish").status == 403
    assert Desk(w.office).post("case_act", case, "publish").status == 302
    page = Desk(w.bo).get("case", case)
    assert page.status == 200 and "谁读过" not in page.text
    shown = Desk(w.bo).get("case_photo", copy.pk)
    assert pixels(shown.content)[2](0.3, 0.3) == (0, 0, 0) and b"place" not in shown.content
    Desk(w.bo).get("case", case)
    assert CaseReading.objects.get().person == w.bo and "柏联络" in Desk(w.office).get("case", case).text
    assert Desk(w.office).post("case_act", case, "offer").status == 422  # nobody else has that item open


def test_areas_are_marked_by_hand_and_a_wrong_line_is_told(w: Any) -> None:
    case, photo = w.there["case_mark"]
    desk = Desk(w.ann)
    assert "10 10 40 40" in desk.get("case_mark", case, photo).text
    wrong = desk.post("case_mark", case, photo, side="before", areas="0 0 50 50\n1 2 3")
    assert wrong.status == 422 and "第 2 行" in wrong.text
    outside = desk.post("case_mark", case, photo, side="before", areas="80 0 50 50")
    assert outside.status == 422 and "照片之内" in outside.text
    assert desk.post("case_mark", case, photo, side="before", areas="50，50，50，50").status == 302
    assert CasePhoto.objects.get(photo=photo).areas == [[0.5, 0.5, 0.5, 0.5]]
    assert Desk(w.mei).get("case_mark", case, photo).status == 403
    assert desk.post("case_drop", case, photo).status == 302 and not CasePhoto.objects.filter(photo=photo).exists()


def test_a_finding_put_right_offers_to_become_a_case_once(w: Any) -> None:
    one = GoodPractice.objects.get().finding_id
    assert "写成案例" not in Desk(w.ann).get("finding", one).text
    assert Desk(w.office).post("case_act", w.there["case"][0], "withdraw", reason="改").status == 302
    assert "写成案例" in Desk(w.ann).get("finding", one).text
    assert Desk(w.ann).post("finding_act", one, "case", title="又", text="写").status == 302
    assert Desk(w.ann).post("finding_act", one, "cause", kind="other").status == 422


def test_a_day_is_signed_on_its_page_and_a_liaison_sees_the_own_line_only(w: Any) -> None:
    sign = Desk(w.ann).post("day_sign", w.grids[0].pk, DAY.isoformat(), note="已核对")
    assert sign.status == 302 and GridDay.objects.get(grid=w.grids[0]).signed_by == w.ann
    w.lotus.grid = w.grids[0]
    w.lotus.save()
    assert "安组长" in Desk(w.mei).get("day_check", grid=w.grids[0].pk, day=DAY.isoformat()).text
    assert Desk(w.ann).post("day_sign", w.grids[1].pk, DAY.isoformat()).status == 404
    assert Desk(w.ann).get("day_check", grid=w.grids[1].pk).status == 404
    assert Desk(w.office).get("day_check", day="2022-13-01").status == 404
    assert "彩虹生物" not in Desk(w.bo).get("day_check").text


def test_a_complaint_is_taken_down_and_settled_by_pages(w: Any) -> None:
    form = {"enterprise": "彩虹生物", "source": "employee", "text": "宿舍拥挤"}
    assert Desk(w.ann).post("complaint_new", **{**form, "enterprise": "莲花电子"}).status == 403
    assert Desk(w.ann).post("complaint_new", **form).status == 302
    one = Complaint.objects.get(text="宿舍拥挤")
    assert Desk(w.ann).post("complaint_settle", one.pk, note="已调整").status == 302
    assert "宿舍拥挤" not in Desk(w.ann).get("complaints", state="open").text


# ---- the list of the next day
def line(w: Any, day: Any, at: Any) -> Line:
    return next(one for one in work_list(w.grids[0], day, at, w.ann).lines if one.enterprise == w.rainbow)


def reasons(w: Any, day: Any, at: Any) -> str:
    return " ".join(line(w, day, at).reasons)


def test_what_did_not_agree_yesterday_few_samples_and_complaints_are_todays_work() -> None:
    w = inspected_world()
    sampled_evening(w)
    complaint = days.note_complaint(w.rainbow, source="hotline", text="夜间开工", by=w.ann, at=NIGHT)
    assert "日清" not in reasons(w, TOMORROW, later(900))
    days.close_days(at=later(361))
    told = reasons(w, TOMORROW, later(900))
    assert "投诉 1 件" in told and "应采 6 人，已采 3 人" in told and "昨晚采样率 50%" in told
    days.settle_complaint(complaint, note="属实", by=w.ann, at=later(900))
    assert "投诉" not in reasons(w, TOMORROW, later(901))
    assert "日清" not in reasons(w, TOMORROW + timedelta(days=1), later(2400))


def test_a_second_visit_on_a_day_is_merged_into_the_first_unless_a_look_back_is_due() -> None:
    w = inspected_world()
    found(w, "B3", minutes=0)
    one = line(w, DAY, later(60))
    assert one.today and one.full and one.minutes == 20
    assert not line(w, TOMORROW, later(900)).full
    noticed(w, "B4", minutes=-1500)
    assert not line(w, DAY, later(60)).full


def test_what_happens_during_the_day_changes_nobodys_draw() -> None:
    w = inspected_world()
    before = [one.enterprise for one in work_list(w.grids[0], DAY, NIGHT, w.ann).lines if one.drawn]
    for minutes in range(0, 80, 10):
        found(w, "B3", minutes=minutes)
    after = work_list(w.grids[0], DAY, NIGHT, w.ann).lines
    assert [one.enterprise for one in after if one.drawn] == before == [w.rainbow] and after[0].full


def test_the_page_of_a_debrief_asks_the_same_however_much_there_is(w: Any) -> None:
    desk = Desk(w.office)
    desk.get("debrief", *w.there["debrief"])
    with CaptureQueriesContext(connection) as few:
        desk.get("debrief", *w.there["debrief"])
    meeting = Debrief.objects.get(day=DAY)
    for n in range(4):
        debriefs.order_measure(meeting, f"措施{n}", owner=w.office, due_on=DAY, by=w.office, at=NIGHT)
        debriefs.decide(meeting, f"决定{n}", by=w.office, at=NIGHT)
    with CaptureQueriesContext(connection) as many:
        desk.get("debrief", *w.there["debrief"])
    assert len(many) == len(few)
