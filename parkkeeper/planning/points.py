"""Who goes to which sampling point, and when: each group to the nearest point with room, in minutes of its own.

A group is whatever must not mix with others: an enterprise, one shift of it, one construction site. The engine books
free minutes of the evening for it; it never shares them and never overbooks. Minutes count from local midnight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Literal

from parkkeeper.planning.geometry import Position, metres_between

Gap = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Group:
    """People who come together: how many, and from where."""

    key: str
    people: int
    position: Position


@dataclass(frozen=True, slots=True)
class Venue:
    """A sampling point as the plan sees it: so many desks, served from minute `opens` to minute `closes`."""

    key: str
    position: Position
    desks: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Booking:
    """Minutes `starts <= m < ends` of a venue kept for `people` people of one group."""

    venue: str
    group: str
    starts: int
    ends: int
    people: int


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A group without a slot: no venue, nobody to sample, or too few minutes (`needed`, while `free` are left)."""

    group: str
    why: Literal["no_venue", "nobody", "no_room"]
    needed: int = 0
    free: int = 0


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """The result: bookings in order of venue and minute, and the groups that found no room."""

    bookings: tuple[Booking, ...]
    unplaced: tuple[Unplaced, ...]

    def at(self, venue: str) -> list[Booking]:
        """The bookings of one venue in order of time."""
        return [booking for booking in self.bookings if booking.venue == venue]

    def venue_of(self, group: str) -> str | None:
        """Where a group goes, or None."""
        return next((booking.venue for booking in self.bookings if booking.group == group), None)


def desks_needed(people: int, minutes: int, pace: int) -> int:
    """How many desks sample `people` in `minutes`, at `pace` people a desk-hour; at least one."""
    return max(1, ceil(people * 60 / (pace * minutes)))


def minutes_needed(people: int, desks: int, pace: int, step: int = 5) -> int:
    """Minutes that `desks` desks need for `people` at `pace` people a desk-hour, rounded up to whole steps."""
    return ceil(people * 60 / (desks * pace) / step) * step


def plan_slots(
    groups: Iterable[Group],
    venues: Sequence[Venue],
    *,
    pace: int,
    step: int = 5,
    kept: Iterable[Booking] = (),
) -> SlotPlan:
    """Book each group into the nearest venue that has room, larger groups first.

    pace: people a desk-hour. step: slots begin and end on multiples of so many minutes after opening. kept: bookings
    of before that stay as they are (their groups are not booked again). A group gets one unbroken slot at the nearest
    venue that has such a gap; when no venue has one, several slots at the nearest venue whose gaps together suffice.
    The result does not depend on the order of `groups`. ValueError for a pace, step or desks below 1, a repeated
    group, or kept bookings that overlap.
    """
    kept = list(kept)
    diary = _Diary(venues, kept, step)
    if pace < 1 or step < 1:
        raise ValueError(f"pace and step must be at least 1, not {pace} and {step}.")
    settled = {booking.group for booking in kept}
    bookings, unplaced = kept, []
    for group in sorted(_once(groups), key=lambda group: (-group.people, group.key)):
        if group.key in settled:
            continue
        found = diary.book(group, pace)
        if isinstance(found, Unplaced):
            unplaced.append(found)
        else:
            bookings += found
    return SlotPlan(tuple(sorted(bookings, key=lambda b: (b.venue, b.starts))), tuple(unplaced))


def _once(groups: Iterable[Group]) -> list[Group]:
    listed = list(groups)
    twice = sorted(key for key, times in Counter(group.key for group in listed).items() if times > 1)
    if twice:
        raise ValueError(f"Groups named more than once: {', '.join(twice)}.")
    return listed


class _Diary:
    """The free gaps of every venue."""

    def __init__(self, venues: Sequence[Venue], kept: list[Booking], step: int) -> None:
        self.step = step
        self.venues = {venue.key: venue for venue in venues}
        self.free: dict[str, list[Gap]] = {}
        for venue in venues:
            if venue.desks < 1:
                raise ValueError(f"{venue.key}: a venue needs at least one desk, not {venue.desks}.")
            taken = sorted((b.starts, b.ends) for b in kept if b.venue == venue.key)
            self.free[venue.key] = _gaps(venue, taken)

    def book(self, group: Group, pace: int) -> list[Booking] | Unplaced:
        if group.people < 1:
            return Unplaced(group.key, "nobody")
        if not self.venues:
            return Unplaced(group.key, "no_venue")
        near = sorted(self.venues.values(), key=lambda v: (metres_between(group.position, v.position), v.key))
        for unbroken in (True, False):
            for venue in near:
                gaps = self._room(venue, group.people, pace, unbroken)
                if gaps:
                    return self._take(venue, group, gaps, pace)
        best = max(near, key=lambda venue: venue.desks * self._minutes(venue))
        needed = minutes_needed(group.people, best.desks, pace, self.step)
        return Unplaced(group.key, "no_room", needed, self._minutes(best))

    def _minutes(self, venue: Venue) -> int:
        return sum(ends - starts for starts, ends in self.free[venue.key])

    def _room(self, venue: Venue, people: int, pace: int, unbroken: bool) -> list[Gap]:
        needed = minutes_needed(people, venue.desks, pace, self.step)
        gaps = self.free[venue.key]
        if unbroken:
            # The tightest gap, so that long ones stay whole for the large groups to come.
            fitting = [gap for gap in gaps if gap[1] - gap[0] >= needed]
            best = min(fitting, key=lambda gap: (gap[1] - gap[0], gap[0]), default=None)
            return [(best[0], best[0] + needed)] if best else []
        taken: list[Gap] = []
        for starts, ends in gaps:
            whole = (ends - starts) // self.step * self.step
            part = min(needed, whole)
            if part:
                taken.append((starts, starts + part))
                needed -= part
        return taken if needed <= 0 else []

    def _take(self, venue: Venue, group: Group, gaps: list[Gap], pace: int) -> list[Booking]:
        bookings, left = [], group.people
        for number, (starts, ends) in enumerate(gaps, start=1):
            fit = (ends - starts) * venue.desks * pace // 60
            people = left if number == len(gaps) else min(left, fit)
            bookings.append(Booking(venue.key, group.key, starts, ends, people))
            left -= people
        self.free[venue.key] = [
            piece
            for free in self.free[venue.key]
            for piece in _without(free, [gap for gap in gaps if free[0] <= gap[0] < free[1]])
        ]
        return bookings


def _gaps(venue: Venue, taken: list[Gap]) -> list[Gap]:
    for (_, ends), (starts, _) in pairwise(taken):
        if starts < ends:
            raise ValueError(f"{venue.key}: two kept bookings overlap at minute {starts}.")
    return _without((venue.opens, venue.closes), taken)


def _without(free: Gap, taken: list[Gap]) -> list[Gap]:
    left, at = [], free[0]
    for starts, ends in sorted(taken):
        if at < min(starts, free[1]):
            left.append((at, min(starts, free[1])))
        at = max(at, ends)
    return [*left, (at, free[1])] if at < free[1] else left
