"""Tubes and boxes as the virtual points use them: one serial after the other from the rolls, each never twice."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from parkkeeper.demo.invent import SourcePark
from parkkeeper.kernel.tubes import box_code, tube_code


@dataclass
class DemoTube:
    """A tube of the replay: who is in it (keys), how many more than that (`nameless`), how the count of swabs errs."""

    code: str
    point: str
    desk: int
    pool: int
    opened: int
    names: list[str] = field(default_factory=list)
    nameless: int = 0
    miscount: int = 0
    limit: int = 0
    last: int = 0
    sealed: int | None = None

    @property
    def swabs(self) -> int:
        """What the point counts when it seals the tube."""
        return max(0, len(self.names) + self.nameless + self.miscount)

    @property
    def full(self) -> bool:
        """Whether the next person needs another tube."""
        return len(self.names) + self.nameless >= self.limit


@dataclass(frozen=True)
class DemoBox:
    """A box on its way: its sealed list, and when (seconds of the day) the courier took it; None: not taken (yet)."""

    id: str
    code: str
    point: str
    tubes: tuple[DemoTube, ...]
    courier: str
    taken: int | None


class Rolls:
    """Hands out the tubes of each point's rolls, from the first serial; strays come from the other end."""

    def __init__(self, park: SourcePark) -> None:
        self.letters = park.scenario.points.tube_letters
        self._park = park
        self._next = {point.key: self._serials(point.key, stray=False) for point in park.points}
        self._stray = {point.key: self._serials(point.key, stray=True) for point in park.points}

    def _serials(self, point: str, *, stray: bool) -> Iterator[int]:
        rolls = [roll for roll in self._park.rolls if roll.point == point]
        if stray:
            yield from range(rolls[0].last_serial, rolls[0].first_serial, -1)
        for roll in rolls:
            # the far end of the first roll is what other points took by mistake
            yield from range(roll.first_serial, roll.last_serial + 1 - (20 if roll is rolls[0] else 0))

    def take(self, point: str) -> str:
        """The code of the point's next tube."""
        return tube_code(self.letters, next(self._next[point]))

    def stray(self, point: str) -> str:
        """The code of a tube of the point's roll that another point opens by mistake."""
        return tube_code(self.letters, next(self._stray[point]))


def box_of(park: SourcePark, day: date, point: str, number: int) -> str:
    """The code of the point's `number`-th box of the day."""
    index = next(n for n, one in enumerate(park.points) if one.key == point)
    days = (day - park.first_day).days + 1
    return box_code(park.scenario.points.tube_letters, days * 10_000 + index * 10 + number)
