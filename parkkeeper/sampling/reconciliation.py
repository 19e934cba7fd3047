"""Reconciliation: due <-> scanned <-> tube received <-> result, at any moment as it was known then.

Every line of a round's frozen list is in exactly one state (see `states`); the counts of all states are the population.
People who joined after the freeze are counted apart, since a denominator that is frozen does not move.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from parkkeeper.kernel.crypto import blind_index
from parkkeeper.kernel.documents import read_document
from parkkeeper.kernel.text import tidy
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Enterprise, Grid
from parkkeeper.park.rulebook import hours
from parkkeeper.park.scope import Scope, ids_of
from parkkeeper.sampling import reconciliation_sql as sql
from parkkeeper.sampling.asknown import PLAIN, Known, known_at
from parkkeeper.sampling.models import Disposition, Due, Point, Round, Test
from parkkeeper.sampling.states import CODES, DUE_STATES, MEANINGS, STANDINGS, State

_NUMBERS = {state: code for code, state in CODES.items()}
# Above this many lines one grouping no longer fits into the server's usual memory for a step.
_LARGE = 50_000


@dataclass
class Row:
    """The counts of one group: `counts` of the frozen list by state, `added` of those who joined after the freeze."""

    key: Any
    label: str
    counts: dict[State, int] = field(default_factory=dict)
    added: dict[State, int] = field(default_factory=dict)
    sampled: int = 0
    """Lines that are due and have a sample that stands, whatever became of it."""
    on_post: int = 0
    beyond: int = 0
    """People sampled though their line was not due, or who joined later."""

    @property
    def due(self) -> int:
        return sum(count for state, count in self.counts.items() if state in DUE_STATES)

    @property
    def population(self) -> int:
        return sum(self.counts.values())

    @property
    def gaps(self) -> int:
        """Lines on which somebody must act."""
        return sum(count for state, count in self.counts.items() if MEANINGS[state].gap)


@dataclass(frozen=True)
class Coverage:
    """How far a round is: sampled of due, with what the rate needs to be read rightly."""

    sampled: int
    due: int
    on_post: int
    population: int
    as_of: datetime


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


@dataclass(frozen=True)
class Stray:
    """A scan in the round's tubes of somebody who stands on no line of its list."""

    scan_id: UUID
    tube_id: int
    tube_code: str
    point_id: int | None
    point: str | None
    scanned_at: datetime
    how: str
    claimed: str
    person_id: int | None
    person: str | None
    enterprise_id: int | None
    enterprise: str | None


def reconcile(round: Round, at: datetime, *, by: str = "park", scopes: list[Scope] | None = None) -> list[Row]:
    """Counts of the round at `at` by park, grid, enterprise, point, slot or standing, in the order of their labels.

    Each group appears whose lines a reader with these scopes may see. Raises KeyError for another `by`.
    """
    where, params = _within(scopes)
    statement = sql.counts_sql(Test(round.test), by, where, _known(round, at))
    rows: dict[Any, Row] = {}
    for number, lines, on_post in _ask(statement, _params(round, at) | params, round.population):
        group, what = divmod(number, 256)
        code, unsampled = divmod(what & 127, 2)
        state, sampled = CODES[code], 0 if unsampled else lines
        key = _key(by, group, state)
        row = rows.setdefault(key, Row(key, ""))
        counts = row.added if what & 128 else row.counts
        counts[state] = counts.get(state, 0) + lines
        if what & 128 or state not in DUE_STATES:
            row.beyond += sampled
        else:
            row.sampled += sampled
        row.on_post += 0 if what & 128 else on_post
    if by == "park" and not rows:
        rows[None] = Row(None, "")
    _name(rows.values(), by)
    return sorted(rows.values(), key=lambda row: (row.key is None, row.label, str(row.key)))


def _key(by: str, group: int, state: State) -> Any:
    if by == "park":
        return None
    if by == "standing":
        return STANDINGS.get(state, Due.Standing.DUE).value
    return None if group == sql.NO_KEY else group


def coverage(round: Round, at: datetime, *, scopes: list[Scope] | None = None) -> Coverage:
    """Sampled of due in the whole round (or what the scopes reach), as it was known at `at`."""
    (row,) = reconcile(round, at, scopes=scopes)
    return Coverage(row.sampled, row.due, row.on_post, row.population, at)


def progress(
    round: Round, at: datetime, *, step_minutes: int = 10, scopes: list[Scope] | None = None
) -> list[tuple[datetime, int]]:
    """The curve of the evening as known at `at`: (end of a step, people who were due and sampled by then).

    From the opening (or the first sample) to the last step begun by `at`, at most to the last sample or closing.
    """
    step = timedelta(minutes=step_minutes)
    where, params = _within(scopes)
    statement = sql.progress_sql(Test(round.test), where, _known(round, at))
    asked = _params(round, at) | params | {"step": step, "opens": round.opens_at}
    found: dict[datetime, int] = dict(_ask(statement, asked, round.population))
    first = min([round.opens_at, *found])
    last = max([min(at, round.closes_at), *(moment + step for moment in found)])
    curve, total, moment = [(first, 0)], 0, first
    while moment < last:
        total += found.get(moment, 0)
        moment += step
        curve.append((moment, total))
    return curve


def gap_lines(
    round: Round,
    at: datetime,
    *,
    states: Collection[State],
    scopes: list[Scope] | None = None,
    enterprise: int | None = None,
    grid: int | None = None,
    point: int | None = None,
    q: str | None = None,
    people: Iterable[int] | None = None,
    offset: int = 0,
    limit: int | None = 50,
) -> Page:
    """Lines of the round in these states at `at`, by enterprise and name, with what was done about each.

    `enterprise`, `grid`, `point` and `people` are ids; `q` is part of a name, pinyin, initials, staff number or phone,
    the tail of a document or a whole document. `limit` None gives all.
    """
    where, params = _within(scopes)
    for column, value in (("enterprise_id", enterprise), ("grid_id", grid), ("point_id", point)):
        if value is not None:
            where += f" AND l.{column} = %({column})s"
            params[column] = value
    if people is not None:
        where += " AND l.person_id = ANY(%(people)s)"
        params["people"] = list(people)
    search, sought = _search(q)
    page = "" if limit is None else "LIMIT %(limit)s OFFSET %(offset)s"
    statement = sql.lines_sql(Test(round.test), where, _known(round, at), search=search, page=page)
    limits = deadlines(round)
    asked = _params(round, at, limits) | params | sought
    asked |= {"codes": [_NUMBERS[State(state)] for state in states], "limit": limit, "offset": offset}
    rows = _ask(statement, asked, round.population)
    done = _dispositions(round, [row[0] for row in rows], at)
    since = _Since(round, at, *limits)
    return Page(rows[0][-1] if rows else 0, [_line(row, since, done.get(row[0], ())) for row in rows])


def states_of(round: Round, people: Iterable[int], at: datetime) -> dict[int, State]:
    """The state of each of these people's (ids) lines in the round at `at`; who has no line is left out."""
    page = gap_lines(round, at, states=list(State), people=people, limit=None)
    return {line.person_id: line.state for line in page.lines}


def strays(
    round: Round, at: datetime, *, scopes: list[Scope] | None = None, offset: int = 0, limit: int | None = 50
) -> tuple[int, list[Stray]]:
    """How many scans of the round stand on no line of its list at `at` (nobody known, or not on the roster), and some.

    A reader with scopes sees those of the own enterprises' people and those made at the own points.
    """
    if round.test != Test.PCR:
        return 0, []
    where, params = "", {}
    if scopes is not None:
        params = _places(scopes)
        where = """ AND (p.employer_id = ANY(%(enterprises)s) OR e.grid_id = ANY(%(grids)s) OR s.point_id IN
  (SELECT id FROM sampling_point WHERE site_id = ANY(%(sites)s) OR host_id = ANY(%(enterprises)s)))"""
    page = "" if limit is None else "LIMIT %(limit)s OFFSET %(offset)s"
    asked = _params(round, at) | params | {"limit": limit, "offset": offset}
    rows = _ask(sql.strays_sql(where, page, _known(round, at)), asked, 0)
    return (rows[0][-1] if rows else 0), [Stray(*row[:-1]) for row in rows]


def deadlines(round: Round) -> tuple[timedelta | None, timedelta | None]:
    """How long after its swab a tube may take to the laboratory, and its result to come, as ruled when it opened.

    None, in a rehearsal only, when no rule is in force. Raises Refused when a real round lacks its rule.
    """
    try:
        return hours("tube_to_lab_hours", round.opens_at), hours("result_hours", round.opens_at)
    except Refused:
        if not round.rehearsal:
            raise
        return None, None


def _known(round: Round, at: datetime) -> Known:
    # a self-test is told once and never corrected
    return known_at(at) if round.test == Test.PCR else PLAIN


def _params(
    round: Round, at: datetime, limits: tuple[timedelta | None, timedelta | None] | None = None
) -> dict[str, Any]:
    to_lab, result = limits or deadlines(round)
    return {
        "round": round.pk,
        "day": round.day,
        "at": at,
        "to_lab_by": "-infinity" if to_lab is None else at - to_lab,
        "result_by": "-infinity" if result is None else at - result,
    }


def _ask(statement: str, params: dict[str, Any], size: int) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        if size > _LARGE:
            cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def _places(scopes: list[Scope]) -> dict[str, list[int]]:
    return {f"{kind}s": ids for kind, ids in ids_of(scopes).items()}


def _within(scopes: list[Scope] | None) -> tuple[str, dict[str, Any]]:
    return ("", {}) if scopes is None else (sql.WITHIN, dict(_places(scopes)))


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


def _name(rows: Iterable[Row], by: str) -> None:
    names: dict[Any, str] = {}
    if by == "grid":
        names = dict(Grid.objects.order_by("pk").values_list("pk", "name"))
    elif by == "enterprise":
        names = dict(Enterprise.objects.order_by("pk").values_list("pk", "short_name"))
    elif by == "point":
        names = dict(Point.objects.order_by("pk").values_list("pk", "code"))
    elif by == "standing":
        names = {value: str(label) for value, label in Due.Standing.choices}
    elif by == "slot":
        names = {minute: f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60)}
    for row in rows:
        row.label = names.get(row.key, "")


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
