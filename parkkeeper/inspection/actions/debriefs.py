"""例会: causes are named, the meeting is held, decides, orders measures with an owner and a last day, and is closed."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.agenda import agenda_of
from parkkeeper.inspection.debriefbook import may_finish
from parkkeeper.inspection.models import Cause, Debrief, Decision, Finding, Measure
from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Message, Person


@transaction.atomic
def name_cause(finding: Finding, kind: str, *, note: str = "", by: Person, at: datetime) -> Cause:
    """Say why a finding came about (Cause.Kind). Raises Refused for an unknown kind, and for "other" without words."""
    require(by, "inspect", at=at, on=finding)
    if kind not in Cause.Kind.values:
        raise Refused(_("请选择原因。"))
    if kind == Cause.Kind.OTHER and blank(note):
        raise Refused(_("选择“其他原因”的，请写明是什么原因。"))
    made = Cause.objects.create(finding=finding, kind=kind, note=tidy(note)[:300], at=at, by=by)
    record("finding.cause_named", finding, by=by, at=at, enterprise=finding.enterprise_id, cause=kind)
    return made


@transaction.atomic
def hold_debrief(day: date, *, attendance: str = "", by: Person, at: datetime) -> Debrief:
    """Open the meeting about a local day. Raises Refused for a day to come, and when it was held already."""
    require(by, "hold_debrief", at=at)
    if day > timezone.localdate(at):
        raise Refused(_("不能召开将来某天的例会。"))
    with refusing({"debrief_once_a_day": lambda: _("%(day)s 的例会已经召开。") % {"day": day}}):
        made = Debrief.objects.create(day=day, held_at=at, held_by=by, attendance=tidy(attendance)[:500])
    record("debrief.held", made, by=by, at=at, day=day.isoformat())
    return made


@transaction.atomic
def decide(debrief: Debrief, text: str, *, by: Person, at: datetime) -> Decision:
    """Write down what the meeting decided. Raises Refused without words, or when it is closed."""
    require(by, "hold_debrief", at=at)
    debrief = _open(debrief)
    if blank(text):
        raise Refused(_("请写明决定了什么。"))
    made = Decision.objects.create(debrief=debrief, text=tidy(text)[:500], at=at, by=by)
    record("debrief.decided", debrief, by=by, at=at, decision=made.pk)
    return made


@transaction.atomic
def order_measure(debrief: Debrief, text: str, *, owner: Person, due_on: date, by: Person, at: datetime) -> Measure:
    """Order that somebody does something by the end of a local day. Raises Refused without words, for a day that is
    over, or when the meeting is closed."""
    require(by, "hold_debrief", at=at)
    debrief = _open(debrief)
    if blank(text):
        raise Refused(_("请写明要做什么。"))
    if due_on < timezone.localdate(at):
        raise Refused(_("期限不能早于今天。"))
    made = Measure.objects.create(debrief=debrief, text=tidy(text)[:500], owner=owner, due_on=due_on, at=at, by=by)
    Message.objects.create(kind="measure_ordered", to=owner, sent_at=at, link=f"/measures/{made.pk}",
                           params={"text": made.text[:80], "due": due_on.isoformat()})  # fmt: skip
    record("measure.ordered", made, by=by, at=at, person=owner.pk, due_on=due_on.isoformat())
    return made


@transaction.atomic
def finish_measure(measure: Measure, *, note: str, by: Person, at: datetime) -> None:
    """Say that a measure is done, and how: its owner, or who may hold the meeting.

    Raises Refused for anybody else, without words, or when it is done.
    """
    require(by, "see_own", at=at)
    measure = Measure.objects.select_for_update().get(pk=measure.pk)
    if measure.done_at is not None:
        raise Refused(_("这项措施已经办结。"))
    if not may_finish(measure, by, at):
        raise Refused(_("措施由责任人或例会主持人办结。"))
    if blank(note):
        raise Refused(_("请写明完成情况。"))
    measure.done_at, measure.done_by, measure.done_note = at, by, tidy(note)[:300]
    measure.save(update_fields=["done_at", "done_by", "done_note"])
    record("measure.finished", measure, by=by, at=at, person=measure.owner_id, due_on=measure.due_on.isoformat())


@transaction.atomic
def close_debrief(debrief: Debrief, *, notes: str = "", by: Person, at: datetime) -> None:
    """End the meeting: the agenda that it saw is kept for its minutes. Raises Refused when it is closed."""
    require(by, "hold_debrief", at=at)
    debrief = _open(debrief)
    debrief.notes, debrief.agenda = notes.strip()[:4000], agenda_of(debrief.day, at)
    debrief.closed_at, debrief.closed_by = at, by
    debrief.save(update_fields=["notes", "agenda", "closed_at", "closed_by"])
    record("debrief.closed", debrief, by=by, at=at, decisions=debrief.decisions.count(),
           measures=debrief.measures.count())  # fmt: skip


def _open(debrief: Debrief) -> Debrief:
    found = Debrief.objects.select_for_update().get(pk=debrief.pk)
    if found.closed_at is not None:
        raise Refused(_("例会已经结束，纪要不再改动。"))
    return found
