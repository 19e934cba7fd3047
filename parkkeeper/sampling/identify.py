"""Who was scanned: from the roster's id, or from what a person showed (document, staff number, name).

Nobody is guessed: a staff number or a name decides only when it is one person's; otherwise the candidates are named
and a person decides.
"""

import base64
import binascii
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from parkkeeper.kernel.crypto import BadSeal, seal, unseal
from parkkeeper.kernel.documents import read_document, tail
from parkkeeper.kernel.text import tidy, tidy_code
from parkkeeper.park.statements import run
from parkkeeper.park.vault import document_index
from parkkeeper.sampling.arrays import plain, texts
from parkkeeper.sampling.field import Source, TakeScan
from parkkeeper.sampling.models import Scan
from parkkeeper.sampling.showncodes import Shown, shown_codes

_SEALED = "sealed:"
_CONTEXT = "scan.claimed"
_LONGEST_SEALED = 50
MOST_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Identity:
    """Who it is (`person_id`), or why nobody knows: the ids of candidates, none when nobody fits."""

    person_id: int | None = None
    employer_id: int | None = None
    candidates: tuple[int, ...] = ()
    shown: str = ""
    """The state of the person code that was read at the point, when the phone sent it as it was (showncodes.STATES)."""
    kept: str = ""
    """What to keep instead of the code's text when it names nobody."""

    @property
    def doubt(self) -> str | None:
        """The kind of doubt that it raises, if any."""
        if self.person_id is not None:
            return None
        return "ambiguous_person" if self.candidates else "unknown_person"


def identify(operations: Collection[TakeScan], source: Source) -> list[Identity]:
    """Who each scan is of, in order, locked. One statement for roster ids, some more when something else was read.

    Two phones that send one person's two scans at the same moment must see each other's: the second waits here.
    """
    read = any(op.claimed for op in operations)
    known = people_by_uuid((op.person for op in operations if op.person), lock=not read)
    nobody = Identity()
    found = [known.get(op.person, nobody) if op.person else nobody for op in operations]
    if read:
        told = _by_what_was_read(
            [op for op, one in zip(operations, found, strict=True) if one.person_id is None and op.claimed], source
        )
        found = [told.get(op.id, one) for op, one in zip(operations, found, strict=True)]
        # all at once, so that everybody locks in the same order
        _lock({one.person_id for one in found if one.person_id is not None})
    return found


def _by_what_was_read(claims: list[TakeScan], source: Source) -> dict[UUID, Identity]:
    codes = shown_codes(claims, source)
    found = _by_codes(codes) if codes else {}
    rest = [op for op in claims if op.id not in codes]
    return found | _by_claims(rest, source) if rest else found


def _by_codes(codes: dict[UUID, Shown]) -> dict[UUID, Identity]:
    people = people_by_uuid(code.person for code in codes.values() if code.person)
    return {
        scan: replace(
            people.get(code.person, Identity()) if code.person else Identity(), shown=code.state, kept=code.kept
        )
        for scan, code in codes.items()
    }


_LOCK = "SELECT 1 FROM park_person WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
_PEOPLE = "SELECT uuid, id, employer_id FROM park_person WHERE uuid = ANY(%s::uuid[])"
_PEOPLE_LOCKED = _PEOPLE + " ORDER BY id FOR NO KEY UPDATE"


def _lock(people: Collection[int]) -> None:
    if people:
        run(_LOCK, [plain(people)])


def people_by_uuid(uuids: Iterable[UUID], *, lock: bool = False) -> dict[UUID, Identity]:
    """Identities of the roster's ids that exist; with `lock`, whoever else locks them waits until we commit."""
    wanted = set(uuids)
    if not wanted:
        return {}
    rows = run(_PEOPLE_LOCKED if lock else _PEOPLE, [plain(wanted)])
    return {row[0]: Identity(row[1], row[2]) for row in rows}


def claimed_to_keep(claimed: str, how: str) -> str:
    """What is kept of a claim that named nobody: the text, sealed when it is (or may be) a document."""
    text = tidy(claimed)
    if text and (how == Scan.How.DOCUMENT or read_document(text).kind != "unknown"):
        sealed = seal(text[:_LONGEST_SEALED], settings.KEYS.data, context=_CONTEXT)
        # base64 of the sealed 50 characters stays below the column's 120
        return (_SEALED + base64.b64encode(sealed).decode())[:120]
    return text[:120]


def claimed_of(scan: Scan) -> str:
    """What was read at the point, in plain. It may be a document: the caller writes who looked."""
    if not scan.claimed.startswith(_SEALED):
        return scan.claimed
    try:
        return unseal(base64.b64decode(scan.claimed[len(_SEALED) :]), settings.KEYS.data, context=_CONTEXT)
    except (BadSeal, binascii.Error):
        return ""


def claimed_tail(claimed: str) -> str:
    """The last characters of what was read, for evidence: enough to recognise, too little to be the document."""
    return tail(tidy(claimed))


def enterprises_at(point_id: int | None, day: date) -> set[int]:
    """Ids of the enterprises that come to a point on that local day: its host and those of its slots."""
    if point_id is None:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT host_id FROM sampling_point WHERE id = %s AND host_id IS NOT NULL UNION "
            "SELECT enterprise_id FROM sampling_slot WHERE point_id = %s AND during @> %s::date",
            [point_id, point_id, day],
        )
        return {row[0] for row in cursor.fetchall()}


def _by_claims(claims: list[TakeScan], source: Source) -> dict[UUID, Identity]:
    near = enterprises_at(source.point.pk if source.point else None, timezone.localdate(source.received_at))
    near.add(source.holder.employer_id)
    indexes = {op.id: index for op in claims if (index := document_index(op.claimed))}
    documents = _by_document(set(indexes.values()))
    found = {op: documents[index] for op, index in indexes.items() if index in documents}
    rest = [op for op in claims if op.id not in found]
    people = _candidates({op.claimed for op in rest}) if rest else []
    return found | {op.id: _decide(op.claimed, people, near) for op in rest}


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: int
    employer_id: int
    staff_number: str
    name: str


def _by_document(indexes: Collection[bytes]) -> dict[bytes, Identity]:
    if not indexes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT document_index, id, employer_id FROM park_person WHERE document_index = ANY(%s::bytea[])",
            [texts("\\x" + index.hex() for index in indexes)],
        )
        return {bytes(row[0]): Identity(row[1], row[2]) for row in cursor.fetchall()}


def _candidates(claimed: Collection[str]) -> list[_Candidate]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, employer_id, staff_number, name FROM park_person
            WHERE (staff_number <> '' AND upper(staff_number) = ANY(%s::text[])) OR name = ANY(%s::text[])
            ORDER BY id
            """,
            [
                texts({tidy_code(text) for text in claimed}),
                texts({tidy(text) for text in claimed}),
            ],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [_Candidate(row[0], row[1], row[2].upper(), row[3]) for row in rows]


def _decide(claimed: str, people: list[_Candidate], near: set[int]) -> Identity:
    number = tidy_code(claimed)
    by_number = [p for p in people if number and p.staff_number == number]
    here = [p for p in by_number if p.employer_id in near]
    # a staff number is an enterprise's own: one near the point outweighs the same number far away
    for group in (here, by_number):
        if len(group) == 1:
            return Identity(group[0].id, group[0].employer_id)
    by_name = [p for p in people if p.name == tidy(claimed)]
    named_here = [p for p in by_name if p.employer_id in near]
    if not by_number and len(named_here) == 1:
        return Identity(named_here[0].id, named_here[0].employer_id)
    return Identity(candidates=tuple(p.id for p in (here or by_number or named_here or by_name))[:MOST_CANDIDATES])


def person_ids(uuids: Iterable[UUID | None]) -> dict[UUID, int]:
    """Ids of the people whom these roster ids name; unknown ones are left out."""
    return {uuid: one.person_id for uuid, one in people_by_uuid(u for u in uuids if u).items() if one.person_id}
