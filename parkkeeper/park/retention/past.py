"""What is past its period: after how many days from which moment, for which emergencies, and what is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import DateTimeField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from parkkeeper.park.models import DestructionOrder, Emergency, Hold
from parkkeeper.park.models.emergency import LATE_ARRIVALS
from parkkeeper.park.retention.rules import Period

Rows = QuerySet[Any]


@dataclass(frozen=True)
class Span:
    """The time [since, until) of one emergency, its late arrivals with it; `ended` is None while it lasts."""

    emergency: Emergency
    since: datetime
    until: datetime | None
    ended: datetime | None

    def q(self) -> Q:
        inside = Q(_since__gte=self.since)
        return inside if self.until is None else inside & Q(_since__lt=self.until)


def spans() -> list[Span]:
    """The park's emergencies in the order of time."""
    found = list(Emergency.objects.order_by("during"))
    following = [*(one.during.lower for one in found[1:]), None][: len(found)]  # a new park has had none
    return [_span(one, after) for one, after in zip(found, following, strict=True)]


def _span(emergency: Emergency, after: datetime | None) -> Span:
    ended = emergency.during.upper
    if ended is None:
        return Span(emergency, emergency.during.lower, None, None)
    late = ended + LATE_ARRIVALS
    return Span(emergency, emergency.during.lower, min(late, after) if after else late, ended)


@dataclass(frozen=True)
class Past:
    """What of a period is past at `at`: rows whose moment is not after `cutoff`.

    For the period of emergencies: rows of the spans of `due`, and rows of no emergency at all; `at` is when.
    """

    at: datetime
    cutoff: datetime
    of_emergency: bool
    due: tuple[Span, ...] = ()
    others: tuple[Span, ...] = ()

    def parts(self) -> list[Q]:
        """Conditions on `_since` of rows that belong together: each emergency's own, and those of none."""
        if not self.of_emergency:
            return [Q(_since__lte=self.cutoff)]
        # by whole days, so that a rehearsal's list and its scans go together
        day = timezone.make_aware(datetime.combine(timezone.localdate(self.cutoff), time.min))
        outside = Q(_since__lt=day)
        for span in (*self.due, *self.others):
            outside &= ~span.q()
        return [*(span.q() for span in self.due), outside]

    def q(self) -> Q:
        """The condition on `_since` of all rows that are past."""
        found = Q()
        for part in self.parts():
            found |= part
        return found


def past(period: Period, at: datetime, *, ordered: bool = True) -> Past:
    """What of the period is past at `at`, held or not. With `ordered` False as if every destruction were approved."""
    cutoff = at - timedelta(days=period.days)
    if not period.of_emergency:
        return Past(at, cutoff, of_emergency=False)
    approved = set(DestructionOrder.objects.approved(at).values_list("emergency_id", flat=True))
    known = spans()
    due = [
        span for span in known
        if span.ended and span.ended <= cutoff and (not ordered or span.emergency.pk in approved)
    ]  # fmt: skip
    return Past(at, cutoff, True, tuple(due), tuple(span for span in known if span not in due))


def held(period: Period, at: datetime) -> bool:
    """Whether somebody has the period (or all of them) kept at that moment."""
    return Hold.objects.at(at).filter(period__in=["", period.name]).exists()


def dated(rows: Rows, since: Sequence[str]) -> Rows:
    """The rows with `_since`, the moment from which their period counts: the first of these columns that is not null.

    A local day counts from its midnight.
    """
    moments = [F(path) for path in since]
    found: Rows = rows.annotate(_since=Coalesce(*moments) if len(moments) > 1 else moments[0])
    if isinstance(found.query.annotations["_since"].output_field, DateTimeField):
        return found
    zone = Value(timezone.get_current_timezone_name())
    midnight = Func(*moments, zone, template="(%(expressions)s)", arg_joiner="::timestamp AT TIME ZONE ")
    midnight.output_field = DateTimeField()
    by_day: Rows = rows.annotate(_since=midnight)
    return by_day
