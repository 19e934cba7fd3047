"""Who may see a measure, who may say that it is done, and which visits a debrief has talked about."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import TruncDate

from parkkeeper.inspection.models import Debrief, Measure, Visit
from parkkeeper.park.access import may
from parkkeeper.park.models import Person


def readable(rows: QuerySet[Measure], reader: Person, at: datetime) -> QuerySet[Measure]:
    """Those that the reader was given, or all for who may see debriefs."""
    return rows if may(reader, "see_debriefs", at=at) else rows.filter(owner=reader)


def may_finish(measure: Measure, who: Person, at: datetime) -> bool:
    """Whether `who` may say that an open measure is done: its owner, or who may hold debriefs."""
    return measure.done_at is None and (who.pk == measure.owner_id or may(who, "hold_debrief", at=at))


def with_reviewed(rows: QuerySet[Visit]) -> Any:
    """The visits with `reviewed`: whether the debrief of their local day was closed when it knew that they had ended.
    What a phone told later nobody has talked about there."""
    closed = Debrief.objects.filter(day=OuterRef("local_day"), closed_at__gte=OuterRef("received_at"))
    seen = Exists(closed.filter(closed_at__gte=OuterRef("ended_at")))
    return rows.annotate(local_day=TruncDate("began_at")).annotate(reviewed=seen)
