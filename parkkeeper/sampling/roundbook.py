"""What the pages tell of a round at a moment: the rate, the classes that add up to the frozen list, the curve."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.scope import Scope
from parkkeeper.sampling.charts import Curve, evening_curve
from parkkeeper.sampling.models import Round
from parkkeeper.sampling.reconciliation import LARGE, Row, count_strays, coverage, reconcile_evening
from parkkeeper.sampling.states import DUE_STATES, MEANINGS, STANDINGS, State

# What is known of a round this long after its end hardly changes any more; later words are seen on its own page.
SETTLED_AFTER = timedelta(hours=36)
_KEPT_SECONDS = 3600
_MINUTE_SECONDS = 60

TONES: dict[State, str] = {
    State.MET: "ok",
    State.SAMPLED: "wait",
    State.NO_RESULT: "wait",
    State.EXCUSED: "info",
    State.ELSEWHERE: "info",
    State.POSITIVE_UNRESOLVED: "bad",
    State.NOT_SAMPLED: "bad",
    State.NOT_DONE: "warn",
    State.TUBE_SPOILED: "warn",
    State.RESULT_OVERDUE: "warn",
    State.TUBE_NOT_RECEIVED: "warn",
}


# States that pages count together; the list of people knows them by these names.
BUNDLES: dict[str, tuple[str | Promise, tuple[State, ...]]] = {
    "waiting": (_("已采样，等结果"), (State.SAMPLED, State.NO_RESULT)),
    "overdue": (_("超时未签收或未出结果"), (State.TUBE_NOT_RECEIVED, State.RESULT_OVERDUE)),
    "again": (_("需重采"), (State.NOT_DONE, State.TUBE_SPOILED)),
    "due": (_("应检"), tuple(state for state in State if state in DUE_STATES)),
    "listed": (_("冻结名单"), tuple(State)),
}


@dataclass(frozen=True)
class Part:
    """One state's share of a round: how many lines, how it is toned, whether somebody must act."""

    state: State
    count: int

    @property
    def title(self) -> str:
        return str(MEANINGS[self.state].title)

    @property
    def tone(self) -> str:
        return TONES.get(self.state, "plain")

    @property
    def gap(self) -> bool:
        return MEANINGS[self.state].gap


@dataclass(frozen=True)
class Told:
    """A round as it was known at `at`, for who sees `scopes`."""

    round: Round
    at: datetime
    row: Row
    curve: Curve | None
    strays: int

    @property
    def due_parts(self) -> list[Part]:
        """The states of those who were due, the most serious first; states nobody is in are left out."""
        return [Part(s, self.row.counts[s]) for s in State if s in DUE_STATES and self.row.counts.get(s)]

    @property
    def other_parts(self) -> list[Part]:
        """The classes of those who were not due."""
        return [Part(s, self.row.counts[s]) for s in STANDINGS if self.row.counts.get(s)]

    @property
    def stack(self) -> list[tuple[str, int, str]]:
        """For the stacked bar: what is done first, what is missing last."""
        order = {"ok": 0, "wait": 1, "info": 2, "warn": 3, "bad": 4}
        return [(p.title, p.count, p.tone) for p in sorted(self.due_parts, key=lambda p: order.get(p.tone, 5))]

    @property
    def not_sampled(self) -> int:
        return self.row.counts.get(State.NOT_SAMPLED, 0)

    @property
    def waiting(self) -> int:
        """Sampled, and no word yet, in time."""
        return sum(self.row.counts.get(state, 0) for state in BUNDLES["waiting"][1])

    @property
    def joined(self) -> int:
        return sum(self.row.added.values())


def add_rows(rows: list[Row]) -> Row:
    """The rows of disjoint groups as one."""
    counts: Counter[State] = Counter()
    added: Counter[State] = Counter()
    for row in rows:
        counts.update(row.counts)
        added.update(row.added)
    return Row(
        None, "", dict(counts), dict(added), sum(r.sampled for r in rows), sum(r.on_post for r in rows),
        sum(r.beyond for r in rows),
    )  # fmt: skip


Evening = tuple[list[Row], list[tuple[datetime, int]]]


def tell_round(
    round: Round,
    at: datetime,
    *,
    evening: Evening | None = None,
    strays: int | None = None,
    scopes: list[Scope] | None = None,
) -> Told:
    """Everything that the top of a round's page shows; `evening` (its groups and its curve) and `strays`, when known
    already."""
    rows, sampled = evening or reconcile_evening(round, at, scopes=scopes)
    row = add_rows(rows)
    curve = evening_curve(sampled, row.due, until=round.closes_at)
    return Told(round, at, row, curve, count_strays(round, at, scopes=scopes) if strays is None else strays)


@dataclass(frozen=True)
class Rate:
    """Sampled of due of one round, and the moment that it speaks of."""

    sampled: int
    due: int
    as_of: datetime


def rate_of(round: Round, now: datetime, scopes: list[Scope] | None) -> Rate:
    """The round's rate for a list of rounds: an old round's as it was known some time after its end.

    What was known at a past moment never changes, so that it is worked out once an hour at most; that of a large round
    which may still change once a minute, and its line says of which moment it speaks.
    """
    at = min(now, round.closes_at + SETTLED_AFTER)
    if at == now and round.population <= LARGE:
        return _rate(round, at, scopes)
    key = f"rate:{round.uuid}:{at == now}:{'' if scopes is None else hash(repr(scopes))}"
    found: Rate | None = cache.get(key)
    if found is None or found.as_of > now:
        found = _rate(round, at, scopes)
        cache.set(key, found, _MINUTE_SECONDS if at == now else _KEPT_SECONDS)
    return found


def _rate(round: Round, at: datetime, scopes: list[Scope] | None) -> Rate:
    found = coverage(round, at, scopes=scopes)
    return Rate(found.sampled, found.due, at)
