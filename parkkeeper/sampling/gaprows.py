"""The gaps of a round as a list's rows: a page of them costs one statement, a file all of them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from parkkeeper.park.scope import Scope
from parkkeeper.sampling.models import Round
from parkkeeper.sampling.reconciliation import Line, Page, gap_lines
from parkkeeper.sampling.states import State


@dataclass
class GapRows:
    """Lines of the round in these states; `narrow` goes to `gap_lines`. `first` and `size` are the page to be shown."""

    round: Round
    at: datetime
    states: Collection[State]
    scopes: list[Scope] | None
    first: int = 0
    size: int = 50
    narrow: dict[str, Any] = field(default_factory=dict)
    _read: tuple[int, Page] | None = None

    def _ask(self, offset: int, limit: int | None) -> Page:
        return gap_lines(
            self.round, self.at, states=self.states, scopes=self.scopes, offset=offset, limit=limit, **self.narrow
        )

    def count(self) -> int:
        """How many there are; reads the page on the way."""
        if self._read is None:
            page = self._ask(self.first, self.size)
            if not page.lines and self.first:
                self.first, page = 0, self._ask(0, self.size)
            self._read = (self.first, page)
        return self._read[1].total

    def __getitem__(self, asked: slice) -> list[Line]:
        start, stop = asked.start or 0, asked.stop
        if self._read and self._read[0] == start and stop is not None and stop - start <= self.size:
            return self._read[1].lines[: stop - start]
        return self._ask(start, None if stop is None else stop - start).lines

    def __iter__(self) -> Iterator[Line]:
        return iter(self._ask(0, None).lines)
