"""The kinds of imports: how a kind's rows are read, what repeats in its file, how its rows are planned."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from parkkeeper.kernel.tables import Row
from parkkeeper.park.imports.columns import COLUMNS, Kind
from parkkeeper.park.imports.enterprises import enterprise_line, plan_enterprises, repeated_codes
from parkkeeper.park.imports.lines import Decision, Line, Plan
from parkkeeper.park.imports.places import grid_line, plan_grids, plan_roads, plan_sites, road_line, site_line
from parkkeeper.park.imports.reading import Sheet, fill_merged
from parkkeeper.park.imports.roster_lines import roster_line
from parkkeeper.park.imports.roster_plan import plan_roster, repeated_people
from parkkeeper.park.imports.specialists import plan_specialists, specialist_line


class Planner(Protocol):
    """Plans lines against the register as it is; with a decision, one line as a person decided."""

    def __call__(self, lines: Sequence[Line], *, at: datetime, decision: Decision | None = None) -> list[Plan]: ...


@dataclass(frozen=True)
class Loader:
    """The reader and the planner of one kind."""

    read: Callable[[Row, Mapping[str, int]], Line]
    plan: Planner
    repeated: Callable[[Sequence[Line]], None] | None = None
    whole: bool = False
    """All rows are planned together (areas that may overlap), so their number is limited."""


LOADERS: Mapping[str, Loader] = {
    Kind.ROSTER: Loader(roster_line, plan_roster, repeated_people),
    Kind.ENTERPRISES: Loader(enterprise_line, plan_enterprises, partial(repeated_codes, field="credit_code")),
    Kind.SPECIALISTS: Loader(specialist_line, plan_specialists),
    Kind.ROADS: Loader(road_line, plan_roads, partial(repeated_codes, field="name")),
    Kind.GRIDS: Loader(grid_line, plan_grids, partial(repeated_codes, field="code"), whole=True),
    Kind.SITES: Loader(site_line, plan_sites, partial(repeated_codes, field="code")),
}
WHOLE_AT_MOST = 2000


def read_lines(kind: str, sheet: Sheet, chosen: Mapping[str, int], fixed: Mapping[str, str]) -> list[Line]:
    """Read all rows: mapped cells, `fixed` values where a row says nothing, what is wrong, what repeats in the file."""
    fill_merged(sheet, COLUMNS[kind], chosen)
    loader = LOADERS[kind]
    headings = dict(chosen)
    for name, value in fixed.items():
        headings[name] = len(sheet.headings)
        for row in sheet.rows:
            row.cells.append(value)
    lines = [loader.read(row, headings) for row in sheet.rows]
    for line in lines:
        del line.cells[len(sheet.headings) :]
    if loader.repeated:
        loader.repeated(lines)
    return lines
