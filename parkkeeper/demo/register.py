"""The invented park's keys turned into rows of the register: who is who after the park was built."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from parkkeeper.demo.invent import SourcePark
from parkkeeper.kernel.ids import deterministic_id
from parkkeeper.park.models import Enterprise, Grid, Person, Site
from parkkeeper.sampling.models import Laboratory, Point, Programme

SCHEMA = "demo"


@dataclass
class Register:
    """Rows by the keys of the invented park, and the people who act for the park's office."""

    park: SourcePark
    first: date
    """The first day that is replayed."""
    grids: dict[str, Grid] = field(default_factory=dict)
    enterprises: dict[str, Enterprise] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    points: dict[str, Point] = field(default_factory=dict)
    laboratories: dict[str, Laboratory] = field(default_factory=dict)
    programmes: dict[str, Programme] = field(default_factory=dict)
    checklist: int = 0
    items: dict[str, bool] = field(default_factory=dict)
    """The codes of the checklist in force in their order; true: asked on a short round, too."""

    def holder(self, role: str, number: int = 0, *, lab: str | None = None) -> Person:
        """The `number`-th person with that role of the invented park (of a laboratory, when `lab` names one)."""
        held = [post.person for post in self.park.posts if post.role == role and (lab is None or post.lab == lab)]
        return self.people[held[number % len(held)]]

    @property
    def office(self) -> Person:
        """The member of the office who opens rounds and works the gaps."""
        return self.holder("office")

    def uuid(self, key: str) -> str:
        """The person's id on phones."""
        return str(self.people[key].uuid)


def person_uuid(seed: int, key: str) -> UUID:
    """The same id for the same person of the same park, always."""
    return deterministic_id("demo", "person", str(seed), key)


def moment(day: date, second: int = 0, *, minute: int = 0) -> datetime:
    """That second (or minute) after the local midnight of `day`, in the park's time zone."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())
    return midnight + timedelta(seconds=second, minutes=minute)
