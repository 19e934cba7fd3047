"""Messages: read by whom they were sent to."""

from datetime import datetime

from django.db import transaction

from parkkeeper.park.access import require
from parkkeeper.park.journal import record
from parkkeeper.park.models import Message, Person


@transaction.atomic
def mark_read(ids: list[int] | None, *, by: Person, at: datetime) -> int:
    """Mark the own messages of these ids (None: all) as read; returns how many were unread. Others' stay untouched."""
    require(by, "see_own", at=at)
    mine = Message.objects.unread().filter(to=by)
    count = (mine if ids is None else mine.filter(pk__in=ids)).update(read_at=at)
    if count:
        record("messages.read", by=by, at=at, count=count)
    return count
