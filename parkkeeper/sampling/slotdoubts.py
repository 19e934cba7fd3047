"""Enterprises that should not meet at a point: somebody sampled in another enterprise's slot."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from parkkeeper.sampling.doubts import Doubt
from parkkeeper.sampling.field import Source
from parkkeeper.sampling.models import Slot
from parkkeeper.sampling.scandoubts import Marks

KIND = "other_enterprise_slot"
Visit = tuple[datetime, date, int]
"""When somebody was scanned, on which local day, and of which enterprise (its id) the person is."""


def judge_slots(
    visits: Mapping[UUID, Visit], grace: timedelta | None, source: Source, marks: Marks, *, at: datetime
) -> list[Doubt]:
    """One doubt a point, day and enterprise whose people came while another enterprise had the point to itself.

    Only for enterprises that have a slot of their own there; `grace` is how far a queue may run over it, and without
    that rule nothing is judged. Marks the scans; one statement.
    """
    if source.point is None or grace is None or not visits:
        return []
    days = {day for _, day, _ in visits.values()}
    slots = list(Slot.objects.filter(point=source.point, during__overlap=(min(days), max(days) + timedelta(days=1))))
    groups: dict[tuple[date, int], list[tuple[datetime, int]]] = defaultdict(list)
    for scan, (moment, day, employer) in visits.items():
        other = _whose(slots, moment, day, employer, int(grace.total_seconds() // 60))
        if other is not None:
            marks[scan].add(KIND)
            groups[day, employer].append((moment, other))
    return [_doubt(day, employer, found, source, at) for (day, employer), found in groups.items()]


def _whose(slots: list[Slot], moment: datetime, day: date, employer: int, grace: int) -> int | None:
    """The enterprise whose slot the moment falls into, when it is none of the employer's own."""
    local = timezone.localtime(moment)
    minute = local.hour * 60 + local.minute
    today = [slot for slot in slots if day in slot.during]
    own = [slot.minutes for slot in today if slot.enterprise_id == employer]
    if not own or any(span.lower - grace <= minute < span.upper + grace for span in own):
        return None
    return next((slot.enterprise_id for slot in today if minute in slot.minutes), None)


def _doubt(day: date, employer: int, found: list[tuple[datetime, int]], source: Source, at: datetime) -> Doubt:
    point: Any = source.point
    moment, other = min(found)
    return Doubt(
        KIND, f"{KIND}:{point.pk}:{day}:{employer}", moment, at, enterprise_id=employer, site_id=point.site_id,
        noun="point", noun_id=str(point.pk),
        evidence={"scans": len(found), "first": moment, "day": day, "enterprise": employer, "slot_of": other},
    )  # fmt: skip
