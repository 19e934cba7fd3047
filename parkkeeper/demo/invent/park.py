"""The whole invented park in one object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import Any

from parkkeeper.demo.invent.enterprises import found
from parkkeeper.demo.invent.evenings import plan_evening
from parkkeeper.demo.invent.events import AntigenPositive, EveningPlan, LabIncident, MorningPlan
from parkkeeper.demo.invent.geography import Ground, draw
from parkkeeper.demo.invent.inspections import InspectionPlan, plan_inspections
from parkkeeper.demo.invent.logistics import issue_rolls, plan_shuttles
from parkkeeper.demo.invent.model import (
    Enterprise,
    Excusal,
    Grid,
    Lab,
    Person,
    Place,
    Point,
    Position,
    Post,
    Presence,
    PresenceState,
    Road,
    Shuttle,
    Site,
    Slot,
    TubeRoll,
)
from parkkeeper.demo.invent.mornings import plan_morning
from parkkeeper.demo.invent.numbers import Numbers
from parkkeeper.demo.invent.office import staff_office
from parkkeeper.demo.invent.people import populate
from parkkeeper.demo.invent.posts import appoint_specialists
from parkkeeper.demo.invent.scenario import Scenario, read_scenario
from parkkeeper.demo.invent.silence import tubes_needed
from parkkeeper.demo.invent.starfield import LABS, Crowd, open_points
from parkkeeper.demo.invent.stories import Cast
from parkkeeper.demo.invent.timetable import Timetable
from parkkeeper.planning.geometry import metres_between

DEFAULT_SEED = 20220427


@dataclass(frozen=True)
class SourcePark:
    """Everything invented from one seed; tuples in a stable order, look-ups and day plans as methods."""

    seed: int
    scenario: Scenario
    first_day: date
    last_day: date
    place: Place
    roads: tuple[Road, ...]
    grids: tuple[Grid, ...]
    enterprises: tuple[Enterprise, ...]
    sites: tuple[Site, ...]
    people: tuple[Person, ...]
    presences: tuple[Presence, ...]
    labs: tuple[Lab, ...]
    posts: tuple[Post, ...]
    points: tuple[Point, ...]
    slots: tuple[Slot, ...]
    shuttles: tuple[Shuttle, ...]
    rolls: tuple[TubeRoll, ...]
    excusals: tuple[Excusal, ...]
    incidents: tuple[LabIncident, ...]
    antigen_positives: tuple[AntigenPositive, ...]

    def days(self) -> list[date]:
        """Every day with a round, first to last."""
        return [self.first_day + timedelta(days=n) for n in range((self.last_day - self.first_day).days + 1)]

    def story(self) -> list[date]:
        """Every day of which anything is told: the teams begin before the rounds do."""
        first = min(self.first_day, self.scenario.inspections.first)
        return [first + timedelta(days=n) for n in range((self.last_day - first).days + 1)]

    def in_state(self, day: date, state: PresenceState = "on_post") -> list[str]:
        """Keys of the people in this presence state on the day, in order of key."""
        if (day, state) not in self._states:
            found = [presence.person for presence in self.presences if presence.state == state and presence.covers(day)]
            self._states[day, state] = sorted(found)
        return list(self._states[day, state])

    def timetable(self, day: date) -> Timetable:
        """The slots kept on the day, looked up by person."""
        if day not in self._timetables:
            self._timetables[day] = Timetable(self.slots, day)
        return self._timetables[day]

    def point_of(self, person: str, day: date) -> str | None:
        """Key of the point where a person on post is expected in the evening of the day, or None."""
        return self.timetable(day).point_of(self.person[person])

    def evening(self, day: date) -> EveningPlan:
        """The evening round of a day of the scenario, the same for every call. ValueError for other days."""
        self._check(day)
        return plan_evening(self, day)

    def morning(self, day: date) -> MorningPlan:
        """The antigen morning of a day of the scenario, the same for every call. ValueError for other days."""
        self._check(day)
        return plan_morning(self, day)

    @cached_property
    def inspections(self) -> InspectionPlan:
        """What the nine teams do over their weeks."""
        return plan_inspections(self)

    def _check(self, day: date) -> None:
        if not self.first_day <= day <= self.last_day:
            raise ValueError(f"{day} is no day of this story: {self.first_day} to {self.last_day}.")

    def roads_geojson(self) -> dict[str, Any]:
        """FeatureCollection of LineStrings with properties key, name, kind."""
        return _collection(
            ("LineString", [list(at) for at in road.line], {"key": road.key, "name": road.name, "kind": road.kind})
            for road in self.roads
        )

    def grids_geojson(self) -> dict[str, Any]:
        """FeatureCollection of Polygons with properties key, number, name."""
        return _collection(
            ("Polygon", [[list(at) for at in grid.ring]], {"key": grid.key, "number": grid.number, "name": grid.name})
            for grid in self.grids
        )

    def sites_geojson(self) -> dict[str, Any]:
        """FeatureCollection of Points with properties key, kind, name, enterprise (credit code), grid, address."""
        return _collection(("Point", list(site.position), self._site_properties(site)) for site in self.sites)

    def _site_properties(self, site: Site) -> dict[str, Any]:
        code = self.enterprise[site.enterprise].credit_code if site.enterprise else None
        return {
            "key": site.key,
            "kind": site.kind,
            "name": site.name,
            "enterprise": code,
            "grid": site.grid,
            "address": site.address,
        }

    def nearby_by_distance(self, position: Position) -> list[Point]:
        """Nearby points, nearest to the position first, whether open or not."""
        if position not in self._nearby:
            nearby = [point for point in self.points if point.kind == "nearby"]
            self._nearby[position] = sorted(nearby, key=lambda p: (metres_between(position, p.position), p.key))
        return self._nearby[position]

    @cached_property
    def person(self) -> Mapping[str, Person]:
        """People by key."""
        return {person.key: person for person in self.people}

    @cached_property
    def enterprise(self) -> Mapping[str, Enterprise]:
        """Enterprises by key."""
        return {enterprise.key: enterprise for enterprise in self.enterprises}

    @cached_property
    def point(self) -> Mapping[str, Point]:
        """Points by key."""
        return {point.key: point for point in self.points}

    @cached_property
    def site(self) -> Mapping[str, Site]:
        """Sites by key."""
        return {site.key: site for site in self.sites}

    @cached_property
    def _states(self) -> dict[tuple[date, PresenceState], list[str]]:
        return {}

    @cached_property
    def _timetables(self) -> dict[date, Timetable]:
        return {}

    @cached_property
    def _nearby(self) -> dict[Position, list[Point]]:
        return {}


Feature = tuple[str, list[Any], dict[str, Any]]


def _collection(features: Iterable[Feature]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}
            for kind, coordinates, properties in features
        ],
    }


def invent(seed: int, scenario: Scenario | None = None) -> SourcePark:
    """Invent the source park: the same seed gives the same park on every machine. ValueError: impossible scenario."""
    scenario = scenario or read_scenario()
    numbers = Numbers(_source(seed, "numbers"))
    land = draw(scenario.place, _source(seed, "geography"))
    ground = Ground(land, _source(seed, "ground"))
    made = found(scenario, ground, land.grids, numbers, _source(seed, "enterprises"))
    population = populate(scenario, made, numbers, _source(seed, "people"))
    stars = open_points(scenario, made, Crowd(population.people), ground, land.grids, _source(seed, "points"))
    posts = appoint_specialists(scenario, made, population, stars.points, _source(seed, "posts"))
    officers, offices = staff_office(scenario.posts, made, population.registrar, land.grids, len(posts))
    cast = Cast(scenario, population, {post.person for post in posts}, _source(seed, "stories"))
    drivers = [post.person for post in offices if post.role == "driver"]
    where = {site.key: site.position for site in made.sites}
    park = SourcePark(
        seed=seed,
        scenario=scenario,
        first_day=scenario.calendar.first_round,
        last_day=scenario.calendar.last_round,
        place=land.place,
        roads=land.roads,
        grids=land.grids,
        enterprises=tuple(made.enterprises),
        sites=tuple(made.sites),
        people=(*population.people, *officers),
        presences=tuple(population.presences),
        labs=LABS,
        posts=(*posts, *offices),
        points=tuple(stars.points),
        slots=tuple(stars.slots),
        shuttles=tuple(plan_shuttles(stars.slots, stars.points, where, drivers)),
        rolls=(),
        excusals=tuple(cast.excusals()),
        incidents=tuple(cast.incidents(lambda person, day: Timetable(stars.slots, day).point_of(person))),
        antigen_positives=tuple(cast.antigen_positives()),
    )
    return replace(park, rolls=tuple(issue_rolls(scenario, park.points, tubes_needed(park))))


def _source(seed: int, part: str) -> Random:
    # A source of its own for each part: a change in one leaves the others as they are.
    return Random(f"{seed}:{part}")
