"""People are replaced by stand-ins: counts of past days stay what they were, and nobody keeps who stands for whom.

A stand-in is a row of Person that says no more than enterprise and category. A person gets one for each emergency, so
that all rows of it still belong together; those of two emergencies cannot be joined.
"""

from collections import Counter
from collections.abc import Callable, Collection

from django.db import connection
from django.db.models import Q

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import Person
from parkkeeper.park.retention.emptying import GONE, Column, columns_of, fill, tells
from parkkeeper.park.retention.past import Past, Rows, dated
from parkkeeper.park.retention.rules import Period, Rule, rules
from parkkeeper.park.retention.ways import add_way, some

# what else must change when rows are given to stand-ins: called with the stand-ins' ids
_after: list[Callable[[Collection[int]], None]] = []


def after_standing_in(change: Callable[[Collection[int]], None]) -> None:
    """Call `change` with the ids of new stand-ins, in the same transaction: keys of their rows that others know."""
    _after.append(change)


def rules_of(period: Period) -> list[Rule]:
    """The rules of a period that replace people: they go together."""
    return [rule for rule in rules() if rule.way == "stand_in" and rule.period.name == period.name]


class StandIn:
    """The person of the row is replaced, its other columns are emptied; rows of nobody known are emptied only."""

    def kept(self, rule: Rule) -> Rows:
        rows = dated(rule.model._default_manager.all(), rule.since)
        return rows.filter(Q(person__destroyed_at__isnull=True, person__isnull=False) | _telling_of_nobody(rule))

    def due(self, rule: Rule, past: Past) -> Rows:
        rows = self.kept(rule).filter(past.q())
        return rows if past.of_emergency else rows.exclude(person__in=_still_answering(rule.period, past))

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        for part in past.parts():
            people = _people(rule, past, part, max(limit // 5, 1))
            if people:
                return self._replace(rule.period, part, people, past)
        return self._empty(rule, past, limit)

    def _replace(self, period: Period, part: Q, people: list[int], past: Past) -> Counter[str]:
        olds, news = _made(people, past)
        done: Counter[str] = Counter()
        for rule in rules_of(period):
            count = _give(rule, part, olds, news)
            if count:
                done[rule.name] = count
        for change in _after:
            change(news)
        return done

    def _empty(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        rows = self.due(rule, past).filter(person__isnull=True)
        found = some(rows, limit)
        fill(rule.model._default_manager.filter(pk__in=found), _going(rule))
        return Counter({rule.name: len(found)} if found else {})


def _going(rule: Rule) -> tuple[Column, ...]:
    return columns_of(rule.model, tuple(name for name in rule.goes if name != "person"))


def _telling_of_nobody(rule: Rule) -> Q:
    telling = Q(pk__in=[])
    if rule.model._meta.get_field("person").null:
        for column in _going(rule):
            telling |= tells(column)
    return telling & Q(person__isnull=True)


def _people(rule: Rule, past: Past, part: Q, limit: int) -> list[int]:
    rows = dated(rule.model._default_manager.all(), rule.since).filter(part)
    if not past.of_emergency:
        rows = rows.exclude(person__in=_still_answering(rule.period, past))
    rows = rows.filter(person__isnull=False, person__destroyed_at__isnull=True)
    return list(rows.order_by("person").values_list("person", flat=True).distinct()[:limit])


def _still_answering(period: Period, past: Past) -> Rows:
    """People with a later row of the period: the period of a person's duties begins with the last of them."""
    found = Q(pk__in=[])
    for rule in rules_of(period):
        later = dated(rule.model._default_manager.all(), rule.since)
        later = later.filter(Q(_since__gt=past.cutoff) | Q(_since__isnull=True))
        found |= Q(pk__in=later.values("person"))
    return Person.objects.filter(found).values("pk")


def _made(people: list[int], past: Past) -> tuple[list[int], list[int]]:
    """A stand-in for each of these people (ids): both lists in the same order."""
    known = list(Person.objects.filter(pk__in=people).order_by("pk"))
    made = Person.everybody.bulk_create(
        Person(
            uuid=new_id(), name=GONE, employer_id=one.employer_id, category=one.category, shift="",
            registered_at=one.registered_at, destroyed_at=past.at,
        )
        for one in known
    )  # fmt: skip
    return [one.pk for one in known], [one.pk for one in made]


def _give(rule: Rule, part: Q, olds: list[int], news: list[int]) -> int:
    """Give the rows of these people to their stand-ins; returns how many."""
    rows = dated(rule.model._default_manager.filter(person__in=olds), rule.since).filter(part)
    found = list(rows.order_by("pk").values_list("pk", flat=True))
    if not found:
        return 0
    meta = rule.model._meta
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {meta.db_table} t SET person_id = m.new FROM unnest(%s::bigint[], %s::bigint[]) AS m(old, new)"
            f" WHERE t.person_id = m.old AND t.{meta.pk.column} = ANY(%s)",
            [olds, news, found],
        )
    fill(rule.model._default_manager.filter(pk__in=found), _going(rule))
    return len(found)


add_way("stand_in", StandIn())
