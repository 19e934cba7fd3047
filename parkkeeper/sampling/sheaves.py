"""Sheaves: all that one batch says of one tube, in columns; most of an evening is of this kind, and nothing in it odd.

What comes in as columns is never made into objects one by one: it goes to the database as the texts that the phone
sent. Whoever reads a batch puts only what is in perfect form here (sync/sheaves.py); everything else becomes operations
(field.py) and takes the way on which each is judged alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta


@dataclass(slots=True)
class Sheaf:
    """What a batch says of one tube: at most one opening and one seal, and scans; ids and moments as they were sent.

    `scans` are positions in the batch, so are `opening` and `seal` (None when they are not in it).
    """

    code: str
    prefix: str = ""
    serial: int = 0
    opening: int | None = None
    seal: int | None = None
    scans: list[int] = field(default_factory=list)
    open_id: str | None = None
    open_at: str | None = None
    pool_size: int | None = None
    session: str | None = None
    seal_id: str | None = None
    seal_at: str | None = None
    swabs: int | None = None

    def positions(self) -> Iterator[int]:
        """Where in the batch its operations stand."""
        yield from self.scans
        if self.opening is not None:
            yield self.opening
        if self.seal is not None:
            yield self.seal


@dataclass(slots=True)
class Columns:
    """The scans of many sheaves, each with its sheaf's number in the list; sorted by roster ids, nobody twice.

    `first` and `last` are the earliest and the latest moment of all that the sheaves say, as the device told them.
    """

    position: list[int]
    sheaf: list[int]
    id: list[str]
    person: list[str]
    how: list[str]
    at: list[str]
    sequence: list[int]
    first: datetime
    last: datetime
    offset: timedelta

    def of_people(self, known: set[str]) -> tuple["Columns", set[int]]:
        """The rows of these people, and the sheaves in which somebody else is."""
        keep = [n for n, person in enumerate(self.person) if person in known]
        others = {self.sheaf[n] for n, person in enumerate(self.person) if person not in known}
        texts = [[column[n] for n in keep] for column in (self.id, self.person, self.how, self.at)]
        numbers = [[column[n] for n in keep] for column in (self.position, self.sheaf, self.sequence)]
        rows = replace(
            self, position=numbers[0], sheaf=numbers[1], sequence=numbers[2], id=texts[0], person=texts[1],
            how=texts[2], at=texts[3],
        )  # fmt: skip
        return rows, others


@dataclass(frozen=True, slots=True)
class Taken:
    """Which sheaves (by number) were stored as a whole, and the kinds of doubt of their scans by position."""

    sheaves: set[int]
    marks: dict[int, set[str]] = field(default_factory=dict)


class Crossed(Exception):
    """Somebody else stored the same in the same moment: the transaction has to begin anew, on the careful way."""
