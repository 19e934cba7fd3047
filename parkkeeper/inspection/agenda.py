"""The agenda of a debrief, made from the day's facts; plain JSON, so that the minutes keep what the meeting saw.

Names of enterprises and numbers of papers stand in it, no people. A fixed number of statements.
"""

from collections import Counter
from datetime import date, datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from parkkeeper.inspection.burden import Burden, burdens
from parkkeeper.inspection.debriefbook import told_late
from parkkeeper.inspection.models import Cause, Finding, GridDay, Measure, Notice, Visit
from parkkeeper.inspection.repeats import repeats_of
from parkkeeper.kernel.clock import day_bounds
from parkkeeper.park.models import Enterprise, Grid
from parkkeeper.park.rulebook import rules

MOST = 60
"""Lines of one part that an agenda names; the count beside it is of all."""


def agenda_of(day: date, at: datetime) -> dict[str, Any]:
    """What is to be talked about of that local day as known at `at`.

    causes [{cause, findings, enterprises}], aspects [{aspect, findings}], overdue [{id, number, enterprise, due,
    lapsed}], repeats [{enterprise, item, area, times}], burden [{enterprise, visits, week, minutes, over}], grids
    [{name, visits, findings, mismatches, signed}], late [{id, enterprise, day, findings}] (told_late), measures [ids],
    counts {part: how many in all}.
    """
    starts, ends = day_bounds(day, timezone.get_current_timezone_name())
    until = min(ends, at)
    findings = Finding.objects.filter(noted_at__gte=starts, noted_at__lt=until, received_at__lte=at).order_by()
    numbers = list(findings.order_by("noted_at", "pk").values_list("pk", flat=True))
    counted = list(findings.values_list("item__aspect", "enterprise__grid").annotate(n=Count("pk")))
    window, cap = rules(("repeat_window_days", "visits_a_week"), at)
    measures = Measure.objects.open().filter(at__lte=at).order_by("due_on", "pk")
    overdue, repeats = Notice.objects.overdue(at), repeats_of(numbers, float(window))
    parts: dict[str, list[Any]] = {
        "causes": _causes(findings, at), "aspects": _aspects(counted), "overdue": _overdue(overdue),
        "repeats": _repeats(repeats), "burden": _burden(starts, ends, until, int(cap)),
        "grids": _grids(day, starts, until, counted), "late": _late(day, at),
        "measures": list(measures.values_list("pk", flat=True)),
    }  # fmt: skip
    counts = {name: len(rows) for name, rows in parts.items()} | {"findings": len(numbers), "repeats": len(repeats)}
    if counts["overdue"] == MOST:
        counts["overdue"] = overdue.count()
    return {**{name: rows[:MOST] for name, rows in parts.items()}, "counts": counts}


def _causes(findings: QuerySet[Finding], at: datetime) -> list[dict[str, Any]]:
    last = Cause.objects.filter(finding=OuterRef("pk"), at__lte=at).order_by("-at", "-pk").values("kind")[:1]
    told = findings.annotate(cause=Coalesce(Subquery(last), Value(""))).values_list("cause")
    rows = [{"cause": kind, "findings": n, "enterprises": of} for kind, n, of in
            told.annotate(n=Count("pk"), of=Count("enterprise", distinct=True))]  # fmt: skip
    # what nobody has thought about yet comes last: it is work, not a result
    return sorted(rows, key=lambda row: (row["cause"] == "", -row["findings"], row["cause"]))


def _aspects(counted: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
    found: Counter[str] = Counter()
    for aspect, _grid, n in counted:
        found[aspect] += n
    return [{"aspect": aspect, "findings": n} for aspect, n in sorted(found.items(), key=lambda a: (-a[1], a[0]))]


def _overdue(notices: QuerySet[Notice]) -> list[dict[str, Any]]:
    return [
        {"id": one.pk, "number": one.number, "enterprise": str(one.enterprise),
         "due": one.due_at.isoformat() if one.due_at else "", "lapsed": one.lapsed_at is not None}
        for one in notices.select_related("enterprise").order_by("due_at", "pk")[:MOST]
    ]  # fmt: skip


def _late(day: date, at: datetime) -> list[dict[str, Any]]:
    visits, found = told_late(day, at)
    return [
        {"id": str(one.pk), "enterprise": str(one.enterprise), "day": timezone.localdate(one.began_at).isoformat(),
         "findings": found.get(one.pk, 0)}
        for one in visits.select_related("enterprise").order_by("began_at", "pk")
    ]  # fmt: skip


def _repeats(times: dict[Any, int]) -> list[dict[str, Any]]:
    named = (
        Finding.objects.filter(pk__in=list(times)[:MOST])
        .select_related("item", "enterprise")
        .order_by("noted_at", "pk")
    )
    return [
        {"id": str(one.pk), "enterprise": str(one.enterprise), "item": one.item.code, "area": one.area,
         "times": times[one.pk]}
        for one in named
    ]  # fmt: skip


def _burden(starts: datetime, ends: datetime, until: datetime, cap: int) -> list[dict[str, Any]]:
    """Enterprises visited more than once that day, or as often in the week as the cap allows."""
    told = burdens(starts, ends, until)
    heavy = {pk: one for pk, one in told.items() if one.today > 1 or (one.today and one.week >= cap)}
    named = Enterprise.objects.filter(pk__in=heavy).order_by("pk")
    rows = [_burden_of(str(firm), heavy[firm.pk], cap) for firm in named]
    return sorted(rows, key=lambda row: (-row["visits"], -row["week"], row["enterprise"]))


def _burden_of(name: str, one: Burden, cap: int) -> dict[str, Any]:
    return {
        "enterprise": name, "visits": one.today, "week": one.week, "minutes": one.minutes, "over": one.week >= cap,
    }  # fmt: skip


def _grids(day: date, starts: datetime, until: datetime, found: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
    begun = Visit.objects.filter(began_at__gte=starts, began_at__lt=until).order_by()
    visits = Counter(dict(begun.values_list("enterprise__grid").annotate(n=Count("pk"))))
    noted: Counter[int] = Counter()
    for _aspect, number, n in found:
        noted[number] += n
    days = {row.grid_id: row for row in GridDay.objects.filter(day=day)}
    counted = {pk: (row.mismatches, row.signed_at is not None) for pk, row in days.items()}
    return [
        {"id": grid.pk, "name": grid.name, "visits": visits[grid.pk], "findings": noted[grid.pk],
         "mismatches": counted.get(grid.pk, (0, False))[0], "signed": counted.get(grid.pk, (0, False))[1]}
        for grid in Grid.objects.order_by("code")
    ]  # fmt: skip
