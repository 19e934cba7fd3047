"""Bad tables, tried through the pages: the reader is told row, column, value and remedy, and nothing is lost."""

import errno
import html
import io
import os
import re
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from parkkeeper.park.models import Import, ImportRow, Person, StoredFile
from parkkeeper.park.vault import document_of
from tests.park.importkit import ROSTER, csv, xlsx
from tests.world import resident_id, world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("that_evening")]
LOTUS = "莲花电子"
SOUND = ["钱七", resident_id(501), "", "A01", LOTUS, "", ""]


@pytest.fixture
def office(client: Client) -> Client:
    w = world()
    w.login(client, w.office)
    return client


def words(response: Any) -> str:
    """What a reader sees of a page: its text, without tags and in one line."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", response.content.decode())))


def upload(client: Client, data: bytes, name: str = "名册.xlsx") -> Any:
    return client.post("/imports/new/roster", {"file": SimpleUploadedFile(name, data)})


def written(client: Client, data: bytes, name: str = "名册.xlsx") -> str:
    """Bring the table in by the pages, to the end; what the page of the import then says."""
    assert upload(client, data, name).status_code == 302
    batch = Import.objects.latest("pk")
    client.post(f"/imports/{batch.pk}/columns", {f"field-{field}": at for field, at in batch.columns.items()})
    for step in ("step", "apply", "step"):
        assert client.post(f"/imports/{batch.pk}/{step}").status_code == 302
    batch.refresh_from_db()
    assert batch.state == Import.State.APPLIED
    return words(client.get(f"/imports/{batch.pk}"))


def test_a_broken_workbook_is_told_where_it_was_chosen_and_leaves_nothing(office: Client) -> None:
    whole = xlsx(ROSTER, SOUND)
    answer = upload(office, whole[: len(whole) // 2])
    assert answer.status_code == 422
    assert "名册.xlsx" in words(answer) and "已损坏" in words(answer) and "另存" in words(answer)
    assert not Import.objects.exists() and not StoredFile.objects.exists()


def test_a_table_with_wrong_headings_asks_which_column_is_which(office: Client) -> None:
    assert upload(office, xlsx(["谁", "号", "企业"], ["钱七", "A01", LOTUS])).status_code == 302
    batch = Import.objects.get()
    answer = office.post(f"/imports/{batch.pk}/columns", {"field-employer": "2"})
    assert answer.status_code == 422 and "姓名" in words(answer)
    office.post(f"/imports/{batch.pk}/columns", {"field-name": 0, "field-staff_number": 1, "field-employer": 2})
    for step in ("step", "apply", "step"):
        office.post(f"/imports/{batch.pk}/{step}")
    assert Person.objects.get(staff_number="A01").name == "钱七"


def test_merged_cells_count_for_each_row_and_the_page_says_which(office: Client) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["企业名称", "姓名", "工号"])
        page.merge_range("A2:A3", LOTUS)
        page.write_row(1, 1, ["钱七", "A01"])
        page.write_row(2, 1, ["孙八", "A02"])
    page_text = written(office, buffer.getvalue())
    assert "第 2–3 行的“企业名称”是合并单元格" in page_text and "逐行补上" in page_text
    assert set(Person.objects.filter(staff_number__startswith="A").values_list("employer__short_name", flat=True)) == {
        LOTUS
    }


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_any_encoding_brings_the_same_people(office: Client, encoding: str) -> None:
    text = f"姓名,身份证号,工号,企业名称\r\n钱七,{resident_id(501)},A01,{LOTUS}\r\n"
    written(office, text.encode(encoding), "名册.csv")
    assert Person.objects.get(staff_number="A01").name == "钱七"


def test_two_encodings_in_one_file_are_both_read_and_told(office: Client) -> None:
    data = f"姓名,工号,企业名称\r\n钱七,A01,{LOTUS}\r\n".encode() + f"孙八,A02,{LOTUS}\r\n".encode("gbk")
    assert "混用了两种编码（从第 3 行起）" in written(office, data, "名册.csv")
    assert set(Person.objects.filter(staff_number__startswith="A").values_list("name", flat=True)) == {"钱七", "孙八"}


def wide(text: str) -> str:
    return text.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})


@pytest.mark.parametrize("typed", [wide(resident_id(501)), f" {resident_id(501)[:6]} {resident_id(501)[6:]} "])
def test_full_width_digits_and_spaces_are_the_same_document(office: Client, typed: str) -> None:
    assert "没有待处理的行" in written(office, csv(ROSTER, ["钱七", typed, "", "A01", LOTUS, "", ""]), "名册.csv")
    assert document_of(Person.objects.get(staff_number="A01")) == resident_id(501)


WRONG = resident_id(501)[:-1] + ("0" if resident_id(501)[-1] != "0" else "1")
ROWS: dict[str, tuple[list[str], list[str]]] = {
    "fifteen_digits": (
        ["钱七", "310101900101001", "", "A01", LOTUS, "", ""],
        ["3", "身份证号 “310101900101001”", "15 位身份证号码已换成 18 位", "请抽查"],
    ),
    "wrong_check_digit": (
        ["钱七", WRONG, "", "A01", LOTUS, "", ""],
        ["3", f"身份证号 “{WRONG}”", f"最后一位应为 {resident_id(501)[-1]}", "核对证件原件"],
    ),
    "impossible_birthday": (
        ["钱七", "31010119901301001X", "", "A01", LOTUS, "", ""],
        ["3", "身份证号 “31010119901301001X”", "出生日期不存在", "核对证件原件"],
    ),
    "twice_in_the_file": (
        ["赵六", resident_id(600), "", "A09", LOTUS, "", ""],
        ["3", "身份证号", "与第 2 行重复", "只保留一行"],
    ),
    "unknown_enterprise": (
        ["钱七", resident_id(501), "", "A01", "云上科技", "", ""],
        ["3", "企业名称 “云上科技”", "没有这家企业", "先导入企业名录"],
    ),
    "no_name": (["", resident_id(501), "", "A01", LOTUS, "", ""], ["3", "姓名", "必填，但是空白", "改正后重新导入"]),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_bad_row_is_told_with_row_column_value_and_remedy_and_holds_no_other(office: Client, case: str) -> None:
    row, told = ROWS[case]
    good = ["赵六", resident_id(600), "", "A00", LOTUS, "", ""]
    before = Person.objects.count()
    page = written(office, xlsx(ROSTER, good, row, ["周九", resident_id(601), "", "A03", LOTUS, "", ""]))
    for part in told:
        assert part in page, page
    kept = ImportRow.objects.get()
    assert kept.number == 3
    assert {"赵六", "周九"} <= set(
        Person.objects.filter(staff_number__in=["A00", "A03"]).values_list("name", flat=True)
    )
    assert Person.objects.count() - before == (3 if kept.verdict == "warning" else 2)


def test_a_full_disk_is_told_in_the_form_and_nothing_is_written(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        answer = upload(office, xlsx(ROSTER, SOUND))
    assert answer.status_code == 422
    assert "文件没有保存" in words(answer) and "腾出空间" in words(answer) and "没有改变" in words(answer)
    assert not Import.objects.exists() and not StoredFile.objects.exists()
    assert upload(office, xlsx(ROSTER, SOUND)).status_code == 302
