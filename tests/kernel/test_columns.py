"""Headings in any order and wording find their fields; no column serves two."""

from hypothesis import given
from hypothesis import strategies as st

from parkkeeper.kernel.tables import Field, match_columns, missing_fields

FIELDS = [
    Field("name", ["姓名", "Name"], required=True),
    Field("document", ["证件号码", "身份证号", "证件号", "ID number"], required=True),
    Field("kind", ["证件类型"]),
    Field("phone", ["手机号", "联系电话", "电话", "Phone"]),
    Field("staff", ["工号", "Staff number"]),
]


def test_headings_are_found_in_any_order() -> None:
    assert match_columns(["电话", "序号", "姓名", "身份证号"], FIELDS) == {"phone": 0, "name": 2, "document": 3}


def test_width_case_spaces_and_remarks_do_not_matter() -> None:
    headings = ["＊姓　名（必填）", "id Number", "PHONE:", "工号【选填】"]
    assert match_columns(headings, FIELDS) == {"name": 0, "document": 1, "phone": 2, "staff": 3}


def test_an_equal_heading_wins_over_one_that_contains_it() -> None:
    assert match_columns(["紧急联系人姓名", "姓名"], FIELDS)["name"] == 1
    assert match_columns(["员工姓名", "紧急联系人姓名"], FIELDS)["name"] == 0


def test_the_longer_words_win_among_those_that_contain() -> None:
    assert match_columns(["员工证件类型", "员工证件号码"], FIELDS) == {"kind": 0, "document": 1}


def test_a_single_character_is_not_looked_for_inside_other_headings() -> None:
    assert match_columns(["备注号"], [Field("number", ["号"])]) == {}


def test_required_fields_without_a_column_are_named() -> None:
    columns = match_columns(["姓名", ""], FIELDS)
    assert [field.name for field in missing_fields(FIELDS, columns)] == ["document"]


@given(st.lists(st.sampled_from([h for field in FIELDS for h in field.headings] + ["", "备注", "姓名2", "电话（家）"])))
def test_no_column_serves_two_fields_and_none_is_made_up(headings: list[str]) -> None:
    columns = match_columns(headings, FIELDS)
    assert len(set(columns.values())) == len(columns)
    assert all(0 <= column < len(headings) and headings[column] for column in columns.values())


@given(st.permutations([field.headings[0] for field in FIELDS]))
def test_every_exact_heading_is_found_wherever_it_stands(headings: list[str]) -> None:
    columns = match_columns(headings, FIELDS)
    assert {field.name: field.headings[0] for field in FIELDS} == {n: headings[c] for n, c in columns.items()}
