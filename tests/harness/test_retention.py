"""docs/retention.toml and the columns of the tables hold each other (habit: no column without its line)."""

import copy
import tomllib
from typing import Any

import pytest

from parkkeeper.park import checks

RUN = "parkkeeper.park.actions.retention.destroy_due"
PERIOD = {"days": 1, "counted": "row", "until": "a day", "destroyed": "deleted", "executed_by": RUN}
GOES = {"destroy": "delete", "since": ["at"], "zh": "知道是谁", "period": "short"}
KNOWN = {"x.Person.id": False, "x.Person.name": False, "x.Scan.by": True}
DECLARED: dict[str, Any] = {
    "periods": {"short": PERIOD},
    "personal": [
        {"model": "x.Person", "columns": ["name"], "purpose": "to know who", **GOES},
        {"model": "x.Scan", "columns": ["by"], "purpose": "who scanned", **GOES},
    ],
    "plain": [{"match": ["*.*.id"], "why": "numbers"}],
}


def ids(declared: dict[str, Any], known: dict[str, bool] = KNOWN) -> list[str | None]:
    return [problem.id for problem in checks.compare(known, declared)]


def test_every_column_of_the_park_is_declared() -> None:
    assert checks.check_retention() == []


def test_the_columns_of_every_table_are_looked_at() -> None:
    found = checks.columns()
    assert len(found) > 250
    assert found["park.Person.name"] is False and found["sampling.Scan.person"] is True
    assert "sessions.Session.session_data" in found and "tenancy.Park.name" in found


def test_a_file_without_gaps_passes() -> None:
    assert ids(DECLARED) == []


def test_a_column_that_nobody_declared_fails() -> None:
    assert ids(DECLARED, {**KNOWN, "x.Person.blood_group": False}) == ["park.E002"]


def test_a_column_is_declared_once() -> None:
    twice = copy.deepcopy(DECLARED)
    twice["personal"].append({"model": "x.Person", "columns": ["name"], "purpose": "again", **GOES})
    assert ids(twice) == ["park.E003"]


def test_a_column_that_points_to_a_person_is_never_plain() -> None:
    wrong = copy.deepcopy(DECLARED)
    del wrong["personal"][1]
    wrong["plain"].append({"match": ["x.Scan.by"], "why": "only a number"})
    assert ids(wrong) == ["park.E003"]


def test_a_line_that_outlives_its_column_fails() -> None:
    known = {name: person for name, person in KNOWN.items() if name != "x.Person.name"}
    assert ids(DECLARED, known) == ["park.E004"]


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("personal", {"purpose": ""}),
        ("personal", {"period": "for ever"}),
        ("personal", {"destroy": "some day"}),
        ("personal", {"stays": ["phone"]}),
        ("personal", {"zh": ""}),
        ("plain", {"why": ""}),
    ],
)
def test_purpose_period_way_and_reason_are_told(where: str, change: dict[str, str]) -> None:
    wrong = copy.deepcopy(DECLARED)
    wrong[where][0].update(change)
    assert ids(wrong) == ["park.E005"]


@pytest.mark.parametrize(
    "period",
    [
        {**PERIOD, "until": ""},
        {**PERIOD, "destroyed": ""},
        {**PERIOD, "days": "1"},
        {**PERIOD, "counted": "by hand"},
        {**PERIOD, "executed_by": ""},
        {**PERIOD, "executed_by": "parkkeeper.park.checks.no_such_thing"},
    ],
)
def test_a_period_says_until_when_and_who_destroys(period: dict[str, str]) -> None:
    wrong = copy.deepcopy(DECLARED)
    wrong["periods"]["short"] = period
    assert ids(wrong) == ["park.E005"]


def test_every_period_is_executed_by_the_program() -> None:
    periods = tomllib.loads(checks.RETENTION.read_text(encoding="utf-8"))["periods"]
    assert {period["executed_by"] for period in periods.values()} == {RUN}
