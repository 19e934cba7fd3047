"""What can be imported can be taken away, and comes back unchanged."""

import io
import json

import pytest
from python_calamine import CalamineWorkbook

from parkkeeper.kernel.tables import read_table
from parkkeeper.park.access import scopes
from parkkeeper.park.exports import export, forms_of, template
from parkkeeper.park.imports.columns import COLUMNS, guess_columns
from parkkeeper.park.models import Person, Presence, Road
from parkkeeper.park.vault import document_of, put_document
from tests.park.importkit import imported, seen
from tests.world import EVENING, later, resident_id, world

pytestmark = pytest.mark.django_db
ROUND_TRIPS = [(kind, form) for kind in COLUMNS for form in forms_of(kind)]


def odd_people(w: object) -> None:
    """People whose data are hard to bring through a spreadsheet."""
    wrong = resident_id(900)[:-1] + ("0" if resident_id(900)[-1] != "0" else "1")
    for name, document, number, kind in (
        ("䶮小𠮷", "", "000123", ""),
        ("=1+1", "310101900101001", "0007", ""),
        ("+张 伟", "E12345678", "@7", ""),
        ("O'Brien-Müller", wrong, "'=9", "unknown"),
        ("孙一", "", "", ""),
        ("TRUE", "12345678", "1E5", "passport"),
    ):
        person = w.person(name, w.lotus)  # type: ignore[attr-defined]
        put_document(person, document)
        person.staff_number, person.phone = number, ""
        person.document_kind = kind or person.document_kind
        person.save()
    Presence.objects.filter(person__name="孙一").update(state="silent")
    Person.objects.filter(name="孙一").update(shift="夜班", category="canteen")


@pytest.mark.parametrize(("kind", "form"), ROUND_TRIPS)
def test_an_export_comes_back_unchanged(kind: str, form: str) -> None:
    w = world()
    odd_people(w)
    line = {"type": "LineString", "coordinates": [[121.6, 31.2], [121.7, 31.2]]}
    Road.objects.create(name="世纪大道", arterial=True, line=line)
    data, count = export(kind, form, scopes=None, at=later(1))
    assert count > 0
    batch = imported(w, kind, data, f"export.{form}", at=later(2))
    assert seen(batch.counts) == {"unchanged": count}
    again, _count = export(kind, form, scopes=None, at=later(3))
    assert again == data or form == "xlsx"  # a workbook tells when it was made


def test_an_exported_roster_brings_back_what_was_changed_since() -> None:
    w = world()
    odd_people(w)
    data, _count = export("roster", "xlsx", scopes=None, at=later(1))
    before = {p.pk: (p.name, document_of(p), p.staff_number, p.phone) for p in Person.objects.all()}
    for person in Person.objects.exclude(document_kind="unknown"):
        person.name, person.phone = f"改{person.pk}", "13900000000"
        put_document(person, resident_id(800 + person.pk % 100))
        person.save()
    imported(w, "roster", data, at=later(2))
    after = {p.pk: (p.name, document_of(p), p.staff_number, p.phone) for p in Person.objects.all()}
    unknown = {pk for pk, (_name, document, _number, phone) in before.items() if not document or not phone}
    assert {pk: facts for pk, facts in after.items() if pk not in unknown} == {
        pk: facts for pk, facts in before.items() if pk not in unknown
    }
    assert {pk: facts[0] for pk, facts in after.items()} == {pk: facts[0] for pk, facts in before.items()}


def test_every_heading_of_an_export_is_found_again() -> None:
    world()
    for kind, columns in COLUMNS.items():
        guessed = guess_columns(kind, [column.label for column in columns])
        assert guessed == {column.name: index for index, column in enumerate(columns)}


def test_a_liaison_takes_away_only_the_own_enterprise() -> None:
    w = world()
    reach = scopes(w.mei, "export_people", at=EVENING)
    data, count = export("roster", "csv", scopes=reach, at=EVENING)
    table = read_table(data, "a.csv")
    assert count == Person.objects.filter(employer=w.rainbow).count()
    assert {row.cells[5] for row in table.rows} == {w.rainbow.name}
    data, _count = export("sites", "geojson", scopes=reach, at=EVENING)
    assert [feature["properties"]["code"] for feature in json.loads(data)["features"]] == ["S1"]


def test_a_template_has_the_headings_that_an_import_knows() -> None:
    with CalamineWorkbook.from_filelike(io.BytesIO(template("roster"))) as book:
        headings = book.get_sheet_by_index(0).to_python()[0]
    assert headings == [c.label for c in COLUMNS["roster"] if c.name != "uuid"]
