"""整改通知书: issued with a number and a clock, served, extended, stopped and resumed, withdrawn."""

import secrets
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.authority import certificate_of
from parkkeeper.inspection.following import reckon
from parkkeeper.inspection.ladder import failed_again
from parkkeeper.inspection.models import ClockStop, Extension, Finding, Notice, NoticeLine, Service, Visit
from parkkeeper.inspection.steps import locked, unnoticed
from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import may, require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.park.numbering import next_number
from parkkeeper.park.workdays import term_of
from parkkeeper.planning.working_time import Term, Unit

MOST_DAYS = 366  # of more time; longer needs another notice


@transaction.atomic
def issue_notice(visit: Visit, *, second: Person | None = None, by: Person, at: datetime) -> Notice:
    """Order the enterprise to put right what this visit found and nobody settled (整改通知书), or advise it.

    Raises Refused without open findings, without a second inspector, for people whom the enterprise employs, or when
    who signs an order has no valid certificate.
    """
    require(by, "issue_notice", at=at, on=visit)
    visit = _locked(visit)
    locked(visit.findings.values_list("pk", flat=True))  # so that no phone settles one of them meanwhile
    findings = list(unnoticed(visit))
    if not findings:
        raise Refused(_("这次检查没有还未开具通知书的未结问题。"))
    notice = _issue(visit, findings, None, second or visit.second, by, at)
    _issued(notice, findings, by, at)
    return notice


@transaction.atomic
def issue_second_notice(notice: Notice, *, second: Person | None = None, by: Person, at: datetime) -> Notice:
    """Issue a second notice for what a look-back found not put right; it takes the place of the first.

    Raises Refused when no look-back has failed, or the first notice is closed, withdrawn or replaced.
    """
    require(by, "issue_notice", at=at, on=notice)
    locked(notice.lines.values_list("finding", flat=True))  # before the notice, as every step of a finding locks them
    notice = _open(notice)
    if not failed_again(notice):
        raise Refused(_("复查没有不合格的事项，不能开具第二次通知书。"))
    findings = list(Finding.objects.filter(lines__notice=notice).open().order_by("noted_at", "pk"))
    made = _issue(notice.visit, findings, notice, second or notice.second, by, at)
    _issued(made, findings, by, at)
    return made


@transaction.atomic
def hold_talk(notice: Notice, *, people: str, minutes: str, held_at: datetime, by: Person, at: datetime) -> None:
    """Write down the talk (约谈) that goes with a second notice: when, with whom, what was said.

    Raises Refused before a look-back has failed, twice, without names or minutes, or for people of the enterprise.
    """
    require(by, "issue_notice", at=at, on=notice)
    notice = _open(notice)
    if notice.follows_id is None and not failed_again(notice):
        raise Refused(_("复查没有不合格的事项，不必约谈。"))
    if notice.talked_at is not None:
        raise Refused(_("这份通知书已经约谈过。"))
    if blank(people) or blank(minutes):
        raise Refused(_("请写明约谈了企业的谁、谈了什么。"))
    if not notice.issued_at <= held_at <= at:
        raise Refused(_("约谈时间须在通知书开具之后，且不晚于现在。"))
    if by.employer_id == notice.enterprise_id:
        raise Refused(_("约谈须由企业以外的人主持。"))
    notice.talked_at, notice.talked_by = held_at, by
    notice.talked_with, notice.talk_minutes = tidy(people)[:120], minutes.strip()[:2000]
    notice.save(update_fields=["talked_at", "talked_by", "talked_with", "talk_minutes"])
    record("notice.talk_held", notice, by=by, at=at, enterprise=notice.enterprise_id, happened=held_at.isoformat())


def _issued(notice: Notice, findings: Collection[Finding], by: Person, at: datetime) -> None:
    more = {"follows": notice.follows_id} if notice.follows_id else {}
    record("notice.issued", notice, by=by, at=at, enterprise=notice.enterprise_id, number=notice.number,
           findings=[str(f.pk) for f in findings], wording=notice.wording,
           due_at=_told(notice.due_at), **more)  # fmt: skip


def _locked(visit: Visit) -> Visit:
    rows = Visit.objects.select_for_update(of=("self",)).select_related("enterprise", "second")
    return rows.get(pk=visit.pk)


def _issue(
    visit: Visit, findings: Collection[Finding], follows: Notice | None, second: Person | None, by: Person, at: datetime
) -> Notice:
    if second is None or second.pk == by.pk:
        raise Refused(_("通知书须由两名检查人员签发，请填写另一名检查人员。"))
    for one in (by, second):
        if one.employer_id == visit.enterprise_id:
            raise Refused(_("%(name)s 受雇于被检查企业，不能签发。") % {"name": one.name})
    # advice may be signed with whoever went along; an order only by two who may each give it
    if visit.orders and not may(second, "issue_notice", at=at, on=visit):
        raise Refused(_("%(name)s 不能签发责令整改通知书，请另填一名检查人员。") % {"name": second.name})
    bare = [one.name for one in (by, second) if visit.orders and not certificate_of(one, at)]
    if bare:
        raise Refused(
            _("%(names)s 没有有效的检查人员上岗证，不能签发责令整改通知书。请换人签发，或先在“设置 · 上岗证”登记。")
            % {"names": "、".join(bare)}
        )
    year, serial = next_number("notice", at)
    hours = [finding.item.hours for finding in findings if finding.item.hours]
    term = Term(Unit.HOURS, min(hours)) if hours else term_of("notice_term", at)
    notice = Notice.objects.create(
        year=year, serial=serial, code=secrets.token_urlsafe(12), enterprise_id=visit.enterprise_id, visit=visit,
        wording=Notice.Wording.ORDER if visit.orders else Notice.Wording.ADVICE, follows=follows,
        unit=term.unit.value, amount=term.amount, issued_at=at, issued_by=by, second=second,
    )  # fmt: skip
    NoticeLine.objects.bulk_create(NoticeLine(notice=notice, finding=f, todo=f.item.remedy) for f in findings)
    reckon(notice)
    return notice


@transaction.atomic
def serve_notice(
    notice: Notice, how: str, *, to: str = "", place: str = "", refusal: str = "", by: Person, at: datetime
) -> None:
    """Write down who received the notice, where, how and when, or why nobody signed for it; its clock begins here.

    Raises Refused when it was served before, or when nobody is named and no refusal is told.
    """
    require(by, "issue_notice", at=at, on=notice)
    notice = _open(notice)
    if notice.served_at is not None:
        raise Refused(
            _("通知书 %(number)s 已于 %(at)s 送达。")
            % {"number": notice.number, "at": timezone.localtime(notice.served_at).strftime("%m-%d %H:%M")}
        )
    if how not in Service.values:
        raise Refused(_("请选择送达方式。"))
    if blank(to) == blank(refusal):
        raise Refused(_("请填写签收人；无人签收的，请写明拒收情况（两者填一项）。"))
    notice.served_at, notice.served_by, notice.served_how = at, by, how
    notice.served_to, notice.served_place = tidy(to)[:60], tidy(place)[:120]
    notice.receipt_refused = tidy(refusal)[:200]
    notice.save()
    reckon(notice)
    record("notice.served", notice, by=by, at=at, enterprise=notice.enterprise_id, how=how, refused=bool(refusal),
           due_at=_told(notice.due_at))  # fmt: skip


@transaction.atomic
def withdraw_notice(notice: Notice, *, reason: str, by: Person, at: datetime) -> None:
    """Take a notice back; its findings stay open and may go on another one. Raises Refused without a reason."""
    require(by, "approve_extension", at=at, on=notice)
    notice = _open(notice)
    _needs(reason)
    notice.withdrawn_at, notice.withdrawn_by, notice.withdrawn_reason = at, by, tidy(reason)[:300]
    notice.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    record("notice.withdrawn", notice, by=by, at=at, enterprise=notice.enterprise_id, reason=notice.withdrawn_reason)


@transaction.atomic
def ask_extension(notice: Notice, amount: float, *, reason: str, by: Person, at: datetime) -> Extension:
    """Ask for more time, in the notice's own unit, before it is due. Raises Refused later, or while one is asked."""
    require(by, "report_fixed", at=at, on=notice)
    notice = _open(notice)
    _needs(reason)
    if notice.due_at is not None and notice.due_at <= at:
        raise Refused(_("延期须在到期之前申请。请尽快整改并自报，等待复查。"))
    days = notice.unit == Unit.WORKING_DAYS.value
    if not 0 < amount <= (MOST_DAYS if days else 24 * MOST_DAYS) or (days and amount != int(amount)):
        raise Refused(_("请填写要延长多久（大于 0，最多一年；按工作日的填整数）。"))
    waiting = {"extension_one_undecided": lambda: _("已有一份延期申请等待批准。")}
    with refusing(waiting):
        asked = Extension.objects.create(
            notice=notice, amount=amount, reason=tidy(reason)[:300], asked_at=at, asked_by=by
        )
    record("extension.asked", asked, by=by, at=at, enterprise=notice.enterprise_id, notice=notice.pk, amount=amount)
    return asked


@transaction.atomic
def decide_extension(extension: Extension, *, granted: bool, note: str = "", by: Person, at: datetime) -> None:
    """Grant or refuse more time; another person than the one who asked. Raises Refused when it is decided already."""
    require(by, "approve_extension", at=at, on=extension.notice)
    notice = _open(extension.notice)
    extension = Extension.objects.select_for_update().get(pk=extension.pk)
    if extension.decided_at is not None:
        raise Refused(_("这份延期申请已有决定。"))
    if extension.asked_by_id == by.pk:
        raise Refused(_("延期须由另一人批准。"))
    extension.decided_at, extension.decided_by, extension.granted = at, by, granted
    extension.decision_note = tidy(note)[:300]
    extension.save()
    reckon(notice)
    record("extension.decided", extension, by=by, at=at, enterprise=notice.enterprise_id, notice=notice.pk,
           granted=granted, due_at=_told(notice.due_at))  # fmt: skip


@transaction.atomic
def stop_clock(notice: Notice, *, reason: str, by: Person, at: datetime) -> ClockStop:
    """Let the notice's clock stand still: the enterprise cannot act (sealed off, no access). Raises Refused when it
    stands already, or its time is up."""
    require(by, "approve_extension", at=at, on=notice)
    notice = _open(notice)
    _needs(reason)
    if notice.stops.filter(during__upper_inf=True).exists():
        raise Refused(_("计时已经中止。"))
    if notice.due_at is not None and notice.due_at <= at:
        raise Refused(_("期限已到，不能再中止计时。"))
    stop = ClockStop.objects.create(notice=notice, during=(at, None), reason=tidy(reason)[:300], by=by)
    reckon(notice)
    record("clock.stopped", notice, by=by, at=at, enterprise=notice.enterprise_id, reason=stop.reason)
    return stop


@transaction.atomic
def resume_clock(notice: Notice, *, by: Person, at: datetime) -> None:
    """Let the notice's clock run again. Raises Refused when it runs."""
    require(by, "approve_extension", at=at, on=notice)
    notice = _open(notice)
    stop = notice.stops.filter(during__upper_inf=True).first()
    if stop is None:
        raise Refused(_("计时没有中止。"))
    if stop.during.lower >= at:
        raise Refused(_("恢复时间必须晚于中止时间。"))
    stop.during, stop.ended_by = (stop.during.lower, at), by
    stop.save(update_fields=["during", "ended_by"])
    reckon(notice)
    record("clock.resumed", notice, by=by, at=at, enterprise=notice.enterprise_id, due_at=_told(notice.due_at))


def _open(notice: Notice) -> Notice:
    """The notice, locked and read anew. Raises Refused when it is at its end."""
    rows = Notice.objects.select_for_update(of=("self",)).select_related("enterprise", "visit__enterprise", "second")
    row = rows.get(pk=notice.pk)
    if row.closed_at is not None:
        raise Refused(_("通知书 %(number)s 已办结。") % {"number": row.number})
    if row.withdrawn_at is not None:
        raise Refused(_("通知书 %(number)s 已撤回。") % {"number": row.number})
    if Notice.objects.filter(follows=row).exists():
        raise Refused(_("通知书 %(number)s 已由第二次通知书代替。") % {"number": row.number})
    return row


def _needs(reason: str) -> None:
    if blank(reason):
        raise Refused(_("请写明理由。"))


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
