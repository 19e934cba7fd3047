"""Who may see a measure, and who may say that it is done."""

from datetime import datetime

from django.db.models import QuerySet

from parkkeeper.inspection.models import Measure
from parkkeeper.park.access import may
from parkkeeper.park.models import Person


def readable(rows: QuerySet[Measure], reader: Person, at: datetime) -> QuerySet[Measure]:
    """Those that the reader was given, or all for who may see debriefs."""
    return rows if may(reader, "see_debriefs", at=at) else rows.filter(owner=reader)


def may_finish(measure: Measure, who: Person, at: datetime) -> bool:
    """Whether `who` may say that an open measure is done: its owner, or who may hold debriefs."""
    return measure.done_at is None and (who.pk == measure.owner_id or may(who, "hold_debrief", at=at))
