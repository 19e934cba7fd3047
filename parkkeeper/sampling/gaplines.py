"""The lines of a round behind the counts: who is in which state, since when, and what was done about it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings

from parkkeeper.kernel.crypto import blind_index
from parkkeeper.kernel.documents import read_document
from parkkeeper.kernel.text import tidy
from parkkeeper.park.models import Enterprise
from parkkeeper.park.scope import Scope
from parkkeeper.sampling import reconciliation_sql as sql
from parkkeeper.sampling.models import Disposition, Round, Test
from parkkeeper.sampling.reconciliation import Row, ask, deadlines, params_of, wide, within
from parkkeeper.sampling.states import CODES, MEANINGS, State

_FEW = 100
_NUMBERS = {state: code for code, state in CODES.items()}


@dataclass(frozen=True)
class Line:
    """One person's line of a round with its state and what was done about it."""

    person_id: int
    uuid: UUID
    name: str
    staff_number: str
    phone: str
    document_tail: str
    enterprise_id: int
    enterprise: str
    grid_id: int | None
    point_id: int | None
    point: str
    slot_from: int | None
    state: State
    tube_id: int | None
    tube_code: str
    since: datetime
    on_post: bool
    added: bool
    dispositions: tuple[Disposition, ...]

    @property
    def owner(self) -> str:
        """The role (Post.Role) whose gap it is; "" when nobody has to act."""
        return MEANINGS[self.state].owner


@dataclass(frozen=True)
class Page:
    """A page of lines and how many there are in all."""

    total: int
    lines: list[Line]


def gap_lines(
    round: Round,
    at: datetime,
    *,
    states: Collection[State],
    scopes: list[Scope] | None = None,
    q: str | None = None,
    people: Iterable[int] | None = None,
    enterprises: Iterable[int] | None = None,
    offset: int = 0,
    limit: int | None = 50,
    **places: int,
) -> Page:
    """Lines of the round in these states at `at`, by enterprise and name, with what was done about each.

    `places` (enterprise, grid, point), `people` and `enterprises` are ids; `q` is part of a name, pinyin, initials,
    staff number or phone, the tail of a document or a whole document. `limit` None gives all. Works out the state of
    every line that these narrow to; `page_of_lines` does not.
    """
    where, params = within(scopes, **places)
    for name, ids in (("people", people), ("among", enterprises)):
        if ids is not None:
            where += sql.AMONG[name]
            params[name] = list(ids)
    search, sought = _search(q)
    page = "" if limit is None else "LIMIT %(limit)s OFFSET %(offset)s"
    tell = partial(sql.lines_sql, Test(round.test), where, search=search, page=page)
    limits = deadlines(round)
    asked = params_of(round, at, limits) | params | sought
    asked |= {"codes": [_NUMBERS[State(state)] for state in states], "limit": limit, "offset": offset}
    whole = wide(scopes) and people is None and enterprises is None and not places
    rows = ask(round, tell, asked, whole=whole)
    done = _dispositions(round, [row[0] for row in rows], at)
    since = _Since(round, at, *limits)
    return Page(rows[0][-1] if rows else 0, [_line(row, since, done.get(row[0], ())) for row in rows])


def page_of_lines(
    round: Round,
    at: datetime,
    rows: Iterable[Row],
    *,
    states: Collection[State],
    offset: int,
    limit: int,
    scopes: list[Scope] | None = None,
    **places: int,
) -> Page:
    """What `gap_lines` gives, from the counts by enterprise of the same lines (`rows`).

    They tell how many there are and which enterprises stand on the page, so that only the lines of those are read.
    """
    counts = {row.key: sum(row.counts.get(s, 0) + row.added.get(s, 0) for s in states) for row in rows}
    found = [key for key, count in counts.items() if count]
    named = Enterprise.objects.order_by("pinyin", "pk").values_list("pk", flat=True)
    # to bind thousands of ids one by one costs more than to read them all
    ordered = named.filter(pk__in=found) if len(found) <= _FEW else [key for key in named if counts.get(key)]
    before, first = 0, offset
    shown: list[int] = []
    for key in ordered:
        if offset < before + counts[key] and before < offset + limit:
            first = first if shown else offset - before
            shown.append(key)
        before += counts[key]
    if not shown:
        return Page(before, [])
    asked: dict[str, Any] = {"states": states, "scopes": scopes, "limit": limit, **places}
    page = gap_lines(round, at, enterprises=shown, offset=first, **asked)
    return Page(before, page.lines)


def states_of(round: Round, people: Iterable[int], at: datetime) -> dict[int, State]:
    """The state of each of these people's (ids) lines in the round at `at`; who has no line is left out."""
    page = gap_lines(round, at, states=list(State), people=people, limit=None)
    return {line.person_id: line.state for line in page.lines}


def _search(q: str | None) -> tuple[str, dict[str, Any]]:
    words = tidy(q or "")
    if not words:
        return "", {}
    number = read_document(words).number
    part = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    condition = """ AND (p.name LIKE %(part)s OR p.pinyin LIKE %(low)s OR replace(p.pinyin, ' ', '') LIKE %(low)s
    OR p.staff_number ILIKE %(part)s OR p.phone LIKE %(part)s OR p.document_tail = %(tail)s
    OR p.document_index = %(index)s)"""
    return condition, {
        "part": f"%{part}%",
        "low": f"%{part.lower()}%",
        "tail": words.upper(),
        "index": blind_index(number, settings.KEYS.blind, purpose="document") if number else None,
    }


def _dispositions(round: Round, people: list[int], at: datetime) -> dict[int, tuple[Disposition, ...]]:
    found: dict[int, list[Disposition]] = {}
    asked = Disposition.objects.filter(round=round, person__in=people, at__lte=at).exclude(withdrawn_at__lte=at)
    for disposition in asked.select_related("by").order_by("at", "pk"):
        found.setdefault(disposition.person_id, []).append(disposition)
    return {person: tuple(dispositions) for person, dispositions in found.items()}


def _line(row: tuple[Any, ...], since: "_Since", dispositions: tuple[Disposition, ...]) -> Line:
    (person, uuid, name, staff_number, phone, tail, enterprise, short_name, grid, point, point_code, slot_from, code,
     tube, tube_code, taken_at, said_at, handled_at, on_post, added, _total) = row  # fmt: skip
    state = CODES[code]
    return Line(
        person,
        uuid,
        name,
        staff_number,
        phone,
        tail,
        enterprise,
        short_name,
        grid,
        point,
        point_code or "",
        slot_from,
        state,
        tube,
        tube_code or "",
        since.of(state, taken_at, said_at, handled_at),
        on_post,
        added,
        dispositions,
    )


@dataclass(frozen=True)
class _Since:
    """Since when a line is in its state: since the word that put it there, or the deadline that it missed."""

    round: Round
    at: datetime
    to_lab: timedelta | None
    result: timedelta | None

    def of(
        self, state: State, taken_at: datetime | None, said_at: datetime | None, handled_at: datetime | None
    ) -> datetime:
        if state in (State.EXCUSED, State.ELSEWHERE) and handled_at:
            return handled_at
        if state is State.NOT_SAMPLED:
            return self.round.closes_at if self.at >= self.round.closes_at else self.round.opens_at
        if taken_at is None:
            return self.round.frozen_at
        if state is State.TUBE_NOT_RECEIVED:
            return taken_at + (self.to_lab or timedelta(0))
        if state is State.RESULT_OVERDUE:
            return taken_at + (self.result or timedelta(0))
        return said_at or taken_at
