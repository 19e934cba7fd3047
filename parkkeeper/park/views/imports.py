"""Imports: upload a table, choose its columns, see what it would do, write it, settle what is doubtful; and exports."""

from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from parkkeeper.kernel.tables import BadTable
from parkkeeper.park import exports
from parkkeeper.park.actions import imports as actions
from parkkeeper.park.errors import Refused
from parkkeeper.park.forms import OfficeForm, show_form
from parkkeeper.park.imports.columns import COLUMNS, GEOJSON, GEOJSON_ONLY, GEOMETRY, WITH_PEOPLE
from parkkeeper.park.imports.doubts import considered, line_of_row, ways
from parkkeeper.park.imports.reading import BIGGEST, MEGABYTE, check_size
from parkkeeper.park.imports.stages import sample_rows
from parkkeeper.park.imports.wording import say_bad_file, say_note
from parkkeeper.park.journal import listed, looked, record
from parkkeeper.park.lists import Choice, Column, List
from parkkeeper.park.models import Enterprise, Import, ImportRow, Person
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.views.import_words import (
    HOW,
    KINDS,
    STATES,
    TONES,
    VERDICTS,
    file_of_problems,
    problems_of,
    row_state,
    shown_columns,
    told,
)
from parkkeeper.park.words import joined

State = Import.State

IMPORTS = List(
    name="imports",
    title=gettext_lazy("导入记录"),
    columns=(
        Column("file", pgettext_lazy("file", "文件"), value="file__name", main=True, order="file__name",
               link=lambda b: reverse("import", args=[b.pk])),
        Column("kind", gettext_lazy("种类"), value=lambda b: KINDS[b.kind]),
        Column("state", gettext_lazy("状态"), kind="badge", value=lambda b: STATES[b.state],
               tone=lambda b: TONES[b.state]),
        Column("total", gettext_lazy("行数"), kind="number", order="total"),
        Column("new", gettext_lazy("新增"), kind="number", value=lambda b: b.counts.get("new")),
        Column("changed", gettext_lazy("更新"), kind="number", value=lambda b: b.counts.get("changed")),
        Column("open", gettext_lazy("待处理"), kind="number", value=lambda b: b.waiting or None),
        Column("by", gettext_lazy("上传人"), value="by__name"),
        Column("at", gettext_lazy("上传时间"), kind="moment", order="at"),
    ),
    filters=(
        Choice("kind", gettext_lazy("种类"), choices=lambda r: list(KINDS.items()), apply="kind"),
        Choice("state", gettext_lazy("状态"), choices=lambda r: list(STATES.items()), apply="state"),
    ),
    order="-at",
    empty=gettext_lazy("还没有导入过。请先导入企业名录，再导入人员名册。"),
)  # fmt: skip

ROWS = List(
    name="import_rows",
    title=gettext_lazy("有问题的行"),
    columns=(
        Column("number", gettext_lazy("行号"), kind="number", order="number", main=True,
               link=lambda r: reverse("import_row", args=[r.pk])),
        Column("verdict", gettext_lazy("判断"), kind="badge", value=lambda r: row_state(r)[0],
               tone=lambda r: row_state(r)[1]),
        Column("problems", gettext_lazy("问题与处理办法"), kind="note", value=told),
    ),
    filters=(
        Choice("verdict", gettext_lazy("判断"), choices=lambda r: list(VERDICTS.items()), apply="verdict"),
        Choice("settled", gettext_lazy("处理"),
               choices=(("no", gettext_lazy("未处理")), ("yes", gettext_lazy("已处理"))),
               apply=lambda rows, value: rows.filter(settled_at__isnull=value == "no")),
    ),
    order="number",
    people=True,
    export=False,
    empty=gettext_lazy("没有有问题的行。"),
)  # fmt: skip


class UploadForm(OfficeForm):
    file = forms.FileField(label=pgettext_lazy("file", "文件"), max_length=200, allow_empty_file=True)

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        try:
            check_size(upload.size)
        except BadTable as error:
            raise ValidationError(say_bad_file(error, upload.name)) from error
        return upload


def imports(request: OfficeRequest) -> HttpResponse:
    undone = Q(rows__settled_at__isnull=True, state=State.APPLIED) & ~Q(rows__verdict="warning")
    rows = Import.objects.select_related("file", "by").annotate(waiting=Count("rows", filter=undone))
    tiles = [(kind, title, exports.forms_of(kind)) for kind, title in KINDS.items()]
    return IMPORTS.page(request, rows, "park/imports/imports.html", {"title": _("导入与导出"), "tiles": tiles})


def import_new(request: OfficeRequest, kind: str) -> HttpResponse:
    _known(kind)
    form = UploadForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    by, at = request.person, request.at
    if form.carry_out(lambda d: actions.upload_import(kind, d["file"].read(), d["file"].name, by=by, at=at)):
        return redirect("import", form.result.pk)
    context = {
        "title": _("导入%(kind)s") % {"kind": KINDS[kind]},
        "crumbs": [(_("导入与导出"), reverse("imports"))],
        "kind": kind,
        "columns": [column for column in COLUMNS[kind] if column.name != GEOMETRY],
        "accept": ".geojson,.json" if kind in GEOJSON_ONLY else ".xlsx,.xls,.csv,.ods,.et",
        "geojson": kind in GEOJSON,
        "table": kind not in GEOJSON_ONLY,
        "limit": BIGGEST // MEGABYTE,
    }
    return show_form(request, form, "park/imports/new.html", **context)


def import_template(request: OfficeRequest, kind: str) -> HttpResponse:
    _known(kind)
    return _file(exports.template(kind), _("%(kind)s模板") % {"kind": KINDS[kind]}, "xlsx")


def import_page(request: OfficeRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(Import.objects.select_related("file", "by"), pk=pk)
    if batch.state == State.UPLOADED or (batch.state == State.PREVIEWED and "columns" in request.GET):
        return _columns_page(request, batch)
    if batch.state in (State.CHECKING, State.APPLYING):
        return render(request, "park/imports/progress.html", _context(batch))
    counts = batch.counts or batch.preview
    stats = [(VERDICTS[name], counts.get(name, 0), name, tone) for name, tone in _STATS]
    rows = ImportRow.objects.filter(batch=batch).select_related("batch", "settled_by")
    waiting = rows.filter(settled_at__isnull=True).exclude(verdict="warning").count()
    writes = counts.get("new", 0) + counts.get("changed", 0)
    context = {**_context(batch), "stats": stats, "waiting": waiting, "writes": writes}
    return ROWS.page(request, rows, "park/imports/import.html", context)


_STATS = (
    ("new", "ok"), ("changed", "wait"), ("unchanged", "plain"), ("ambiguous", "warn"), ("error", "bad"),
    ("warning", "warn"),
)  # fmt: skip


def _context(batch: Import) -> dict[str, Any]:
    return {
        "title": batch.file.name,
        "crumbs": [(_("导入与导出"), reverse("imports"))],
        "batch": batch,
        "kind_title": KINDS[batch.kind],
        "state_title": STATES[batch.state],
        "state_tone": TONES[batch.state],
        "notes": [say_note(note["code"], note["params"]) for note in batch.notes],
    }


def _columns_page(request: OfficeRequest, batch: Import, problem: str = "") -> HttpResponse:
    asked = request.POST or request.GET
    chosen = _chosen(asked, batch) if "field-name" in asked or "field-code" in asked else batch.columns
    sample = sample_rows(batch)
    if batch.kind in WITH_PEOPLE:
        listed(len(sample), by=request.person, at=request.at, where="import_columns", batch=batch.pk)
    context = {
        **_context(batch),
        "fields": shown_columns(batch, chosen, sample),
        "enterprises": Enterprise.objects.order_by("pinyin") if batch.kind == Import.Kind.ROSTER else [],
        "fixed": asked.get("fixed", ""),
        "problem": problem,
    }
    return render(request, "park/imports/columns.html", context, status=422 if problem else 200)


def _chosen(asked: Any, batch: Import) -> dict[str, int]:
    found = {column.name: asked.get(f"field-{column.name}", "") for column in COLUMNS[batch.kind]}
    return {name: int(text) for name, text in found.items() if text.isdigit() and int(text) < len(batch.headings)}


@require_POST
def import_columns(request: OfficeRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(Import.objects.select_related("file", "by"), pk=pk)
    chosen = _chosen(request.POST, batch)
    fixed = request.POST.get("fixed", "") if not {"employer", "employer_code"} & set(chosen) else ""
    twice = sorted(batch.headings[c] for c in set(chosen.values()) if list(chosen.values()).count(c) > 1)
    if twice:
        return _columns_page(request, batch, _("“%(names)s”被选了不止一次。") % {"names": joined(twice)})
    try:
        actions.choose_columns(
            batch, chosen, fixed={"employer_code": fixed} if fixed else None, by=request.person, at=request.at
        )
    except Refused as refusal:
        return _columns_page(request, batch, str(refusal))
    return redirect("import", pk)


@require_POST
def import_apply(request: OfficeRequest, pk: int) -> HttpResponse:
    actions.apply_import(get_object_or_404(Import, pk=pk), by=request.person, at=request.at)
    return redirect("import", pk)


@require_POST
def import_step(request: OfficeRequest, pk: int) -> HttpResponse:
    batch, again = get_object_or_404(Import, pk=pk), False
    try:
        batch = actions.step_import(batch, by=request.person, at=request.at)
    except IntegrityError:
        # somebody registered one of these people this moment: the piece is looked up again
        again = True
    moving = batch.state in (State.CHECKING, State.APPLYING)
    if not request.htmx:
        return redirect("import", pk)
    if not moving:
        return HttpResponse(headers={"HX-Redirect": reverse("import", args=[pk])})
    return render(request, "park/imports/bar.html", {"batch": batch, "again": again})


@require_POST
def import_abandon(request: OfficeRequest, pk: int) -> HttpResponse:
    actions.abandon_import(get_object_or_404(Import, pk=pk), by=request.person, at=request.at)
    messages.success(request, _("已放弃这次导入，登记册没有改变。"))
    return redirect("imports")


def import_problems(request: OfficeRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(Import.objects.select_related("file"), pk=pk)
    rows = ImportRow.objects.filter(batch=batch, settled_at__isnull=True).exclude(verdict="warning").order_by("number")
    data, count = file_of_problems(batch, rows)
    listed(count, by=request.person, at=request.at, where="import_problems", batch=pk)
    return _file(data, _("需改正的行 %(file)s") % {"file": batch.file.name.rsplit(".", 1)[0]}, "xlsx")


def import_row(request: OfficeRequest, pk: int, problem: str = "") -> HttpResponse:
    row = get_object_or_404(ImportRow.objects.select_related("batch__file", "settled_by"), pk=pk)
    settling = row.batch.state == State.APPLIED and row.settled_at is None and row.verdict != "warning"
    now = considered(row, at=request.at) if settling else None
    model = Enterprise if row.batch.kind == Import.Kind.ENTERPRISES else Person
    candidates = model._default_manager.filter(pk__in=now.candidates if now else []).order_by("pk")
    if model is Person and candidates:
        looked([c.pk for c in candidates], by=request.person, at=request.at, where="import_row", fields="tail,phone")
    listed(1, by=request.person, at=request.at, where="import_row", row=pk)
    line = line_of_row(row)
    context = {
        "title": _("第 %(row)s 行") % {"row": row.number},
        "crumbs": [(_("导入与导出"), reverse("imports")),
                   (row.batch.file.name, reverse("import", args=[row.batch_id]))],
        "row": row, "cells": list(zip(row.batch.headings, line.cells, strict=False)), "settling": settling,
        "problems": problems_of(row, line, now), "ways": ways(now) if now else [], "candidates": candidates,
        "people": model is Person, "how": HOW.get(row.settled_how, ""), "problem": problem,
    }  # fmt: skip
    return render(request, "park/imports/row.html", context, status=422 if problem else 200)


@require_POST
def import_settle(request: OfficeRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(ImportRow, pk=pk)
    how, _dash, candidate = request.POST.get("how", "").partition("-")
    chosen = int(candidate) if candidate.isdigit() else None
    try:
        actions.settle_row(row, how, candidate=chosen, by=request.person, at=request.at)
    except Refused as refusal:
        return import_row(request, pk, str(refusal))
    messages.success(request, _("第 %(row)s 行：%(how)s。") % {"row": row.number, "how": HOW.get(how, how)})
    following = ImportRow.objects.filter(batch=row.batch_id, settled_at__isnull=True, number__gt=row.number)
    after = following.exclude(verdict="warning").order_by("number").first()
    return redirect("import_row", after.pk) if after else redirect("import", row.batch_id)


def export(request: OfficeRequest, kind: str, form: str) -> HttpResponse:
    _known(kind)
    if form not in exports.forms_of(kind):
        raise Http404
    data, count = exports.export(kind, form, scopes=request.scopes, at=request.at)
    by, at = request.person, request.at
    if kind in WITH_PEOPLE:
        record("people.listed", by=by, at=at, where=f"export_{kind}", count=count, form=form, documents=True)
    return _file(data, f"{KINDS[kind]} {timezone.localtime(at):%Y-%m-%d %H%M}", form)


def _known(kind: str) -> None:
    if kind not in KINDS:
        raise Http404


def _file(data: bytes, name: str, form: str) -> HttpResponse:
    response = HttpResponse(data, content_type=exports.MEDIA[form])
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{name}.{form}')}"
    return response
