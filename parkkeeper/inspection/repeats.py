"""How often each of many findings is the same problem again (Finding.objects.same_problem asks for one)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from parkkeeper.inspection.models import Finding, NoticeLine, Step


def repeats_of(findings: Sequence[Finding], days: float) -> dict[UUID, int]:
    """How often each was there before within that many days (item and enterprise loaded); three statements."""
    if not findings:
        return {}
    since = min(one.noted_at for one in findings) - timedelta(days=days)
    rows = Finding.objects.filter(
        enterprise__in={one.enterprise_id for one in findings}, item__code__in={one.item.code for one in findings},
        noted_at__gte=since, noted_at__lt=max(one.noted_at for one in findings),
    )  # fmt: skip
    earlier = list(rows.values_list("pk", "enterprise", "item__code", "area", "noted_at"))
    numbers = [row[0] for row in earlier]
    steps = Step.objects.filter(finding__in=numbers, kind=Step.Kind.FIXED, counts=True)
    lapses = NoticeLine.objects.filter(finding__in=numbers, notice__lapsed_at__isnull=False)
    passed = defaultdict(list)
    for finding, moment in [*steps.values_list("finding", "at"), *lapses.values_list("finding", "notice__lapsed_at")]:
        passed[finding].append(moment)
    return {
        one.pk: sum(
            (enterprise, code, area) == (one.enterprise_id, one.item.code, one.area) and number != one.pk
            and one.noted_at - timedelta(days=days) <= noted < one.noted_at
            and any(moment is not None and moment <= one.noted_at for moment in passed[number])
            for number, enterprise, code, area, noted in earlier
        )
        for one in findings
    }  # fmt: skip
