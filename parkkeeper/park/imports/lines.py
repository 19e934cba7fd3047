"""What a row of a table says, what is wrong with it, and what is to be done about it. No database here."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["new", "changed", "unchanged", "error", "ambiguous", "skipped"]
How = Literal["same", "new", "as_is"]

NAMED_AT_MOST = 10


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a row: the field, a code of `wording.PROBLEMS`, params without personal values."""

    column: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class Line:
    """A row once read: its number in the file, its cells as written, its values by field ("" or absent is blank)."""

    number: int
    cells: list[str]
    values: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    read: int = -1
    """How many of the problems were found while reading; those of planning come after them and are found anew."""

    def get(self, name: str) -> Any:
        """The value of a field, "" when the row says nothing of it."""
        return self.values.get(name, "")

    def tell(self, column: str, code: str, **params: Any) -> None:
        """Add a problem."""
        self.problems.append(Problem(column, code, params))

    def as_json(self) -> dict[str, Any]:
        """The line as it was read, as plain JSON values."""
        problems = self.problems if self.read < 0 else self.problems[: self.read]
        return {
            "number": self.number,
            "cells": self.cells,
            "values": self.values,
            "problems": [asdict(problem) for problem in problems],
        }


def line_of(facts: dict[str, Any]) -> Line:
    """The line that `Line.as_json` gave."""
    problems = [Problem(**problem) for problem in facts["problems"]]
    return Line(facts["number"], facts["cells"], facts["values"], problems, len(problems))


@dataclass(frozen=True)
class Decision:
    """What a person decided about one doubtful row.

    same   it is `candidate` (an id): write into that one
    new    it is somebody new
    as_is  what was found wrong is right: take it as it is (`same` and `new` say that too)
    """

    how: How
    candidate: int | None = None


@dataclass
class Plan:
    """What is to be done with one line: the row to make or to change, and the values that it gets."""

    line: Line
    verdict: Verdict
    target: Any = None
    """The existing row that is changed, None for a new one."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Column of the model -> new value; all columns for a new row."""
    candidates: list[int] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    """What else the kind's writer needs."""

    @property
    def writes(self) -> bool:
        """Whether anything is written."""
        return self.verdict in ("new", "changed")
