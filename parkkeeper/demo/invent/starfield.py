"""The starfield: sampling points, when they open, who goes where in which minutes, shuttles, rolls of tubes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil
from random import Random

from parkkeeper.demo.invent.enterprises import Establishments
from parkkeeper.demo.invent.geography import Ground
from parkkeeper.demo.invent.model import Enterprise, Grid, Lab, Person, Point, Shift, Shuttle, Site, Slot
from parkkeeper.demo.invent.scenario import PointTable, Scenario
from parkkeeper.planning.points import Booking, Group, Venue, desks_needed, plan_slots

LABS = (
    Lab("L1", "云桥衡澈医学检验所", "衡澈检验", "csv"),
    Lab("L2", "云桥泽明医学检验实验室", "泽明检验", "hl7"),
)
SHIFTS: tuple[Shift, ...] = ("day", "late", "office")
FROM_ROADSIDE = 16.0
SPARE = 0.88  # of the evening is planned; the rest takes late comers and rounding to whole steps
MAX_NEARBY_BLOCK = 150  # larger enterprises come to a nearby point by shift

Who = tuple[str, Shift | None, str | None]  # enterprise, shift or all, construction site or all


@dataclass
class Starfield:
    """What this module makes, plus how many people of whom are on post by a day (`count`)."""

    points: list[Point] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    shuttles: list[Shuttle] = field(default_factory=list)


class Crowd:
    """Counts people who have come on post by a day, by enterprise, shift and construction site."""

    def __init__(self, people: Sequence[Person]) -> None:
        self.joined: dict[Who, list[date]] = {}
        for person in people:
            if person.joined_on is not None:
                for who in self._names(person):
                    self.joined.setdefault(who, []).append(person.joined_on)
        for days in self.joined.values():
            days.sort()

    @staticmethod
    def _names(person: Person) -> list[Who]:
        return [
            (person.enterprise, None, None),
            (person.enterprise, person.shift, None),
            (person.enterprise, None, person.site),
        ]

    def by(self, who: Who, day: date) -> int:
        """People of `who` with a day of joining up to `day`; never fewer than are on post that day."""
        return bisect_right(self.joined.get(who, []), day)


def open_points(
    scenario: Scenario, made: Establishments, crowd: Crowd, ground: Ground, grids: Sequence[Grid], rng: Random
) -> Starfield:
    """Open every point and plan its slots. The sites of nearby points are added to `made.sites`."""
    field_ = Starfield()
    hosts = _host_points(scenario, made, crowd)
    nearby = _nearby_points(scenario, made, ground, grids, rng)
    field_.points = [*nearby, *hosts]
    for point in hosts:
        field_.slots += _host_slots(scenario, point, crowd)
    for first, until in _phases(scenario):
        slots = _nearby_slots(scenario, made, hosts, [p for p in nearby if p.opened_on <= first], crowd, first, until)
        field_.slots += slots
    for point in nearby:
        quiet = point.closes - scenario.points.silent_minutes
        field_.slots.append(Slot(point.key, None, None, None, quiet, point.closes, point.opened_on, None))
    field_.slots = _merged(field_.slots)
    return field_


def _lab_of(grid: str) -> str:
    return LABS[0].key if grid <= "G5" else LABS[1].key


def _host_points(scenario: Scenario, made: Establishments, crowd: Crowd) -> list[Point]:
    table = scenario.points
    opens, closes = table.enterprise_hours
    site = {site.key: site for site in made.sites}
    hosts = {e.key: e for e in made.enterprises if e.key in made.hosts}
    points = []
    for number, (key, day) in enumerate(_opening_days(scenario, list(hosts.values())), start=1):
        works = site[made.works[key]]
        people = crowd.by((key, None, None), scenario.calendar.last_round)
        desks = desks_needed(people, round((closes - opens) * SPARE), table.pace)
        name = f"{hosts[key].short_name}采样点"
        points.append(
            Point(
                f"Q{number:02}",
                "enterprise",
                name,
                works.key,
                works.grid,
                works.position,
                key,
                desks,
                day,
                opens,
                closes,
                _lab_of(works.grid),
            )
        )
    return points


def _opening_days(scenario: Scenario, hosts: list[Enterprise]) -> Iterator[tuple[str, date]]:
    """Hosts in the order in which their points open, a few each day, the largest of those ready first."""
    calendar, table = scenario.calendar, scenario.points
    ready = {
        host.key: host.resumed_on + timedelta(days=table.training_days) for host in hosts if host.resumed_on is not None
    }
    left = sorted(hosts, key=lambda host: (-host.head_count, host.key))
    later = len(hosts) - table.enterprise_at_first
    span = (table.last_opening - calendar.first_round).days
    opened = 0
    for day in calendar.rounds():
        quota = table.enterprise_at_first + ceil(later * (day - calendar.first_round).days / span)
        for host in [host for host in left if ready[host.key] <= day]:
            if opened < quota:
                yield host.key, day
                left.remove(host)
                opened += 1


def _nearby_points(
    scenario: Scenario, made: Establishments, ground: Ground, grids: Sequence[Grid], rng: Random
) -> list[Point]:
    table = scenario.points
    opens, closes = table.nearby_hours
    order = [grid.key for grid in grids]
    while len(order) < table.nearby:
        order += rng.sample([grid.key for grid in grids], min(len(grids), table.nearby - len(order)))
    small = _small_sites(scenario, made)
    points = []
    for number, grid in enumerate(order, start=1):
        near = next((site for site in small if site.grid == grid), small[0])
        small.remove(near)
        position, road = ground.beside(grid, FROM_ROADSIDE, near.position)
        site = Site(f"S{len(made.sites) + 1:03}", "nearby", f"{road}就近采样点", None, grid, position, f"{road}路侧")
        made.sites.append(site)
        first = number <= table.nearby_at_first
        day = scenario.calendar.first_round if first else _wave(table, number)
        points.append(
            Point(
                f"N{number:02}",
                "nearby",
                f"{number:02}号就近采样点（{road}）",
                site.key,
                grid,
                position,
                None,
                2 if first else 1,
                day,
                opens,
                closes,
                _lab_of(grid),
            )
        )
    return points


def _small_sites(scenario: Scenario, made: Establishments) -> list[Site]:
    """Places of work without a point of their own, those first that resumed first, larger ones before smaller."""
    without = {e.key: e for e in made.working() if e.key not in made.hosts}
    sites = [site for site in made.sites if site.enterprise in without and site.kind in ("works", "construction")]
    last = scenario.calendar.last_round

    def order(site: Site) -> tuple[date, int, str]:
        owner = without[site.enterprise or ""]
        return max(owner.resumed_on or last, scenario.calendar.first_round), -owner.head_count, site.key

    return sorted(sites, key=order)


def _wave(table: PointTable, number: int) -> date:
    later = number - table.nearby_at_first - 1
    return table.nearby_waves[later * len(table.nearby_waves) // (table.nearby - table.nearby_at_first)]


def _host_slots(scenario: Scenario, point: Point, crowd: Crowd) -> Iterator[Slot]:
    """The host's own evening, by shift when it is large."""
    host, last = point.host or "", scenario.calendar.last_round
    parts: list[Who] = [(host, None, None)]
    if crowd.by(parts[0], last) >= scenario.points.shifts_from:
        parts = [(host, shift, None) for shift in SHIFTS]
    whole = {str(n): who for n, who in enumerate(parts)}
    groups = [Group(key, crowd.by(who, last), point.position) for key, who in whole.items()]
    plan = plan_slots(groups, [_venue(point, point.closes)], pace=scenario.points.pace)
    for booking in plan.bookings:
        yield _slot(booking, whole[booking.group], point.opened_on, None)
    if any(unplaced.why != "nobody" for unplaced in plan.unplaced):
        raise ValueError(
            f"{point.key}: {point.desks} desks are too few for {crowd.by((host, None, None), last)} people."
        )


def _venue(point: Point, closes: int) -> Venue:
    return Venue(point.key, point.position, point.desks, point.opens, closes)


def _slot(booking: Booking, who: Who, first: date, until: date | None) -> Slot:
    enterprise, shift, site = who
    return Slot(booking.venue, enterprise, shift, site, booking.starts, booking.ends, first, until)


def _phases(scenario: Scenario) -> Iterator[tuple[date, date | None]]:
    """Intervals between two waves of nearby points: the plan of the nearby points is made anew for each."""
    starts = [scenario.calendar.first_round, *scenario.points.nearby_waves]
    yield from zip(starts, [*starts[1:], None], strict=True)


def _nearby_slots(
    scenario: Scenario,
    made: Establishments,
    hosts: Sequence[Point],
    nearby: Sequence[Point],
    crowd: Crowd,
    first: date,
    until: date | None,
) -> list[Slot]:
    """Slots of one phase for everybody without an own point: enterprises, large ones by shift, construction sites."""
    own = {point.host: point.opened_on for point in hosts}
    position = {site.key: site.position for site in made.sites}
    groups: list[Group] = []
    span: dict[str, tuple[Who, date, date | None]] = {}
    for enterprise in made.working():
        begins = max(first, enterprise.resumed_on or first)
        ends = min((day for day in (until, own.get(enterprise.key)) if day), default=None)
        last = (ends or scenario.calendar.last_round + timedelta(days=1)) - timedelta(days=1)
        if begins > last:
            continue
        for who in _parts(enterprise, made, crowd, last):
            key = f"{who[0]}-{who[1] or ''}-{who[2] or ''}"
            groups.append(Group(key, crowd.by(who, last), position[who[2] or made.works[enterprise.key]]))
            span[key] = (who, begins, ends)
    venues = [_venue(point, point.closes - scenario.points.silent_minutes) for point in nearby]
    plan = plan_slots(groups, venues, pace=scenario.points.pace)
    if full := [unplaced for unplaced in plan.unplaced if unplaced.why != "nobody"]:
        raise ValueError(f"From {first} the nearby points have no room for {full[0].group}: open more of them.")
    return [_slot(booking, *span[booking.group]) for booking in plan.bookings]


def _parts(enterprise: Enterprise, made: Establishments, crowd: Crowd, last: date) -> list[Who]:
    key = enterprise.key
    if enterprise.kind == "contractor":
        return [(key, None, site.key) for site in made.sites if site.enterprise == key and site.kind == "construction"]
    if crowd.by((key, None, None), last) > MAX_NEARBY_BLOCK:
        return [(key, shift, None) for shift in SHIFTS]
    return [(key, None, None)]


def _merged(slots: Sequence[Slot]) -> list[Slot]:
    """Join slots that go on unchanged from one phase to the next; order by point, day, minute."""
    order = sorted(slots, key=lambda s: (s.point, s.enterprise or "", s.shift or "", s.site or "", s.starts, s.first))
    merged: list[Slot] = []
    for slot in order:
        before = merged[-1] if merged else None
        if before and before.until == slot.first and _kept_for(before) == _kept_for(slot):
            merged[-1] = Slot(*_kept_for(before), before.first, slot.until)
        else:
            merged.append(slot)
    return sorted(merged, key=lambda s: (s.point, s.first, s.starts))


def _kept_for(slot: Slot) -> tuple[str, str | None, Shift | None, str | None, int, int]:
    return slot.point, slot.enterprise, slot.shift, slot.site, slot.starts, slot.ends
