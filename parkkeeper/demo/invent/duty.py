"""Who serves a point on an evening: certified people, in turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from parkkeeper.demo.invent.events import Duty
from parkkeeper.demo.invent.model import Point, Post, Role

if TYPE_CHECKING:
    from parkkeeper.demo.invent.park import SourcePark


class Roster:
    """The duty lists of one day."""

    def __init__(self, park: SourcePark, day: date) -> None:
        self.park, self.day = park, day
        ready = [post for post in park.posts if post.first <= day and self._in_date(post)]
        self.couriers = [post.person for post in ready if post.role == "courier"]
        self.prevention = [post for post in ready if post.role == "prevention"]
        self.at: dict[tuple[str, Role], list[str]] = {}
        for post in ready:
            if post.point is not None:
                self.at.setdefault((post.point, post.role), []).append(post.person)

    def _in_date(self, post: Post) -> bool:
        return post.certificate is None or post.certificate.in_date(self.day)

    def duty(self, point: Point, without_certificate: str | None = None) -> Duty:
        """The duty list of a point: one scanner and some samplers a desk, `without_certificate` put on it as well."""
        scanning = self._in_turn(self.at[point.key, "scanning"], point.desks)
        samplers = self.park.scenario.posts.samplers_a_desk * point.desks
        sampling = self._in_turn(self.at[point.key, "sampling"], samplers)
        if without_certificate is not None:
            sampling = (*sampling, without_certificate)
        return Duty(self._patrol(point), scanning, sampling)

    def _in_turn(self, people: Sequence[str], number: int) -> tuple[str, ...]:
        start = self.day.toordinal()
        return tuple(people[(start + n) % len(people)] for n in range(number))

    def _patrol(self, point: Point) -> str:
        """The host's prevention specialist; at a nearby point that of an enterprise that comes there, else any."""
        if point.host:
            own = [post.person for post in self.prevention if post.enterprise == point.host]
        else:
            kept = self.park.timetable(self.day).kept
            guests = {who[0] for who, slots in kept.items() if slots[0].point == point.key}
            own = [post.person for post in self.prevention if post.enterprise in guests]
        own = own or [post.person for post in self.prevention]
        return own[self.day.toordinal() % len(own)]
