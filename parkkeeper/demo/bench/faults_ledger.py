"""The phones' ledgers against what the park has stored, and what it shows: the three counts that must be 0."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Set
from typing import Any, Protocol

import psycopg

Asking = psycopg.Connection[Any]
Operation = dict[str, Any]


class Ledger(Protocol):
    """What a phone has written down: what it said, and what it heard."""

    told: list[Operation]
    verdicts: dict[str, str]
    unexpected: list[str]


# By kind of operation the rows that phones' words became: id, then what each tells, as `_WORDS` has it.
_ROWS = {
    "scan": "SELECT s.id::text, p.uuid::text, t.code, s.sequence, s.undone_at IS NULL,"
    " extract(epoch FROM s.scanned_at)::float8 FROM sampling_scan s JOIN sampling_tube t ON t.id = s.tube_id"
    " LEFT JOIN park_person p ON p.id = s.person_id WHERE s.phone_id IS NOT NULL",
    "undo_scan": "SELECT id::text, scan_id::text FROM sampling_undo WHERE phone_id IS NOT NULL",
    "open_tube": "SELECT opening::text, code, pool_size::int FROM sampling_tube WHERE opening IS NOT NULL",
    "seal_tube": "SELECT sealing::text, code, swabs::int FROM sampling_tube WHERE sealing IS NOT NULL",
    "seal_box": "SELECT b.id::text, b.code, array_agg(t.code ORDER BY t.code) FROM sampling_box b"
    " LEFT JOIN sampling_box_tube c ON c.box_id = b.id LEFT JOIN sampling_tube t ON t.id = c.tube_id GROUP BY 1, 2",
    "hand_over_box": "SELECT h.id::text, coalesce(b.code, h.box_code), h.leg FROM sampling_hand_over h"
    " LEFT JOIN sampling_box b ON b.id = h.box_id",
    "receive_tube": "SELECT r.id::text, t.code, r.condition, l.code FROM sampling_reception r"
    " JOIN sampling_tube t ON t.id = r.tube_id LEFT JOIN sampling_laboratory l ON l.id = r.laboratory_id",
    "antigen": "SELECT a.id::text, p.uuid::text, a.value FROM sampling_antigen_test a"
    " JOIN park_person p ON p.id = a.person_id WHERE a.source = 'phone'",
}  # fmt: skip
_WORDS: dict[str, Callable[[Operation], tuple[Any, ...]]] = {
    "scan": lambda told: (told.get("person"), told.get("tube"), told["seq"]),
    "undo_scan": lambda told: (told.get("scan"),),
    "open_tube": lambda told: (told.get("tube"), told.get("pool_size")),
    "seal_tube": lambda told: (told.get("tube"), told.get("swabs")),
    "seal_box": lambda told: (told.get("box"), sorted(told["tubes"]) if "tubes" in told else None),
    "hand_over_box": lambda told: (told.get("box_code"), told.get("leg")),
    "receive_tube": lambda told: (told.get("tube"), told.get("condition"), told.get("laboratory")),
    "antigen": lambda told: (told.get("person"), told.get("value")),
}
"""What an operation tells of its row; None: nothing is known of it (a phone's own database names nobody)."""
_ONE_OF_A_TUBE = ("open_tube", "seal_tube")
"""Of two phones' words on the same tube one stands, the other is marked."""
_TWICE = """
SELECT count(*) FROM (SELECT person_id, tube_id, device_at FROM sampling_scan WHERE phone_id IS NOT NULL
                      GROUP BY 1, 2, 3 HAVING count(*) > 1) d
"""
_COUNTED = """
SELECT coalesce(sum((facts ->> 'count')::int), 0) FROM park_journal_entry WHERE verb = 'scans.taken'
"""
_NEAR = 30.0  # seconds between the true time and the stored one: as long as a sending may be on its way


def held_against(phones: Iterable[Ledger], asking: Asking, before: Set[str] = frozenset()) -> dict[str, int]:
    """What the ledgers and the tables say: acknowledged and lost, stored twice, shown wrongly; all must be 0.

    `asking` is a connection whose search path is the park, `before` ids that others told earlier. Operations of kinds
    without a table here (sessions, visits) count only when they are kept aside. An operation with `true_at` (seconds
    since 1970) must be stored with that time, to some seconds.
    """
    phones = list(phones)
    told = {one["id"]: one for phone in phones for one in phone.told}
    stored = {kind: {row[0]: row[1:] for row in asking.execute(ask.encode())} for kind, ask in _ROWS.items()}
    heard = {number: word for phone in phones for number, word in phone.verdicts.items()}
    acknowledged = {number for number, word in heard.items() if word != "kept" and number in told}
    strange = heard.keys() - told.keys()
    kept = len(heard) - len(acknowledged | strange)
    poison = _one(asking, "SELECT count(*) FROM sync_poison_operation")
    lost = sum(not _is_there(told[number], stored, told) for number in acknowledged)
    twice = sum(len(stored[kind].keys() - told.keys() - before) for kind in stored) + _one(asking, _TWICE)
    twice += max(_one(asking, _COUNTED) - len(stored["scan"]), 0)
    undone = {one.get("scan") for one in told.values() if one["kind"] == "undo_scan" and one["id"] in acknowledged}
    wrong = sum(_is_wrong(told[number], rows[number], undone) for rows in stored.values() for number in rows
                if number in told)  # fmt: skip
    unexpected = sum(len(phone.unexpected) for phone in phones)
    return {"acknowledged": len(acknowledged), "acknowledged_and_lost": lost + max(kept - poison, 0),
            "stored_twice": twice, "shown_wrongly": wrong + len(strange) + unexpected}  # fmt: skip


def _one(asking: Asking, statement: str) -> int:
    row = asking.execute(statement.encode()).fetchone()
    return int(row[0]) if row else 0


def _is_there(one: Operation, stored: dict[str, dict[str, Any]], told: dict[str, Operation]) -> bool:
    rows = stored.get(one["kind"])
    if rows is None or one["id"] in rows:
        return True
    others = (told[number] for number in rows if number in told)
    return one["kind"] in _ONE_OF_A_TUBE and any(other.get("tube") == one.get("tube") for other in others)


def _is_wrong(one: Operation, row: tuple[Any, ...], undone: Set[str | None]) -> bool:
    words = _WORDS[one["kind"]](one)
    if any(word is not None and word != shown for word, shown in zip(words, row, strict=False)):
        return True
    if one["kind"] != "scan":
        return False
    live, at = row[3:]
    return live == (one["id"] in undone) or ("true_at" in one and abs(at - one["true_at"]) > _NEAR)


def people_done(phones: Iterable[Ledger]) -> set[str]:
    """Who has a scan that stands, by the ledgers: by id of the roster."""
    found: set[str] = set()
    for phone in phones:
        heard = [one for one in phone.told if one["id"] in phone.verdicts]
        undone = {one["scan"] for one in heard if one["kind"] == "undo_scan"}
        found |= {one["person"] for one in heard if one["kind"] == "scan" and one["id"] not in undone}
    return found


def shown_wrongly(rosters: Iterable[dict[str, Any]], done: Set[str]) -> int:
    """How many people of these rosters are told to be done and are not, or the other way round."""
    return sum(member["done"] != (member["person"] in done) for roster in rosters for member in roster["people"])


def counts_differ(shown: dict[str, int], desks: Iterable[tuple[int, Iterable[str]]], done: Set[str]) -> int:
    """How far the counts of sampled people that pages show by point are from the ledgers', together.

    `desks`: each point with everybody who is due there.
    """
    expected: Counter[str] = Counter()
    for point, people in desks:
        expected[str(point)] += len(done & set(people))
    both: defaultdict[str, int] = defaultdict(int, shown)
    return sum(abs(both[point] - expected[point]) for point in expected.keys() | both.keys())
