"""The pages of imports, from the upload to the last doubtful row."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from parkkeeper.kernel.tables import read_table
from parkkeeper.park.models import Enterprise, Import, ImportRow, JournalEntry, Person
from tests.park.importkit import ROSTER, xlsx
from tests.world import resident_id, world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("that_evening")]
LOTUS = "莲花电子"


def office(client: Client) -> Any:
    w = world()
    w.login(client, w.office)
    return w


def upload(client: Client, data: bytes, name: str = "名册.xlsx", kind: str = "roster") -> Any:
    return client.post(f"/imports/new/{kind}", {"file": SimpleUploadedFile(name, data)})


def walk(client: Client, batch: Import) -> None:
    """Press on until the progress bar is full, as the page does."""
    for _ in range(50):
        answer = client.post(f"/imports/{batch.pk}/step", headers={"HX-Request": "true"})
        if "HX-Redirect" in answer.headers:
            return
        assert 'role="status"' in answer.content.decode()
    raise AssertionError("the import never ends")


def chosen(batch: Import, **more: Any) -> dict[str, Any]:
    return {**{f"field-{name}": index for name, index in batch.columns.items()}, **more}


def brought(client: Client, data: bytes, **more: Any) -> Import:
    assert upload(client, data).status_code == 302
    batch = Import.objects.latest("pk")
    assert client.post(f"/imports/{batch.pk}/columns", chosen(batch, **more)).status_code == 302
    walk(client, batch)
    assert client.post(f"/imports/{batch.pk}/apply").status_code == 302
    walk(client, batch)
    batch.refresh_from_db()
    return batch


def test_a_table_goes_from_upload_over_columns_and_preview_into_the_register(client: Client) -> None:
    office(client)
    rows = ["钱七", resident_id(501), "", "A01", LOTUS, "", ""], ["", "", "", "A02", LOTUS, "", ""]
    answer = upload(client, xlsx(ROSTER, *rows))
    batch = Import.objects.get()
    assert answer.headers["Location"] == f"/imports/{batch.pk}"
    page = client.get(f"/imports/{batch.pk}").content.decode()
    assert "身份证号" in page and resident_id(501) in page
    client.post(f"/imports/{batch.pk}/columns", chosen(batch))
    assert "import-bar" in client.get(f"/imports/{batch.pk}").content.decode()
    walk(client, batch)
    page = client.get(f"/imports/{batch.pk}").content.decode()
    assert "将写入 1 行" in page and "姓名：必填，但是空白。" in re.sub(r"</?b>", "", page)
    assert not Person.objects.filter(staff_number="A01").exists()
    client.post(f"/imports/{batch.pk}/apply")
    walk(client, batch)
    assert Person.objects.get(staff_number="A01").name == "钱七"
    assert "还有 1 行没有写入" in client.get(f"/imports/{batch.pk}").content.decode()


def test_the_column_map_shows_what_another_choice_would_bring(client: Client) -> None:
    office(client)
    upload(client, xlsx(["谁", "号", "企业"], ["甲乙", "X1", LOTUS]))
    batch = Import.objects.get()
    page = client.get(f"/imports/{batch.pk}", {"columns": 1, "field-name": "0", "field-employer": "2"}).content.decode()
    assert "甲乙" in page
    answer = client.post(f"/imports/{batch.pk}/columns", {"field-name": "", "field-employer": "2"})
    assert answer.status_code == 422 and "姓名" in answer.content.decode()
    answer = client.post(f"/imports/{batch.pk}/columns", {"field-name": "0", "field-phone": "0", "field-employer": "2"})
    assert answer.status_code == 422 and "不止一次" in answer.content.decode()


def test_a_file_that_is_no_table_is_told_in_the_form(client: Client) -> None:
    office(client)
    answer = upload(client, b"%PDF-1.7", "名册.pdf")
    assert answer.status_code == 422 and "不是表格" in answer.content.decode()
    answer = upload(client, b"a" * (26 * 1024 * 1024), "名册.csv")
    assert answer.status_code == 422 and "25 MB" in answer.content.decode()
    answer = client.post("/imports/new/roster", {})
    assert answer.status_code == 422


def test_a_doubtful_row_is_settled_on_its_page_and_the_next_follows(client: Client) -> None:
    w = office(client)
    brought(client, xlsx(ROSTER, ["孙一", "", "", "", LOTUS, "", ""], ["周二", "", "", "", LOTUS, "", ""]))
    first, second = ImportRow.objects.order_by("number")
    page = client.get(f"/imports/rows/{first.pk}").content.decode()
    assert "就是这一个" in page and "作为新的录入" in page
    assert JournalEntry.objects.filter(verb="person.looked_at", person_id=w.lotus_workers[0].pk).exists()
    answer = client.post(f"/imports/rows/{first.pk}/settle", {"how": f"same-{w.lotus_workers[0].pk}"})
    assert answer.headers["Location"] == f"/imports/rows/{second.pk}"
    assert client.post(f"/imports/rows/{second.pk}/settle", {"how": "as_is"}).status_code == 422
    client.post(f"/imports/rows/{second.pk}/settle", {"how": "skip"})
    assert ImportRow.objects.filter(settled_at=None).count() == 0
    assert "已跳过" in client.get(f"/imports/rows/{second.pk}").content.decode()


def test_rows_to_correct_are_downloaded_with_their_reasons_and_can_come_back(client: Client) -> None:
    office(client)
    batch = brought(client, xlsx(ROSTER, ["钱七", resident_id(501), "", "", "新来的公司", "", ""]))
    data = client.get(f"/imports/{batch.pk}/problems").content
    table = read_table(data, "a.xlsx")
    assert table.headings == [*ROSTER, "问题", "处理办法"]
    assert table.rows[0].cells[0] == "钱七" and "没有这家企业" in table.rows[0].cells[-2]
    Enterprise.objects.create(credit_code="91310000MA1FL00071", name="新来的公司", short_name="新来的")
    brought(client, data)
    assert Person.objects.get(name="钱七").employer.short_name == "新来的"


def test_an_import_can_be_abandoned_from_its_page(client: Client) -> None:
    office(client)
    upload(client, xlsx(ROSTER, ["甲", "", "", "X1", LOTUS, "", ""]))
    batch = Import.objects.get()
    client.post(f"/imports/{batch.pk}/abandon")
    page = client.get("/imports").content.decode()
    assert "已放弃" in page
    assert client.post(f"/imports/{batch.pk}/apply").status_code == 422


def test_every_kind_has_its_upload_page_template_and_exports(client: Client) -> None:
    office(client)
    page = client.get("/imports").content.decode()
    for kind in Import.Kind.values:
        assert client.get(f"/imports/new/{kind}").status_code == 200
        assert client.get(f"/imports/template/{kind}").content[:2] == b"PK"
    for address in re.findall(r'href="(/exports/[^"]+)"', page):
        assert client.get(address).status_code == 200
    assert client.get("/exports/roster/pdf").status_code == 404
    assert client.get("/imports/new/nothing").status_code == 404
    assert JournalEntry.objects.filter(verb="people.listed", facts__where="export_roster").count() == 2


def test_only_the_office_imports_and_a_liaison_takes_away_only_the_own_people(client: Client) -> None:
    w = world()
    w.login(client, w.mei)
    assert client.get("/imports").status_code == 403
    assert client.get("/imports/new/roster").status_code == 403
    table = read_table(client.get("/exports/roster/csv").content, "a.csv")
    assert {row.cells[5] for row in table.rows} == {w.rainbow.name}


def test_what_a_cell_says_is_never_run_as_markup(client: Client) -> None:
    office(client)
    batch = brought(client, xlsx(ROSTER, ["<script>alert(1)</script>", resident_id(501), "", "", "<b>x</b>", "", ""]))
    row = ImportRow.objects.get()
    for address in (f"/imports/{batch.pk}", f"/imports/rows/{row.pk}"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page and "<b>x</b>" not in page and "&lt;b&gt;x" in page


def test_reading_rows_of_an_import_is_written_down(client: Client) -> None:
    office(client)
    batch = brought(client, xlsx(ROSTER, ["", resident_id(501), "", "", LOTUS, "", ""]))
    client.get(f"/imports/{batch.pk}")
    assert JournalEntry.objects.filter(verb="people.listed", facts__where="import_rows").exists()
