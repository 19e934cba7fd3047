"""Writing steps of findings, and reading which findings are whose own work."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from parkkeeper.inspection.following import close_or_reopen, take_back_lapse
from parkkeeper.inspection.models import LOOKED, Finding, NoticeLine, Step, Visit
from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import Person


def take_step(
    finding: Finding, kind: str, *, by: Person, at: datetime, heard: datetime | None = None, note: str = "",
    until: date | None = None, number: UUID | None = None, counts: bool = True,
) -> Step:  # fmt: skip
    """Store one step that happened at `at` (heard later, from a phone) and what follows for the finding's notices."""
    step = Step.objects.create(
        id=number or new_id(), finding=finding, kind=kind, at=at, received_at=heard or at, by=by, note=note[:300],
        until=until, counts=counts,
    )  # fmt: skip
    close_or_reopen([finding])
    if counts and kind in LOOKED:
        take_back_lapse(finding, at, by=by, at=step.received_at)
    return step


def is_own_work(finding: Finding, by: Person) -> bool:
    """Whether `by` may not look back at it: noted it, joined that visit, reported it done, or works there."""
    if is_finder(finding, by) or by.employer_id == finding.enterprise_id:
        return True
    return finding.steps.filter(by=by).exclude(kind__in=[*LOOKED, Step.Kind.NO_ACCESS]).exists()


def is_finder(finding: Finding, by: Person) -> bool:
    """Whether `by` noted it or joined that visit."""
    return by.pk in finding.visit.team or by.pk == finding.by_id


def locked(findings: Iterable[UUID]) -> dict[UUID, Finding]:
    """The findings with these ids, locked in one order, with what the verbs ask of them."""
    rows = Finding.objects.select_for_update(of=("self",)).select_related("visit", "enterprise", "item")
    return {row.pk: row for row in rows.filter(pk__in=list(findings)).order_by("pk")}


def proposal_of(finding: Finding) -> Step | None:
    """The proposal to close it unfixed that nothing has overtaken: no look-back, settling or reopening came after."""
    steps = finding.steps.order_by("-at", "-received_at", "-pk")
    last = steps.filter(counts=True).exclude(kind=Step.Kind.NO_ACCESS).first()
    return last if last is not None and last.kind == Step.Kind.PROPOSED_UNFIXED else None


def state_kind(finding: Finding) -> str:
    """The kind of the step that rules the finding now, "" before the first."""
    return Finding.objects.filter(pk=finding.pk).kinds()[finding.pk]


def unnoticed(visit: Visit) -> QuerySet[Finding]:
    """Open findings of the visit that stand on no notice (but withdrawn or replaced ones), in the checklist's order."""
    standing = NoticeLine.objects.filter(notice__withdrawn_at__isnull=True, notice__followed_by__isnull=True)
    rows = Finding.objects.filter(visit=visit).open().exclude(pk__in=standing.values("finding"))
    return rows.select_related("item").order_by("item__position", "noted_at", "pk")
