"""Enterprises that should not meet at a point: somebody sampled in another enterprise's slot."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
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
    groups: dict[tuple[date, int], list[tuple[UUID, datetime]]] = defaultdict(list)
    for scan, (moment, day, employer) in visits.items():
        groups[day, employer].append((scan, moment))
    days = {day for day, _ in groups}
    slots = list(Slot.objects.filter(point=source.point, during__overlap=(min(days), max(days) + timedelta(days=1))))
    doubts = []
    for (day, employer), scans in groups.items():
        spans = _spans([slot for slot in slots if day in slot.during], day)
        found = _out_of_slot(scans, employer, spans, grace)
        for scan, _, _ in found:
            marks[scan].add(KIND)
        if found:
            doubts.append(_doubt(day, employer, [(moment, other) for _, moment, other in found], source, at))
    return doubts


Span = tuple[datetime, datetime, int]
"""A slot's beginning and end on a day, and the enterprise (its id) that has the point then."""


def _spans(slots: list[Slot], day: date) -> list[Span]:
    start = timezone.make_aware(datetime.combine(day, time.min))
    return [
        (start + timedelta(minutes=s.minutes.lower), start + timedelta(minutes=s.minutes.upper), s.enterprise_id)
        for s in slots
    ]


def _out_of_slot(
    scans: list[tuple[UUID, datetime]], employer: int, spans: list[Span], grace: timedelta
) -> list[tuple[UUID, datetime, int]]:
    """The scans that fall into another enterprise's slot and into none of the employer's own, with whose slot it is."""
    own = [(begin - grace, end + grace) for begin, end, whose in spans if whose == employer]
    if not own:
        return []
    strayed = [(scan, at) for scan, at in scans if not any(begin <= at < end for begin, end in own)]
    return [(scan, at, whose) for scan, at in strayed for begin, end, whose in spans if begin <= at < end]


def _doubt(day: date, employer: int, found: list[tuple[datetime, int]], source: Source, at: datetime) -> Doubt:
    point: Any = source.point
    moment, other = min(found)
    return Doubt(
        KIND, f"{KIND}:{point.pk}:{day}:{employer}", moment, at, enterprise_id=employer, site_id=point.site_id,
        noun="point", noun_id=str(point.pk),
        evidence={"scans": len(found), "first": moment, "day": day, "enterprise": employer, "slot_of": other},
    )  # fmt: skip
