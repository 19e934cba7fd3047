"""How the points stand at a moment: open or not, on time or late, who came and who is missing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import Max, Min, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.clock import day_bounds
from parkkeeper.park.scope import Scope
from parkkeeper.park.words import ROLES
from parkkeeper.sampling.models import Duty, Flag, Point, Round, Session, Slot, Test
from parkkeeper.sampling.reconciliation import Row, reconcile
from parkkeeper.sampling.states import State

# A point's state at a moment: its words and its tone; the order is that of the legend.
STATES: dict[str, tuple[str | Promise, str]] = {
    "open": (_("采样中"), "wait"),
    "done": (_("已采齐"), "ok"),
    "waiting": (_("未到时间"), "plain"),
    "late": (_("到点未开场"), "bad"),
    "left": (_("时段已过，仍有未采"), "warn"),
    "nobody": (_("本轮无人应检"), "plain"),
}


MARKS = 8
A_CHARACTER = 2.0  # per cent of a desktop's width that a character of a name takes; narrower pages show no names
_UNSHOWN = ("site__grid__polygon", "site__address")  # hundreds of polygons are long to read


@dataclass
class PointNow:
    """A point at a moment, with its line of the round (None: nobody on the list comes here)."""

    point: Point
    minute: int
    row: Row | None = None
    sessions: list[Session] = field(default_factory=list)
    hours: tuple[int, int] | None = None
    """Minutes of the day from its first slot to the end of its last one; None without slots."""
    flagged: bool = False
    missing: str = ""
    """Where the list of those missing here is; pages set it."""

    @cached_property
    def due(self) -> int:
        """People of the frozen list who are due here; asked when all is known."""
        return self.row.due if self.row else 0

    @property
    def sampled(self) -> int:
        return self.row.sampled if self.row else 0

    @property
    def not_sampled(self) -> int:
        return self.row.counts.get(State.NOT_SAMPLED, 0) if self.row else 0

    @property
    def is_open(self) -> bool:
        return any(session.closed_at is None for session in self.sessions)

    @cached_property
    def state(self) -> str:
        """A key of STATES; asked when all is known."""
        if not self.due:
            return "open" if self.is_open else "nobody"
        if not self.not_sampled:
            return "done"
        if self.is_open:
            return "open"
        begin, end = self.hours or (self.point.hours.lower, self.point.hours.upper)
        if self.minute >= end or self.sessions:
            return "left"
        return "late" if self.minute >= begin else "waiting"

    @property
    def words(self) -> str:
        return str(STATES[self.state][0])

    @property
    def tone(self) -> str:
        return STATES[self.state][1]


def latest_round(test: Test, at: datetime) -> Round | None:
    """The newest round of the test whose list was frozen by that moment."""
    rounds = Round.objects.filter(test=test, frozen_at__lte=at, day__lte=timezone.localdate(at))
    return rounds.select_related("programme").order_by("-day").first()


def points_now(
    points: QuerySet[Point],
    round: Round | None,
    at: datetime,
    scopes: list[Scope] | None,
    rows: list[Row] | None = None,
) -> list[PointNow]:
    """These points as known at `at`, on the round's day; in five statements, however many points. `rows`: the round's
    counts by point, when known already."""
    day = round.day if round else timezone.localdate(at)
    minute = minute_of(day, at)
    here = points.order_by().values("pk")  # to bind hundreds of ids one by one costs more than to find them again
    found = {
        p.pk: PointNow(p, minute) for p in points.select_related("site__grid", "host").defer(*_UNSHOWN).order_by("code")
    }
    if rows is None:
        rows = reconcile(round, at, by="point", scopes=scopes) if round else []
    for row in rows:
        if row.key in found:
            found[row.key].row = row
    for session in sessions_on(day, at).filter(point__in=here).order_by("opened_at"):
        found[session.point_id].sessions.append(as_known(session, at))
    slots = Slot.objects.filter(during__contains=day, point__in=here).order_by().values_list("point")
    for point, begin, end in slots.annotate(Min("minutes__startswith"), Max("minutes__endswith")):
        found[point].hours = (begin, end)
    for flag in flags_up(at).filter(point__in=here).values_list("point", flat=True):
        found[flag].flagged = True
    return list(found.values())


def slots_of(points: QuerySet[Point], day: date) -> dict[int, list[Slot]]:
    """The slots of these points (id) on a local day, with their enterprises, in the order of the evening."""
    slots = Slot.objects.filter(during__contains=day, point__in=points.order_by().values("pk"))
    found: dict[int, list[Slot]] = {}
    for slot in slots.select_related("enterprise").order_by("minutes"):
        found.setdefault(slot.point_id, []).append(slot)
    return found


def flags_up(at: datetime) -> QuerySet[Flag]:
    """Flags that were up at that moment."""
    up = Q(lowered_at__isnull=True) | Q(lowered_at__gt=at)
    return Flag.objects.filter(up, raised_at__lte=at).order_by("pk")


def sessions_on(day: date, at: datetime) -> QuerySet[Session]:
    """Sessions that opened on that local day, heard of by `at`."""
    begin, end = day_bounds(day, timezone.get_current_timezone_name())
    return Session.objects.filter(opened_at__gte=begin, opened_at__lt=end, opened_at__lte=at, received_at__lte=at)


def as_known(session: Session, at: datetime) -> Session:
    """The session as it was at that moment: not closed before its closing."""
    if session.closed_at and session.closed_at > at:
        session.closed_at = None
    return session


def duties_of(sessions: Iterable[Session]) -> dict[UUID, list[tuple[Duty, str]]]:
    """Who is or was on duty at each session (id), with the title of the role, in the order of their coming."""
    duties = Duty.objects.filter(session__in=[one.pk for one in sessions]).select_related("person")
    found: dict[UUID, list[tuple[Duty, str]]] = {}
    for duty in duties.order_by("began_at", "pk"):
        found.setdefault(duty.session_id, []).append((duty, str(ROLES.get(duty.role, duty.role))))
    return found


def minute_of(day: date, at: datetime) -> int:
    """Minutes from the beginning of that local day to the moment (more than 1440 on a later day)."""
    midnight, _end = day_bounds(day, timezone.get_current_timezone_name())
    return int((at - midnight).total_seconds() // 60)


@dataclass(frozen=True)
class Span:
    """A slot on the line of a point's evening: where it begins and how wide it is, in per cent."""

    slot: Slot
    left: float
    width: float
    row: Row | None
    capacity: int | None
    minute: int

    @property
    def named(self) -> bool:
        """Wide enough to hold its enterprise's name."""
        return self.width >= A_CHARACTER * (len(str(self.slot.enterprise)) + 1)

    @property
    def crowded(self) -> bool:
        """More people due than the desks take in that time."""
        return bool(self.row and self.capacity is not None and self.row.due > self.capacity)

    @property
    def tone(self) -> str:
        if self.row is None or not self.row.due:
            return "plain"
        if not self.row.counts.get(State.NOT_SAMPLED):
            return "ok"
        begin, end = self.slot.minutes.lower, self.slot.minutes.upper
        return "plain" if self.minute < begin else "wait" if self.minute < end else "warn"


def evening_of(
    point: Point, slots: Iterable[Slot], rows: dict[int, Row], pace: float | None, minute: int
) -> tuple[list[Span], list[tuple[float, str]]]:
    """The slots along the time they take, and its marks (per cent, words); `rows` by slot (id), `pace`: people a
    desk takes an hour, `minute`: now, of the slots' day."""
    slots, hours = list(slots), point.hours
    last = max((slot.minutes.upper for slot in slots), default=hours.upper)
    length = min(hours.upper, -(-last // 30) * 30) - hours.lower
    spans = []
    for slot in slots:
        minutes = slot.minutes.upper - slot.minutes.lower
        capacity = int(point.desks * pace * minutes / 60) if pace is not None else None
        left, width = 100 * (slot.minutes.lower - hours.lower) / length, 100 * minutes / length
        spans.append(Span(slot, round(left, 2), round(width, 2), rows.get(slot.pk), capacity, minute))
    step = next(step for step in (5, 10, 15, 30, 60, 120, 240) if length / step <= MARKS)
    marks = range(-(-hours.lower // step) * step, hours.lower + length + 1, step)
    return spans, [(round(100 * (m - hours.lower) / length, 2), f"{m // 60:02d}:{m % 60:02d}") for m in marks]
