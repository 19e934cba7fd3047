"""Tables of laboratories as they really come: headings in any order and wording, odd words, odd encodings."""

from zoneinfo import ZoneInfo

import pytest

from parkkeeper.kernel.tables import Sheet, write_xlsx
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import read_file
from parkkeeper.park.models import StoredFile
from parkkeeper.sampling.actions.results import take_lab_file
from parkkeeper.sampling.labfiles import preview_lab_file, read_time, read_value
from parkkeeper.sampling.labwords import say
from parkkeeper.sampling.models import LabReport, Result
from tests.sampling.results_world import code, later, owing, tube
from tests.world import world

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("阴性", "negative"), ("阴性（-）", "negative"), ("（－）", "negative"), ("未检出", "negative"),
        ("Negative", "negative"),
        ("NOT DETECTED", "negative"), ("阳性", "positive"), ("(+)", "positive"), ("阳性(+)", "positive"),
        ("检出", "positive"),
        ("可疑", "indeterminate"), ("无效", "invalid"), (" 阴 性 ", None), ("-", None), ("—", None), ("", None),
        ("阴性 阳性", None), ("非阴性", None), ("not detected(+)", None), ("待复核", None), ("1", None),
    ],
)  # fmt: skip
def test_a_word_is_a_value_only_when_it_is_surely_one(word: str, value: str | None) -> None:
    assert read_value(word) == value


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2022-05-10 20:30", "2022-05-10T20:30:00+08:00"), ("2022/5/10 8:05:09", "2022-05-10T08:05:09+08:00"),
        ("2022年5月10日 20时30分", "2022-05-10T20:30:00+08:00"), ("2022年5月10日", "2022-05-10T00:00:00+08:00"),
        ("20220510203000", "2022-05-10T20:30:00+08:00"), ("202205102030", "2022-05-10T20:30:00+08:00"),
        ("20220510", "2022-05-10T00:00:00+08:00"), ("2022-05-10T20:30:00+00:00", "2022-05-10T20:30:00+00:00"),
        ("２０２２－０５－１０ ２０：３０", "2022-05-10T20:30:00+08:00"),
    ],
)  # fmt: skip
def test_times_are_read_as_people_write_them(text: str, iso: str) -> None:
    moment = read_time(text, ZONE)
    assert moment is not None
    assert moment.isoformat() == iso


@pytest.mark.parametrize("text", ["", "昨天", "2022-13-40 10:00", "2022-05-10 25:00", "20:30", "05-10"])
def test_a_time_that_says_no_moment_is_none(text: str) -> None:
    assert read_time(text, ZONE) is None


def csv(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(rows).encode(encoding)


def xlsx(headings: list[str], rows: list[list[str]]) -> bytes:
    return write_xlsx([Sheet("结果", headings, rows)])


@pytest.mark.django_db
def test_headings_in_any_order_and_wording_are_found() -> None:
    world()
    data = xlsx(["序号", "结果判定", "报告时间", "样本编号", "备注"], [["1", "阴性", "2022-05-10 23:00", code(1), ""]])
    seen = preview_lab_file(data, "报告.xlsx")
    assert seen.columns == {"value": 1, "tested_at": 2, "tube_code": 3, "note": 4}
    assert (seen.rows[0].tube_code, seen.rows[0].value, seen.rows[0].row) == (code(1), "negative", 2)


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_does_not_matter(encoding: str) -> None:
    world()
    seen = preview_lab_file(csv("试管码,检测结果", f"{code(1)},阳性", encoding=encoding), "结果.csv")
    assert [row.value for row in seen.rows] == ["positive"]


@pytest.mark.django_db
def test_a_preview_writes_nothing_and_counts_everything() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    data = csv("试管码,结果", f"{code(1)},阳性", f"{code(2)},阴性", f"{code(3)},?", ",阴性", f"{code(4)},")
    seen = preview_lab_file(data, "结果.csv")
    assert seen.counts == {
        "rows": 5, "readable": 2, "negative": 1, "positive": 1, "indeterminate": 0, "invalid": 0, "unknown_tube": 1,
        "known": 0, "problems": 3,
    }  # fmt: skip
    assert [(p.row, p.column, p.value, p.code) for p in seen.problems] == [
        (4, "value", "?", "unknown_value"), (5, "tube_code", "", "blank"), (6, "value", "", "no_value")
    ]  # fmt: skip
    assert not Result.objects.exists()
    assert not StoredFile.objects.exists()


@pytest.mark.django_db
def test_every_problem_says_row_column_value_and_remedy() -> None:
    world()
    seen = preview_lab_file(csv("试管码,结果", f"{code(3)},待复核"), "结果.csv")
    said = say(seen.problems[0].as_json())
    assert (said.row, said.column, said.value) == (2, "检测结果", "待复核")
    assert "阴性、阳性、可疑或无效" in said.remedy


@pytest.mark.django_db
def test_the_column_map_may_be_changed() -> None:
    world()
    data = csv("甲,乙,结果", f"{code(1)},无关,阴性")
    guessed = preview_lab_file(data, "结果.csv")
    assert not guessed.complete
    assert [p.code for p in guessed.problems] == ["no_column"]
    chosen = preview_lab_file(data, "结果.csv", {"tube_code": 0})
    assert chosen.columns == {"tube_code": 0, "value": 2}
    assert [row.tube_code for row in chosen.rows] == [code(1)]


@pytest.mark.django_db
def test_taking_a_file_without_a_needed_column_is_refused_and_writes_nothing() -> None:
    w = world()
    with pytest.raises(Refused, match="试管码"):
        take_lab_file(csv("甲,结果", "x,阴性"), "结果.csv", laboratory=w.laboratory, by=w.lab, at=later(300))
    assert not StoredFile.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "没有内容"), (b"%PDF-1.7", "不是表格"), (b"PK\x03\x04broken", "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "损坏"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_with_what_to_do(data: bytes, word: str) -> None:
    w = world()
    with pytest.raises(Refused, match=word):
        take_lab_file(data, "结果.xlsx", laboratory=w.laboratory, by=w.lab, at=later(300))
    assert not LabReport.objects.exists()


@pytest.mark.django_db
def test_a_file_is_kept_and_its_good_rows_have_consequences() -> None:
    w = world()
    tube(w, 1, *w.workers[:2])
    data = xlsx(["试管码", "结果", "检测时间"], [[code(1), "阳性", "2022-05-10 22:00"], [code(2), "看不清", ""]])
    said = take_lab_file(data, "5月10日.xlsx", laboratory=w.laboratory, by=w.lab, at=later(300))
    assert owing(w.workers[1])
    assert (said.counts["new"], said.counts["problems"]) == (1, 1)
    assert said.file is not None
    assert read_file(said.file) == data


@pytest.mark.django_db
def test_the_same_file_twice_changes_nothing() -> None:
    w = world()
    tube(w, 1, *w.workers[:2])
    data = csv("试管码,结果", f"{code(1)},阳性")
    for minutes in (300, 400):
        said = take_lab_file(data, "5月10日.csv", laboratory=w.laboratory, by=w.lab, at=later(minutes))
    assert said.counts["known"] == 1
    assert Result.objects.count() == 1


@pytest.mark.django_db
def test_a_code_that_a_spreadsheet_made_a_number_is_never_guessed() -> None:
    world()
    seen = preview_lab_file(csv("试管码,结果", "3.10115E+17,阳性"), "结果.csv")
    assert [(p.code, p.stored) for p in seen.problems] == [("number_as_scientific", False)]
    assert seen.rows == []


@pytest.mark.django_db
def test_an_unreadable_time_keeps_the_result() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    data = csv("试管码,结果,检测时间", f"{code(1)},阳性,昨晚")
    said = take_lab_file(data, "结果.csv", laboratory=w.laboratory, by=w.lab, at=later(300))
    assert Result.objects.get().tested_at == later(300)
    assert [p["code"] for p in said.problems] == ["bad_time"]
