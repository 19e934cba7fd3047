"""What would be destroyed by each rule, how much and when: for the office's page and the dry run. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import IntegerField, Max, Min, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from parkkeeper.park.models import JournalEntry
from parkkeeper.park.retention.past import Past, held, past
from parkkeeper.park.retention.rules import Period, Rule, periods, rules
from parkkeeper.park.retention.ways import way_of


@dataclass(frozen=True)
class Outlook:
    """A rule and how it stands: rows `due` now, rows `waiting` for an order to be approved, and when the next are due.

    `next_at` is None when nothing is kept, or when the emergency has not ended. `last_at` and `gone` come from the
    journal, as far back as it goes.
    """

    rule: Rule
    due: int
    waiting: int
    held: bool
    next_at: datetime | None
    last_at: datetime | None
    gone: int


@dataclass(frozen=True)
class _Standing:
    """How a period stands: what of it is past, what would be if all were ordered, and when the next is."""

    now: Past
    unordered: Past
    held: bool
    next_at: datetime | None


def outlooks(at: datetime, *, only: str = "") -> Iterator[Outlook]:
    """How every rule (or the one named `only`) stands at `at`, in the order in which they are executed."""
    done = _done()
    standing = {period.name: _standing(period, at) for period in periods()}
    for rule in rules():
        if only in ("", rule.name):
            last, gone = done.get(rule.name, (None, 0))
            yield _outlook(rule, standing[rule.period.name], last, gone)


def _standing(period: Period, at: datetime) -> _Standing:
    now = past(period, at)
    ends = [span.ended for span in now.others if span.ended and span.ended > now.cutoff]
    next_at = min(ends) + timedelta(days=period.days) if ends else None
    return _Standing(now, past(period, at, ordered=False), held(period, at), next_at)


def _outlook(rule: Rule, period: _Standing, last: datetime | None, gone: int) -> Outlook:
    due = way_of(rule).due(rule, period.now).count()
    waiting = 0
    if period.unordered != period.now:
        waiting = way_of(rule).due(rule, period.unordered).count() - due
    return Outlook(rule, due, waiting, period.held, _next(rule, period), last, gone)


def _next(rule: Rule, period: _Standing) -> datetime | None:
    if rule.period.of_emergency or rule.way == "follows":
        return period.next_at
    later = way_of(rule).kept(rule).filter(_since__gt=period.now.cutoff)
    first = later.aggregate(first=Min("_since"))["first"]
    return None if first is None else first + timedelta(days=rule.period.days)


def _done() -> dict[str, tuple[datetime, int]]:
    """When each rule last destroyed something and how much in all, by the journal."""
    lines = JournalEntry.objects.filter(verb="retention.destroyed").annotate(
        rule=KT("facts__rule"), n=Cast(KT("facts__n"), IntegerField())
    )
    found = lines.order_by().values("rule").annotate(last=Max("at"), gone=Sum("n"))
    return {row["rule"]: (row["last"], row["gone"]) for row in found}
