"""Where people in their silent period are sampled, and how many tubes the points need with them."""

from __future__ import annotations

from datetime import date
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parkkeeper.demo.invent.park import SourcePark

TUBES_TO_SPARE = 1.3
TUBES_A_DESK = 6  # begun and not filled, or spoilt, at most


def silent_places(park: SourcePark, day: date) -> dict[str, list[str]]:
    """People in their silent period by point: the nearest nearby point whose last slot has room for one more."""
    table = park.timetable(day)
    pace = park.scenario.points.pace
    room = {
        key: int((slot.ends - slot.starts) * 60 / (3600 / pace)) * park.point[key].desks
        for key, slot in table.silent.items()
    }
    coming: dict[str, list[str]] = {}
    for key in park.in_state(day, "silent_period"):
        at = park.site[park.person[key].site].position
        for point in park.nearby_by_distance(at):
            if len(coming.get(point.key, ())) < room.get(point.key, 0):
                coming.setdefault(point.key, []).append(key)
                break
    return coming


def tubes_needed(park: SourcePark) -> dict[str, dict[date, int]]:
    """Tubes that a point may use by day: shared for people on post, single for people in silence, and spare."""
    pool = park.scenario.evening.pool
    needed: dict[str, dict[date, int]] = {point.key: {} for point in park.points}
    for day in park.days():
        people: dict[str, int] = {}
        for key in park.in_state(day):
            point = park.point_of(key, day)
            if point is not None:
                people[point] = people.get(point, 0) + 1
        silent = silent_places(park, day)
        for key, days in needed.items():
            if park.point[key].opened_on <= day:
                shared = ceil(people.get(key, 0) / pool * TUBES_TO_SPARE)
                days[day] = shared + len(silent.get(key, ())) + TUBES_A_DESK * park.point[key].desks
    return needed
