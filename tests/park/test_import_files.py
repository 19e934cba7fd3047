"""Files as they really come: broken, empty, merged, in other encodings, too big; and a full disk."""

import io
import os
import threading
import zipfile
from typing import Any

import pytest
import xlsxwriter
from django.db import connection
from django_pgschemas.schema import Schema

from parkkeeper.kernel.tables import Sheet, write_xlsx
from parkkeeper.park.actions.imports import abandon_import, apply_import, choose_columns, step_import, upload_import
from parkkeeper.park.errors import Refused
from parkkeeper.park.imports.reading import BIGGEST
from parkkeeper.park.imports.spool import Spool
from parkkeeper.park.models import Import, ImportRow, Person, StoredFile
from tests.park.importkit import ROSTER, imported, previewed, seen, stepped, told, xlsx
from tests.world import EVENING, later, resident_id, world

pytestmark = pytest.mark.django_db
LOTUS = "莲花电子"


def refusal(w: Any, data: bytes, name: str, kind: str = "roster") -> str:
    with pytest.raises(Refused) as caught:
        upload_import(kind, data, name, by=w.office, at=EVENING)
    assert not Import.objects.exists() and not StoredFile.objects.exists()
    return str(caught.value)


def encrypted_workbook() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(1000)


def test_files_that_are_no_tables_are_refused_with_a_remedy() -> None:
    w = world()
    good = xlsx(ROSTER, ["甲", "", "", "X1", LOTUS, "", ""])
    assert "已损坏" in refusal(w, good[: len(good) // 2], "半个.xlsx")
    assert "没有数据" in refusal(w, b"", "空.xlsx")
    assert "没有数据" in refusal(w, b" \n\n", "空.csv")
    assert "没有数据" in refusal(w, write_xlsx([Sheet("空", ROSTER, [])]), "只有表头.xlsx")
    assert "打开密码" in refusal(w, encrypted_workbook(), "加密.xlsx")
    assert "不是表格" in refusal(w, b"%PDF-1.7 ...", "名册.xlsx")
    assert "超过上限 25 MB" in refusal(w, b"a" * 30 * 1024 * 1024, "很大.csv")
    assert "找不到表头" in refusal(w, b"1380000000\n1390000000\n", "没有表头.csv")
    assert "GeoJSON" in refusal(w, good, "网格.xlsx", "grids")
    assert "GeoJSON" in refusal(w, b'{"type": "Feature"}', "网格.geojson", "grids")
    assert BIGGEST == 25 * 1024 * 1024


def test_a_table_with_wrong_headings_names_what_is_missing() -> None:
    w = world()
    batch = upload_import("roster", xlsx(["物料", "数量"], ["口罩", 5]), "a.xlsx", by=w.office, at=EVENING)
    assert batch.columns == {}
    with pytest.raises(Refused, match="姓名"):
        choose_columns(batch, {}, by=w.office, at=EVENING)


def test_the_user_may_choose_other_columns_and_preview_again() -> None:
    w = world()
    data = xlsx(["谁", "号", "企业"], ["甲", "X1", LOTUS], ["", "X2", LOTUS])
    batch = upload_import("roster", data, "a.xlsx", by=w.office, at=EVENING)
    batch = stepped(w, choose_columns(batch, {"name": 1, "employer": 2}, by=w.office, at=EVENING))
    assert seen(batch.preview) == {"new": 2}
    batch = stepped(w, choose_columns(batch, {"name": 0, "staff_number": 1, "employer": 2}, by=w.office, at=EVENING))
    assert seen(batch.preview) == {"new": 1, "error": 1}
    assert told(batch) == {3: [("name", "blank")]}


def test_a_gbk_file_is_read() -> None:
    w = world()
    text = "姓名,工号,企业名称\r\n王㛃,X1,莲花电子\r\n"
    imported(w, "roster", text.encode("gb18030"), "名册.csv")
    assert Person.objects.get(staff_number="X1").name == "王㛃"


def test_merged_cells_count_for_each_of_their_rows() -> None:
    w = world()
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["企业名称", "姓名", "工号"])
        page.merge_range("A2:A4", LOTUS)
        for row, (name, number) in enumerate([("甲", "X1"), ("乙", "X2"), ("丙", "X3")], start=1):
            page.write_row(row, 1, [name, number])
    batch = imported(w, "roster", buffer.getvalue())
    assert seen(batch.counts) == {"new": 3}
    assert batch.notes[0]["code"] == "merged"


def test_a_number_that_the_spreadsheet_has_spoilt_is_told() -> None:
    w = world()
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, [*ROSTER[:2], "企业名称"])
        page.write_row(1, 0, ["甲", 310101199001010123, LOTUS])
    batch = imported(w, "roster", buffer.getvalue())
    assert told(batch) == {2: [("document", "scientific")]}
    assert "31010" not in str(batch.notes)


def test_a_full_disk_is_told_and_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    message = refusal(w, xlsx(ROSTER, ["甲满", "", "", "X1", LOTUS, "", ""]), "a.xlsx")
    assert "No space left on device" in message and "腾出空间" in message


def test_two_people_who_apply_one_import_write_it_once() -> None:
    w = world()
    batch = previewed(w, "roster", xlsx(ROSTER, ["甲", "", "", "X1", LOTUS, "", ""]))
    apply_import(batch, by=w.office, at=EVENING)
    with pytest.raises(Refused, match="导入中"):
        apply_import(batch, by=w.office, at=EVENING)
    with pytest.raises(Refused):
        choose_columns(batch, batch.columns, by=w.office, at=EVENING)
    with pytest.raises(Refused):
        abandon_import(batch, by=w.office, at=EVENING)


def test_a_step_that_died_is_done_again_without_doubling_anything() -> None:
    w = world()
    rows = [[f"人{n}", resident_id(n % 1000) if n < 1000 else "", "", f"X{n}", LOTUS, "", ""] for n in range(100, 4300)]
    batch = previewed(w, "roster", xlsx(ROSTER, *rows))
    batch = step_import(apply_import(batch, by=w.office, at=EVENING), by=w.office, at=EVENING)
    assert (batch.done, batch.state) == (2000, "applying")
    before = Person.objects.count()
    Spool(batch.pk).drop()  # another server, or a cleaned disk: the pieces are made again from the file
    Import.objects.filter(pk=batch.pk).update(done=0, counts={})  # as if the first step's commit had been lost
    batch = stepped(w, batch, later(1))
    assert (batch.state, seen(batch.counts)) == ("applied", {"new": 2200, "unchanged": 2000})
    assert Person.objects.count() == before + 2200


def test_an_abandoned_import_leaves_no_rows_and_no_pieces() -> None:
    w = world()
    batch = previewed(w, "roster", xlsx(ROSTER, ["", "", "", "X1", LOTUS, "", ""]))
    assert ImportRow.objects.count() == 1 and Spool(batch.pk).folder.exists()
    abandon_import(batch, by=w.office, at=EVENING)
    assert ImportRow.objects.count() == 0 and not Spool(batch.pk).folder.exists()
    with pytest.raises(Refused):
        apply_import(batch, by=w.office, at=EVENING)


def test_pieces_on_disk_do_not_show_what_they_hold() -> None:
    w = world()
    batch = previewed(w, "roster", xlsx(ROSTER, ["甲乙丙丁", resident_id(501), "", "", LOTUS, "", ""]))
    for path in Spool(batch.pk).folder.iterdir():
        content = path.read_bytes()
        assert resident_id(501).encode() not in content and "甲乙丙丁".encode() not in content


def test_a_bomb_of_a_workbook_is_refused() -> None:
    w = world()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert "已损坏" in refusal(w, buffer.getvalue(), "炸弹.xlsx")


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_register_each_person_once() -> None:
    w = world()
    data = xlsx(ROSTER, *[[f"同时{n}", resident_id(n), "", f"X{n}", LOTUS, "", ""] for n in range(100, 300)])
    batches = [apply_import(previewed(w, "roster", data), by=w.office, at=EVENING) for _ in range(2)]
    before = Person.objects.count()
    problems: list[BaseException] = []

    def press(batch: Import) -> None:
        try:
            with Schema.create("world"):
                stepped(w, batch, EVENING)
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert Person.objects.count() == before + 200
    counts = [seen(Import.objects.get(pk=batch.pk).counts) for batch in batches]
    assert sorted(map(str, counts)) == ["{'new': 200}", "{'unchanged': 200}"]
