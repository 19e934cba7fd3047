"""What a reader may do with a finding, a notice or a stop of work: one table of acts, one view that does them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from parkkeeper.inspection.actions import cases, debriefs, exclusions, lookbacks, notices, stopwork
from parkkeeper.inspection.ladder import again_and_again, failed_again, stop_for
from parkkeeper.inspection.models import SETTLED, Cause, Finding, Notice, Service, Step, StopWork, Visit
from parkkeeper.inspection.steps import state_kind
from parkkeeper.kernel import clock
from parkkeeper.park import access
from parkkeeper.park.errors import Refused
from parkkeeper.park.forms import OfficeForm, PersonField, day_field, moment_field, show_form
from parkkeeper.park.requests import OfficeRequest

BIGGEST_PICTURE = 20 * 1024 * 1024
Picture = tuple[bytes, str, str]
_YES, _NO = "yes", "no"


class Pictures(forms.ClearableFileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Several pictures at once; cleans to (content, name, media type) each."""

    def __init__(self, **kwargs: Any) -> None:
        widget = Pictures(attrs={"accept": "image/png,image/jpeg,image/webp"})
        super().__init__(widget=widget, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = [f for f in (data if isinstance(data, list | tuple) else [data]) if f]
        for file in files:
            if file.size > BIGGEST_PICTURE or file.content_type not in ("image/png", "image/jpeg", "image/webp"):
                raise forms.ValidationError(
                    _("“%(name)s”不是 20 MB 以内的 PNG、JPEG 或 WebP 图片。") % {"name": file.name}
                )
        return [(file.read(), file.name, file.content_type) for file in files]


class NothingForm(OfficeForm):
    """Only to be confirmed."""


class ReasonForm(OfficeForm):
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class NoteForm(OfficeForm):
    note = forms.CharField(label=gettext_lazy("说明"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class CauseForm(OfficeForm):
    kind = forms.ChoiceField(label=gettext_lazy("原因"), choices=Cause.Kind.choices)
    note = forms.CharField(label=gettext_lazy("说明"), max_length=300, required=False)


class CaseForm(OfficeForm):
    title = forms.CharField(label=gettext_lazy("标题"), max_length=80)
    text = forms.CharField(
        label=gettext_lazy("正文"), max_length=2000, widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("原来有什么问题、怎样整改、别的企业可以学什么。不要写个人姓名。"),
    )  # fmt: skip


class ReportForm(OfficeForm):
    note = forms.CharField(label=gettext_lazy("整改情况"), max_length=300, required=False,
                           widget=forms.Textarea(attrs={"rows": 3}))  # fmt: skip
    pictures = PicturesField(label=gettext_lazy("整改后照片"), required=False)


class LookForm(OfficeForm):
    outcome = forms.ChoiceField(
        label=gettext_lazy("复查结果"), choices=[(k, Step.Kind(k).label) for k in lookbacks.OUTCOMES],
        widget=forms.RadioSelect,
    )  # fmt: skip
    note = forms.CharField(label=gettext_lazy("说明"), max_length=300, required=False)


class HangForm(ReasonForm):
    until = day_field(gettext_lazy("复核日期"))


class ServeForm(OfficeForm):
    how = forms.ChoiceField(label=gettext_lazy("送达方式"), choices=Service.choices)
    to = forms.CharField(label=gettext_lazy("签收人"), max_length=60, required=False)
    refusal = forms.CharField(label=gettext_lazy("拒收情况"), max_length=200, required=False,
                              help_text=gettext_lazy("无人签收时填写：谁、如何拒收，何人见证。"))  # fmt: skip


class ServePlaceForm(ServeForm):
    place = forms.CharField(label=gettext_lazy("送达地点"), max_length=120, required=False)


class SecondForm(OfficeForm):
    second = PersonField(label=gettext_lazy("另一名检查人员"), help_text=gettext_lazy("姓名、工号或证件号；可不填"),
                         required=False)  # fmt: skip


class ExtensionForm(ReasonForm):
    amount = forms.FloatField(label=gettext_lazy("延长多久"), min_value=0.01,
                              help_text=gettext_lazy("单位与通知书的期限相同（小时或工作日）"))  # fmt: skip


class TalkForm(OfficeForm):
    people = forms.CharField(label=gettext_lazy("约谈对象"), max_length=120,
                             help_text=gettext_lazy("企业的谁参加：姓名、职务"))  # fmt: skip
    held_at = moment_field(gettext_lazy("约谈时间"))
    minutes = forms.CharField(label=gettext_lazy("约谈记录"), max_length=2000, widget=forms.Textarea(attrs={"rows": 6}))


class YesNoForm(OfficeForm):
    note = forms.CharField(label=gettext_lazy("说明"), max_length=300, required=False)
    asks = ""

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        return {**found, self.asks: found.get(self.asks) == _YES}


def yes_or_no(label: Any, yes: Any, no: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[(_YES, yes), (_NO, no)], widget=forms.RadioSelect)


class GrantForm(YesNoForm):
    asks = "granted"
    granted = yes_or_no(gettext_lazy("决定"), gettext_lazy("同意延期"), gettext_lazy("不同意"))


class ExcludeForm(YesNoForm):
    asks = "granted"
    granted = yes_or_no(gettext_lazy("决定"), gettext_lazy("同意不计考核"), gettext_lazy("不同意"))


class ApproveForm(YesNoForm):
    asks = "approved"
    approved = yes_or_no(gettext_lazy("决定"), gettext_lazy("批准停工"), gettext_lazy("不批准"))


class HoldsForm(YesNoForm):
    asks = "holds"
    holds = yes_or_no(gettext_lazy("巡查结果"), gettext_lazy("确已停工"), gettext_lazy("仍在生产"))


class MetForm(YesNoForm):
    asks = "met"
    met = yes_or_no(gettext_lazy("验收结果"), gettext_lazy("解除条件已满足"), gettext_lazy("未满足，退回"))


class StopForm(ReasonForm):
    extent = forms.ChoiceField(label=gettext_lazy("范围"), choices=StopWork.Extent.choices)
    place = forms.CharField(label=gettext_lazy("哪条生产线、哪个车间或厂区"), max_length=120)
    conditions = forms.CharField(label=gettext_lazy("解除条件"), max_length=500,
                                 widget=forms.Textarea(attrs={"rows": 3}))  # fmt: skip


@dataclass(frozen=True)
class Act:
    """Something to do with a thing: title, form, what it does, the verb that must be granted, when it is offered."""

    title: str | Promise
    form: type[OfficeForm]
    do: Callable[..., object]
    verb: str
    when: Callable[[Any], bool] = lambda thing: True


def _decide(notice: Notice, **more: Any) -> None:
    asked = notice.extensions.filter(decided_at=None).first()
    if asked is None:
        raise Refused(_("没有等待决定的延期申请。"))
    notices.decide_extension(asked, **more)


def _decide_exclusion(finding: Finding, **more: Any) -> None:
    asked = finding.exclusions.filter(decided_at=None).first()
    if asked is None:
        raise Refused(_("没有等待决定的不计考核申请。"))
    exclusions.decide_exclusion(asked, **more)


def _live(notice: Notice) -> bool:
    if "_live" not in notice.__dict__:  # most acts ask: once a page is enough
        ended = notice.closed_at or notice.withdrawn_at
        notice.__dict__["_live"] = not ended and not Notice.objects.filter(follows=notice).exists()
    return bool(notice.__dict__["_live"])


def _failed(notice: Notice) -> bool:
    if "_failed" not in notice.__dict__:
        notice.__dict__["_failed"] = _live(notice) and failed_again(notice)
    return bool(notice.__dict__["_failed"])


def _binds(stop: StopWork) -> bool:
    return stop.binds(clock.now())


def _leads_to_a_stop(notice: Notice) -> bool:
    return _failed(notice) or (_live(notice) and again_and_again(notice))


def _talk_is_due(notice: Notice) -> bool:
    return _live(notice) if notice.follows_id else _failed(notice)


def _open(finding: Finding) -> bool:
    return state_kind(finding) not in SETTLED


FINDING_ACTS: dict[str, Act] = {
    "report": Act(gettext_lazy("自报已整改"), ReportForm, lookbacks.report_fixed, "report_fixed", _open),
    "look": Act(pgettext_lazy("button", "复查"), LookForm, lookbacks.look_back, "inspect", _open),
    "hang": Act(pgettext_lazy("button", "挂账"), HangForm, lookbacks.hang_up, "issue_notice", _open),
    "propose": Act(pgettext_lazy("button", "提出销项"), ReasonForm, lookbacks.propose_unfixed, "issue_notice", _open),
    "confirm": Act(pgettext_lazy("button", "确认销项"), ReasonForm, lookbacks.confirm_unfixed, "approve_extension",
                   _open),
    "reopen": Act(pgettext_lazy("button", "重新打开"), ReasonForm, lookbacks.reopen_finding, "issue_notice",
                  lambda finding: not _open(finding)),
    "impose": Act(pgettext_lazy("button", "紧急停工"), StopForm, stopwork.impose_stop_work, "issue_notice",
                  lambda finding: finding.item.severity == "!!" and finding.visit.orders and _open(finding)
                  and stop_for(finding, clock.now()) is None),
    "exclude": Act(pgettext_lazy("button", "申请不计考核"), ReasonForm, exclusions.ask_exclusion, "issue_notice",
                   lambda finding: not finding.exclusions.exclude(granted=False).exists()),
    "cause": Act(pgettext_lazy("button", "分析原因"), CauseForm, debriefs.name_cause, "inspect"),
    "case": Act(pgettext_lazy("button", "写成案例"), CaseForm, cases.draft_case, "write_case",
                lambda finding: state_kind(finding) in cases.GOOD and not finding.cases.filter(withdrawn_at=None)),
    "decide": Act(gettext_lazy("决定是否计考核"), ExcludeForm, _decide_exclusion, "approve_exclusion",
                  lambda finding: finding.exclusions.filter(decided_at=None).exists()),
}  # fmt: skip
NOTICE_ACTS: dict[str, Act] = {
    "serve": Act(gettext_lazy("登记送达"), ServePlaceForm, notices.serve_notice, "issue_notice",
                 lambda notice: _live(notice) and notice.served_at is None),
    "extend": Act(pgettext_lazy("button", "申请延期"), ExtensionForm, notices.ask_extension, "report_fixed", _live),
    "decide": Act(gettext_lazy("决定延期"), GrantForm, _decide, "approve_extension",
                  lambda notice: notice.extensions.filter(decided_at=None).exists()),
    "second": Act(gettext_lazy("开具第二次通知书"), SecondForm, notices.issue_second_notice, "issue_notice", _failed),
    "talk": Act(pgettext_lazy("button", "约谈"), TalkForm, notices.hold_talk, "issue_notice",
                lambda notice: notice.talked_at is None and _talk_is_due(notice)),
    "stop": Act(pgettext_lazy("button", "中止计时"), ReasonForm, notices.stop_clock, "approve_extension",
                lambda notice: _live(notice) and notice.due_at is not None),
    "resume": Act(pgettext_lazy("button", "恢复计时"), NothingForm, notices.resume_clock, "approve_extension",
                  lambda notice: _live(notice) and notice.due_at is None),
    "propose": Act(pgettext_lazy("button", "提请停工"), StopForm, stopwork.propose_stop_work, "issue_notice",
                   lambda notice: notice.wording == Notice.Wording.ORDER and _leads_to_a_stop(notice)
                   and not notice.stop_works.running(clock.now()).exists()),
    "withdraw": Act(pgettext_lazy("button", "撤回"), ReasonForm, notices.withdraw_notice, "approve_extension", _live),
}  # fmt: skip
STOP_ACTS: dict[str, Act] = {
    "decide": Act(gettext_lazy("作出决定"), ApproveForm, stopwork.decide_stop_work, "decide_stop_work",
                  lambda stop: not stop.decided_at and not stop.lifted_at and not stop.fell(clock.now())),
    "serve": Act(gettext_lazy("登记送达"), ServeForm, stopwork.serve_stop_work, "issue_notice",
                 lambda stop: bool(stop.approved) and not stop.served_at and not stop.lifted_at),
    "check": Act(gettext_lazy("今日巡查"), HoldsForm, stopwork.check_stop_work, "inspect", _binds),
    "apply": Act(pgettext_lazy("button", "申请复工"), NoteForm, stopwork.apply_to_resume, "report_fixed",
                 lambda stop: _binds(stop) and stop.applied_at is None),
    "accept": Act(pgettext_lazy("button", "复工验收"), MetForm, stopwork.accept_resumption, "inspect",
                  lambda stop: _binds(stop) and stop.applied_at is not None and stop.accepted_at is None),
    "lift": Act(pgettext_lazy("button", "解除停工"), NothingForm, stopwork.lift_stop_work, "decide_stop_work",
                lambda stop: _binds(stop) and stop.accepted_at is not None),
}  # fmt: skip


def offered(acts: Mapping[str, Act], request: OfficeRequest, thing: Any, page: str) -> list[tuple[Any, str]]:
    """(title, address) of what the reader may do with the thing now."""
    return [
        (act.title, reverse(page, args=[thing.pk, name])) for name, act in acts.items()
        if access.may(request.person, act.verb, at=request.at, on=thing) and act.when(thing)
    ]  # fmt: skip


def do_act(
    request: OfficeRequest, acts: Mapping[str, Act], name: str, thing: Any, page: str,
    shows: Mapping[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    """Ask for what the act of that name needs (fields begin with `shows`) and do it; back to the thing's page then."""
    act, back = acts.get(name), reverse(page, args=[thing.pk])
    if act is None:
        raise Http404
    access.require(request.person, act.verb, at=request.at, on=thing)
    form = act.form(request.POST if request.method == "POST" else None, request.FILES or None, initial=shows)
    if form.carry_out(lambda data: act.do(thing, **data, by=request.person, at=request.at)):
        messages.success(request, _("已办理：%(act)s。") % {"act": act.title})
        return redirect(back)
    crumbs = [(str(thing), back)]
    return show_form(request, form, title=str(act.title), crumbs=crumbs, back=back, submit=str(act.title))


def finding_act(request: OfficeRequest, pk: object, name: str) -> HttpResponse:
    rows = Finding.objects.within(request.scopes).select_related("enterprise", "item", "visit")
    return do_act(request, FINDING_ACTS, name, get_object_or_404(rows, pk=pk), "finding")


def notice_act(request: OfficeRequest, pk: int, name: str) -> HttpResponse:
    rows = Notice.objects.within(request.scopes).select_related("enterprise")
    return do_act(request, NOTICE_ACTS, name, get_object_or_404(rows, pk=pk), "notice")


def stop_act(request: OfficeRequest, pk: int, name: str) -> HttpResponse:
    rows = StopWork.objects.within(request.scopes).select_related("enterprise")
    return do_act(request, STOP_ACTS, name, get_object_or_404(rows, pk=pk), "stop_work")


def visit_notice(request: OfficeRequest, pk: object) -> HttpResponse:
    """Issue a notice for what the visit found."""
    visit = get_object_or_404(Visit.objects.within(request.scopes).select_related("enterprise", "second"), pk=pk)
    form, back = SecondForm(request.POST if request.method == "POST" else None), reverse("visit", args=[pk])
    if form.carry_out(lambda data: notices.issue_notice(visit, **data, by=request.person, at=request.at)):
        messages.success(request, _("整改通知书已开具：%(number)s。") % {"number": form.result.number})
        return redirect("notice", form.result.pk)
    intro = _("将本次检查未结、尚未开具通知书的问题列入通知书。")
    return show_form(request, form, title=_("开具整改通知书"), intro=intro, crumbs=[(str(visit.enterprise), back)],
                     back=back, submit=_("开具"))  # fmt: skip
