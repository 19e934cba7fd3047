"""How a case of a constraint is told: a check and its two sides, a uniqueness and its two copies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.world import EVENING

Values = Callable[[Any], dict[str, Any]]


# ---- the table
@dataclass(frozen=True)
class Change:
    """A check: the row takes the good values, and, having them, refuses each of the bad ones."""

    name: str
    row: Callable[[Any], Any]
    good: Values
    bad: tuple[Values, ...]


@dataclass(frozen=True)
class Twin:
    """A uniqueness or exclusion: a copy of the row with the good values is stored, one with the bad values is not."""

    name: str
    row: Callable[[Any], Any]
    good: Values
    bad: Values


def these(**values: Any) -> Values:
    return lambda w: values


def by_somebody(name: str, row: Callable[[Any], Any], at: str, by: str, **more: Any) -> Change:
    """A pair of columns, when and by whom, and what else must be told with it: none of them alone."""
    empty = {at: None, by: None, **dict.fromkeys(more, "")}
    return Change(
        name, row, lambda w: {at: EVENING, by: w.office, **more}, tuple(these(**{k: v}) for k, v in empty.items())
    )
