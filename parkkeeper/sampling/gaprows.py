"""The gaps of a round as a list's rows: a page of them reads the lines of its enterprises, a file all of them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from parkkeeper.park.scope import Scope
from parkkeeper.sampling.gaplines import Line, Page, gap_lines, page_of_lines
from parkkeeper.sampling.models import Round
from parkkeeper.sampling.reconciliation import Row, reconcile
from parkkeeper.sampling.states import State

# More lines than this stand in most enterprises: then reading all of them at once is quicker than counting first.
_PAGE_AT_MOST = 200


@dataclass
class GapRows:
    """Lines of the round in these states. `first` and `size` are the page to be shown.

    `places` (enterprise, grid, point: ids) and `q` narrow them as `gap_lines` has it. `whole`: the counts of all lines
    by enterprise at `at`, when known already.
    """

    round: Round
    at: datetime
    states: Collection[State]
    scopes: list[Scope] | None
    first: int = 0
    size: int = 50
    places: dict[str, int] = field(default_factory=dict)
    q: str | None = None
    whole: list[Row] | None = None
    _read: tuple[int, Page] | None = None
    _counts: list[Row] | None = None

    def counts(self) -> list[Row]:
        """The counts of the lines by enterprise, whatever their state and `q`; read once."""
        if self.whole is not None and not self.places:
            return self.whole
        if self._counts is None:
            self._counts = reconcile(self.round, self.at, by="enterprise", scopes=self.scopes, **self.places)
        return self._counts

    def _ask(self, offset: int, limit: int | None) -> Page:
        asked: dict[str, Any] = {"states": self.states, "scopes": self.scopes, "offset": offset, **self.places}
        if limit is None or limit > _PAGE_AT_MOST or self.q or "enterprise" in self.places:
            return gap_lines(self.round, self.at, q=self.q, limit=limit, **asked)
        return page_of_lines(self.round, self.at, self.counts(), limit=limit, **asked)

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
