"""Reads `scenario.toml` into typed tables; each field is explained there."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

SCENARIO_FILE = Path(__file__).with_name("scenario.toml")


@dataclass(frozen=True, slots=True)
class PlaceTable:
    """Where the park lies and how large it is, in metres."""

    name: str
    name_en: str
    zone: str
    centre: list[float]
    width: int
    height: int
    irregular: int


@dataclass(frozen=True, slots=True)
class CalendarTable:
    """The days of the story."""

    first_resumption: date
    last_resumption: date
    first_round: date
    last_round: date

    def rounds(self) -> list[date]:
        """Every day with a round."""
        return days_between(self.first_round, self.last_round)


@dataclass(frozen=True, slots=True)
class GrowthTable:
    """How many people are on post, and how the number grows."""

    at_first_resumption: int
    at_first_round: int
    at_last_round: int
    slowing: float


@dataclass(frozen=True, slots=True)
class EnterpriseTable:
    """How many enterprises of each kind, and how large."""

    total: int
    hosts: int
    host_people: int
    largest_host: int
    smallest_host: int
    kit_maker: int
    waiting_large: int
    waiting_small: int
    contractors: int
    construction_sites: int
    construction_workers: int
    largest_small: int
    dormitories: int


@dataclass(frozen=True, slots=True)
class PeopleTable:
    """People beside those on post at the end, and who they are."""

    surplus: int
    left: int
    away: int
    silent: int
    isolated: int
    gap_share: float
    silent_share: float
    silent_days: int
    foreigners: int
    permits: int
    excused: int


@dataclass(frozen=True, slots=True)
class PostTable:
    """How many people hold each post."""

    prevention: int
    prevention_at_hosts: int
    scanning: int
    sampling: int
    lapsed: int
    revoked: int
    samplers_a_desk: int
    valid_days: int
    office: int
    leaders: int
    lab_staff: int
    couriers: int
    drivers: int
    team_members: int
    team_leaders: int


@dataclass(frozen=True, slots=True)
class PointTable:
    """How many points, when they open, and how they are planned."""

    nearby: int
    nearby_at_first: int
    enterprise_at_first: int
    nearby_waves: list[date]
    last_opening: date
    training_days: int
    pace: int
    enterprise_hours: list[int]
    nearby_hours: list[int]
    silent_minutes: int
    shifts_from: int
    tube_letters: str
    tubes_a_roll: int


@dataclass(frozen=True, slots=True)
class EveningTable:
    """The ordinary course of an evening round."""

    pool: int
    sampled_at_enterprise_points: int
    missing_first: float
    missing_last: float
    by_document: float
    by_staff_number: float


@dataclass(frozen=True, slots=True)
class PeculiarityTable:
    """How many peculiarities of each kind an evening has."""

    walk_in: int
    same_tube_again: int
    other_tube_again: int
    two_phones: int
    undo: int
    swab_without_name: int
    name_without_swab: int
    unknown_code: int
    foreign_tube: int
    overfull_tube: int
    duplicate_batch: int
    late_phone: int
    clock_skew: int


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """A tube of the evening of `day` that does not come back negative."""

    trouble: Literal["positive", "indeterminate", "damaged", "lost"]
    day: date
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class AntigenRow:
    """A positive self-test in the morning of `day`."""

    day: date
    confirmed: bool


@dataclass(frozen=True, slots=True)
class AntigenTable:
    """Shares of people nobody reports, on the first and the last morning."""

    unreported_first: float
    unreported_last: float


@dataclass(frozen=True, slots=True)
class InspectionTable:
    """The teams' weeks: visits a team and day, and what becomes of the notices."""

    first: date
    last: date
    counted_until: date
    visits_a_day: int
    notices: int
    notices_after: int
    second: int
    extended: int
    lapsed: int
    refused: int
    repeated: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """All parameters of the invented park."""

    place: PlaceTable
    calendar: CalendarTable
    growth: GrowthTable
    enterprises: EnterpriseTable
    people: PeopleTable
    posts: PostTable
    points: PointTable
    evening: EveningTable
    peculiarities: PeculiarityTable
    incidents: tuple[IncidentRow, ...]
    antigen_positives: tuple[AntigenRow, ...]
    antigen: AntigenTable
    inspections: InspectionTable


def read_scenario(path: Path = SCENARIO_FILE) -> Scenario:
    """Read a scenario file. TypeError names a missing or unknown parameter, KeyError a missing table."""
    tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Scenario(
        place=PlaceTable(**tables["place"]),
        calendar=CalendarTable(**tables["calendar"]),
        growth=GrowthTable(**tables["growth"]),
        enterprises=EnterpriseTable(**tables["enterprises"]),
        people=PeopleTable(**tables["people"]),
        posts=PostTable(**tables["posts"]),
        points=PointTable(**tables["points"]),
        evening=EveningTable(**tables["evening"]),
        peculiarities=PeculiarityTable(**tables["peculiarities"]),
        incidents=tuple(IncidentRow(**row) for row in tables["incidents"]),
        antigen_positives=tuple(AntigenRow(**row) for row in tables["antigen_positives"]),
        antigen=AntigenTable(**tables["antigen"]),
        inspections=InspectionTable(**tables["inspections"]),
    )


def days_between(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def progress(day: date, first: date, last: date) -> float:
    """How far `day` lies between `first` (0) and `last` (1), never outside."""
    return min(1.0, max(0.0, (day - first).days / (last - first).days))


def blend(day: date, first: date, last: date, start: float, end: float) -> float:
    """A value that moves evenly from `start` on `first` to `end` on `last`."""
    return start + (end - start) * progress(day, first, last)
