"""Reconciliation: due <-> scanned <-> tube received <-> result, at any moment as it was known then.

Every line of a round's frozen list is in exactly one state (see `states`); the counts of all states are the population.
People who joined after the freeze are counted apart, since a denominator that is frozen does not move.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Enterprise, Grid
from parkkeeper.park.rulebook import rules
from parkkeeper.park.scope import Scope, ids_of
from parkkeeper.sampling import reconciliation_sql as sql
from parkkeeper.sampling.asknown import PLAIN, Known, rows_known
from parkkeeper.sampling.models import Due, Point, Round, Test
from parkkeeper.sampling.states import CODES, DUE_STATES, MEANINGS, STANDINGS, State

# Above this many lines one grouping no longer fits into the server's usual memory for a step, nor a pass into the time
# of a page.
LARGE = 50_000


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


def reconcile(
    round: Round, at: datetime, *, by: str = "park", scopes: list[Scope] | None = None, **places: int
) -> list[Row]:
    """Counts of the round at `at` by park, grid, enterprise, point, slot or standing, in the order of their labels.

    Each group appears whose lines a reader with these scopes may see; `places` (enterprise, grid or point = id) narrow
    further. Raises KeyError for another `by`.
    """
    where, params = within(scopes, **places)
    tell = partial(sql.counts_sql, Test(round.test), by, where)
    large = wide(scopes) and not places.keys() - {"grid"}
    return _rows(by, ask(round, tell, params_of(round, at) | params, whole=large))


def reconcile_evening(
    round: Round, at: datetime, *, by: str = "park", step_minutes: int = 10, scopes: list[Scope] | None = None
) -> tuple[list[Row], list[tuple[datetime, int]]]:
    """What `reconcile` and `progress` tell, read in one pass: less than two thirds of the work of both."""
    groups, curve = reconcile_groups(round, at, by=(by,), step_minutes=step_minutes, scopes=scopes)
    return groups[by], curve


def reconcile_groups(
    round: Round, at: datetime, *, by: Sequence[str], step_minutes: int = 10, scopes: list[Scope] | None = None
) -> tuple[dict[str, list[Row]], list[tuple[datetime, int]]]:
    """What `reconcile` tells of each of these groupings, and what `progress` tells, read in one pass."""
    where, params = within(scopes)
    step = timedelta(minutes=step_minutes)
    tell = partial(sql.evening_sql, Test(round.test), by, where)
    asked = params_of(round, at) | params | {"step": step, "opens": round.opens_at}
    told = ask(round, tell, asked, whole=wide(scopes))
    firsts = {first: lines for lines, _on_post, first, *_numbers in told if first is not None}
    groups = {
        group: _rows(group, ((row[3 + n], row[0], row[1]) for row in told if row[3 + n] is not None))
        for n, group in enumerate(by)
    }
    return groups, _curve(round, at, step, firsts)


def _rows(by: str, told: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Rows by group of what a statement of counts told: (number of group and state, lines, of them on post)."""
    rows: dict[Any, Row] = {}
    for number, lines, on_post in told:
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
    return named(rows.values(), by)


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
    where, params = within(scopes)
    tell = partial(sql.progress_sql, Test(round.test), where)
    asked = {"round": round.pk, "day": round.day, "at": at, "step": step, "opens": round.opens_at} | params
    return _curve(round, at, step, dict(ask(round, tell, asked, whole=wide(scopes))))


def _curve(round: Round, at: datetime, step: timedelta, found: dict[datetime, int]) -> list[tuple[datetime, int]]:
    first = min([round.opens_at, *found])
    last = max([min(at, round.closes_at), *(moment + step for moment in found)])
    curve, total, moment = [(first, 0)], 0, first
    while moment < last:
        total += found.get(moment, 0)
        moment += step
        curve.append((moment, total))
    return curve


def strays(
    round: Round, at: datetime, *, scopes: list[Scope] | None = None, offset: int = 0, limit: int | None = 50
) -> tuple[int, list[Stray]]:
    """How many scans of the round stand on no line of its list at `at` (nobody known, or not on the roster), and some.

    A reader with scopes sees those of the own enterprises' people and those made at the own points.
    """
    if round.test != Test.PCR:
        return 0, []
    page = "" if limit is None else "LIMIT %(limit)s OFFSET %(offset)s"
    asked = {"round": round.pk, "at": at, "limit": limit, "offset": offset} | _places(scopes or [])
    rows = ask(round, partial(sql.strays_sql, own=scopes is not None, page=page), asked)
    return (rows[0][-1] if rows else 0), [Stray(*row[:-1]) for row in rows]


def count_strays(round: Round, at: datetime, *, scopes: list[Scope] | None = None) -> int:
    """How many `strays` there are."""
    if round.test != Test.PCR:
        return 0
    asked = {"round": round.pk, "at": at} | _places(scopes or [])
    ((count,),) = ask(round, partial(sql.count_strays_sql, own=scopes is not None), asked)
    return int(count)


def deadlines(round: Round) -> tuple[timedelta | None, timedelta | None]:
    """How long after its swab a tube may take to the laboratory, and its result to come, as ruled when it opened.

    None, in a rehearsal only, when no rule is in force. Raises Refused when a real round lacks its rule.
    """
    try:
        to_lab, result = rules(("tube_to_lab_hours", "result_hours"), round.opens_at)
    except Refused:
        if not round.rehearsal:
            raise
        return None, None
    return timedelta(hours=float(to_lab)), timedelta(hours=float(result))


_HASH, _AS_BEFORE = (f"SELECT set_config('enable_nestloop', '{value}', true)" for value in ("off", "on"))


def params_of(
    round: Round, at: datetime, limits: tuple[timedelta | None, timedelta | None] | None = None
) -> dict[str, Any]:
    """What the statements need to know of a round at a moment; `limits`: its deadlines, when known already."""
    to_lab, result = limits or deadlines(round)
    return {
        "round": round.pk,
        "day": round.day,
        "at": at,
        "to_lab_by": "-infinity" if to_lab is None else at - to_lab,
        "result_by": "-infinity" if result is None else at - result,
    }


def ask(
    round: Round, tell: Callable[[Known], str], params: dict[str, Any], *, whole: bool = False
) -> list[tuple[Any, ...]]:
    """The rows of the statement about the round that `tell` gives for where to read, as known at `params["at"]`.

    The planner's statistics do not know tonight's round yet and take it for a handful of rows: joined line by line, a
    `whole` round takes minutes. So it is told to hash.
    """
    before, after = ((_HASH,), (_AS_BEFORE,)) if whole else ((), ())
    with transaction.atomic(), connection.cursor() as cursor:
        if round.population > LARGE:
            cursor.execute("SET LOCAL work_mem = '256MB'")
        if round.test == Test.PCR:
            return rows_known(tell, params, before=before, after=after)
        # a self-test is told once and never corrected
        cursor.execute("; ".join([*before, tell(PLAIN), *after]), params)
        for _ in before:
            cursor.nextset()
        return list(cursor.fetchall())


def _places(scopes: list[Scope]) -> dict[str, list[int]]:
    return {f"{kind}s": ids for kind, ids in ids_of(scopes).items()}


def wide(scopes: list[Scope] | None) -> bool:
    """Whether the scopes reach the park or a grid, a ninth of it or more: too much to be joined line by line."""
    return scopes is None or bool(ids_of(scopes)["grid"])


def within(scopes: list[Scope] | None, **places: int) -> tuple[str, dict[str, Any]]:
    """The condition on lines that scopes and places (enterprise, grid, point: ids) set, and its parameters.

    Only what names something is asked about, so that its index is taken.
    """
    where, params = "", {}
    if scopes is not None:
        params = {name: ids for name, ids in _places(scopes).items() if ids}
        where = f" AND ({' OR '.join(sql.WITHIN[name] for name in params) or 'false'})"
    return where + "".join(sql.AT[name] for name in places), {**params, **places}


def named(rows: Iterable[Row], by: str) -> list[Row]:
    """Rows of groups with their labels as they read now, in the order of these."""
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
    found = [replace(row, label=names.get(row.key, "")) for row in rows]
    return sorted(found, key=lambda row: (row.key is None, row.label, str(row.key)))
