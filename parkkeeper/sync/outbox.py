"""What happened that a phone must know: journal lines of its place and of the whole park, by a cursor that loses none.

A cursor is "XID-ID": the transaction and the line up to which all is known. Only lines of transactions that are
finished for good are handed out (xid below the snapshot's xmin), in the order of transactions: a transaction that took
its number early and commits late holds the cursor back instead of being passed.
"""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.utils.translation import gettext as _

from parkkeeper.sync.models import Batch, Phone
from parkkeeper.sync.problems import Problem

MOST = 500
_CURSOR = re.compile(r"(\d{1,20})-(\d{1,19})", re.ASCII)

# verb of the journal -> the facts that a phone needs of it; every other verb stays in the office
WATCHED: dict[str, tuple[str, ...]] = {
    "round.opened": ("day", "test", "rehearsal"),
    "round.joined": (),
    "round.closed": (),
    "sessions.opened": ("count",),
    "sessions.closed": ("count",),
    "duties.begun": ("count",),
    "duty.ended": (),
    "duty.resumed": (),
    "tubes.opened": ("count",),
    "tubes.sealed": ("count",),
    "scans.taken": ("count",),
    "scans.undone": ("count",),
    "boxes.sealed": ("count",),
    "boxes.handed_over": ("count",),
    "roll.issued": ("prefix", "first", "count"),
    "slot.assigned": (),
    "slot.ended": (),
    "point.changed": (),
    "point.closed": ("until",),
    "obligation.opened": ("kind",),
    "obligation.closed": ("kind",),
    "obligation.reopened": ("kind",),
    "phone.enrolled": (),
    "phone.revoked": (),
    "codes.rotated": ("number",),
}

# The same for a phone of a grid: each means that the team's round has changed.
WATCHED_IN_GRIDS: dict[str, tuple[str, ...]] = dict.fromkeys(
    (
        "checklist.put_in_force", "authorisation.filed", "visit.begun", "visit.ended", "finding.noted",
        "finding.fixed_on_spot", "finding.reported", "finding.looked_back", "finding.hung_up", "finding.unfixed",
        "finding.reopened", "notice.issued", "notice.served", "notice.withdrawn", "notice.lapsed",
        "notice.lapse_taken_back", "notice.talk_held", "extension.decided", "clock.stopped", "clock.resumed",
        "stop_work.imposed", "stop_work.decided", "stop_work.served", "stop_work.checked", "stop_work.applied",
        "stop_work.returned", "stop_work.accepted", "stop_work.fell", "stop_work.lifted",
        "enterprise.changed", "phone.revoked", "codes.rotated",
    ),
    (),
)  # fmt: skip

# OFFSET 0: what is new is few, found by the cursor; the planner would also look up all that ever had these verbs.
_LINE = """
SELECT j.xid::text, j.id, j.verb, j.at, j.noun, j.noun_id, p.uuid::text, j.facts::text
FROM (SELECT * FROM park_journal_entry WHERE (xid, id) > (%s::xid8, %s::bigint) AND xid < %s::xid8
  ORDER BY xid, id OFFSET 0) j
LEFT JOIN park_person p ON p.id = j.person_id AND j.site_id IS NULL
WHERE j.verb = ANY(%s)
"""
# Lines of the phone's own site, of the whole park, and of people who are on a list of its point.
_AT_POINT = (
    _LINE
    + """  AND (j.site_id = %s OR j.site_id IS NULL AND (j.person_id IS NULL OR EXISTS (
       SELECT FROM sampling_due d WHERE d.person_id = j.person_id AND d.point_id = %s)))
ORDER BY j.xid, j.id LIMIT %s
"""
)
# Lines of the grid's enterprises, and of the whole park.
_IN_GRID = (
    _LINE
    + """  AND (j.enterprise_id IN (SELECT e.id FROM park_enterprise e WHERE e.grid_id = %s)
       OR j.enterprise_id IS NULL AND j.site_id IS NULL AND j.person_id IS NULL)
ORDER BY j.xid, j.id LIMIT %s
"""
)


def read_cursor(text: str) -> tuple[str, str] | None:
    """The two numbers of a cursor as text, or None for "" (from now on). Raises Problem 400 for anything else."""
    if not text:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None or int(match[1]) >= 2**64 or int(match[2]) >= 2**63:
        raise Problem(
            400,
            "bad_cursor",
            _("变更的起点“%(cursor)s”无法识别。请重新取得名单，从名单给出的起点继续。") % {"cursor": text[:40]},
        )
    return match[1], match[2]


def horizon() -> str:
    """The cursor of this moment: everything of transactions that are finished for good lies before it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text || '-0'")
        return str(cursor.fetchone()[0])


def changes(phone: Phone, text: str, *, last: str = "", most: int = MOST) -> dict[str, Any]:
    """What happened after the cursor `text`, `most` at once: {"changes", "cursor", "more"} of docs/protocol.md.

    `last` is the batch that was confirmed to the phone last. Raises Problem 409 when the server was restored from a
    backup that is older than it, or than the cursor.
    """
    since = read_cursor(text)
    if last and not _knows(last):
        raise _ahead()
    if since is None:
        return {"changes": [], "cursor": horizon(), "more": False}
    # the horizon is read before the lines: what is handed out lies below it, the next cursor is not above it
    end = horizon()
    if _key(text) > _key(end):
        raise _ahead()
    rows = _rows(phone, since, end, most + 1)
    more = len(rows) > most
    rows = rows[:most]
    if more:
        end = f"{rows[-1][0]}-{rows[-1][1]}"
    return {"changes": [_change(*row[2:]) for row in rows], "cursor": end, "more": more}


def _knows(batch: str) -> bool:
    # the cursor alone does not tell: numbers of transactions are given out again, and soon pass it
    try:
        number = UUID(batch)
    except ValueError:
        return True
    return Batch.objects.filter(pk=number).exists()


def _key(cursor: str) -> tuple[int, int]:
    xid, _dash, number = cursor.partition("-")
    return int(xid), int(number)


def _ahead() -> Problem:
    # the server was restored from a backup: lines after the backup are gone, their numbers will be given out again
    return Problem(
        409, "cursor_ahead", _("服务器已从备份恢复，变更的起点不再有效。请重新取得名单，从名单给出的起点继续。")
    )


def _rows(phone: Phone, since: tuple[str, str], end: str, most: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        span = [*since, end.partition("-")[0]]
        if phone.point_id is None:
            cursor.execute(_IN_GRID, [*span, list(WATCHED_IN_GRIDS), phone.grid_id, most])
        else:
            cursor.execute(_AT_POINT, [*span, list(WATCHED), phone.site_id, phone.point_id, most])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _change(verb: str, at: datetime, noun: str, number: str, person: str | None, facts: str) -> dict[str, Any]:
    known = orjson.loads(facts)
    told = {name: known[name] for name in WATCHED.get(verb, ()) if name in known}
    whom = {"person": person} if person else {}
    return {"verb": verb, "at": at.isoformat(), "noun": noun, "id": number, **whom, **told}
