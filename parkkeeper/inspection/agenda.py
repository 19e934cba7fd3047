"""The agenda of a debrief, made from the day's facts; plain JSON, so that the minutes keep what the meeting saw.

Names of enterprises and numbers of papers stand in it, no people. A fixed number of statements.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from parkkeeper.inspection.models import Cause, Finding, GridDay, Measure, Notice, Visit
from parkkeeper.inspection.repeats import repeats_of
from parkkeeper.kernel.clock import day_bounds
from parkkeeper.park.models import Grid
from parkkeeper.park.rulebook import rules

MOST = 60
"""Lines of one part that an agenda names; the count beside it is of all."""
WEEK = timedelta(days=7)


def agenda_of(day: date, at: datetime) -> dict[str, Any]:
    """What is to be talked about of that local day as known at `at`.

    causes [{cause, findings, enterprises}], aspects [{aspect, findings}], overdue [{id, number, enterprise, due,
    lapsed}], repeats [{enterprise, item, area, times}], burden [{enterprise, visits, week, minutes, over}], grids
    [{name, visits, findings, mismatches, signed}], measures [ids], counts {part: how many in all}.
    """
    starts, ends = day_bounds(day, timezone.get_current_timezone_name())
    until = min(ends, at)
    findings = list(
        Finding.objects.filter(noted_at__gte=starts, noted_at__lt=until, received_at__lte=at)
        .select_related("item", "enterprise").order_by("noted_at", "pk")
    )  # fmt: skip
    window, cap = rules(("repeat_window_days", "visits_a_week"), at)
    measures = Measure.objects.open().filter(at__lte=at).order_by("due_on", "pk")
    parts: dict[str, list[Any]] = {
        "causes": _causes(findings, at), "aspects": _aspects(findings), "overdue": _overdue(at),
        "repeats": _repeats(findings, float(window)), "burden": _burden(starts, until, int(cap)),
        "grids": _grids(day, starts, until, findings),
        "measures": list(measures.values_list("pk", flat=True)),
    }  # fmt: skip
    counts = {name: len(rows) for name, rows in parts.items()} | {"findings": len(findings)}
    return {**{name: rows[:MOST] for name, rows in parts.items()}, "counts": counts}


def _causes(findings: list[Finding], at: datetime) -> list[dict[str, Any]]:
    named = Cause.objects.filter(finding__in=findings, at__lte=at).order_by("at", "pk").values_list("finding", "kind")
    last = dict(named)
    by_cause: dict[str, list[int]] = defaultdict(list)
    for finding in findings:
        by_cause[last.get(finding.pk, "")].append(finding.enterprise_id)
    rows = [{"cause": kind, "findings": len(own), "enterprises": len(set(own))} for kind, own in by_cause.items()]
    # what nobody has thought about yet comes last: it is work, not a result
    return sorted(rows, key=lambda row: (row["cause"] == "", -row["findings"], row["cause"]))


def _aspects(findings: list[Finding]) -> list[dict[str, Any]]:
    counted = Counter(finding.item.aspect for finding in findings)
    return [{"aspect": aspect, "findings": n} for aspect, n in sorted(counted.items(), key=lambda a: (-a[1], a[0]))]


def _overdue(at: datetime) -> list[dict[str, Any]]:
    rows = Notice.objects.overdue(at).select_related("enterprise").order_by("due_at", "pk")
    return [
        {"id": one.pk, "number": one.number, "enterprise": str(one.enterprise),
         "due": one.due_at.isoformat() if one.due_at else "", "lapsed": one.lapsed_at is not None}
        for one in rows
    ]  # fmt: skip


def _repeats(findings: list[Finding], days: float) -> list[dict[str, Any]]:
    times = repeats_of(findings, days)
    return [
        {"id": str(one.pk), "enterprise": str(one.enterprise), "item": one.item.code, "area": one.area,
         "times": times[one.pk]}
        for one in findings if times[one.pk]
    ]  # fmt: skip


def _burden(starts: datetime, until: datetime, cap: int) -> list[dict[str, Any]]:
    """Enterprises visited more than once that day, or as often in the week as the cap allows."""
    rows = Visit.objects.filter(began_at__gt=until - WEEK, began_at__lt=until).select_related("enterprise")
    by_enterprise: dict[int, list[Visit]] = defaultdict(list)
    for one in rows.order_by("began_at"):
        by_enterprise[one.enterprise_id].append(one)
    found = [_burden_of(own, starts, cap) for own in by_enterprise.values()]
    heavy = [row for row in found if row["visits"] > 1 or (row["visits"] and row["over"])]
    return sorted(heavy, key=lambda row: (-row["visits"], -row["week"], row["enterprise"]))


def _burden_of(visits: list[Visit], starts: datetime, cap: int) -> dict[str, Any]:
    today = [one for one in visits if one.began_at >= starts]
    return {
        "enterprise": str(visits[0].enterprise), "visits": len(today), "week": len(visits),
        "minutes": minutes_of(today), "over": len(visits) >= cap,
    }  # fmt: skip


def minutes_of(visits: Iterable[Visit]) -> int:
    """How long these visits took together, in whole minutes; what two teams took at the same time counts once."""
    total, reached = timedelta(), None
    spans = sorted((one.began_at, one.ended_at) for one in visits if one.ended_at)
    for began, ended in spans:
        begin = max(began, reached) if reached else began
        total += max(ended - begin, timedelta())
        reached = max(ended, reached) if reached else ended
    return int(total.total_seconds() // 60)


def _grids(day: date, starts: datetime, until: datetime, findings: list[Finding]) -> list[dict[str, Any]]:
    visits = Counter(
        Visit.objects.filter(began_at__gte=starts, began_at__lt=until).values_list("enterprise__grid", flat=True)
    )
    noted = Counter(finding.enterprise.grid_id for finding in findings)
    days = {row.grid_id: row for row in GridDay.objects.filter(day=day)}
    counted = {pk: (row.mismatches, row.signed_at is not None) for pk, row in days.items()}
    return [
        {"id": grid.pk, "name": grid.name, "visits": visits[grid.pk], "findings": noted[grid.pk],
         "mismatches": counted.get(grid.pk, (0, False))[0], "signed": counted.get(grid.pk, (0, False))[1]}
        for grid in Grid.objects.order_by("code")
    ]  # fmt: skip
