"""The ways of destroying: each tells how many rows are due by a rule, and destroys some of them at a time.

What is destroyed is not found again, so that a run that was killed goes on where it stood. Systems above the register
add their own ways when they start (AppConfig.ready): `add_way("phone_token", PhoneTokens())`.
"""

from collections import Counter
from typing import Any, Protocol

from django.db.models import Exists, ForeignObjectRel, OuterRef, Q

from parkkeeper.park.retention.emptying import columns_of, fill, tells
from parkkeeper.park.retention.past import Past, Rows, dated
from parkkeeper.park.retention.rules import Rule


class Way(Protocol):
    def due(self, rule: Rule, past: Past) -> Rows:
        """Rows that the rule has destroyed now."""

    def kept(self, rule: Rule) -> Rows:
        """Rows that are not destroyed yet, due or not, with `_since`."""

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        """Destroy at most `limit` of them: name of the rule -> how many. Empty when none was due."""


WAYS: dict[str, Way] = {}


def add_way(name: str, way: Way) -> None:
    """Let rules of docs/retention.toml name that way."""
    WAYS[name] = way


def way_of(rule: Rule) -> Way:
    """The way of a rule. Raises KeyError for one that nobody has added."""
    return WAYS[rule.way]


def some(rows: Rows, limit: int) -> list[Any]:
    """Ids of at most `limit` of the rows."""
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


class Delete:
    """The row goes, once nothing that is kept points to it."""

    def kept(self, rule: Rule) -> Rows:
        return dated(rule.model._default_manager.all(), rule.since)

    def due(self, rule: Rule, past: Past) -> Rows:
        rows = self.kept(rule).filter(past.q())
        for field in rule.model._meta.get_fields(include_hidden=True):
            if isinstance(field, ForeignObjectRel):
                pointing = field.related_model._base_manager.filter(**{field.field.name: OuterRef("pk")})
                rows = rows.filter(~Exists(pointing))
        return rows

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        gone = rule.model._default_manager.filter(pk__in=some(self.due(rule, past), limit)).delete()[0]
        return Counter({rule.name: gone} if gone else {})


class Blank:
    """The row stays, and tells of nobody."""

    def kept(self, rule: Rule) -> Rows:
        rows = dated(rule.model._default_manager.all(), rule.since)
        telling = Q(pk__in=[])
        for column in columns_of(rule.model, rule.goes):
            telling |= tells(column)
        return rows.filter(telling)

    def due(self, rule: Rule, past: Past) -> Rows:
        return self.kept(rule).filter(past.q())

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        found = some(self.due(rule, past), limit)
        rows = rule.model._base_manager.filter(pk__in=found)  # the own manager may refuse every change (AppendOnly)
        fill(rows, columns_of(rule.model, rule.goes))
        return Counter({rule.name: len(found)} if found else {})


class Follows:
    """Nothing to do: the row tells of nobody once that to which it points was destroyed."""

    def kept(self, rule: Rule) -> Rows:
        return rule.model._default_manager.none()

    def due(self, rule: Rule, past: Past) -> Rows:
        return self.kept(rule)

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        return Counter()


add_way("delete", Delete())
add_way("blank", Blank())
add_way("follows", Follows())
