"""What a finding may lead to: the same problem again, and the next rung of the ladder."""

from dataclasses import dataclass

from parkkeeper.inspection.models import FAILED, Finding, Item, Notice, Step
from parkkeeper.park.rulebook import rule

NOTICE, SECOND, STOP = "notice", "second_notice", "stop_work"


@dataclass(frozen=True)
class Rung:
    """Where a finding stands: how often it was there before, how often a look-back failed, what comes next."""

    repeats: int
    failed: int
    next: str
    immediate: bool


def rung_of(finding: Finding) -> Rung:
    """The next rung for a finding: a notice; after a failed look-back a second notice and a talk; after a failed second
    notice, or the same problem again and again, a proposal to stop work.

    The same problem counts within the window of the rulebook (repeat_window_days), and only when the earlier look-back
    passed or nobody looked in time (Finding.objects.same_problem).
    """
    at = finding.noted_at
    repeats = Finding.objects.same_problem(finding, days=float(rule("repeat_window_days", at))).count()
    failed = finding.steps.filter(kind__in=FAILED, counts=True).count()
    notices = Notice.objects.filter(lines__finding=finding, withdrawn_at__isnull=True).count()
    most = int(rule("repeats_to_stop_work", at))
    again = SECOND if failed and notices else NOTICE
    step = STOP if repeats >= most or (failed and notices > 1) else again
    return Rung(repeats, failed, step, finding.item.severity == Item.Severity.IMMEDIATE)


def failed_again(notice: Notice) -> bool:
    """Whether a look-back after the notice found one of its findings not put right."""
    steps = Step.objects.filter(finding__lines__notice=notice, kind__in=FAILED, counts=True)
    return steps.filter(at__gte=notice.issued_at).exists()
