"""What moves for the starfield: buses that fetch construction sites, rolls of tubes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import ceil

from parkkeeper.demo.invent.model import Point, Position, Shuttle, Slot, TubeRoll
from parkkeeper.demo.invent.scenario import Scenario
from parkkeeper.planning.geometry import metres_between

BUS_METRES_A_MINUTE = 330  # 20 km/h on the park's roads
BOARDING = 5  # minutes to get on, and spare before the slot
# No province is called 桥: no such plate exists.
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUV"


def plan_shuttles(
    slots: Iterable[Slot], points: Sequence[Point], where: Mapping[str, Position], drivers: Sequence[str]
) -> list[Shuttle]:
    """A bus for every slot of a construction site; no driver is on two trips at a time. ValueError: too few drivers.

    where: position by site; drivers: person keys.
    """
    at = {point.key: point.position for point in points}
    busy: dict[str, list[Shuttle]] = {driver: [] for driver in drivers}
    made: list[Shuttle] = []
    for slot in sorted((slot for slot in slots if slot.site), key=lambda slot: (slot.first, slot.starts, slot.point)):
        site = slot.site or ""
        ride = ceil(metres_between(where[site], at[slot.point]) * 1.3 / BUS_METRES_A_MINUTE)
        arrives = slot.starts - BOARDING
        times = (arrives - ride - BOARDING, arrives, slot.ends + BOARDING + ride)
        driver = next((d for d in drivers if not any(_clash(trip, slot, times) for trip in busy[d])), None)
        if driver is None:
            raise ValueError(f"{slot.first}: {len(drivers)} drivers are too few for the shuttle of {site}.")
        number = drivers.index(driver)
        plate = f"桥{PLATE_LETTERS[number % len(PLATE_LETTERS)]}·YQ{number + 1:03}"
        shuttle = Shuttle(site, slot.point, driver, plate, 49, *times, slot.first, slot.until)
        busy[driver].append(shuttle)
        made.append(shuttle)
    return made


def _clash(trip: Shuttle, slot: Slot, times: tuple[int, int, int]) -> bool:
    same_days = (slot.until is None or trip.first < slot.until) and (trip.until is None or slot.first < trip.until)
    return same_days and trip.departs < times[2] and times[0] < trip.returns


def issue_rolls(
    scenario: Scenario, points: Sequence[Point], needed: Mapping[str, Mapping[date, int]]
) -> list[TubeRoll]:
    """Rolls of tubes for every point before it runs short.

    needed: tubes by point and day. A point gets its first roll when it opens and another one on the day when the rest
    would not last the evening; serials run on through the park and never repeat.
    """
    size = scenario.points.tubes_a_roll
    rolls: list[TubeRoll] = []
    used: dict[str, int] = {}
    issued: dict[str, int] = {}
    for day in scenario.calendar.rounds():
        for point in points:
            used[point.key] = used.get(point.key, 0) + needed[point.key].get(day, 0)
            while issued.get(point.key, 0) < used[point.key]:
                first = len(rolls) * size + 1
                rolls.append(TubeRoll(point.key, scenario.points.tube_letters, first, first + size - 1, day))
                issued[point.key] = issued.get(point.key, 0) + size
    return rolls
