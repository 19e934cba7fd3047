"""The register's enterprises and grids, to be found by what a table says: loaded once a step, asked a row at a time."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from parkkeeper.kernel.documents import read_credit_code
from parkkeeper.kernel.text import tidy
from parkkeeper.park.imports.geodata import GridFinder
from parkkeeper.park.imports.lines import Line
from parkkeeper.park.models import Enterprise, Grid


def plain(name: str) -> str:
    """A name as it is compared: width, case and spaces do not count, nor the form of brackets."""
    return tidy(name).casefold().replace(" ", "")


@dataclass
class Directory:
    """Enterprises by credit code, name, short name, id."""

    by_id: dict[int, Enterprise] = field(default_factory=dict)
    by_code: dict[str, Enterprise] = field(default_factory=dict)
    by_name: dict[str, list[Enterprise]] = field(default_factory=lambda: defaultdict(list))
    by_short_name: dict[str, list[Enterprise]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def load(cls) -> "Directory":
        """All enterprises of the park: one query."""
        found = cls()
        for enterprise in Enterprise.objects.all():
            found.add(enterprise)
        return found

    def add(self, enterprise: Enterprise) -> None:
        """Make an enterprise findable."""
        self.by_id[enterprise.pk] = enterprise
        self.by_code[enterprise.credit_code] = enterprise
        self.by_name[plain(enterprise.name)].append(enterprise)
        if enterprise.short_name:
            self.by_short_name[plain(enterprise.short_name)].append(enterprise)

    def named(self, text: str) -> list[Enterprise]:
        """The enterprises that a cell may mean: by exact name, else short name, else credit code."""
        key = plain(text)
        found = self.by_name.get(key) or self.by_short_name.get(key)
        if found:
            return found
        coded = self.by_code.get(read_credit_code(text).number)
        return [coded] if coded else []

    def resolve(self, line: Line, name_field: str, code_field: str = "") -> Enterprise | None:
        """The enterprise that a line names by code or name, None when blank; what is wrong is told on the line."""
        name, code = line.get(name_field), line.get(code_field) if code_field else ""
        coded = self.by_code.get(code) if code else None
        named = self.named(name) if name else []
        if coded:
            # a short name, or a name of another spelling, is no contradiction; another enterprise's name is
            if named and coded not in named:
                line.tell(name_field, "enterprise_conflict")
                return None
            return coded
        if len(named) == 1 and not code:
            return named[0]
        if name or code:
            self._tell(line, named, name_field, code_field, code)
        return None

    def _tell(self, line: Line, named: list[Enterprise], name_field: str, code_field: str, code: str) -> None:
        if code and named:
            line.tell(code_field, "enterprise_conflict")
        elif len(named) > 1:
            line.tell(name_field, "enterprise_several", count=len(named))
        else:
            line.tell(code_field if code else name_field, "enterprise_unknown")


class Grids:
    """Grids by code or name, or by a place that lies in them."""

    def __init__(self, grids: Iterable[Grid]) -> None:
        self.all = list(grids)
        self.by_key: dict[str, Grid] = {}
        for grid in self.all:
            self.by_key.setdefault(plain(grid.name), grid)
        for grid in self.all:
            self.by_key[plain(grid.code)] = grid
        self._finder: GridFinder | None = None

    @classmethod
    def load(cls) -> "Grids":
        """All grids of the park: one query."""
        return cls(Grid.objects.order_by("code"))

    def named(self, text: str) -> Grid | None:
        """The grid of that code or name."""
        return self.by_key.get(plain(text))

    def holding(self, longitude: float, latitude: float) -> Grid | None:
        """The grid in which a place lies; on a shared boundary the first by code."""
        if self._finder is None:
            self._finder = GridFinder([(grid, grid.polygon) for grid in self.all])
        found: Grid | None = self._finder.holding(longitude, latitude)
        return found


def held(rows: Iterable[Any], key: str) -> dict[Any, Any]:
    """Rows by one of their columns."""
    return {getattr(row, key): row for row in rows}
