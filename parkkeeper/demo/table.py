"""The table at the end of the demo: each figure of the source report, recomputed from the records, beside its value.

`source_figures.json` is what the report says; it is read here and nowhere else, only to be shown and compared.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from parkkeeper.board.figures import Value, figures

SOURCE = Path(__file__).with_name("source_figures.json")
ABOUT = 0.05  # share by which "about" may differ


@dataclass(frozen=True)
class Line:
    """One figure: its id and Chinese name, what the records say, what the report says, and how the two compare."""

    id: str
    name: str
    computed: Value
    source: Any
    verdict: str


def source_figures() -> list[dict[str, Any]]:
    """The figures of the source report, in its order."""
    told: list[dict[str, Any]] = json.loads(SOURCE.read_text(encoding="utf-8"))["figures"]
    return told


def lines() -> list[Line]:
    """Every figure, computed from the active park's records as of the day of which the report tells it."""
    days: dict[str, dict[str, Value]] = {}
    found = []
    for told in source_figures():
        as_of = told["as_of"]
        if as_of not in days:
            days[as_of] = figures(date.fromisoformat(as_of))
        computed = days[as_of].get(told["id"])
        found.append(
            Line(told["id"], told["zh"], computed, told["value"], verdict(told["op"], computed, told["value"]))
        )
    return found


def verdict(op: str, computed: Value, source: Any) -> str:
    """How the two compare: ok, differs, or not yet built. ValueError for an operator that is unknown here."""
    if computed is None:
        return "not yet built"
    if op == "in":
        agrees = isinstance(computed, int | float) and source[0] <= computed <= source[1]
    elif op == "==":
        agrees = computed == source
    elif isinstance(computed, str):
        agrees = False
    elif op == ">=":
        agrees = computed >= source
    elif op == ">":
        agrees = computed > source
    elif op == "round2":
        agrees = round(computed, 2) == source
    elif op == "about":
        agrees = abs(computed - source) <= ABOUT * abs(source)
    else:
        raise ValueError(f"A figure's operator is one of ==, >=, >, round2, in, about; not {op!r}.")
    return "ok" if agrees else "differs"


def rendered(found: Iterable[Line]) -> str:
    """The lines as a table of aligned columns for a terminal."""
    rows = [("figure", "", "computed", "source", "")]
    rows += [(one.id, one.name, _shown(one.computed), _shown(one.source), one.verdict) for one in found]
    widths = [max(_width(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def as_json(found: Iterable[Line]) -> str:
    """{"figures": {id: computed or null}} as JSON text."""
    values: Mapping[str, Value] = {one.id: one.computed for one in found}
    return json.dumps({"figures": values}, ensure_ascii=False, indent=2) + "\n"


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return (
        f"{value:,}" if isinstance(value, int) else "–".join(map(str, value)) if isinstance(value, list) else str(value)
    )


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
