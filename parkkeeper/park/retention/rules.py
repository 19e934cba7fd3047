"""What docs/retention.toml orders: periods, and for each of them which columns of which table are destroyed how."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import get_language, gettext_lazy

from parkkeeper.park.checks import RETENTION

# Tables of others, whose own words tell a reader nothing.
_TITLES = {"sessions.Session": gettext_lazy("登录会话")}
# What takes most from whoever reads secretly comes first; what others point to comes after them.
_ORDER = ("shred", "delete", "stand_in", "blank", "file")


@dataclass(frozen=True)
class Period:
    """How long something may be kept: `days` after its row's moment, or after the end of that moment's emergency."""

    name: str
    days: int
    of_emergency: bool
    until: str
    destroyed: str


@dataclass(frozen=True)
class Rule:
    """One order of the file: which columns of a table go when their period is over, and which way."""

    label: str
    period: Period
    way: str
    columns: tuple[str, ...]
    stays: tuple[str, ...]
    since: tuple[str, ...]
    purposes: tuple[str, ...] = field(repr=False)
    purposes_zh: tuple[str, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """What the journal calls it: "sampling.Scan:emergency"."""
        return f"{self.label}:{self.period.name}"

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.label)

    @property
    def goes(self) -> tuple[str, ...]:
        """The columns that are emptied."""
        return tuple(column for column in self.columns if column not in self.stays)

    @property
    def title(self) -> str:
        """What the table holds, in the reader's language: the term of its docstring, or the words of its name."""
        if self.label in _TITLES:
            return str(_TITLES[self.label])
        term = (self.model.__doc__ or "").split(":")[0]
        if _chinese() and not term.isascii():
            return term
        return " ".join(re.findall(r"[A-Z][a-z]*", self.label.split(".")[1])).capitalize()

    @property
    def purpose(self) -> str:
        """What it is kept for, in the reader's language."""
        return "；".join(self.purposes_zh) if _chinese() else "; ".join(self.purposes)


def _chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def parse(declared: dict[str, Any]) -> list[Rule]:
    """The rules of a parsed retention file in the order in which they are executed; raises KeyError for a wrong one."""
    periods = {
        name: Period(name, told["days"], told["counted"] == "emergency", told["until"], told["destroyed"])
        for name, told in declared["periods"].items()
    }
    found: dict[tuple[str, str], Rule] = {}
    for entry in declared["personal"]:
        rule = _rule(entry, periods[entry["period"]])
        other = found.get((rule.label, rule.period.name))
        found[rule.label, rule.period.name] = rule if other is None else _both(other, rule)
    return _in_order(list(found.values()))


def _rule(entry: dict[str, Any], period: Period) -> Rule:
    return Rule(
        entry["model"], period, entry["destroy"], tuple(entry["columns"]), tuple(entry.get("stays", ())),
        tuple(entry.get("since", ())), (entry["purpose"],), (entry["zh"],),
    )  # fmt: skip


def _both(one: Rule, other: Rule) -> Rule:
    """Two entries about one table and period are one rule; they name the same way."""
    if one.way != other.way:
        raise KeyError(f"{one.name} is destroyed in two ways: {one.way}, {other.way}")
    return Rule(
        one.label, one.period, one.way, one.columns + other.columns, one.stays + other.stays, one.since or other.since,
        one.purposes + other.purposes, one.purposes_zh + other.purposes_zh,
    )  # fmt: skip


def _in_order(rules: list[Rule]) -> list[Rule]:
    """By way, and rows that point to others before those others (every reference is protected)."""
    about = dict.fromkeys(rule.model for rule in rules)
    pointed: TopologicalSorter[type[models.Model]] = TopologicalSorter({model: set() for model in about})
    for model in about:
        for column in model._meta.concrete_fields:
            if column.related_model in about and column.related_model is not model:
                pointed.add(column.related_model, model)
    place = {model: n for n, model in enumerate(pointed.static_order())}
    rank = {way: n for n, way in enumerate(_ORDER)}
    return sorted(rules, key=lambda rule: (rank.get(rule.way, len(_ORDER)), place[rule.model], rule.name))


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of docs/retention.toml, in the order in which they are executed."""
    return tuple(parse(tomllib.loads(RETENTION.read_text(encoding="utf-8"))))


@cache
def periods() -> tuple[Period, ...]:
    """The periods of the rules, in the order of the file."""
    names = tomllib.loads(RETENTION.read_text(encoding="utf-8"))["periods"]
    known = {rule.period.name: rule.period for rule in rules()}
    return tuple(known[name] for name in names if name in known)
