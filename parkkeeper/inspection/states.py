"""What visits, findings, notices and stops are called as they stand, and in which tone; derived, never stored."""

from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.inspection.models import Notice, Step, StopWork, Visit

Said = tuple[str | Promise, str]

FINDING: dict[str, Said] = {
    "": (_("未整改"), "warn"),
    Step.Kind.ON_THE_SPOT: (_("当场整改"), "ok"),
    Step.Kind.REPORTED: (_("已自报，待复查"), "wait"),
    Step.Kind.FIXED: (_("已整改"), "ok"),
    Step.Kind.PARTLY: (_("部分整改"), "bad"),
    Step.Kind.NOT_FIXED: (_("复查未整改"), "bad"),
    Step.Kind.HUNG_UP: (_("挂账"), "info"),
    Step.Kind.UNFIXED: (_("销项（未整改）"), "plain"),
    Step.Kind.REOPENED: (_("重新打开"), "warn"),
}
"""By the kind of the step that rules (Finding.objects.with_last)."""

NOTICE_STATES: tuple[tuple[str, str | Promise], ...] = (
    ("open", _("未办结")),
    ("overdue", _("逾期")),
    ("lapsed", _("逾期未复查")),
    ("stopped", _("计时中止")),
    ("closed", _("已办结")),
    ("ended", _("已撤回或代替")),
)


VISIT_STATES: tuple[tuple[str, str | Promise], ...] = (
    ("going", _("进行中")),
    ("ended", _("待例会")),
    ("reviewed", _("例会已议")),
)


def say_visit(visit: Visit, *, reviewed: bool) -> Said:
    """How far a visit is: under way, ended, or talked about at its day's debrief (debriefbook.with_reviewed)."""
    if visit.ended_at is None:
        return _("进行中"), "wait"
    return (_("例会已议"), "ok") if reviewed else (_("待例会"), "info")


def say_notice(notice: Notice, at: datetime, *, replaced: bool) -> Said:
    """How a notice stands at `at`; `replaced`: a second one has taken its place."""
    if notice.withdrawn_at is not None:
        return _("已撤回"), "plain"
    if replaced:
        return _("已由第二次通知书代替"), "plain"
    if notice.closed_at is not None:
        return _("已办结"), "ok"
    if notice.due_at is None:
        return _("计时中止"), "wait"
    if notice.due_at <= at:
        return (_("逾期未复查"), "bad") if notice.lapsed_at is not None else (_("逾期"), "bad")
    return (_("限期内"), "info") if notice.served_at is not None else (_("未送达"), "warn")


def say_stop(stop: StopWork, at: datetime) -> Said:
    """How a stop of work stands at `at`."""
    if stop.lifted_at is not None:
        return _("已解除"), "ok"
    if stop.approved is False:
        return _("未获批准"), "plain"
    if stop.fell(at):
        return _("逾期未复核，已失效"), "plain"
    if stop.accepted_at is not None:
        return _("验收通过，待解除"), "wait"
    if stop.applied_at is not None:
        return _("已申请复工"), "wait"
    if stop.in_force_at is not None:
        return (_("停工中"), "bad") if stop.decided_at else (_("紧急停工，待复核"), "bad")
    return (_("待送达"), "warn") if stop.approved else (_("待决定"), "warn")
