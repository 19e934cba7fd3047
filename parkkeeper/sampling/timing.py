"""When field words happened, as far as the server can tell, and what is odd about that: late, off the clock, off hours.

Such doubts are about a phone or a point on a day, not about each scan: a phone that was offline for an evening sends
five hundred late scans, and that is one thing to look into.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from parkkeeper.park.models import Rule
from parkkeeper.sampling.doubts import Doubt
from parkkeeper.sampling.field import Source
from parkkeeper.sampling.models import Round, Scan, Session, Test
from parkkeeper.sampling.scandoubts import Marks

_LIMITS = ["clock_tolerance_minutes", "late_scan_minutes", "slot_grace_minutes"]


@dataclass(frozen=True, slots=True)
class Moment:
    """The times of one scan as they are stored, and where it was; `round` is None when the day has none."""

    scanned_at: datetime
    device_at: datetime
    received_at: datetime
    how: str
    day: date
    round: "RoundFacts | None"
    point_id: int | None
    phone_id: int | None


@dataclass(frozen=True, slots=True)
class RoundFacts:
    id: int
    day: date
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None

    def open_at(self, moment: datetime) -> bool:
        """Whether the round was at work then: inside its window and not closed."""
        return self.opens_at <= moment <= self.closes_at and (self.closed_at is None or moment <= self.closed_at)


def happened(moment: datetime, source: Source) -> datetime:
    """When it happened: nothing from the field happened after the server heard of it."""
    return min(moment, source.received_at)


def days_of(moments: Collection[datetime]) -> dict[datetime, date]:
    """The park's local day of each moment."""
    zone = timezone.get_current_timezone()
    return {moment: moment.astimezone(zone).date() for moment in moments}


def rounds_on(days: Iterable[date]) -> dict[date, RoundFacts]:
    """The nucleic-acid rounds of these local days, rehearsals too."""
    found = Round.objects.filter(test=Test.PCR, day__in=set(days)).values_list(
        "id", "day", "opens_at", "closes_at", "closed_at"
    )
    return {row[1]: RoundFacts(*row) for row in found}


class Clockwork:
    """The rules and sessions against which the times of one call's scans are held; three statements at most."""

    def __init__(self, source: Source, days: Collection[date]) -> None:
        self.source = source
        self.rules = _limits(source.received_at)
        self.worked = _days_with_session(source.point.pk if source.point else None, days)

    def kinds(self, moment: Moment) -> Iterator[str]:
        """The kinds of doubt about this scan's times."""
        typed = moment.how == Scan.How.PAPER
        tolerance, late = self.rules.get("clock_tolerance_minutes"), self.rules.get("late_scan_minutes")
        if tolerance is not None and abs(moment.device_at - moment.scanned_at) > tolerance:
            yield "clock_far_off"
        if late is not None and not typed and moment.received_at - moment.scanned_at > late:
            yield "late_scan"
        if moment.round is None:
            yield "no_round"
        elif not moment.round.open_at(moment.scanned_at):
            yield "after_close"
        if not typed and moment.point_id is not None and moment.day not in self.worked:
            yield "no_session"

    def judge(self, moments: Mapping[UUID, Moment], marks: Marks, at: datetime) -> list[Doubt]:
        """One doubt a phone or point and day, with the number of scans that this call brought; marks the scans too."""
        groups: dict[str, tuple[str, list[Moment]]] = {}
        for scan, moment in moments.items():
            for kind in self.kinds(moment):
                marks[scan].add(kind)
                groups.setdefault(_key(kind, moment), (kind, []))[1].append(moment)
        site = self.source.point.site_id if self.source.point else None
        return [_doubt(kind, key, group, site, at) for key, (kind, group) in groups.items()]


def _key(kind: str, moment: Moment) -> str:
    if kind in ("clock_far_off", "late_scan") and moment.phone_id is not None:
        return f"{kind}:phone:{moment.phone_id}:{moment.day}"
    return f"{kind}:point:{moment.point_id}:{moment.day}"


def _doubt(kind: str, key: str, group: list[Moment], site: int | None, at: datetime) -> Doubt:
    first = min(group, key=lambda moment: moment.scanned_at)
    noun, noun_id = key.split(":")[1:3]
    evidence: dict[str, Any] = {"scans": len(group), "first": first.scanned_at, "day": first.day}
    if kind == "clock_far_off":
        worst = max(group, key=lambda moment: abs(moment.device_at - moment.scanned_at))
        evidence["device_ahead_seconds"] = int((worst.device_at - worst.scanned_at).total_seconds())
    if kind == "late_scan":
        evidence["minutes_late"] = int(max(m.received_at - m.scanned_at for m in group).total_seconds() // 60)
    if first.round is not None:
        evidence["round"] = first.round.id
    return Doubt(
        kind, key, first.scanned_at, at, site_id=site, noun=noun, noun_id="" if noun_id == "None" else noun_id,
        evidence=evidence,
    )  # fmt: skip


def _limits(at: datetime) -> dict[str, timedelta]:
    """The rulebook's limits in force; one that is missing judges nothing, since the field is never refused."""
    found = Rule.objects.at(at).filter(key__in=_LIMITS)
    return {key: timedelta(minutes=float(value)) for key, value in found.values_list("key", "value")}


def _days_with_session(point_id: int | None, days: Collection[date]) -> set[date]:
    if point_id is None or not days:
        return set()
    zone: Any = timezone.get_current_timezone()
    start = datetime.combine(min(days), datetime.min.time(), tzinfo=zone)
    end = datetime.combine(max(days) + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    opened = Session.objects.filter(point_id=point_id, opened_at__gte=start, opened_at__lt=end)
    return {moment.astimezone(zone).date() for moment in opened.values_list("opened_at", flat=True)}
