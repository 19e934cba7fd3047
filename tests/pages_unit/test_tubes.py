"""Tubes and boxes on the pages: where each is, who is in it, who handed it over, what the laboratory received."""

from datetime import timedelta
from typing import Any

import pytest

from parkkeeper.kernel import clock
from parkkeeper.park.models import Anomaly, JournalEntry
from parkkeeper.sampling.models import Box, HandOver, Reception
from tests.pages.evening import sampled_evening
from tests.pages_unit.desk import Desk, filled
from tests.sampling.fieldkit import FieldPhone, the_tube
from tests.sampling.results_world import code, report
from tests.world import later, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    """Three tubes of the evening: 1 and 2 sealed in a box, 3 still open."""
    settings.FILES_DIR = tmp_path
    w: Any = world()
    return sampled_evening(w, *w.workers)


@pytest.fixture(autouse=True)
def _at_eight() -> Any:
    with clock.at(later(120)):
        yield


def test_the_list_says_where_each_tube_is(w: Any) -> None:
    page = Desk(w.lab).get("tubes").text
    assert page.count("已装箱") >= 2 and "采样中" in page and code(3) in page


@pytest.mark.parametrize(("query", "count"), [
    ({"state": "boxed"}, 2), ({"state": "open"}, 1), ({"q": "P01"}, 3), ({"q": "P02"}, 0), ({"round": "none"}, 0),
    ({"round": "all"}, 3), ({"late": "to_lab"}, 0), ({"q": code(2)}, 1),
])  # fmt: skip
def test_tubes_are_found_by_state_round_time_and_words(w: Any, query: Any, count: int) -> None:
    assert Desk(w.office).get("tubes", **query, export="csv").text.strip().count("\n") == count


def test_a_tube_that_nobody_received_in_time_is_late(w: Any) -> None:
    with clock.at(later(10 + 4 * 60 + 20)):
        assert code(1) in Desk(w.office).get("tubes", late="to_lab").text
        assert code(3) not in Desk(w.office).get("tubes", late="to_lab").text


def test_a_tube_page_names_its_people_and_writes_down_who_looked(w: Any) -> None:
    page = Desk(w.office).get("tube", the_tube(code(1)).pk).text
    assert page.count("张伟") == 2 and "装入转运箱" in page and "清点拭子 2 支" in page
    assert JournalEntry.objects.filter(verb="person.looked_at", facts__where="tube").count() == 2


def test_the_laboratory_sees_the_count_and_no_names(w: Any) -> None:
    page = Desk(w.lab).get("tube", the_tube(code(1)).pk).text
    assert "共 2 人" in page and "张伟" not in page
    assert not JournalEntry.objects.filter(verb="person.looked_at").exists()


def test_results_stand_on_the_tube_and_can_be_struck_by_the_office(w: Any) -> None:
    tube = the_tube(code(1))
    report(w, (1, "positive"), minutes=100)
    desk = Desk(w.office)
    page = desk.get("tube", tube.pk).text
    assert "要单采单检 2 人，还有 2 人未完成" in page
    result = tube.results.get()
    assert desk.post("result_strike", result.pk, reason="").status == 422
    assert desk.post("result_strike", result.pk, reason="录错管号").status == 302
    assert "录错管号" in desk.get("tube", tube.pk).text
    assert Desk(w.lab).post("result_strike", result.pk, reason="x").status == 403


def test_the_box_list_tells_states_and_leads_to_the_box(w: Any) -> None:
    page = Desk(w.courier).get("boxes")
    assert page.status == 200 and "已封箱" in page.text
    box = Desk(w.courier).get("box", w.box.id).text
    assert f"/points/{w.point.pk}" not in page.text + box
    assert code(1) in box and f"/tubes/{the_tube(code(1)).pk}" not in box


def test_the_box_list_begins_with_the_last_week(w: Any) -> None:
    desk = Desk(w.courier)
    shown = desk.get("boxes", export="csv").text.strip().count("\n")
    Box.objects.filter(pk=w.box.id).update(sealed_at=w.box.happened_at - timedelta(days=8))
    assert desk.get("boxes", export="csv").text.strip().count("\n") == shown - 1
    assert desk.get("boxes", time="all", export="csv").text.strip().count("\n") == shown


def test_two_hand_overs_with_signatures_make_the_way_to_the_laboratory(w: Any) -> None:
    desk = Desk(w.office)
    asked: dict[str, Any] = {"given_by": w.scanner.staff_number, "taken_by": w.courier.staff_number}
    first = {**asked, "leg": "to_courier", "at": "2022-05-10T19:00"}
    signed = {"given_signature": filled(b"one", "a.png"), "taken_signature": filled(b"two", "b.png")}
    assert desk.post("box_hand_over", w.box.id, **first, **signed).status == 302
    assert not Anomaly.objects.filter(kind="hand_over_unsigned").exists()
    assert "转运中" in desk.get("box", w.box.id).text
    assert desk.post("box_hand_over", w.box.id, **{**asked, "leg": "to_lab", "at": "2022-05-10T19:30"}).status == 302
    assert Anomaly.objects.filter(kind="hand_over_unsigned").count() == 1
    page = desk.get("box", w.box.id).text
    assert "已到检测机构" in page and "没有签名" in page and HandOver.objects.count() == 2


def test_a_hand_over_to_come_is_refused_where_it_was_typed(w: Any) -> None:
    answer = Desk(w.office).post(
        "box_hand_over", w.box.id, leg="to_lab", at="2022-05-10T23:00", given_by=w.scanner.staff_number,
        taken_by=w.courier.staff_number,
    )  # fmt: skip
    assert answer.status == 422 and "在将来" in answer.text


def test_the_laboratory_receives_tube_by_tube_and_says_the_rest_at_once(w: Any) -> None:
    desk, leaked = Desk(w.lab), the_tube(code(1))
    assert desk.post("box_receive", w.box.id, laboratory="LAB1").status == 422
    assert desk.post("box_receive", w.box.id, rest="good").status == 422
    done = desk.post("box_receive", w.box.id, laboratory="LAB1", rest="good", **{f"c_{leaked.pk}": "leaked"})
    assert done.status == 302
    said = dict(Reception.objects.values_list("tube__code", "condition"))
    assert said == {code(1): "leaked", code(2): "good"}
    page = desk.get("box", w.box.id).text
    assert "已核对" in page and "损毁或缺失" in page
    # what was said of a tube before is not said again by "the rest"
    assert desk.post("box_receive", w.box.id, laboratory="LAB1", rest="missing").status == 422


def test_one_tube_can_be_received_by_itself(w: Any) -> None:
    desk, tube = Desk(w.lab), the_tube(code(3))
    assert desk.post("tube_receive", tube.pk, laboratory="LAB1", condition="nonsense").status == 422
    assert desk.post("tube_receive", tube.pk, laboratory="LAB1", condition="good").status == 302
    assert "已签收" in desk.get("tubes", state="at_lab").text


def test_a_box_is_lost_and_found(w: Any) -> None:
    desk = Desk(w.office)
    assert desk.post("box_lost", w.box.id, do="lost").status == 302
    assert Box.objects.get(pk=w.box.id).lost_by == w.office
    assert "随箱遗失" in desk.get("tube", the_tube(code(1)).pk).text
    assert desk.post("box_lost", w.box.id, do="lost").status == 422
    assert desk.post("box_lost", w.box.id, do="found").status == 302


def test_whoever_works_at_a_point_sees_the_boxes_of_that_point_only(w: Any) -> None:
    near = FieldPhone(w.office, w.nearby)
    other = near.box(2, 1001)
    near.say(near.open(1001), other)
    desk = Desk(w.scanner)
    assert desk.get("box", w.box.id).status == 200
    assert desk.get("box", other.id).status == 404
    assert desk.get("boxes", export="csv").text.strip().count("\n") == 1
