"""Results of the laboratory: the list, reports, and the three ways in: a table, a message, the hand."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.park.errors import Refused
from parkkeeper.park.forms import OfficeForm, OfficeRenderer, moment_field, show_form
from parkkeeper.park.lists import Choice, Column, Day, List, Only
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.sampling.actions.results import report_results, strike_result, take_hl7
from parkkeeper.sampling.labrows import ResultIn
from parkkeeper.sampling.labwords import say
from parkkeeper.sampling.models import Laboratory, LabReport, Result
from parkkeeper.sampling.views.common import RECENTLY, can, content_of, href, local, recent
from parkkeeper.sampling.views.tables import count_words
from parkkeeper.sampling.views.tubes import VALUE_TONES

HAND_ROWS = 6


def _labs(request: HttpRequest) -> Any:
    return Laboratory.objects.order_by("code").values_list("pk", "name")


def _on_day(rows: Any, day: Any) -> Any:
    zone = timezone.get_current_timezone()
    start = datetime.combine(day, time(), tzinfo=zone)
    return rows.filter(received_at__gte=start, received_at__lt=start + timedelta(days=1))


def _standing(rows: Any, value: str) -> Any:
    if value == "unknown":
        return rows.filter(tube=None)
    return rows.filter(struck_at__isnull=value == "standing")


def _report_title(text: str) -> str:
    found = LabReport.objects.filter(pk=int(text)).first()
    return f"#{found.pk} {found.get_kind_display()}" if found else ""


RESULTS = List(
    name="results",
    title=gettext_lazy("检测结果"),
    columns=(
        Column("tube_code", gettext_lazy("试管码"), kind="code", order="tube_code", main=True,
               link=lambda r: href("tube", r.tube_id) if r.tube_id else ""),
        Column("value", gettext_lazy("结果"), kind="badge", value=lambda r: r.get_value_display(), order="value",
               tone=lambda r: "plain" if r.struck_at else VALUE_TONES[r.value]),
        Column("tested_at", gettext_lazy("检测时间"), kind="moment", order="tested_at"),
        Column("received_at", gettext_lazy("收到时间"), kind="moment", order="received_at"),
        Column("point", gettext_lazy("采样点"), value="tube__point__code", kind="code", order="tube__point__code"),
        Column("laboratory", gettext_lazy("检测机构"), value="report__laboratory__name"),
        Column("report", gettext_lazy("报告"), value=lambda r: f"#{r.report_id}",
               link=lambda r: href("lab_report", r.report_id)),
        Column("state", gettext_lazy("状态"), kind="badge", value=lambda r: _state(r)[0], tone=lambda r: _state(r)[1]),
    ),
    filters=(
        Choice("value", gettext_lazy("结果"), choices=Result.Value.choices, apply="value"),
        Choice("state", gettext_lazy("状态"), apply=_standing,
               choices=(("standing", gettext_lazy("有效")), ("struck", gettext_lazy("已撤下")),
                        ("unknown", gettext_lazy("未知试管")))),
        Choice("laboratory", gettext_lazy("检测机构"), choices=_labs, apply="report__laboratory_id"),
        Day("day", gettext_lazy("收到日期"), apply=_on_day),
        RECENTLY,
        Only("report", gettext_lazy("报告"), say=_report_title, apply="report_id"),
    ),
    search=lambda rows, text: rows.filter(Q(tube_code__contains=text.upper()) | Q(tube__point__code__istartswith=text)),
    hint=gettext_lazy("试管码、采样点编号"),
    order="-received_at",
    empty=gettext_lazy("还没有检测结果。没有结果不等于阴性。"),
    row_tone=lambda r: "plain" if r.struck_at else "",
)  # fmt: skip


def _state(result: Result) -> tuple[str, str]:
    if result.struck_at:
        return _("已撤下"), "plain"
    return (_("有效"), "ok") if result.tube_id else (_("未知试管"), "warn")


def result_list(request: OfficeRequest) -> HttpResponse:
    rows = Result.objects.within(request.scopes).select_related("tube__point", "report__laboratory")
    rows = recent(request, rows, moment="received_at", unless=("q", "day", "report"))
    return RESULTS.page(request, rows, "sampling/results.html", {"may_report": can(request, "report_results")})


REPORTS = List(
    name="lab_reports",
    title=gettext_lazy("检测报告"),
    columns=(
        Column("pk", gettext_lazy("编号"), value=lambda r: f"#{r.pk}", link=lambda r: href("lab_report", r.pk),
               order="pk", main=True),
        Column("kind", gettext_lazy("方式"), value=lambda r: r.get_kind_display(), order="kind"),
        Column("laboratory", gettext_lazy("检测机构"), value="laboratory__name"),
        Column("received_at", gettext_lazy("收到时间"), kind="moment", order="received_at"),
        Column("by", gettext_lazy("录入人"), value="by__name"),
        Column("new", gettext_lazy("新结果"), value=lambda r: r.counts.get("new", 0), kind="number"),
        Column("positive", gettext_lazy("阳性"), value=lambda r: r.counts.get("positive", 0), kind="number"),
        Column("problems", gettext_lazy("没有收下"), value=lambda r: r.counts.get("problems", 0), kind="number"),
    ),
    filters=(
        Choice("kind", gettext_lazy("方式"), choices=LabReport.Kind.choices, apply="kind"),
        Choice("laboratory", gettext_lazy("检测机构"), choices=_labs, apply="laboratory_id"),
        Choice("trouble", gettext_lazy("问题"), choices=(("yes", gettext_lazy("有没收下的行")),),
               apply=lambda rows, v: rows.filter(counts__problems__gt=0)),
        Day("day", gettext_lazy("收到日期"), apply=_on_day),
    ),
    order="-received_at",
    row_tone=lambda r: "warn" if r.counts.get("problems") else "",
)  # fmt: skip


def report_list(request: OfficeRequest) -> HttpResponse:
    rows = LabReport.objects.select_related("laboratory", "by")
    return REPORTS.page(request, rows, "sampling/results.html", {"may_report": can(request, "report_results")})


def report_page(request: OfficeRequest, pk: int) -> HttpResponse:
    report = get_object_or_404(LabReport.objects.select_related("laboratory", "by", "file"), pk=pk)
    context = {
        "title": _("检测报告 #%(number)s") % {"number": report.pk}, "report": report,
        "crumbs": [(RESULTS.title, reverse("results")), (REPORTS.title, reverse("lab_reports"))],
        "counts": count_words(report.counts), "said": [say(problem) for problem in report.problems[:500]],
        "may_see_file": can(request, "see_files") or (report.file and report.file.stored_by_id == request.person.pk),
        "results": report.results.count(),
    }  # fmt: skip
    return render(request, "sampling/lab_report.html", context)


class LaboratoryForm(OfficeForm):
    laboratory = forms.ModelChoiceField(Laboratory.objects.order_by("code"), label=gettext_lazy("检测机构"))


class HandRow(forms.Form):
    """One result as somebody types it."""

    default_renderer = OfficeRenderer()
    use_required_attribute = False
    tube_code = forms.CharField(label=gettext_lazy("试管码"), max_length=40, required=False)
    value = forms.ChoiceField(label=gettext_lazy("结果"), required=False, choices=[("", "–"), *Result.Value.choices])
    tested_at = moment_field(gettext_lazy("检测时间"), required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(data.get("tube_code")) != bool(data.get("value")):
            raise forms.ValidationError(_("试管码和结果要一起填；这一行不需要的话请两项都留空。"))
        return data


HandRows = formset_factory(HandRow, extra=HAND_ROWS, max_num=100)


def result_new(request: OfficeRequest) -> HttpResponse:
    """Results typed by hand: some rows at once; a code must end in its check character."""
    form = LaboratoryForm(request.POST or None, initial={"laboratory": Laboratory.objects.order_by("code").first()})
    first = {"tube_code": request.GET.get("tube", "")[:40]} if request.GET.get("tube") else {}
    rows = HandRows(request.POST or None, prefix="r", initial=[first] if first else None)
    if rows.is_bound and rows.is_valid() and form.carry_out(lambda data: _report_hand(request, data, rows)):
        messages.success(request, _("结果已录入。"))
        return redirect("lab_report", form.result.pk)
    wrong = form.is_bound and (bool(form.errors) or not rows.is_valid())
    context = {"title": _("手工录入结果"), "crumbs": [(RESULTS.title, reverse("results"))], "form": form, "rows": rows}
    return render(request, "sampling/result_new.html", context, status=422 if wrong else 200)


def _report_hand(request: OfficeRequest, data: Any, rows: Any) -> LabReport:
    told = [
        ResultIn(row.cleaned_data["tube_code"], row.cleaned_data["value"], row.cleaned_data.get("tested_at"), number)
        for number, row in enumerate(rows, start=1)
        if row.cleaned_data.get("tube_code")
    ]
    if not told:
        raise Refused(_("没有填写任何结果。每行填一支试管的完整编码和结果。"))
    kind = LabReport.Kind.HAND
    return report_results(told, laboratory=data["laboratory"], kind=kind, by=request.person, at=request.at)


class Hl7Form(OfficeForm):
    file = forms.FileField(label=gettext_lazy("HL7 报文文件"), required=False,
                           help_text=gettext_lazy("ORU^R01，v2.5.1；一个文件里可以有多条报文。"))  # fmt: skip
    text = forms.CharField(
        label=gettext_lazy("或粘贴报文"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(data.get("file")) == bool(data.get("text")):
            raise forms.ValidationError(_("请上传一个文件，或粘贴报文，二者选一。"))
        return data


def hl7_new(request: OfficeRequest) -> HttpResponse:
    """Messages of a laboratory; what each is answered is shown, to be sent back."""
    form = Hl7Form(request.POST or None, request.FILES or None)
    if form.carry_out(lambda data: _take_hl7(request, data)):
        report, answer = form.result
        context = {
            "title": _("报文已收下"), "crumbs": [(RESULTS.title, reverse("results"))], "report": report,
            "counts": count_words(report.counts), "said": [say(problem) for problem in report.problems[:200]],
            "answer": answer.decode("utf-8", "replace").replace("\r", "\n").strip(),
        }  # fmt: skip
        return render(request, "sampling/hl7_taken.html", context)
    crumbs, back = [(RESULTS.title, reverse("results"))], reverse("results")
    return show_form(request, form, title=_("导入 HL7 报文"), crumbs=crumbs, back=back, submit=_("导入"))


def _take_hl7(request: OfficeRequest, data: Any) -> tuple[LabReport, bytes]:
    if data["file"]:
        raw = content_of(data["file"])[0]
    else:
        raw = data["text"].replace("\r\n", "\r").replace("\n", "\r").encode()
    return take_hl7(raw, by=request.person, at=request.at)


class StrikeForm(OfficeForm):
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


def result_strike(request: OfficeRequest, pk: int) -> HttpResponse:
    result = get_object_or_404(Result.objects.within(request.scopes), pk=pk)
    form = StrikeForm(request.POST or None)
    if form.carry_out(lambda data: strike_result(result, **data, by=request.person, at=request.at)):
        messages.success(request, _("结果已撤下；因它而了结的待办已重新打开。"))
        return redirect("tube", result.tube_id) if result.tube_id else redirect("results")
    told = {"tube": result.tube_code, "value": result.get_value_display(), "at": local(result.tested_at)}
    intro = _("%(tube)s %(value)s（%(at)s）。撤下后它不再起作用，但仍可查阅。") % told
    crumbs, back = [(RESULTS.title, reverse("results"))], reverse("results")
    return show_form(request, form, title=_("撤下结果"), intro=intro, crumbs=crumbs, back=back, submit=_("撤下"))
