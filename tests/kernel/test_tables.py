"""Tables as offices send them: titles, merged cells, numbers turned to floats, any encoding and mark between cells."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from parkkeeper.kernel.tables import BadTable, Note, Sheet, Table, read_table, write_csv, write_xlsx
from parkkeeper.kernel.tables.workbook import read_here

PERSON = "31011519900101001X"
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


def workbook(fill: Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], None]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        fill(book, book.add_worksheet("名单"))
    return buffer.getvalue()


def cells(table: Table) -> list[list[str]]:
    return [row.cells for row in table.rows]


def code_of(data: bytes, filename: str = "名单.xlsx", **limits: int) -> str:
    with pytest.raises(BadTable) as caught:
        read_table(data, filename, **limits)
    return caught.value.code


def test_a_title_in_merged_cells_and_remarks_above_are_not_headings() -> None:
    def fill(book: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet) -> None:
        page.merge_range(0, 0, 0, 3, "云桥工业园员工名单")
        page.write_row(1, 0, ["填报日期", "2022-05-01"])
        page.write_row(3, 0, ["序号", " 姓 名 ", "证件号码", "备注", ""])
        page.write_row(4, 0, [1, "张伟", PERSON, ""])
        page.write_row(6, 0, [2, "李娜", PERSON, "夜班"])

    table = read_table(workbook(fill), "名单.xlsx")
    assert (table.sheet, table.heading_row, table.headings) == ("名单", 4, ["序号", "姓 名", "证件号码", "备注"])
    assert [row.number for row in table.rows] == [5, 7]
    assert cells(table) == [["1", "张伟", PERSON, ""], ["2", "李娜", PERSON, "夜班"]]
    assert table.notes == []


def test_row_and_column_numbers_count_from_the_sheets_corner() -> None:
    def fill(book: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet) -> None:
        page.write_row(9, 2, ["姓名", "电话"])
        page.write_row(10, 2, ["张伟", 13800138000])

    table = read_table(workbook(fill), "a.xlsx")
    assert (table.heading_row, table.headings, table.rows[0].number) == (10, ["", "", "姓名", "电话"], 11)


def test_headings_of_two_rows_are_joined() -> None:
    def fill(book: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet) -> None:
        page.merge_range(0, 0, 1, 0, "姓名")
        page.merge_range(0, 1, 1, 1, "证件")
        page.merge_range(0, 2, 0, 3, "联系")
        page.write_row(1, 2, ["电话", "邮箱"])
        page.write_row(2, 0, ["张伟", PERSON, "13800138000", "a@b"])

    table = read_table(workbook(fill), "a.xlsx")
    assert (table.heading_row, table.headings) == (2, ["姓名", "证件", "电话", "邮箱"])
    assert table.notes == [Note("two_row_headings", {"row": 2})]
    assert cells(table) == [["张伟", PERSON, "13800138000", "a@b"]]


def test_merged_data_cells_are_told_and_not_filled_down() -> None:
    def fill(book: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet) -> None:
        page.write_row(0, 0, ["企业", "姓名"])
        page.merge_range(1, 0, 2, 0, "甲厂")
        page.write_column(1, 1, ["张伟", "李娜"])

    table = read_table(workbook(fill), "a.xlsx")
    assert cells(table) == [["甲厂", "张伟"], ["", "李娜"]]
    assert table.notes == [Note("merged", {"row": 2, "last_row": 3, "column": "企业"})]


def test_values_are_written_as_a_person_would() -> None:
    def fill(book: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet) -> None:
        day, moment, hour = (book.add_format({"num_format": f}) for f in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm"))
        page.write_row(0, 0, list("甲乙丙丁戊己庚辛"))
        page.write_number(1, 0, 12)
        page.write_number(1, 1, 36.6)
        page.write_number(1, 2, 0.1 + 0.2)
        page.write_datetime(1, 3, datetime(2022, 5, 1), day)  # noqa: DTZ001
        page.write_datetime(1, 4, datetime(2022, 5, 1, 20, 40), moment)  # noqa: DTZ001
        page.write_number(1, 5, 0.354166, hour)
        page.write_boolean(1, 6, True)
        page.write_formula(1, 7, '="a"&"b"', None, "ab")

    assert cells(read_table(workbook(fill), "a.xlsx")) == [
        ["12", "36.6", "0.3", "2022-05-01", "2022-05-01 20:40:00", "08:30", "TRUE", "ab"]
    ]


def test_an_id_that_excel_took_for_a_number_is_flagged_and_its_digits_not_made_up() -> None:
    def fill(book: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet) -> None:
        page.write_row(0, 0, ["姓名", "证件号码", "电话", "旧证"])
        page.write_row(1, 0, ["张伟", 310115199001010018, 13800138000, 310115900101001])

    table = read_table(workbook(fill), "a.xlsx")
    assert cells(table) == [["张伟", "3.1011519900101E+17", "13800138000", "310115900101001"]]
    assert table.notes == [
        Note("number_as_scientific", {"row": 2, "column": "证件号码", "value": "3.1011519900101E+17"})
    ]


def test_scientific_numbers_in_a_text_file_are_flagged_too() -> None:
    table = read_table("姓名,证件\n张伟,3.10115E+17\n".encode(), "a.csv")
    assert table.notes == [Note("number_as_scientific", {"row": 2, "column": "证件", "value": "3.10115E+17"})]


def test_the_first_visible_sheet_that_is_a_table_is_taken_and_the_others_named() -> None:
    def fill(book: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet) -> None:
        page.write(0, 0, "")
        hidden = book.add_worksheet("隐藏")
        hidden.write_row(0, 0, ["姓名", "证件"])
        hidden.write_row(1, 0, ["王芳", PERSON])
        hidden.hide()
        for name, person in (("一厂", "张伟"), ("二厂", "李娜")):
            other = book.add_worksheet(name)
            other.write_row(0, 0, ["姓名", "证件"])
            other.write_row(1, 0, [person, PERSON])

    data = workbook(fill)
    table = read_table(data, "a.xlsx")
    assert (table.sheet, cells(table)) == ("一厂", [["张伟", PERSON]])
    assert table.notes == [Note("other_sheets", {"names": "名单 · 二厂"})]
    assert cells(read_table(data, "a.xlsx", sheet="二厂")) == [["李娜", PERSON]]


def ods(rows: str) -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="名单">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:x"/>')
    return buffer.getvalue()


def ods_row(*texts: str, attributes: str = "") -> str:
    inner = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
    )
    return f"<table:table-row {attributes}>{inner}</table:table-row>"


def test_an_ods_sheet_is_read_like_any_other() -> None:
    empty = ods_row("", attributes='table:number-rows-repeated="3"')
    table = read_table(ods(ods_row("姓名", "证件") + empty + ods_row("张伟", PERSON)), "名单.ods")
    assert (table.sheet, table.headings, cells(table)) == ("名单", ["姓名", "证件"], [["张伟", PERSON]])
    assert table.rows[0].number == 5


def test_an_ods_sheet_that_repeats_a_row_a_million_times_is_refused_not_served() -> None:
    many = ods_row("张伟", PERSON, attributes='table:number-rows-repeated="1000000"')
    assert code_of(ods(ods_row("姓名", "证件") + many), "名单.ods") == "too_many_rows"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|", "，"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_encoding_and_any_mark_give_the_same_table(encoding: str, mark: str, end: str) -> None:
    lines = [["姓名", "证件号码", "备注"], ["张伟", PERSON, "夜班"], [], ["李䶮", PERSON, ""]]
    text = end.join(mark.join(line) for line in lines) + end
    table = read_table(text.encode(encoding), "名单.csv")
    assert table.headings == ["姓名", "证件号码", "备注"]
    assert [(row.number, row.cells[0]) for row in table.rows] == [(2, "张伟"), (4, "李䶮")]
    assert table.encoding == encoding


def test_a_file_that_two_programs_wrote_is_read_line_by_line_and_told() -> None:
    data = "姓名,企业\n张伟,云桥精密\n".encode() + "李娜,云桥物流\n".encode("gb18030")
    table = read_table(data, "a.csv")
    assert cells(table) == [["张伟", "云桥精密"], ["李娜", "云桥物流"]]
    assert (table.encoding, table.notes) == ("mixed", [Note("mixed_encoding", {"row": 3})])


def test_a_gbk_line_that_happens_to_pass_for_utf_8_is_still_gbk() -> None:
    assert cells(read_table("企业,姓名\n联通,张伟\n".encode("gb18030"), "a.csv"))[0][0] == "联通"
    assert cells(read_table("企业\n联通\n".encode("gb18030"), "a.csv")) == [["联通"]]


def test_quoted_cells_keep_marks_and_line_ends_and_rows_count_as_a_spreadsheet_counts() -> None:
    table = read_table('姓名,地址\n张伟,"一路,2 号\n3 楼"\n李娜,二路\n'.encode(), "a.csv")
    assert cells(table) == [["张伟", "一路,2 号\n3 楼"], ["李娜", "二路"]]
    assert [row.number for row in table.rows] == [2, 3]


def test_rows_are_as_wide_as_the_table_and_empty_columns_at_the_end_are_dropped() -> None:
    table = read_table("姓名,电话,,\n张伟\n李娜,138,,\n王芳,139,多,\n".encode(), "a.csv")
    assert table.headings == ["姓名", "电话", ""]
    assert cells(table) == [["张伟", "", ""], ["李娜", "138", ""], ["王芳", "139", "多"]]


def test_a_file_that_cannot_be_a_table_says_what_it_is() -> None:
    assert code_of(b"") == "empty"
    assert code_of(b"\xef\xbb\xbf\r\n \n", "a.csv") == "empty"
    assert code_of("，，\n,,\n".encode(), "a.csv") in {"empty", "no_headings"}
    assert code_of(b"%PDF-1.7 ...", "a.pdf") == "not_a_table"
    assert code_of(b"\x89PNG\r\n\x1a\n\0\0", "a.csv") == "not_a_table"
    assert code_of(b"<html><table><tr><td>1", "a.xls") == "not_a_table"
    assert code_of(b"\0\1\2\3" * 100, "a.csv") == "not_a_table"
    assert code_of("姓名,证件\n张".encode() + b"\xff\xff\n", "a.csv") == "encoding"


def test_a_broken_or_locked_workbook_says_so() -> None:
    sound = write_xlsx([Sheet("名单", ["姓名"], [["张伟"]])])
    assert code_of(sound[: len(sound) // 2]) == "broken_xlsx"
    assert code_of(b"PK\x03\x04" + b"junk" * 50) == "broken_xlsx"
    assert code_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) == "broken_xlsx"
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    assert code_of(locked) == "encrypted"
    assert code_of(workbook(lambda book, page: None)) == "empty"


def test_any_damaged_byte_gives_a_table_or_a_bad_table() -> None:
    sound = bytearray(write_xlsx([Sheet("名单", ["姓名", "证件"], [["张伟", PERSON]] * 5)]))
    for at in range(0, len(sound), 97):
        damaged = bytearray(sound)
        damaged[at] ^= 0xFF
        try:
            read_here(bytes(damaged), sheet=None, max_rows=100)
        except BadTable as error:
            assert error.code in {"broken_xlsx", "empty", "no_headings", "encrypted"}


def test_a_table_without_headings_is_refused_rather_than_guessed() -> None:
    assert code_of(f"张伟,{PERSON},13800138000\n李娜,{PERSON},13800138001\n".encode(), "a.csv") == "no_headings"
    assert code_of(write_xlsx([Sheet("a", ["1", "2"], [["3", "4"]])])) == "no_headings"


def test_more_rows_than_allowed_are_refused() -> None:
    rows = [[f"张{number}"] for number in range(120)]
    data = write_xlsx([Sheet("名单", ["姓名"], rows)])
    assert len(read_table(data, "a.xlsx", max_rows=120).rows) == 120
    assert code_of(data, max_rows=119) == "too_many_rows"
    assert code_of(write_csv(["姓名"], rows), "a.csv", max_rows=119) == "too_many_rows"
    assert code_of(write_csv(["姓名"], rows), "a.csv", max_rows=10) == "too_many_rows"


def test_one_stray_cell_in_the_last_corner_does_not_take_the_server_down() -> None:
    def fill(book: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet) -> None:
        page.write(0, 0, "姓名")
        page.write(1_048_575, 16_383, "x")

    with pytest.raises(BadTable) as caught:
        read_table(workbook(fill), "a.xlsx")
    assert (caught.value.code, caught.value.params["reason"]) == ("too_many_rows", "extent")


def test_headings_alone_are_a_table_without_rows() -> None:
    for data, name in (
        (write_xlsx([Sheet("a", ["姓名", "证件"], [])]), "a.xlsx"),
        (write_csv(["姓名", "证件"], []), "a.csv"),
    ):
        table = read_table(data, name)
        assert (table.headings, table.rows) == (["姓名", "证件"], [])


FORMULAS = ["=1+1", "+86 138", "-5", "@SUM(A1)", "'=x", "''+1", "'名'", "\t=1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_leaves_as_a_formula_and_each_comes_back_unchanged(text: str) -> None:
    data = write_csv(["姓名", "备注"], [["张伟", text]])
    line = data.decode("utf-8-sig").splitlines()[1]
    assert line.split(",", 1)[1].lstrip('"')[0] not in "=+-@\t\r"
    assert cells(read_table(data, "a.csv")) == [["张伟", text]]
    assert cells(read_table(write_xlsx([Sheet("a", ["姓名", "备注"], [["张伟", text]])]), "a.xlsx")) == [["张伟", text]]


def test_a_csv_of_ours_that_excel_saved_as_a_workbook_comes_back_too() -> None:
    opened = write_csv(["姓名", "电话"], [["张伟", "+8613800138000"]]).decode("utf-8-sig").splitlines()
    data = workbook(
        lambda book, page: [page.write_row(at, 0, line.split(",")) for at, line in enumerate(opened)] and None
    )
    assert cells(read_table(data, "a.xlsx")) == [["张伟", "+8613800138000"]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), min_size=1, max_size=6))
def test_whatever_is_exported_comes_back_unchanged(rows: list[list[str]]) -> None:
    rows = [["甲", *row] for row in rows]
    for table in (
        read_table(write_csv(["号", "姓名", "备注"], rows), "a.csv"),
        read_here(write_xlsx([Sheet("名单", ["号", "姓名", "备注"], rows)]), sheet=None, max_rows=100),
    ):
        assert cells(table) == [row[: len(table.headings)] for row in rows]


def test_numbers_dates_and_nothing_are_written_as_such() -> None:
    row = [PERSON, 12, 36.6, date(2022, 5, 1), datetime(2022, 5, 1, 20, 40), None, True, 310115199001010018]  # noqa: DTZ001
    expected = [PERSON, "12", "36.6", "2022-05-01", "2022-05-01 20:40:00", "", "TRUE", "310115199001010018"]
    headings = list("甲乙丙丁戊己庚辛")
    assert cells(read_table(write_xlsx([Sheet("a", headings, [row])]), "a.xlsx")) == [expected]
    assert cells(read_table(write_csv(headings, [row]), "a.csv")) == [expected]


def test_sheet_names_are_made_acceptable_and_unlike() -> None:
    data = write_xlsx([Sheet(name, ["姓名"], [["张伟"]]) for name in ("未采样/夜班", "未采样/夜班", "x" * 40, "")])
    table = read_table(data, "a.xlsx")
    assert (table.sheet, table.notes[0].params["names"]) == ("未采样 夜班", f"未采样 夜班 2 · {'x' * 31} · Sheet")
