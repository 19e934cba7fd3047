"""Checklists as files: one row an item, in the columns of the sample `checklists/nine-grids.csv`."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from parkkeeper.inspection.models import Checklist, Item

FOLDER = Path(__file__).parent / "checklists"
SAMPLE, RESUMPTION = "nine-grids", "resumption"
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?", re.ASCII)


class BadChecklist(ValueError):
    """A checklist's file cannot be used; the message names row, column and remedy."""


@dataclass(frozen=True)
class ItemRow:
    """One item as its row tells it; `evidence` holds letters of Item.Evidence."""

    code: str
    aspect: str
    text: str
    text_en: str
    evidence: str
    sample: str
    severity: str
    hours: int | None
    remedy: str
    remedy_en: str
    basis: str
    short_round: bool
    least: float | None = None
    most: float | None = None
    question: dict[str, Any] = field(default_factory=dict)

    def item(self, position: int) -> Item:
        """The row as an unsaved Item, at that position."""
        return Item(position=position, **{**self.__dict__, "evidence": list(self.evidence)})


def in_force(day: date) -> Checklist | None:
    """The version of the checklist by which rounds go on that local day; the nine grids' own before any other."""
    rows = Checklist.objects.on(day).exclude(code=RESUMPTION).order_by("code")
    return rows.filter(code=SAMPLE).first() or rows.first()


def read_checklist(name: str = SAMPLE) -> list[ItemRow]:
    """The items of that file, in order. Raises BadChecklist for a row that lacks what an item needs."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return read_rows(csv.DictReader(file))


def read_aspects(name: str) -> list[str]:
    """The headings of the text that a checklist follows, in order; none when it has no such file."""
    path = FOLDER / f"{name}.aspects.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)]


def read_rows(rows: Iterable[dict[str, str]]) -> list[ItemRow]:
    """The items of a table. Raises BadChecklist."""
    found, codes = [], set()
    for number, row in enumerate(rows, start=2):
        _check(row, number)
        if row["code"] in codes:
            raise BadChecklist(f"row {number}: code {row['code']} comes twice; give each item its own.")
        codes.add(row["code"])
        limits = {name: float(row[name]) if row.get(name) else None for name in ("least", "most")}
        facts: dict[str, Any] = {**row, **limits, "hours": int(row["hours"]) if row["hours"] else None}
        found.append(ItemRow(**{**facts, "short_round": row["short_round"] == "1"}))
    return found


def _check(row: dict[str, str], number: int) -> None:
    for column in ("code", "text", "remedy", "evidence"):
        if not row[column]:
            raise BadChecklist(f"row {number} ({row['code']}): {column} is missing; fill it in.")
    for column, known in (("aspect", Item.Aspect.values), ("severity", Item.Severity.values)):
        if row[column] not in known:
            raise BadChecklist(f"row {number} ({row['code']}): {column} {row[column]!r} is none of {known}.")
    if not set(row["evidence"]) <= set(Item.Evidence.values):
        raise BadChecklist(f"row {number} ({row['code']}): evidence is letters of {''.join(Item.Evidence.values)}.")
    if row["hours"] and not row["hours"].isdecimal():
        raise BadChecklist(f"row {number} ({row['code']}): hours {row['hours']!r} is no whole number.")
    limits = [row.get(column) or "" for column in ("least", "most")]
    for column, told in zip(("least", "most"), limits, strict=True):
        if told and not _NUMBER.fullmatch(told):
            raise BadChecklist(f"row {number} ({row['code']}): {column} {told!r} is no number, such as 37.2.")
    if all(limits) and float(limits[0]) > float(limits[1]):
        raise BadChecklist(f"row {number} ({row['code']}): least {limits[0]} is above most {limits[1]}; change one.")
