"""A laboratory's table: uploaded, looked at, its columns set right, taken."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.park.forms import show_form
from parkkeeper.park.models import StoredFile
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.sampling.actions.results import take_lab_file
from parkkeeper.sampling.actions.uploads import keep_upload
from parkkeeper.sampling.labfiles import FIELDS, Preview, preview_lab_file
from parkkeeper.sampling.labrows import ResultIn
from parkkeeper.sampling.labwords import say
from parkkeeper.sampling.models import Laboratory, Result
from parkkeeper.sampling.views.common import FileField, content_of
from parkkeeper.sampling.views.results import RESULTS, LaboratoryForm
from parkkeeper.sampling.views.tables import Chooser, choosers, chosen, count_words, own_file
from parkkeeper.sampling.views.tubes import VALUE_TONES

SHOWN_ROWS = 20
SHOWN_PROBLEMS = 100


class LabFileForm(LaboratoryForm):
    file = FileField(
        label=gettext_lazy("结果表格"),
        help_text=gettext_lazy("XLSX、XLS 或 CSV，列的顺序和叫法不限；先预览，确认后才导入。"),
    )


def lab_file_new(request: OfficeRequest) -> HttpResponse:
    first = Laboratory.objects.order_by("code").first()
    form = LabFileForm(request.POST or None, request.FILES or None, initial={"laboratory": first})
    if form.carry_out(lambda data: _keep(request, data["file"])):
        laboratory = form.cleaned_data["laboratory"].pk
        return redirect(f"{reverse('lab_file_check', args=[form.result.pk])}?laboratory={laboratory}")
    crumbs, back = [(RESULTS.title, reverse("results"))], reverse("results")
    return show_form(request, form, title=_("导入结果表格"), crumbs=crumbs, back=back, submit=_("预览"))


def _keep(request: OfficeRequest, upload: object) -> StoredFile:
    data, name = content_of(upload)
    preview_lab_file(data, name)  # what is no table is told where it was chosen
    return keep_upload(data, name, what="lab", by=request.person, at=request.at)


def _first_rows(seen: Preview) -> list[tuple[ResultIn, str, str]]:
    labels = {value: str(label) for value, label in Result.Value.choices}
    return [(row, labels[row.value], VALUE_TONES[row.value]) for row in seen.rows[:SHOWN_ROWS]]


def _laboratory(asked: QueryDict) -> Laboratory | None:
    """Whose table it is: as the address says, else the only laboratory there is, else nobody has said yet."""
    named, laboratories = asked.get("laboratory", ""), list(Laboratory.objects.order_by("code"))
    if not named and len(laboratories) == 1:
        return laboratories[0]
    return next((one for one in laboratories if str(one.pk) == named), None)


def _laboratories(chosen: Laboratory | None) -> Chooser:
    options = [("", "–", chosen is None)] if chosen is None else []
    options += [(str(one.pk), one.name, one == chosen) for one in Laboratory.objects.order_by("code")]
    return Chooser("laboratory", _("检测机构"), True, options)


def lab_file_check(request: OfficeRequest, pk: int) -> HttpResponse:
    """What the file says, before anything is written; laboratory and columns may be changed and looked at again."""
    stored, data = own_file(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    laboratory, columns = _laboratory(asked), chosen(asked, FIELDS)
    if request.method == "POST" and laboratory:
        report = take_lab_file(data, stored.name, columns, laboratory=laboratory, by=request.person, at=request.at)
        messages.success(request, _("已导入“%(name)s”。") % {"name": stored.name})
        return redirect("lab_report", report.pk)
    context = _as_read(preview_lab_file(data, stored.name, columns), stored, laboratory)
    return render(request, "sampling/lab_file_check.html", context, status=422 if request.method == "POST" else 200)


def _as_read(seen: Preview, stored: StoredFile, laboratory: Laboratory | None) -> dict[str, Any]:
    return {
        "title": _("预览“%(name)s”") % {"name": stored.name}, "crumbs": [(RESULTS.title, reverse("results"))],
        "seen": seen, "laboratory": laboratory,
        "choosers": [_laboratories(laboratory), *choosers(FIELDS, seen.headings, seen.columns)],
        "counts": count_words(seen.counts), "said": [say(one.as_json()) for one in seen.problems[:SHOWN_PROBLEMS]],
        "more": max(0, len(seen.problems) - SHOWN_PROBLEMS), "rows": _first_rows(seen),
        "columns": seen.columns, "kept": {"laboratory": laboratory.pk} if laboratory else {},
    }  # fmt: skip
