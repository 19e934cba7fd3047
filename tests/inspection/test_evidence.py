"""Photos and files are what arrived: `./run manage evidence` finds whatever was changed behind the product's back."""

from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from parkkeeper.inspection.actions.lookbacks import report_fixed
from parkkeeper.inspection.models import Finding, Photo
from parkkeeper.park.files import path_of, store_file
from parkkeeper.park.models import JournalEntry, StoredFile
from tests.inspection.kit import inspected_world, later
from tests.inspection.pictures import png

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> Any:
    """A finding with a photo of a phone and one of the enterprise's report."""
    w = inspected_world()
    visit = w.team.visit()
    noted = w.team.note(visit)
    data = png(note=b"taken")
    store_file(data, name="a.png", media_type="image/png", by=w.ann, at=later(3))
    w.photo = w.team.photo(noted, sha256=sha256(data).hexdigest())
    w.team.say(visit, noted, w.photo, w.team.end(visit))
    report_fixed(Finding.objects.get(), pictures=[(png(note=b"fixed"), "b.png", "image/png")], by=w.mei, at=later(50))
    return w


def checked() -> tuple[bool, str]:
    out = StringIO()
    try:
        call_command("evidence", park="world", stdout=out)
    except CommandError as error:
        return False, out.getvalue() + str(error)
    return True, out.getvalue()


def test_what_arrived_and_nobody_touched_is_whole(w: Any) -> None:
    assert checked() == (True, "world: 2 files, 2 photos, 0 of them harmed\n")


@pytest.mark.parametrize("harm", ["changed", "missing"])
def test_a_file_that_is_not_what_arrived_is_named(w: Any, harm: str) -> None:
    stored = StoredFile.objects.get(name="a.png")
    path = path_of(stored.sha256, stored.emergency_id)
    kept = path.read_bytes()
    try:
        path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1])) if harm == "changed" else path.unlink()
        well, told = checked()
    finally:
        path.write_bytes(kept)
    assert not well and f"file {stored.pk}" in told and "restore" in told and "1 of the files" in told
    assert ("missing" in told) is (harm == "missing")
    assert checked()[0]


def test_a_file_whose_row_was_turned_to_another_content_is_named(w: Any) -> None:
    one, other = StoredFile.objects.order_by("pk")
    StoredFile.objects.filter(pk=one.pk).update(sha256=other.sha256[::-1])
    assert not checked()[0]


def test_a_photo_whose_row_was_changed_or_deleted_by_hand_is_named(w: Any) -> None:
    taken = Photo.objects.get(of="found")
    other = Photo.objects.get(of="reported")
    with connection.cursor() as cursor:  # another picture of the park, which is whole by itself
        cursor.execute("UPDATE inspection_photo SET sha256 = %s WHERE id = %s", [other.sha256, taken.pk])
    well, told = checked()
    assert not well and f"photo {taken.pk}" in told and taken.sha256[:12] in told and other.sha256[:12] in told
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM inspection_photo WHERE id = %s", [taken.pk])
    assert "its row is gone" in checked()[1]


def test_the_journal_names_the_photos_by_their_hashes(w: Any) -> None:
    line = JournalEntry.objects.get(verb="photos.taken")
    assert line.facts["sha256"] == {str(w.photo.id): w.photo.sha256}
