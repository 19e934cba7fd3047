"""停工: proposed, decided by the authority, served, checked daily, applied to resume, accepted, lifted.

The emergency way is in force first and falls by itself when nobody decides on it within set hours.
"""

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.authority import stop_work_paper
from parkkeeper.inspection.ladder import STOP, rung_of, stop_for
from parkkeeper.inspection.models import Finding, Item, Notice, Service, StopCheck, StopWork, Visit
from parkkeeper.inspection.steps import locked
from parkkeeper.inspection.stopped import tell_stop, write_down
from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.park.numbering import next_number
from parkkeeper.park.rulebook import hours


@transaction.atomic
def propose_stop_work(
    notice: Notice, *, extent: str, place: str, reason: str, conditions: str, by: Person, at: datetime
) -> StopWork:
    """Propose to the authority that a line, workshop or site stops until conditions are met.

    Raises Refused without scope, reason or conditions, when the basis of the visit that found the problem does not
    allow it, before the ladder's last rung is reached (rung_of), or while a stop for the same problem waits or runs.
    """
    require(by, "issue_notice", at=at, on=notice)
    locked(notice.lines.values_list("finding", flat=True))  # so that nobody else stops work for one of them meanwhile
    open_ones = Finding.objects.filter(lines__notice=notice).open().select_related("item", "visit")
    ripe = [finding for finding in open_ones if rung_of(finding).next == STOP]
    if not ripe:
        raise Refused(_("还没有到提请停工的一步：先开第二次通知书并约谈，复查仍不合格或同一问题反复出现时才能提请。"))
    for finding in ripe:
        _no_other(finding, at)
    facts = {"extent": extent, "place": place, "reason": reason, "conditions": conditions}
    made = _make(notice.visit, facts, by, at, notice=notice)
    record("stop_work.proposed", made, by=by, at=at, enterprise=made.enterprise_id, extent=extent, place=made.place)
    tell_stop("stop_proposed", made, at=at, by=by)
    return made


@transaction.atomic
def impose_stop_work(
    finding: Finding, *, extent: str, place: str, reason: str, conditions: str, by: Person, at: datetime
) -> StopWork:
    """Stop at once for an open finding of immediate danger; the authority decides within the hours of the rulebook
    (emergency_stop_review_hours), else it falls. Raises Refused as propose_stop_work, for a lesser finding, and for who
    imposed one for it before that nobody decided on: nobody renews the own one for ever."""
    require(by, "issue_notice", at=at, on=finding)
    finding = locked([finding.pk])[finding.pk]
    danger = finding.item.severity == Item.Severity.IMMEDIATE
    if not (danger and Finding.objects.open().filter(pk=finding.pk).exists()):
        raise Refused(_("紧急停工只能针对未结的“紧急”检查项。其他问题请走通知书和提请停工。"))
    facts = {"extent": extent, "place": place, "reason": reason, "conditions": conditions}
    _no_other(finding, at)
    before = StopWork.objects.filter(finding=finding, proposed_by=by)
    if any(stop.fell(at) for stop in before):
        raise Refused(
            _(
                "您为这个问题作出的紧急停工已因逾期未复核而失效，不能再次作出：须由另一名有权人员作出，或按通知书提请停工。"
            )
        )
    review = at + hours("emergency_stop_review_hours", at)
    made = _make(finding.visit, facts, by, at, finding=finding, emergency=True, review_due_at=review, in_force_at=at)
    write_down(made, at)
    record("stop_work.imposed", made, by=by, at=at, enterprise=made.enterprise_id, extent=extent, place=made.place,
           review_due_at=review.isoformat())  # fmt: skip
    tell_stop("stop_imposed", made, at=at, by=by)
    return made


def _no_other(finding: Finding, at: datetime) -> None:
    other = stop_for(finding, at)
    if other is not None:
        raise Refused(
            _("问题 %(item)s 已有停工（%(place)s，%(at)s 提出）在等待决定或执行，不能再提。请先办理那一次停工。")
            % {"item": finding.item.code, "place": other.place,
               "at": timezone.localtime(other.proposed_at).strftime("%m-%d %H:%M")}
        )  # fmt: skip


def _make(visit: Visit, facts: dict[str, str], by: Person, at: datetime, **more: Any) -> StopWork:
    if facts["extent"] not in StopWork.Extent.values or blank(facts["place"]):
        raise Refused(_("请写明停工范围：哪条生产线、哪个车间或厂区。"))
    if blank(facts["reason"]) or blank(facts["conditions"]):
        raise Refused(_("请写明停工理由和解除条件：没有解除条件的停工不能提出。"))
    paper = stop_work_paper(visit, timezone.localdate(at))
    if paper is None:
        raise Refused(
            _(
                "发现问题的检查依据是“%(basis)s”，没有停工的授权。请按有停工授权的依据另行检查，或在“检查设置”登记授权文件。"
            )
            % {"basis": visit.get_basis_display()}
        )
    texts = {key: tidy(text) for key, text in facts.items()}
    return StopWork.objects.create(
        enterprise=visit.enterprise, authorisation=paper, code=secrets.token_urlsafe(12), proposed_at=at,
        proposed_by=by, **texts, **more,
    )  # fmt: skip


@transaction.atomic
def decide_stop_work(stop: StopWork, *, approved: bool, note: str = "", by: Person, at: datetime) -> None:
    """The authority's word on a proposal, or its review of an emergency stop; the decision gets a number.

    Raises Refused when it is decided, lifted, has fallen, or is the proposer's own.
    """
    require(by, "decide_stop_work", at=at, on=stop)
    stop = _locked(stop)
    if stop.decided_at is not None:
        raise Refused(_("这次停工已有决定。"))
    if stop.proposed_by_id == by.pk:
        raise Refused(_("停工须由另一人决定。"))
    if stop.lifted_at is not None:
        raise Refused(_("停工已经解除。"))
    if stop.fell(at):
        raise Refused(_("紧急停工已因逾期未复核而失效。如仍有必要，须由另一名有权人员重新作出，或按通知书提请停工。"))
    stop.decided_at, stop.decided_by, stop.approved, stop.decision_note = at, by, approved, tidy(note)[:300]
    if approved:
        stop.year, stop.serial = next_number("stop_work", at)
    stop.save()
    write_down(stop, at)
    record("stop_work.decided", stop, by=by, at=at, enterprise=stop.enterprise_id, approved=approved,
           number=stop.number)  # fmt: skip
    tell_stop("stop_approved" if approved else "stop_turned_down", stop, at=at, by=by)


@transaction.atomic
def serve_stop_work(stop: StopWork, how: str, *, to: str = "", refusal: str = "", by: Person, at: datetime) -> None:
    """Serve the decision; a stop not in force is from now on. Raises Refused before it, twice, or when lifted."""
    require(by, "issue_notice", at=at, on=stop)
    stop = _locked(stop)
    if not stop.approved:
        raise Refused(_("停工决定作出后才能送达。"))
    if stop.lifted_at is not None:
        raise Refused(_("停工已经解除。"))
    if stop.served_at is not None:
        raise Refused(_("停工决定已经送达。"))
    if how not in Service.values or blank(to) == blank(refusal):
        raise Refused(_("请选择送达方式，并填写签收人或拒收情况（两者填一项）。"))
    stop.served_at, stop.served_by, stop.served_how = at, by, how
    stop.served_to, stop.receipt_refused = tidy(to)[:60], tidy(refusal)[:200]
    stop.in_force_at = stop.in_force_at or at
    stop.save()
    write_down(stop, at)
    record("stop_work.served", stop, by=by, at=at, enterprise=stop.enterprise_id, how=how, refused=bool(refusal))


@transaction.atomic
def check_stop_work(stop: StopWork, *, holds: bool, note: str = "", by: Person, at: datetime) -> StopCheck:
    """The daily look whether what was stopped stands still. Raises Refused when it is not in force, twice a day, or for
    a breach without words."""
    require(by, "inspect", at=at, on=stop)
    stop = _in_force(stop, at)
    if not holds and blank(note):
        raise Refused(_("发现违反停工的，请写明情况。"))
    with refusing({"stop_check_once_a_day": lambda: _("今天已经巡查过。")}):
        made = StopCheck.objects.create(
            stop_work=stop, day=timezone.localdate(at), at=at, by=by, holds=holds, note=tidy(note)[:300]
        )
    record("stop_work.checked", stop, by=by, at=at, enterprise=stop.enterprise_id, holds=holds)
    return made


@transaction.atomic
def apply_to_resume(stop: StopWork, *, note: str, by: Person, at: datetime) -> None:
    """The enterprise says that the conditions are met. Raises Refused without saying how, or while one waits."""
    require(by, "report_fixed", at=at, on=stop)
    stop = _in_force(stop, at)
    if blank(note):
        raise Refused(_("请说明解除条件如何已经满足。"))
    if stop.applied_at is not None:
        raise Refused(_("已申请复工，等待验收。"))
    stop.applied_at, stop.applied_by, stop.applied_note = at, by, tidy(note)[:300]
    stop.save(update_fields=["applied_at", "applied_by", "applied_note"])
    record("stop_work.applied", stop, by=by, at=at, enterprise=stop.enterprise_id)
    tell_stop("stop_applied", stop, at=at, by=by)


@transaction.atomic
def accept_resumption(stop: StopWork, *, met: bool, note: str = "", by: Person, at: datetime) -> None:
    """Look on site whether the conditions are met; when not, the application is returned with what is missing.

    Raises Refused without an application, or for people of the enterprise.
    """
    require(by, "inspect", at=at, on=stop)
    stop = _in_force(stop, at)
    if stop.applied_at is None or stop.accepted_at is not None:
        raise Refused(_("没有等待验收的复工申请。"))
    if by.pk == stop.applied_by_id or by.employer_id == stop.enterprise_id:
        raise Refused(_("验收须由企业以外的检查人员进行。"))
    if met:
        stop.accepted_at, stop.accepted_by = at, by
    elif blank(note):
        raise Refused(_("退回申请的，请写明还缺什么。"))
    else:
        stop.applied_at, stop.applied_by, stop.applied_note = None, None, ""
    stop.save()
    record("stop_work.accepted" if met else "stop_work.returned", stop, by=by, at=at, enterprise=stop.enterprise_id,
           note=tidy(note))  # fmt: skip
    tell_stop("stop_accepted" if met else "stop_returned", stop, at=at, by=by)


@transaction.atomic
def lift_stop_work(stop: StopWork, *, by: Person, at: datetime) -> None:
    """End the stop after its acceptance; another person than the one who accepted. Raises Refused before that."""
    require(by, "decide_stop_work", at=at, on=stop)
    stop = _in_force(stop, at)
    if stop.accepted_at is None:
        raise Refused(_("验收通过后才能解除停工。"))
    if stop.accepted_by_id == by.pk:
        raise Refused(_("解除停工须由验收人以外的人决定。"))
    stop.lifted_at, stop.lifted_by = at, by
    stop.save(update_fields=["lifted_at", "lifted_by"])
    write_down(stop, at)
    record("stop_work.lifted", stop, by=by, at=at, enterprise=stop.enterprise_id)
    tell_stop("stop_lifted", stop, at=at, by=by)


def _locked(stop: StopWork) -> StopWork:
    return StopWork.objects.select_for_update(of=("self",)).select_related("enterprise").get(pk=stop.pk)


def _in_force(stop: StopWork, at: datetime) -> StopWork:
    row = _locked(stop)
    if not row.binds(at):
        raise Refused(_("这次停工不在生效期间。"))
    return row
