"""What would be destroyed by each rule, how much and when: for the office's page and the dry run. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import IntegerField, Max, Min, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from parkkeeper.park.models import JournalEntry
from parkkeeper.park.retention.past import Past, held, past, spans
from parkkeeper.park.retention.rules import Rule, rules
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


def outlooks(at: datetime, *, only: str = "") -> Iterator[Outlook]:
    """How every rule (or the one named `only`) stands at `at`, in the order in which they are executed."""
    done = _done()
    for rule in rules():
        if only in ("", rule.name):
            last, gone = done.get(rule.name, (None, 0))
            yield _outlook(rule, at, last, gone)


def _outlook(rule: Rule, at: datetime, last: datetime | None, gone: int) -> Outlook:
    now, way, waiting = past(rule.period, at), way_of(rule), 0
    due = way.due(rule, now).count()
    if rule.period.of_emergency:
        waiting = way.due(rule, past(rule.period, at, ordered=False)).count() - due
    return Outlook(rule, due, waiting, held(rule.period, at), _next(rule, now), last, gone)


def _next(rule: Rule, now: Past) -> datetime | None:
    days = timedelta(days=rule.period.days)
    if rule.period.of_emergency:
        ended = [span.ended for span in spans() if span.ended and span.ended > now.cutoff]
        return min(ended) + days if ended else None
    if rule.way == "follows":
        return None
    first = way_of(rule).kept(rule).filter(_since__gt=now.cutoff).aggregate(first=Min("_since"))["first"]
    return None if first is None else first + days


def _done() -> dict[str, tuple[datetime, int]]:
    """When each rule last destroyed something and how much in all, by the journal."""
    lines = JournalEntry.objects.filter(verb="retention.destroyed").annotate(
        rule=KT("facts__rule"), n=Cast(KT("facts__n"), IntegerField())
    )
    found = lines.order_by().values("rule").annotate(last=Max("at"), gone=Sum("n"))
    return {row["rule"]: (row["last"], row["gone"]) for row in found}
