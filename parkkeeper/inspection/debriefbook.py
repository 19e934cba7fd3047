"""Who may see a measure, who may say that it is done, and which visits a debrief has talked about."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncDate
from django.utils import timezone

from parkkeeper.inspection.models import Debrief, Finding, Measure, Visit
from parkkeeper.kernel.clock import day_bounds
from parkkeeper.park.access import may
from parkkeeper.park.models import Person


def readable(rows: QuerySet[Measure], reader: Person, at: datetime) -> QuerySet[Measure]:
    """Those that the reader was given, or all for who may see debriefs."""
    return rows if may(reader, "see_debriefs", at=at) else rows.filter(owner=reader)


def may_finish(measure: Measure, who: Person, at: datetime) -> bool:
    """Whether `who` may say that an open measure is done: its owner, or who may hold debriefs."""
    return measure.done_at is None and (who.pk == measure.owner_id or may(who, "hold_debrief", at=at))


def with_reviewed(rows: QuerySet[Visit]) -> Any:
    """The visits with `reviewed`: whether a debrief that closed after the park heard that they had ended talked about
    them, the one of their local day or a later one, on whose agenda they were as `told_late`."""
    first = Debrief.objects.filter(closed_at__isnull=False).order_by("day").values("day")[:1]
    own = Q(day=OuterRef("local_day"))
    later = Q(day__gt=OuterRef("local_day")) & Q(day__gt=Subquery(first))  # the first of all looks at its own day only
    closed = Debrief.objects.filter(own | later, closed_at__gte=OuterRef("end_received_at"))
    return rows.annotate(local_day=TruncDate("began_at")).annotate(reviewed=Exists(closed))


def told_late(day: date, at: datetime) -> tuple[QuerySet[Visit], dict[UUID, int]]:
    """Visits of days before `day` with something that no debrief has talked about as known at `at`: the park heard of
    their end, or of findings (how many, by visit), after the last earlier debrief had closed, or it was of a day before
    theirs. None before a first debrief has closed."""
    last = Debrief.objects.filter(day__lt=day, closed_at__lte=at).order_by("-day").first()
    if last is None:
        return Visit.objects.none(), {}
    zone = timezone.get_current_timezone_name()
    starts, after = day_bounds(day, zone)[0], day_bounds(last.day, zone)[1]
    noted = Finding.objects.filter(noted_at__lt=starts, received_at__lte=at).order_by()
    new = noted.filter(Q(received_at__gt=last.closed_at) | Q(noted_at__gte=after))
    found = dict(new.values_list("visit").annotate(n=Count("pk")))
    unheard = Q(end_received_at__gt=last.closed_at) | Q(began_at__gte=after)
    ended = unheard & Q(began_at__lt=starts, end_received_at__lte=at)
    return Visit.objects.filter(ended | Q(pk__in=found)), found
