"""Enterprises that should not meet at a point: somebody sampled in another enterprise's slot."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from parkkeeper.sampling.doubts import Doubt
from parkkeeper.sampling.field import Source
from parkkeeper.sampling.timing import Clockwork, SlotFacts

KIND = "other_enterprise_slot"
Visit = tuple[datetime, date, int, set[str]]
"""When somebody was scanned, on which local day, of which enterprise (its id) the person is, the scan's own marks."""


def judge_slots(visits: Iterable[Visit], clockwork: Clockwork, *, at: datetime) -> list[Doubt]:
    """One doubt a point, day and enterprise whose people came while another enterprise had the point to itself.

    Only for enterprises that have a slot of their own there; a queue may run over it by the rule slot_grace_minutes,
    and without that rule nothing is judged. Marks the scans.
    """
    source, grace = clockwork.source, clockwork.rules.get("slot_grace_minutes")
    if source.point is None or grace is None:
        return []
    groups: dict[tuple[date, int], list[tuple[datetime, set[str]]]] = defaultdict(list)
    for moment, day, employer, marks in visits:
        groups[day, employer].append((moment, marks))
    doubts = []
    for (day, employer), scans in groups.items():
        spans = _spans([slot for slot in clockwork.slots if slot.on(day)], day)
        found = _out_of_slot(scans, employer, spans, grace)
        for _, _, marks in found:
            marks.add(KIND)
        if found:
            doubts.append(_doubt(day, employer, [(moment, other) for moment, other, _ in found], source, at))
    return doubts


Span = tuple[datetime, datetime, int]
"""A slot's beginning and end on a day, and the enterprise (its id) that has the point then."""


def _spans(slots: list[SlotFacts], day: date) -> list[Span]:
    start = timezone.make_aware(datetime.combine(day, time.min))
    return [
        (start + timedelta(minutes=s.minutes[0]), start + timedelta(minutes=s.minutes[1]), s.enterprise_id)
        for s in slots
    ]


def _out_of_slot(
    scans: list[tuple[datetime, set[str]]], employer: int, spans: list[Span], grace: timedelta
) -> list[tuple[datetime, int, set[str]]]:
    """The scans that fall into another enterprise's slot and into none of the employer's own, with whose slot it is."""
    own = [(begin - grace, end + grace) for begin, end, whose in spans if whose == employer]
    if not own:
        return []
    strayed = [(at, marks) for at, marks in scans if not any(begin <= at < end for begin, end in own)]
    return [(at, whose, marks) for at, marks in strayed for begin, end, whose in spans if begin <= at < end]


def _doubt(day: date, employer: int, found: list[tuple[datetime, int]], source: Source, at: datetime) -> Doubt:
    point: Any = source.point
    moment, other = min(found)
    return Doubt(
        KIND, f"{KIND}:{point.pk}:{day}:{employer}", moment, at, enterprise_id=employer, site_id=point.site_id,
        noun="point", noun_id=str(point.pk),
        evidence={"scans": len(found), "first": moment, "day": day, "enterprise": employer, "slot_of": other},
    )  # fmt: skip
