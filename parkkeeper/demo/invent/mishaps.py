"""What goes wrong on an evening: repeated and mistaken readings, tubes that do not add up, phones that lag."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import TYPE_CHECKING

from parkkeeper.demo.invent.events import Arrival, Peculiarity, PeculiarityKind
from parkkeeper.demo.invent.model import Point

if TYPE_CHECKING:
    from parkkeeper.demo.invent.park import SourcePark

Taken = tuple[str, Arrival]  # point and a kept arrival there
UNKNOWN = ("WX{n:06}", "https://example.invalid/c/{n:08}", "ZZ{n:04}", "3199002001{n:07}0")
HOUR = 3600


class Mishaps:
    """Adds arrivals to the lists it is given, and notes what it did, by point.

    No two mishaps mark the same person, and none touches the people of incidents. On the last day none changes how many
    people are sampled at enterprise points.
    """

    def __init__(
        self,
        park: SourcePark,
        day: date,
        points: Sequence[Point],
        arrivals: dict[str, list[Arrival]],
        marked: set[str],
        rng: Random,
    ) -> None:
        self.park, self.day, self.points, self.arrivals, self.rng = park, day, points, arrivals, rng
        self.kind = {point.key: point.kind for point in points}
        self.at: dict[str, list[Peculiarity]] = {point.key: [] for point in points}
        self.used = set(marked)
        self.void_duty: dict[str, str] = {}
        self.kept: list[Taken] = [(key, a) for key, seen in arrivals.items() for a in seen if a.fate == "kept"]

    def cause(self, walk_ins: dict[str, str], expected: dict[str, str]) -> None:
        """Cause all the mishaps of the evening."""
        for person, point in walk_ins.items():
            self._note("walk_in", point, 1, person, expected[person])
            self.used.add(person)
        self._repeats()
        self._mistakes()
        self._tubes()
        self._phones()
        self._void_certificates()

    def _note(
        self, kind: PeculiarityKind, point: str, desk: int, person: str | None, other: str | None = None, count: int = 0
    ) -> None:
        self.at[point].append(Peculiarity(kind, point, desk, person, other, count))

    def _pick(self, number: int, only_nearby: bool = False) -> list[Taken]:
        """So many kept arrivals of people whom nothing else has befallen."""
        found: list[Taken] = []
        while len(found) < number:
            point, arrival = self.rng.choice(self.kept)
            person = arrival.person
            if person is None or person in self.used or (only_nearby and self.kind[point] != "nearby"):
                continue
            self.used.add(person)
            found.append((point, arrival))
        return found

    def _repeats(self) -> None:
        table = self.park.scenario.peculiarities
        for point, first in self._pick(table.same_tube_again):
            self.arrivals[point].append(Arrival(first.second + 5, first.desk, first.person, "same_tube_again"))
            self._note("same_tube_again", point, first.desk, first.person)
        for point, first in self._pick(table.other_tube_again):
            self._again("other_tube_again", point, point, first)
        for point, first in self._pick(table.two_phones):
            others = [p for p, kind in self.kind.items() if kind == self.kind[point] and p != point]
            self._again("two_phones", self.rng.choice(others), point, first)

    def _again(self, kind: PeculiarityKind, point: str, before: str, first: Arrival) -> None:
        """The person comes a second time, after everybody else, to another tube."""
        last = max((arrival.second for arrival in self.arrivals[point]), default=first.second)
        second = max(last, first.second + 20 * 60) + self.rng.randint(20, 50)
        self.arrivals[point].append(Arrival(second, 1, first.person, "other_tube_again"))
        self._note(kind, point, 1, first.person, before)

    def _mistakes(self) -> None:
        table = self.park.scenario.peculiarities
        for point, right in self._pick(table.undo):
            wrong = self._colleague(point, right)
            self.arrivals[point].append(Arrival(right.second - 6, right.desk, wrong, "undone"))
            self._note("undo", point, right.desk, right.person, wrong)
        for point, near in self._pick(table.unknown_code):
            raw = self.rng.choice(UNKNOWN).format(n=self.rng.randrange(10_000))
            self.arrivals[point].append(Arrival(near.second + 9, near.desk, None, "unknown", "code", raw))
            self._note("unknown_code", point, near.desk, near.person)

    def _colleague(self, point: str, right: Arrival) -> str:
        """Whose code was read by mistake: somebody else who comes to the same point."""
        others = [a.person for a in self.arrivals[point] if a.person and a.person != right.person and a.fate == "kept"]
        return self.rng.choice(others)

    def _tubes(self) -> None:
        table = self.park.scenario.peculiarities
        last = self.day == self.park.last_day
        for point, at in self._pick(table.swab_without_name):
            self._note("swab_without_name", point, at.desk, at.person, count=1)
        for point, at in self._pick(table.name_without_swab, only_nearby=last):
            self._note("name_without_swab", point, at.desk, at.person, count=1)
        for point, at in self._pick(table.foreign_tube):
            other = self.rng.choice([p for p in self.kind if p != point])
            self._note("foreign_tube", point, at.desk, at.person, other)
        for point, at in self._pick(table.overfull_tube):
            self._note("overfull_tube", point, at.desk, at.person, count=self.park.scenario.evening.pool + 1)

    def _phones(self) -> None:
        table, rng = self.park.scenario.peculiarities, self.rng
        phones = [(point.key, desk) for point in self.points for desk in range(1, point.desks + 1)]
        number = table.duplicate_batch + table.late_phone + table.clock_skew
        chosen = rng.sample(phones, min(number, len(phones)))
        for n, (point, desk) in enumerate(chosen):
            if n < table.clock_skew:
                skew = rng.choice((-1, 1)) * rng.choice((90, 400, 3 * HOUR, 26 * HOUR))
                self._note("clock_skew", point, desk, None, count=skew)
            elif n < table.clock_skew + table.late_phone:
                self._note("late_phone", point, desk, None, count=rng.randint(HOUR, 4 * HOUR))
            else:
                self._note("duplicate_batch", point, desk, None, count=rng.randint(2, 3))

    def _void_certificates(self) -> None:
        """On the day after a certificate ends, its holder turns up for duty all the same."""
        for post in self.park.posts:
            certificate = post.certificate
            if certificate is None or post.role != "sampling" or certificate.in_date(self.day):
                continue
            yesterday = date.fromordinal(self.day.toordinal() - 1)
            point = self.park.timetable(self.day).point_of(self.park.person[post.person])
            if post.first <= yesterday and certificate.in_date(yesterday) and point in self.at:
                self.void_duty[point] = post.person
                self._note("duty_without_certificate", point, 1, post.person)
