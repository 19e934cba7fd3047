"""Lists: search, filters, order, pages, files; what is read is written down; no list asks more for more rows."""

import csv
import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from parkkeeper.kernel import clock
from parkkeeper.kernel.tables import read_table
from parkkeeper.park.actions.accounts import make_account
from parkkeeper.park.errors import Forbidden
from parkkeeper.park.lists import Choice, Column, Day, List, Only, begin_with
from parkkeeper.park.models import JournalEntry, Person
from parkkeeper.park.scope import Scope
from parkkeeper.park.search import enterprises_matching, people_matching
from tests.world import EVENING, resident_id, world

pytestmark = pytest.mark.django_db
PEOPLE = List(
    name="people", title="人员", people=True, order="name",
    search=lambda rows, text: rows.filter(people_matching(text)),
    columns=(
        Column("name", "姓名", order="pinyin", main=True),
        Column("employer", "企业", value="employer__short_name", order=("employer__pinyin", "pinyin")),
        Column("staff_number", "工号", kind="code"),
        Column("registered_at", "登记时间", kind="moment"),
    ),
    filters=(
        Choice("category", "类别", choices=Person.Category.choices, apply="category"),
        Day("day", "登记日", apply="registered_at__date"),
        Only("enterprise", "企业", say=lambda text: f"企业{int(text)}", apply="employer"),
    ),
    per_page=5,
)  # fmt: skip


@pytest.fixture
def w() -> Any:
    found = world()
    with clock.at(EVENING):
        yield found


def ask(w: Any, query: str = "", *, by: Person | None = None, scopes: list[Scope] | None = None, **headers: str) -> Any:
    request = RequestFactory().get(f"/people{query}", headers=headers)
    request.at, request.person, request.scopes = EVENING, by or w.office, scopes
    return request


def names(w: Any, query: str) -> list[str]:
    asked = PEOPLE.asked(ask(w, query))
    return [p.name for p in PEOPLE.rows(Person.objects.all(), asked)]


def page(w: Any, query: str = "", **more: Any) -> str:
    rows = Person.objects.select_related("employer")
    return PEOPLE.page(ask(w, query, **more), rows).content.decode()


@pytest.mark.parametrize("typed", ["王喆", "喆", "wang z", "wz", "Ｗ0010", "1990000 0010"])
def test_people_are_found_by_name_pinyin_initials_staff_number_and_phone(w: Any, typed: str) -> None:
    if "0010" in typed:
        number = w.workers[3].staff_number
        typed = typed.replace("0010", number[1:])
    assert "王喆" in names(w, f"?q={typed}")
    assert len(names(w, f"?q={typed}")) < Person.objects.count()


def test_people_are_found_by_document_and_by_its_last_four(w: Any) -> None:
    number = int(w.workers[3].staff_number[1:])
    assert names(w, f"?q={resident_id(number).lower()}") == ["王喆"]
    assert "王喆" in names(w, f"?q={resident_id(number)[-4:]}")


def test_enterprises_are_found_by_name_pinyin_and_code(w: Any) -> None:
    from parkkeeper.park.models import Enterprise

    for typed in ("彩虹", "cai hong", w.rainbow.credit_code[:12].lower()):
        assert w.rainbow in Enterprise.objects.filter(enterprises_matching(typed)), typed


def test_filters_narrow_and_a_wrong_value_is_told_not_guessed(w: Any) -> None:
    assert len(names(w, "?category=office_staff")) == 4
    assert len(names(w, f"?enterprise={w.lotus.pk}")) == Person.objects.filter(employer=w.lotus).count()
    for query, label in (("?category=king", "类别"), ("?day=30.2.22", "登记日"), ("?enterprise=abc", "企业")):
        asked = PEOPLE.asked(ask(w, query))
        assert label in asked.problems[0] and not asked.values
        assert "无效" in page(w, query)


def test_clearing_is_offered_for_what_the_reader_chose_and_not_for_what_the_page_begins_with(w: Any) -> None:
    begun = replace(PEOPLE, filters=(replace(PEOPLE.filters[0], default="office_staff"), Day("day", "登记日")))

    def offered(query: str) -> bool:
        request = ask(w, query)
        begin_with(request, day="2022-05-10")
        return "清除筛选" in begun.page(request, Person.objects.select_related("employer")).content.decode()

    assert not offered("") and not offered("?category=office_staff&day=2022-05-10&q=")  # the fields' own round trip
    for query in ("?q=a", "?category=", "?category=worker", "?day=2022-05-09", "?day=whenever"):
        assert offered(query), query


def test_headings_order_both_ways_and_ties_are_stable(w: Any) -> None:
    up, down = names(w, "?sort=employer"), names(w, "?sort=-employer")
    assert up != down and sorted(up) == sorted(down)
    assert names(w, "?sort=staff_number") == names(w, "")  # no heading orders by it


def test_pages_hold_so_many_rows_and_a_page_beyond_the_last_is_the_last(w: Any) -> None:
    count = Person.objects.count()
    html = page(w, "?page=999")
    assert f"共 {count} 项" in html
    assert html.count('data-label="姓名"') == (count - 1) % 5 + 1


BENT = [
    "?page=²", "?page=-1", "?page=99999999999999999999", "?q=%00", "?q=%25_", "?enterprise=%00", "?sort=%00", "?sort=-",
    "?day=2022-02-30", "?category=%00", "?enterprise=" + "9" * 30,
]  # fmt: skip


@pytest.mark.parametrize("query", BENT)
def test_an_address_that_somebody_bent_still_shows_a_page(w: Any, query: str) -> None:
    assert "共" in page(w, query) or "0 项" in page(w, query)


def test_a_refresh_in_place_gets_the_list_only(w: Any) -> None:
    part = page(w, **{"HX-Request": "true", "HX-Target": "section#list-people"})
    assert part.lstrip().startswith("<section") and "<html" not in part
    assert "<html" in page(w)


def test_text_of_people_cannot_become_markup(w: Any) -> None:
    w.person("<script>alert(1)</script>", w.rainbow)
    assert "<script>alert" not in page(w, "?q=script")


def test_files_have_every_row_and_come_back_as_they_are(w: Any) -> None:
    rows = Person.objects.select_related("employer")
    response = PEOPLE.page(ask(w, "?export=csv&category=production"), rows)
    lines = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert lines[0] == ["姓名", "企业", "工号", "登记时间"]
    assert len(lines) - 1 == Person.objects.filter(category="production").count() > 5
    assert lines[1][3] == "2022-04-01 08:00:00"  # the park's time, not UTC
    book = PEOPLE.page(ask(w, "?export=xlsx"), rows)
    assert zipfile.is_zipfile(io.BytesIO(book.content))
    assert len(read_table(book.content, "people.xlsx").rows) == Person.objects.count()


def test_reading_and_exporting_people_is_written_down_without_documents(w: Any) -> None:
    page(w, f"?q={resident_id(3)}")
    PEOPLE.page(ask(w, "?export=csv"), Person.objects.select_related("employer"))
    read, taken = JournalEntry.objects.filter(verb="people.listed").order_by("id")
    assert (read.facts["form"], taken.facts["form"]) == ("page", "csv")
    assert read.facts["filters"]["q"] == f"…{resident_id(3)[-4:]}"
    assert taken.facts["count"] == Person.objects.count() and taken.by_id == w.office.pk


def test_export_needs_the_right_over_all_that_is_seen(w: Any) -> None:
    own = [Scope(enterprise=w.rainbow.pk)]
    both = [*own, Scope(grid=w.grids[1].pk)]
    rows = Person.objects.select_related("employer")
    assert PEOPLE.page(ask(w, "?export=csv", by=w.mei, scopes=own), rows).status_code == 200
    assert "export=csv" not in page(w, by=w.mei, scopes=both)
    with pytest.raises(Forbidden):
        PEOPLE.page(ask(w, "?export=csv", by=w.mei, scopes=both), rows)


def test_a_list_asks_as_much_for_fifty_rows_as_for_five(w: Any, client: Client) -> None:
    w.login(client, w.office)

    def queries() -> int:
        client.get("/settings/accounts")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get("/settings/accounts")
        return len(seen)

    make_account(w.mei, "mei", by=w.office, at=EVENING)
    few = queries()
    for n, worker in enumerate([*w.workers, *w.lotus_workers]):
        make_account(worker, f"worker{n}", by=w.office, at=EVENING)
    assert queries() == few <= 9


def test_the_journal_shows_who_did_what_to_whom_and_narrows(w: Any, client: Client) -> None:
    w.login(client, w.office)
    make_account(w.mei, "mei", by=w.office, at=EVENING)
    make_account(w.bo, "bo", by=w.office, at=EVENING)
    html = client.get(f"/journal?person={w.mei.pk}&verb=account.made").content.decode()
    assert "梅联络" in html and "柏联络" not in html.split("</thead>")[1]
    assert client.get("/journal?noun=account:1&day=2022-05-10").status_code == 200
    assert "无效" in client.get("/journal?noun=x").content.decode()


def test_the_chain_is_verified_by_a_button(w: Any, client: Client) -> None:
    w.login(client, w.office)
    response = client.post("/journal/verify", follow=True)
    assert "核验通过" in response.content.decode()
    assert JournalEntry.objects.filter(verb="journal.verified").exists()
