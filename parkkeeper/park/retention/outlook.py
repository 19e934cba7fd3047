"""What would be destroyed by each rule, how much and when: for the office's page and the dry run. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import IntegerField, Max, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from parkkeeper.park.models import Hold, JournalEntry
from parkkeeper.park.retention.past import Past, Rows, past
from parkkeeper.park.retention.rules import Period, Rule, periods, rules
from parkkeeper.park.retention.ways import way_of


@dataclass(frozen=True)
class Outlook:
    """A rule and how it stands: rows `due` now, rows `waiting` for an order to be approved, and when the next are due.

    `next_at` is None when nothing is kept, or when the emergency has not ended. `last_at` and `gone` come from the
    journal, as far back as it goes.
    """

    rule: Rule
    due: int
    waiting: int
    held: bool
    next_at: datetime | None
    last_at: datetime | None
    gone: int


@dataclass(frozen=True)
class _Standing:
    """How a period stands: what of it is past, what would be if all were ordered, and when the next is."""

    now: Past
    unordered: Past
    held: bool
    next_at: datetime | None


@dataclass(frozen=True)
class _Question:
    """What of a rule is asked of the database; None: it need not be asked."""

    rule: Rule
    due: Rows
    unordered: Rows | None
    later: Rows | None


def outlooks(at: datetime, *, only: str = "") -> list[Outlook]:
    """How every rule (or the one named `only`) stands at `at`, in the order in which they are executed.

    Reads what is kept of every rule, in one statement: in a park of hundreds of thousands this takes a second.
    """
    done = _done()
    holds = set(Hold.objects.at(at).values_list("period", flat=True))
    standing = {period.name: _standing(period, at, held=bool(holds & {"", period.name})) for period in periods()}
    asked = [_question(rule, standing[rule.period.name]) for rule in rules() if only in ("", rule.name)]
    return [
        _outlook(question, standing[question.rule.period.name], told, done.get(question.rule.name, (None, 0)))
        for question, told in zip(asked, _answers(asked), strict=True)
    ]


def _standing(period: Period, at: datetime, *, held: bool) -> _Standing:
    now = past(period, at)
    ends = [span.ended for span in now.others if span.ended and span.ended > now.cutoff]
    next_at = min(ends) + timedelta(days=period.days) if ends else None
    return _Standing(now, past(period, at, ordered=False) if period.of_emergency else now, held, next_at)


def _question(rule: Rule, period: _Standing) -> _Question:
    way = way_of(rule)
    by_its_rows = not rule.period.of_emergency and rule.way != "follows"
    return _Question(
        rule,
        way.due(rule, period.now),
        way.due(rule, period.unordered) if period.unordered != period.now else None,
        way.kept(rule).filter(_since__gt=period.now.cutoff) if by_its_rows else None,
    )


def _answers(questions: list[_Question]) -> list[tuple[int, int | None, datetime | None]]:
    """For each question: rows due, rows due if all were ordered, the first moment of those that are kept."""
    if not questions:
        return []
    parts, values = [], []
    for question in questions:
        for rows, what, column in (
            (question.due, "count(*)", "pk"), (question.unordered, "count(*)", "pk"),
            (question.later, "min(_since)", "_since"),
        ):  # fmt: skip
            part, more = _part(rows, what, column)
            parts.append(part)
            values += more
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        told = cursor.fetchone()
    return [(told[n] or 0, told[n + 1], told[n + 2]) for n in range(0, len(told), 3)]


def _part(rows: Rows | None, what: str, column: str) -> tuple[str, list[Any]]:
    if rows is None:
        return "NULL", []
    try:
        statement, values = rows.order_by().values(column).query.sql_with_params()
    except EmptyResultSet:
        return "NULL", []
    return f"(SELECT {what} FROM ({statement}) AS counted)", list(values)


def _outlook(
    question: _Question,
    period: _Standing,
    told: tuple[int, int | None, datetime | None],
    done: tuple[datetime | None, int],
) -> Outlook:
    due, unordered, first = told
    next_at = None if first is None else first + timedelta(days=question.rule.period.days)
    waiting = 0 if unordered is None else unordered - due
    return Outlook(
        question.rule, due, waiting, period.held, period.next_at if question.later is None else next_at, *done
    )


def _done() -> dict[str, tuple[datetime, int]]:
    """When each rule last destroyed something and how much in all, by the journal."""
    lines = JournalEntry.objects.filter(verb="retention.destroyed").annotate(
        rule=KT("facts__rule"), n=Cast(KT("facts__n"), IntegerField())
    )
    found = lines.order_by().values("rule").annotate(last=Max("at"), gone=Sum("n"))
    return {row["rule"]: (row["last"], row["gone"]) for row in found}
