"""A grid's day, enterprise by enterprise: roster, evening's list, sampled, silent period and notices by the books,
beside what visits counted. What does not agree is a mismatch, and tomorrow's work.

Counted once at the day's end (or when the team signs) and kept: a past day is read, never worked out again.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from parkkeeper.inspection.models import DayLine, GridDay, Notice, Visit
from parkkeeper.kernel.clock import day_bounds
from parkkeeper.park.models import Enterprise, Grid, Person
from parkkeeper.sampling.models import Round, Test
from parkkeeper.sampling.reconciliation import Row, reconcile

COUNTED = {"found": "A3", "found_silent": "B5", "beds": "C4"}
"""Items of the nine-grids checklist whose number is a count of what is there (checklists/nine-grids.csv)."""
CHECKLIST = "nine-grids"


@dataclass
class _Books:
    """What is known of each enterprise, by its id."""

    lines: dict[int, Row] = field(default_factory=dict)
    held: bool = False
    on_post: Counter[int] = field(default_factory=Counter)
    silent: Counter[int] = field(default_factory=Counter)
    visits: Counter[int] = field(default_factory=Counter)
    counted: dict[int, dict[str, int]] = field(default_factory=dict)
    notices: Counter[int] = field(default_factory=Counter)
    overdue: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True)
class Counted:
    """A grid's day: its row (None while it goes on) and its lines."""

    row: GridDay | None
    lines: list[DayLine]


def counted_day(grid: Grid, day: date, at: datetime) -> Counted:
    """The day as it is kept, else (unsaved lines) as known at `at`; lines by pinyin."""
    row = GridDay.objects.filter(grid=grid, day=day).select_related("signed_by").first()
    if row is None:
        return Counted(None, count_day(grid, day, at))
    return Counted(row, list(row.lines.select_related("enterprise").order_by("enterprise__pinyin", "pk")))


def count_day(grid: Grid, day: date, at: datetime) -> list[DayLine]:
    """Count the day as known at `at` (at most at its end); unsaved lines. A fixed number of statements."""
    starts, ends = day_bounds(day, timezone.get_current_timezone_name())
    until = min(at, ends)
    rows = Enterprise.objects.filter(grid=grid).exclude(kind=Enterprise.Kind.BODY).order_by("pinyin", "pk")
    books = _books(grid, day, starts, until)
    return [_line(one, books) for one in rows]


def _books(grid: Grid, day: date, starts: datetime, until: datetime) -> _Books:
    books = _Books()
    evening = Round.objects.filter(test=Test.PCR, day=day, rehearsal=False, frozen_at__lte=until).first()
    if evening is not None:
        books.held = True
        books.lines = {row.key: row for row in reconcile(evening, until, by="enterprise", grid=grid.pk)}
    people = Person.objects.filter(employer__grid=grid)
    if not books.held:
        books.on_post = _by(people.on_post(until).values_list("employer", flat=True))
    books.silent = _by(people.silent_on(until).values_list("employer", flat=True))
    visits = Visit.objects.filter(
        enterprise__grid=grid, began_at__gte=starts, began_at__lt=until, received_at__lte=until
    )
    for enterprise, code, answers in visits.order_by("began_at", "pk").values_list(
        "enterprise", "checklist__code", "answers"
    ):
        books.visits[enterprise] += 1
        if code == CHECKLIST:
            books.counted.setdefault(enterprise, {}).update(_numbers(answers))
    running = Notice.objects.filter(enterprise__grid=grid, issued_at__lte=until).filter(
        Q(closed_at=None) | Q(closed_at__gt=until), Q(withdrawn_at=None) | Q(withdrawn_at__gt=until),
        Q(followed_by=None) | Q(followed_by__issued_at__gt=until),
    )  # fmt: skip
    for enterprise, due_at in running.values_list("enterprise", "due_at"):
        books.notices[enterprise] += 1
        books.overdue[enterprise] += due_at is not None and due_at <= until
    return books


def _by(ids: Iterable[int]) -> Counter[int]:
    return Counter(ids)


def _numbers(answers: dict[str, Any]) -> dict[str, int]:
    """What a visit counted; answers without a whole number say nothing."""
    found = {}
    for name, code in COUNTED.items():
        answer = answers.get(code)
        value = str(answer.get("value", "")).strip() if isinstance(answer, dict) else ""
        if value.isdecimal() and len(value) < 8:
            found[name] = int(value)
    return found


def _line(enterprise: Enterprise, books: _Books) -> DayLine:
    key, row = enterprise.pk, books.lines.get(enterprise.pk, Row(enterprise.pk, ""))
    line = DayLine(
        enterprise=enterprise, on_post=row.on_post if books.held else books.on_post[key],
        due=row.due if books.held else None, sampled=row.sampled if books.held else None, beyond=row.beyond,
        silent=books.silent[key], visits=books.visits[key], notices=books.notices[key], overdue=books.overdue[key],
        **books.counted.get(key, {}),
    )  # fmt: skip
    line.mismatches = mismatches(line)
    return line


def mismatches(line: DayLine) -> list[dict[str, Any]]:
    """What of a line does not agree: kind, what the books expect, what was found."""
    told: list[tuple[str, int | None, int | None, bool]] = [
        ("sampled", line.due, line.sampled, (line.sampled or 0) < (line.due or 0)),
        ("beyond", 0, line.beyond, line.beyond > 0),
        ("found", line.on_post, line.found, line.found is not None and line.found != line.on_post),
        ("silent", line.silent, line.found_silent,
         line.found_silent is not None and line.found_silent != line.silent),
        ("beds", line.on_post + line.silent, line.beds,
         line.beds is not None and line.beds > line.on_post + line.silent),
        ("overdue", line.overdue, line.visits, bool(line.overdue) and not line.visits),
    ]  # fmt: skip
    return [{"kind": kind, "expected": expected, "found": found} for kind, expected, found, wrong in told if wrong]
