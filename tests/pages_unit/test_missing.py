"""The list of who is missing, and what is done from it."""

from typing import Any

import pytest
from django.test import Client

from parkkeeper.kernel import clock
from parkkeeper.park.models import JournalEntry, Message
from parkkeeper.sampling.models import Disposition, Obligation, Reception, Scan
from parkkeeper.sampling.views import missing as views
from tests.pages_unit.desk import Desk, filled, sheet
from tests.sampling.results_world import code, make_round, tube
from tests.world import later, world

pytestmark = pytest.mark.django_db
HOUR = 60


@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    settings.FILES_DIR = tmp_path
    w: Any = world()
    w.round = make_round(w, *w.workers, *w.lotus_workers)
    w.round.population = 9
    w.round.save()
    tube(w, 1, *w.workers[:2], round=w.round)
    return w


@pytest.fixture(autouse=True)
def _at_eight() -> Any:
    with clock.at(later(120)):
        yield


def test_before_the_first_round_the_page_says_so() -> None:
    w: Any = world()
    assert "还没有开启过轮次" in Desk(w.office).get("missing").text


def test_who_is_sampled_is_not_missing_and_the_reading_is_written_down(w: Any) -> None:
    page = Desk(w.office).get("missing").text
    assert "李娜" in page and "孙一" in page and "张伟" not in page.split("<tbody>")[1]
    assert "2/9" in page
    line = JournalEntry.objects.get(verb="people.listed")
    assert (line.facts["where"], line.facts["count"]) == ("missing", 7)


def test_a_liaison_sees_the_own_people_only(w: Any) -> None:
    page = Desk(w.bo).get("missing").text
    assert "孙一" in page and "李娜" not in page


@pytest.mark.parametrize(("query", "seen", "unseen"), [
    ({"q": "sunyi"}, "孙一", "李娜"), ({"state": "not_sampled", "owner": "lab_member"}, "没有符合条件", "李娜"),
    ({"state": "sampled"}, "张伟", "李娜"), ({"at": "2022-05-10T17:30"}, "张伟", "–nobody–"),
])  # fmt: skip
def test_filters_narrow_by_words_state_owner_and_moment(w: Any, query: Any, seen: str, unseen: str) -> None:
    table = Desk(w.office).get("missing", **query).text.split('<section class="list"')[1]
    assert seen in table and unseen not in table


def test_a_wrong_filter_is_told_and_left_out(w: Any) -> None:
    page = Desk(w.office).get("missing", state="nonsense", at="yesterday", enterprise="x").text
    assert page.count("无效，已不作筛选") == 3 and "李娜" in page


def test_the_list_goes_to_a_file_with_all_rows(w: Any) -> None:
    answer = Desk(w.office).get("missing", export="csv")
    assert answer.text.count("未采样") >= 7 and "李娜" in answer.text


def test_groups_add_up_and_lead_to_their_people(w: Any) -> None:
    page = Desk(w.office).get("missing_groups", by="enterprise").text
    assert f"/missing?round={w.round.pk}&amp;enterprise={w.rainbow.pk}" in page
    assert "2/6" in page and "0/3" in page


def test_the_call_list_names_the_liaison_first_and_is_written_down(w: Any) -> None:
    page = Desk(w.office).get("missing_calls", enterprise=w.lotus.pk).text
    assert page.index("柏联络") < page.index("孙一") and "李娜" not in page and w.lotus_workers[0].phone in page
    assert JournalEntry.objects.filter(verb="people.listed", facts__where="missing_calls").count() == 1


def test_the_call_list_has_pages_and_each_that_is_read_is_written_down(w: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(views, "CALLS_A_PAGE", 2)
    client = w.login(Client(), w.office)
    first, second = (client.get(f"/missing/calls?page={n}").content.decode() for n in (1, 2))
    assert "第 1–2 项" in first and "第 3–4 项" in second and "page=2" in first
    assert first.count('href="tel:') == second.count('href="tel:') > 0 and first != second
    read = JournalEntry.objects.filter(verb="people.listed", facts__where="missing_calls").order_by("id")
    assert [one.facts["filters"]["page"] for one in read] == ["1", "2"]


def test_telling_asks_first_then_sends_one_message_a_liaison(w: Any) -> None:
    desk = Desk(w.office)
    chosen = [w.workers[2].pk, w.lotus_workers[0].pk]
    page = desk.post("gap_work", "tell", round=w.round.pk, chosen=chosen)
    assert "涉及 2 人" in page.text and Message.objects.count() == 0
    desk.post("gap_work", "tell", round=w.round.pk, people=",".join(map(str, chosen)), confirmed=1)
    assert sorted(Message.objects.values_list("to__name", flat=True)) == ["柏联络", "梅联络"]


def test_everybody_means_all_that_the_page_was_narrowed_to(w: Any) -> None:
    desk = Desk(w.office)
    page = desk.post("gap_work", "tell", everybody=1, round=w.round.pk, referer=f"/missing?enterprise={w.lotus.pk}")
    assert "涉及 3 人" in page.text and "李娜" not in page.text


def test_everybody_needs_the_list_from_which_it_was_pressed(w: Any) -> None:
    answer = Desk(w.office).post("gap_work", "tell", everybody=1, round=w.round.pk)
    assert answer.status == 422 and "筛选后" in answer.text


def test_a_liaison_does_not_tell_herself(w: Any) -> None:
    assert "通知联络人</button>" not in Desk(w.mei).get("missing").text
    assert "通知联络人</button>" in Desk(w.office).get("missing").text


def test_an_excuse_needs_a_reason_and_can_be_taken_back(w: Any) -> None:
    desk, person = Desk(w.mei), w.workers[2]
    asked: dict[str, Any] = {"round": w.round.pk, "people": person.pk, "confirmed": 1}
    assert desk.post("gap_work", "excuse", **asked).status == 422
    assert desk.post("gap_work", "excuse", **asked, reason="鼻部手术", next="/missing?state=excused").href == (
        "/missing?state=excused"
    )
    made = Disposition.objects.get()
    assert "鼻部手术" in desk.get("missing", state="excused").text
    assert desk.post("gap_withdraw", made.uuid).status == 302
    made.refresh_from_db()
    assert made.withdrawn_by == w.mei
    assert desk.post("gap_withdraw", made.uuid).status == 422


def test_foreign_people_are_nobody_for_a_liaison(w: Any) -> None:
    desk = Desk(w.mei)
    asked: dict[str, Any] = {"round": w.round.pk, "people": w.lotus_workers[0].pk, "confirmed": 1, "reason": "x"}
    assert "没有选中任何人" in desk.follow("gap_work", "excuse", **asked).text
    other = Disposition.objects.create(
        round=w.round, person=w.lotus_workers[0], kind="excused", reason="x", at=later(0), by=w.office
    )
    assert desk.post("gap_withdraw", other.uuid).status == 404
    assert Disposition.objects.count() == 1


def test_a_second_excuse_hears_who_was_first_and_the_others_are_done(w: Any) -> None:
    desk = Desk(w.office)
    first, second = w.workers[2], w.workers[3]
    desk.post("gap_work", "excuse", round=w.round.pk, people=first.pk, confirmed=1, reason="早班")
    page = desk.follow(
        "gap_work", "excuse", round=w.round.pk, people=f"{first.pk},{second.pk}", confirmed=1, reason="x"
    )
    assert "已登记 1 人" in page.text and "如需更改" in page.text
    assert Disposition.objects.filter(kind="excused").count() == 2


def test_sampled_elsewhere_keeps_its_evidence_and_a_positive_makes_somebody_owe(w: Any) -> None:
    desk, person = Desk(w.mei), w.workers[2]
    desk.post(
        "gap_work", "elsewhere", round=w.round.pk, people=person.pk, confirmed=1, place="浦东医院",
        sampled_at="2022-05-10T15:00", result="positive", evidence=filled(b"photo", "x.jpg"),
    )  # fmt: skip
    made = Disposition.objects.get()
    assert made.evidence is not None and made.evidence.name == "x.jpg"
    assert Obligation.objects.open().filter(person=person).count() == 1


def test_a_retest_is_ordered_when_the_tube_is_spoiled_and_only_then(w: Any) -> None:
    desk, person = Desk(w.office), w.workers[0]
    asked: dict[str, Any] = {"round": w.round.pk, "people": person.pk, "confirmed": 1, "reason": "试管渗漏"}
    refused = desk.post("gap_work", "retest", **asked)
    assert refused.status == 422 and "不能用“安排补采”处置" in refused.text
    Reception.objects.create(
        tube=Scan.objects.filter(person=person).get().tube, condition="leaked", at=later(60), received_at=later(60)
    )
    assert desk.post("gap_work", "retest", **asked).status == 302
    assert Obligation.objects.open().filter(person=person, cause__startswith="order:").count() == 1


def test_the_day_workbook_goes_out_and_comes_back_filled(w: Any) -> None:
    desk = Desk(w.mei)
    answer = desk.get("workbook_file", w.round.pk, enterprise=w.rainbow.pk)
    headings, rows = sheet(answer.content)
    assert len(rows) == 6
    assert JournalEntry.objects.filter(verb="people.listed", facts__where="day_workbook").count() == 1
    rows[0][7:9] = [code(7), "18:05"]
    rows[1][7:9] = [code(7), "25:05"]
    page = desk.post("workbook", w.round.pk, file=filled([headings, *rows], "名单.csv"))
    assert page.status == 200 and "看不懂采样时间" in page.text
    assert Scan.objects.filter(tube__code=code(7)).count() == 1


def test_a_liaison_must_say_which_part_and_gets_no_foreign_one(w: Any) -> None:
    desk = Desk(w.mei)
    assert desk.get("workbook_file", w.round.pk).status == 422
    assert desk.get("workbook_file", w.round.pk, enterprise=w.lotus.pk).status == 422
    assert desk.post("workbook", w.round.pk, file=filled(b"\x00\x01", "x.xlsx")).status == 422


def test_a_refresh_in_place_gets_the_list_only(w: Any) -> None:
    answer = Client()
    w.login(answer, w.office)
    text = answer.get("/missing?q=李", headers={"HX-Request": "true", "HX-Target": "section#list-missing"}).content
    assert b"<html" not in text and "李娜".encode() in text
