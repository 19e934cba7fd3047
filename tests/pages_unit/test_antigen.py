"""The antigen morning on the pages: who has told, the liaison's list, a table."""

from datetime import timedelta
from typing import Any

import pytest

from parkkeeper.kernel import clock
from parkkeeper.park.models import StoredFile
from parkkeeper.sampling.models import AntigenTest, Due, Obligation, Round
from tests.pages_unit.desk import Desk, filled
from tests.world import DAY, MORNING, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    settings.FILES_DIR = tmp_path
    return world()


@pytest.fixture(autouse=True)
def _at_half_past_eight() -> Any:
    with clock.at(MORNING):
        yield


def values() -> dict[str, str]:
    return dict(AntigenTest.objects.values_list("person__name", "value"))


def test_without_a_round_those_on_post_are_due_and_the_page_says_so(w: Any) -> None:
    page = Desk(w.office).get("antigen").text
    assert "应测按中午在岗人数计" in page and "0/4" in page and "莲花电子" in page


def test_everybody_is_negative_except_those_who_are_named(w: Any) -> None:
    desk = Desk(w.bo)
    sun, zhou = w.lotus_workers[:2]
    sent = {"day": DAY, "who_1": f"{sun.staff_number} 孙一", "value_1": "positive", "who_2": "周二", "value_2": "none"}
    assert "当天应测 4 人" in desk.get("antigen_list", w.lotus.pk).text
    assert desk.post("antigen_list", w.lotus.pk, **sent).status == 302
    assert values() == {"孙一": "positive", "吴三": "negative", "柏联络": "negative"}
    assert Obligation.objects.open().filter(person=sun).count() == 1
    page = desk.get("antigen").text
    assert "3/4" in page and "彩虹生物" not in page
    assert "孙一" in desk.get("antigen_tests", day=DAY, value="positive").text
    assert zhou.name not in desk.get("antigen_tests").text.split("<tbody>")[1]


@pytest.mark.parametrize(("sent", "told"), [
    ({"who_1": "查无此人", "value_1": "positive"}, "本企业没有这个人"), ({"who_1": "孙一"}, "并选出结果"),
    ({"who_1": "孙一", "value_1": "invalid", "who_2": "孙一", "value_2": "none"}, "已经写过一次"),
    ({"day": "2022-05-11"}, "还没有到"),
])  # fmt: skip
def test_a_list_that_cannot_be_right_is_not_taken(w: Any, sent: Any, told: str) -> None:
    answer = Desk(w.bo).post("antigen_list", w.lotus.pk, **{"day": DAY, **sent})
    assert answer.status == 422 and told in answer.text and not values()


def test_two_of_one_name_are_told_apart_by_number(w: Any) -> None:
    desk, second = Desk(w.mei), w.workers[1]
    assert desk.post("antigen_list", w.rainbow.pk, day=DAY, who_1="张伟", value_1="positive").status == 422
    assert desk.post("antigen_list", w.rainbow.pk, day=DAY, who_1=second.staff_number, value_1="positive").status == 302
    assert AntigenTest.objects.get(value="positive").person == second


def test_a_foreign_enterprise_is_nobodys_business(w: Any) -> None:
    assert Desk(w.mei).get("antigen_list", w.lotus.pk).status == 404
    assert Desk(w.mei).post("antigen_list", w.lotus.pk, day=DAY).status == 404


def test_a_table_is_looked_at_then_taken(w: Any) -> None:
    desk = Desk(w.mei)
    rows = [["工号", "姓名", "结果"], [w.workers[2].staff_number, "李娜", "阴性"], ["X9", "谁", "阳性"]]
    assert desk.post("antigen_file", day=DAY, file=filled(rows, "抗原.csv")).status == 302
    stored = StoredFile.objects.get()
    page = desk.get("antigen_file_check", stored.pk, day=DAY).text
    assert "名册里没有这个人" in page and "李娜" in page and not values()
    done = desk.post("antigen_file_check", stored.pk, day=DAY)
    assert done.status == 200 and values() == {"李娜": "negative"} and "名册里没有这个人" in done.text
    assert Desk(w.bo).get("antigen_file_check", stored.pk, day=DAY).status == 404


def test_a_table_of_tomorrow_or_of_nothing_is_refused(w: Any) -> None:
    desk = Desk(w.mei)
    assert (
        desk.post("antigen_file", day=DAY + timedelta(days=1), file=filled([["工号", "结果"]], "a.csv")).status == 422
    )
    assert desk.post("antigen_file", day=DAY, file=filled(b"", "a.csv")).status == 422


def test_with_a_round_its_frozen_list_is_due(w: Any) -> None:
    frozen = Round.objects.create(
        programme=w.antigen, test="antigen", day=DAY, opens_at=MORNING, closes_at=MORNING + timedelta(hours=2),
        frozen_at=MORNING - timedelta(hours=1), population=1,
    )  # fmt: skip
    Due.objects.create(round=frozen, person=w.lotus_workers[0], standing="due", on_post=True, enterprise=w.lotus)
    desk = Desk(w.bo)
    assert "0/1" in desk.get("antigen").text
    desk.post("antigen_list", w.lotus.pk, day=DAY)
    assert "1/1" in desk.get("antigen", state="done").text and "没有应测" in desk.get("antigen", state="missing").text
