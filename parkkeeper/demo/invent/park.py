"""The whole invented park in one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from parkkeeper.demo.invent.events import AntigenPositive, EveningPlan, LabIncident, MorningPlan
from parkkeeper.demo.invent.model import (
    Enterprise,
    Excusal,
    Grid,
    Lab,
    Person,
    Place,
    Point,
    Post,
    Presence,
    Road,
    Shuttle,
    Site,
    Slot,
    TubeRoll,
)


@dataclass(frozen=True)
class SourcePark:
    """Everything invented from one seed; tuples in a stable order, look-ups and day plans as methods."""

    seed: int
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

    def in_state(self, day: date, state: str = "on_post") -> list[str]:
        """Keys of the people in this presence state on the day, in order of key."""
        raise NotImplementedError

    def point_of(self, person: str, day: date) -> str | None:
        """Key of the point where a person on post is expected in the evening of the day, or None."""
        raise NotImplementedError

    def evening(self, day: date) -> EveningPlan:
        """The evening round of a day of the scenario, the same for every call. ValueError for other days."""
        raise NotImplementedError

    def morning(self, day: date) -> MorningPlan:
        """The antigen morning of a day of the scenario, the same for every call. ValueError for other days."""
        raise NotImplementedError

    def roads_geojson(self) -> dict[str, Any]:
        """FeatureCollection of LineStrings with properties key, name, kind."""
        raise NotImplementedError

    def grids_geojson(self) -> dict[str, Any]:
        """FeatureCollection of Polygons with properties key, number, name."""
        raise NotImplementedError

    def sites_geojson(self) -> dict[str, Any]:
        """FeatureCollection of Points with properties key, kind, name, enterprise (credit code), grid, address."""
        raise NotImplementedError

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


def invent(seed: int) -> SourcePark:
    """Invent the source park: the same seed gives the same park on every machine."""
    raise NotImplementedError
