"""What a finding may lead to: the same problem again, and the next rung of the ladder."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.inspection.models import FAILED, Finding, Item, Notice, Step, StopWork
from parkkeeper.inspection.repeats import repeats_of
from parkkeeper.park.rulebook import rule, rules

NOTICE, SECOND, TALK, LOOK, STOP = "notice", "second_notice", "talk", "look_back", "stop_work"
STEPS = {
    NOTICE: _("开具整改通知书"), SECOND: _("开具第二次通知书并约谈"), TALK: _("约谈"), LOOK: _("复查"),
    STOP: _("提请停工"),
}  # fmt: skip


@dataclass(frozen=True)
class Rung:
    """Where a finding stands: how often it was there before, how often a look-back failed, what comes next (STEPS)."""

    repeats: int
    failed: int
    next: str
    immediate: bool

    @property
    def next_words(self) -> str:
        return str(STEPS[self.next])


def rung_of(finding: Finding) -> Rung:
    """The next rung for a finding: a notice and its look-back; when that failed a second notice, a talk and another
    look-back; when that failed, or for the same problem again and again, a proposal to stop work. None is skipped.

    The same problem counts within the window of the rulebook (repeat_window_days), and only when the earlier look-back
    passed or nobody looked in time (Finding.objects.same_problem).
    """
    at = finding.noted_at
    repeats = Finding.objects.same_problem(finding, days=float(rule("repeat_window_days", at))).count()
    failed = list(finding.steps.filter(kind__in=FAILED, counts=True).values_list("at", flat=True))
    notices = Notice.objects.filter(lines__finding=finding, withdrawn_at__isnull=True).order_by("issued_at", "pk")
    step = STOP if repeats >= int(rule("repeats_to_stop_work", at)) else _after(list(notices), failed)
    return Rung(repeats, len(failed), step, finding.item.severity == Item.Severity.IMMEDIATE)


def stop_for(finding: Finding, at: datetime) -> StopWork | None:
    """The stop of work that waits or runs at `at` for that finding: imposed for it, or, once it has come to the last
    rung, proposed for a notice that names it."""
    same = Q(finding=finding)
    if rung_of(finding).next == STOP:
        same |= Q(notice__in=finding.lines.values("notice"))
    return StopWork.objects.running(at).filter(same).order_by("pk").first()


def _after(notices: list[Notice], failed: list[datetime]) -> str:
    if not notices:
        return NOTICE
    failed_last = any(at >= notices[-1].issued_at for at in failed)
    if notices[-1].follows_id is None:
        return SECOND if failed_last else LOOK
    if all(notice.talked_at is None for notice in notices):
        return TALK
    return STOP if failed_last else LOOK


def again_and_again(notice: Notice) -> bool:
    """Whether one of the notice's findings is the same problem so often that it leads to the last rung by itself."""
    window, most = rules(("repeat_window_days", "repeats_to_stop_work"), notice.issued_at)
    found = repeats_of(list(notice.lines.values_list("finding", flat=True)), float(window))
    return any(times >= int(most) for times in found.values())


def failed_again(notice: Notice) -> bool:
    """Whether a look-back after the notice found one of its findings not put right."""
    steps = Step.objects.filter(finding__lines__notice=notice, kind__in=FAILED, counts=True)
    return steps.filter(at__gte=notice.issued_at).exists()
