"""Checklists as XLSForm: a workbook is uploaded, looked at with what is wrong in it, put in force; or taken away."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.inspection.actions.setup import keep_checklist, put_checklist_in_force
from parkkeeper.inspection.checklistfiles import SAMPLE
from parkkeeper.inspection.models import Checklist
from parkkeeper.inspection.xlsform import Form, item_row, read_xlsform, write_xlsform
from parkkeeper.kernel.tables import BadTable
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import read_file
from parkkeeper.park.forms import OfficeForm, day_field, show_form
from parkkeeper.park.imports.wording import say_bad_file
from parkkeeper.park.models import StoredFile
from parkkeeper.park.requests import OfficeRequest

BIGGEST = 10 * 1024 * 1024


class UploadForm(OfficeForm):
    file = forms.FileField(
        label=gettext_lazy("XLSForm 工作簿"), widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.ods"})
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > BIGGEST:
            raise forms.ValidationError(_("文件超过 10 MB，不是检查表。请确认选对了文件。"))
        return file


def _read(data: bytes, name: str) -> Form:
    try:
        return read_xlsform(data, name)
    except BadTable as error:
        raise Refused(say_bad_file(error, name)) from error


def _keep(data: Mapping[str, Any], request: OfficeRequest) -> StoredFile:
    content, name = data["file"].read(), data["file"].name
    _read(content, name)
    return keep_checklist(content, name, by=request.person, at=request.at)


def checklist_upload(request: OfficeRequest) -> HttpResponse:
    """Choose a workbook; nothing is in force before its preview was looked at."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.carry_out(lambda data: _keep(data, request)):
        return redirect("checklist_preview", form.result.pk)
    intro = _(
        "导入通用调查表格式 XLSForm（survey、choices、settings 工作表）。先预览，再启用；已有版本可从检查表页导出。"
    )
    back = reverse("inspection_setup")
    crumbs = [(_("检查设置"), back)]
    return show_form(request, form, title=_("导入 XLSForm"), intro=intro, crumbs=crumbs, back=back, submit=_("预览"))


class InForceForm(OfficeForm):
    code = forms.SlugField(label=gettext_lazy("编号"), max_length=24,
                           help_text=gettext_lazy("与已有检查表编号相同的，成为它的下一版"))  # fmt: skip
    name = forms.CharField(label=gettext_lazy("名称"), max_length=80)
    start = day_field(gettext_lazy("第一天"))
    source = forms.CharField(label=gettext_lazy("依据"), max_length=300)


def checklist_preview(request: OfficeRequest, pk: int) -> HttpResponse:
    """What the workbook holds and what is wrong in it; without errors it can be put in force."""
    stored = get_object_or_404(StoredFile, pk=pk, stored_by=request.person)
    read = _read(read_file(stored), stored.name)
    initial = {"code": read.code or SAMPLE, "name": read.title, "start": timezone.localdate(request.at)}
    form = InForceForm(request.POST or None, initial=initial)
    if not read.stopped and form.carry_out(
        lambda data: put_checklist_in_force(items=read.items, **data, by=request.person, at=request.at)
    ):
        messages.success(request, _("检查表已启用。"))
        return redirect("checklist", form.result.pk)
    context = {"title": _("预览检查表：%(name)s") % {"name": stored.name}, "form": form, "read": read,
               "crumbs": [(_("检查设置"), reverse("inspection_setup"))], **_compared(read)}  # fmt: skip
    return render(request, "inspection/checklist_preview.html", context, status=422 if form.errors else 200)


def _compared(read: Form) -> dict[str, Any]:
    """Each item beside the last version of the same code: new, changed or the same; and what is gone."""
    former = Checklist.objects.filter(code=read.code or SAMPLE).order_by("-version").first()
    known = {item.code: item_row(item) for item in former.items.all()} if former else {}
    said = {"new": (_("新增"), "info"), "changed": (_("有改动"), "warn"), "same": (_("不变"), "plain")}
    rows = []
    for row in read.items:
        how = "new" if row.code not in known else "same" if known[row.code] == row else "changed"
        conditions = [row.question[kind] for kind in ("relevant", "constraint") if kind in row.question]
        item = row.item(0)
        rows.append({
            "row": row, "text": item.words, "remedy": item.remedy_words, "words": said[how][0], "tone": said[how][1],
            "conditions": conditions, "kind": row.question.get("type") or row.evidence,
        })  # fmt: skip
    gone = sorted(set(known) - {row.code for row in read.items})
    return {"former": former, "rows": rows, "gone": gone}


def checklist_file(request: OfficeRequest, pk: int) -> HttpResponse:
    """A version as XLSForm."""
    checklist = get_object_or_404(Checklist, pk=pk)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = HttpResponse(write_xlsform(checklist), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{checklist.code}-v{checklist.version}.xlsx"'
    return response
