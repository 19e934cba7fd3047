"""Writing the journal: one line a thing that happened, in the transaction in which it happened."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from parkkeeper.kernel.canonical import canonical_json, chain_hash
from parkkeeper.park.models import JournalEntry, JournalSeal, Person
from parkkeeper.park.statements import run

GENESIS = bytes(32)


_RECORD = """
INSERT INTO park_journal_entry (at, by_id, by_name, verb, noun, noun_id, person_id, enterprise_id, site_id, facts)
VALUES (%s, %s::bigint, %s, %s, %s, %s, %s::bigint, %s::bigint, %s::bigint, %s::jsonb)
"""


def record(
    verb: str,
    noun: models.Model | None = None,
    *,
    by: Person | None,
    at: datetime,
    person: int | None = None,
    enterprise: int | None = None,
    site: int | None = None,
    **facts: Any,
) -> None:
    """Write that `verb` ("round.opened") happened to `noun` at `at`; facts are counts and codes, never documents.

    `person`, `enterprise` and `site` are ids of whom and what it concerns; `by` None is the system itself.
    """
    run(
        _RECORD,
        [
            at,
            by.pk if by else None,
            by.name if by else "",
            verb,
            noun._meta.model_name or "" if noun is not None else "",
            str(noun.pk) if noun is not None else "",
            person,
            enterprise,
            site,
            json.dumps(facts),
        ],
    )


def looked(people: Iterable[int], *, by: Person, at: datetime, where: str, fields: str = "") -> None:
    """Write that `by` read personal data of these people (ids) on the page `where`; one line for each person."""
    JournalEntry.objects.bulk_create(
        JournalEntry(
            at=at,
            by_id=by.pk,
            by_name=by.name,
            verb="person.looked_at",
            noun="person",
            noun_id=str(pk),
            person_id=pk,
            facts={"where": where, "fields": fields},
        )
        for pk in people
    )


def listed(count: int, *, by: Person, at: datetime, where: str, **filters: Any) -> None:
    """Write that `by` read or exported a list of `count` people, with its filters: one line for the list."""
    record("people.listed", by=by, at=at, where=where, count=count, filters={k: str(v) for k, v in filters.items()})


def payload(entry: JournalEntry) -> bytes:
    """What of an entry is chained: every column, in canonical JSON."""
    return canonical_json(
        [
            entry.pk,
            entry.at,
            entry.by_id,
            entry.by_name,
            entry.verb,
            entry.noun,
            entry.noun_id,
            entry.person_id,
            entry.enterprise_id,
            entry.site_id,
            entry.facts,
        ]
    )


def _hash_of(previous: bytes, entries: Iterable[JournalEntry]) -> tuple[bytes, int]:
    value, count = previous, 0
    for entry in entries:
        value = chain_hash(value, payload(entry))
        count += 1
    return value, count


def _settled_horizon() -> int:
    """The first transaction id that may still be running: all below it is committed or rolled back for good."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return int(cursor.fetchone()[0])


@transaction.atomic
def seal_journal(*, at: datetime) -> int:
    """Chain all entries of finished transactions that no seal covers yet; returns how many. One sealer at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.journal'))")
        if not cursor.fetchone()[0]:
            return 0
    last = JournalSeal.objects.order_by("-to_xid").first()
    begin, previous = (last.to_xid, bytes(last.hash)) if last else (0, GENESIS)
    end = _settled_horizon()
    entries = JournalEntry.objects.filter(xid__gte=begin, xid__lt=end).order_by("xid", "id")
    value, count = _hash_of(previous, entries.iterator(2000))
    if count:
        JournalSeal.objects.create(
            from_xid=begin, to_xid=end, entries=count, previous=previous, hash=value, sealed_at=at
        )
    return count


def broken_seals() -> list[JournalSeal]:
    """Seals whose entries are not what they were when sealed (none, if nobody tampered).

    Of runs that were deleted when their period was over only the seals are left: the first ones, without any entry.
    """
    broken, previous, kept = [], GENESIS, False
    for seal in JournalSeal.objects.order_by("to_xid"):
        if seal.destroyed_at is not None and not kept:
            if bytes(seal.previous) != previous or JournalEntry.objects.filter(xid__lt=seal.to_xid).exists():
                broken.append(seal)
            previous = bytes(seal.hash)
            continue
        kept = True
        entries = JournalEntry.objects.filter(xid__gte=seal.from_xid, xid__lt=seal.to_xid).order_by("xid", "id")
        value, count = _hash_of(previous, entries.iterator(2000))
        if value != bytes(seal.hash) or count != seal.entries or previous != bytes(seal.previous):
            broken.append(seal)
        previous = bytes(seal.hash)
    return broken
