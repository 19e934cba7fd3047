"""The rulebook: dated, with sources; the pack has every rule that the code asks for."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

import parkkeeper
from parkkeeper.kernel import clock
from parkkeeper.park.actions.rulebook import change_rule
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import Rule
from parkkeeper.park.packs import BadPack, _row, pack_codes, read_pack
from parkkeeper.park.rulebook import rule
from tests.world import EVENING, RULES, world

ASKED = re.compile(r'\b(?:rule|hours|rule_minutes|minutes)\(\s*"([a-z_]+)"')


def asked_for() -> set[str]:
    code = Path(parkkeeper.__file__).parent
    return {key for path in code.rglob("*.py") for key in ASKED.findall(path.read_text(encoding="utf-8"))}


def test_the_sample_pack_has_every_rule_that_the_code_asks_for() -> None:
    assert {"result_hours", "tube_to_lab_hours"} <= asked_for()
    assert asked_for() - {row.key for row in read_pack("shanghai-2022").rules} == set()


def test_the_tests_own_rules_have_no_key_that_the_pack_lacks() -> None:
    assert set(RULES) - {row.key for row in read_pack("shanghai-2022").rules} == set()


@pytest.mark.parametrize("code", pack_codes())
def test_a_pack_tells_source_and_meaning_of_each_row(code: str) -> None:
    for row in read_pack(code).rules:
        assert row.source and row.note and row.unit, row.key


def test_a_pack_names_the_row_that_is_wrong() -> None:
    with pytest.raises(BadPack, match="rule 3 .x.: 'source' is missing"):
        _row({"key": "x", "value": 1, "from": date(2022, 1, 1)}, 3, "a.toml")
    with pytest.raises(BadPack, match="there are: "):
        read_pack("nowhere")


@pytest.mark.django_db
class TestChange:
    def test_a_new_value_closes_the_one_before_and_keeps_the_past(self) -> None:
        w = world()
        start = EVENING + timedelta(days=3)
        change_rule("result_hours", 12, starts_at=start, source="第二版", by=w.office, at=EVENING)
        assert rule("result_hours", start - timedelta(seconds=1)) == 24
        assert rule("result_hours", start) == 12
        assert Rule.objects.filter(key="result_hours").count() == 2

    def test_the_past_cannot_be_rewritten(self) -> None:
        w = world()
        with pytest.raises(Refused, match="过去"):
            change_rule("result_hours", 12, starts_at=EVENING - timedelta(days=1), source="x", by=w.office, at=EVENING)

    def test_a_later_row_is_not_overrun(self) -> None:
        w = world()
        change_rule("result_hours", 12, starts_at=EVENING + timedelta(days=5), source="x", by=w.office, at=EVENING)
        with pytest.raises(Refused, match="已另有规定"):
            change_rule("result_hours", 6, starts_at=EVENING + timedelta(days=1), source="y", by=w.office, at=EVENING)

    @pytest.mark.parametrize(
        ("value", "told"),
        [("24", "形式"), ([1, 2], "形式"), (-1, "之间"), ({"a": 1}, "形式"), (1e300, "之间"), (float("nan"), "之间")],
    )
    def test_a_value_of_another_kind_is_refused(self, value: Any, told: str) -> None:
        w = world()
        with pytest.raises(Refused, match=told):
            change_rule("result_hours", value, starts_at=EVENING, source="x", by=w.office, at=EVENING)

    @pytest.mark.parametrize("amount", [-1, 1e300, float("inf")])
    def test_a_number_inside_a_table_is_kept_within_the_calendar_as_well(self, amount: float) -> None:
        with pytest.raises(Refused, match="1000000"):
            change_rule("notice_term", {"unit": "hours", "amount": amount}, starts_at=EVENING, source="x",
                        by=world().office, at=EVENING)  # fmt: skip

    def test_nobody_else_changes_a_rule_and_none_without_source(self) -> None:
        w = world()
        with pytest.raises(Forbidden):
            change_rule("result_hours", 12, starts_at=EVENING, source="x", by=w.mei, at=EVENING)
        with pytest.raises(Refused, match="依据"):
            change_rule("result_hours", 12, starts_at=EVENING, source=" ", by=w.office, at=EVENING)

    def test_a_term_is_told_by_its_unit(self, client: Client) -> None:
        w = world()
        Rule.objects.filter(key="notice_term").update(value={"unit": "working_days", "amount": 3})
        with clock.at(EVENING):
            page = w.login(client, w.office).get("/rulebook?q=notice_term").content.decode()
        assert "3 工作日" in page and "working_days" not in page

    def test_pages_show_value_history_and_source_and_the_form_keeps_what_was_typed(self, client: Client) -> None:
        w = world()
        with clock.at(EVENING):
            w.login(client, w.office)
            assert "result_hours" in client.get("/rulebook?q=result").content.decode()
            wrong = client.post("/rulebook/result_hours/change", {"value": "很多", "starts_at": "2022-05-11T00:00"})
            assert wrong.status_code == 422 and "很多" in wrong.content.decode()
            right = {"value": "12", "starts_at": "2022-05-11T00:00", "source": "第二版"}
            assert client.post("/rulebook/result_hours/change", right).status_code == 302
            assert "第二版" in client.get("/rulebook/result_hours").content.decode()
            assert client.get("/rulebook/nothing").status_code == 404
            w.login(client, w.mei)
            assert client.get("/rulebook").status_code == 200
            assert client.get("/rulebook/result_hours/change").status_code == 403
