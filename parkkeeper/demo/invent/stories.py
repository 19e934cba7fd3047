"""What runs over several days: tubes that do not come back negative, positive self-tests, people who are excused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random

from parkkeeper.demo.invent.events import AntigenPositive, LabIncident
from parkkeeper.demo.invent.model import Excusal, Person
from parkkeeper.demo.invent.people import Population
from parkkeeper.demo.invent.presence import confirmed_incidents
from parkkeeper.demo.invent.scenario import Scenario

EXCUSES = (
    "颌面部外伤恢复期，凭病历暂缓采样",
    "鼻咽部手术后恢复期，凭病历暂缓采样",
    "凝血功能障碍，凭医嘱改为抗原检测",
    "近期确诊康复，凭解除隔离证明暂缓采样",
)

PointOf = Callable[[Person, date], str | None]


class Cast:
    """Picks people for parts in stories, nobody for two."""

    def __init__(self, scenario: Scenario, population: Population, barred: set[str], rng: Random) -> None:
        self.scenario, self.rng = scenario, rng
        everybody = [person for people in population.steady.values() for person in people]
        self.extras = [person for person in everybody if person.key not in barred]
        confirmed = [key for key, _ in confirmed_incidents(scenario)]
        self.positive = dict(zip(confirmed, population.isolated, strict=False))
        self.taken: set[str] = set()

    def anybody(self, day: date) -> Person:
        """Somebody on post well before the day."""
        while True:
            person = self.rng.choice(self.extras)
            if person.joined_on and person.joined_on < day and person.key not in self.taken:
                self.taken.add(person.key)
                return person

    def incidents(self, point_of: PointOf) -> list[LabIncident]:
        """The tubes that do not come back negative. ValueError when a part has nowhere to play."""
        found: list[LabIncident] = []
        for number, row in enumerate(self.scenario.incidents, start=1):
            key = f"I{number}"
            person = self.positive.get(key) or self.anybody(row.day)
            point = point_of(person, row.day)
            if point is None:
                raise ValueError(f"{key}: {person.key} is expected at no point on {row.day}.")
            positive = person.key if row.confirmed else None
            retest_on = row.day + timedelta(days=1)
            found.append(LabIncident(key, row.trouble, row.day, point, person.key, retest_on, positive))
        return found

    def antigen_positives(self) -> list[AntigenPositive]:
        """The positive self-tests."""
        return [
            AntigenPositive(key, row.day, (self.positive.get(key) or self.anybody(row.day)).key, row.confirmed)
            for key, row in ((f"A{n}", row) for n, row in enumerate(self.scenario.antigen_positives, start=1))
        ]

    def excusals(self) -> list[Excusal]:
        """People who need not be sampled, some for a while, some for good."""
        days: Sequence[date] = self.scenario.calendar.rounds()
        found = []
        for number in range(self.scenario.people.excused):
            first = self.rng.choice(days[: len(days) // 2])
            until = first + timedelta(days=self.rng.randint(5, 12)) if number % 2 else None
            found.append(Excusal(self.anybody(first).key, EXCUSES[number % len(EXCUSES)], first, until))
        return found
