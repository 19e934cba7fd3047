"""The journal is only added to, and tampering shows."""

import time

import pytest
from django.db import connection, transaction

from parkkeeper.park.journal import broken_seals, record, seal_journal
from parkkeeper.park.models import JournalEntry
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db


def test_what_was_recorded_cannot_be_changed_or_deleted() -> None:
    w = world()
    record("round.opened", by=w.office, at=EVENING, people=5)
    with pytest.raises(TypeError):
        JournalEntry.objects.all().delete()
    with pytest.raises(TypeError):
        JournalEntry.objects.update(verb="nothing")
    with pytest.raises(TypeError), transaction.atomic():
        JournalEntry.objects.bulk_update(JournalEntry.objects.all(), ["verb"])
    entry = JournalEntry.objects.get()
    entry.verb = "nothing"
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    assert JournalEntry.objects.get().verb == "round.opened"


TAMPERED = {
    "changed": "UPDATE park_journal_entry SET facts = '{\"people\": 4}' WHERE verb = 'round.opened'",
    "taken_away": "DELETE FROM park_journal_entry WHERE verb = 'round.opened'",
    "slipped_in": "INSERT INTO park_journal_entry (xid, at, by_name, verb, noun, noun_id, facts)"
    " SELECT xid, at, by_name, verb, noun, noun_id, facts FROM park_journal_entry WHERE verb = 'round.opened'",
    "in_another_name": "UPDATE park_journal_entry SET by_name = '别人' WHERE verb = 'round.opened'",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", TAMPERED)
def test_an_entry_that_was_tampered_with_breaks_its_seal(how: str) -> None:
    w = world()
    record("round.opened", by=w.office, at=EVENING, people=5)
    record("round.closed", by=w.office, at=EVENING)
    end = time.monotonic() + 20  # a transaction in another database of the server may hold the horizon for a moment
    while not (sealed := seal_journal(at=EVENING)) and time.monotonic() < end:
        time.sleep(0.1)
    assert sealed == 2
    assert broken_seals() == []
    with connection.cursor() as cursor:
        cursor.execute(TAMPERED[how])
        assert cursor.rowcount == 1
    assert len(broken_seals()) == 1
