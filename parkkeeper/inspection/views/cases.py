"""Cases: the list, one with its pictures, what may be done with it, and the page where pictures are redacted."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from parkkeeper.inspection.actions import cases
from parkkeeper.inspection.casebook import to_be_offered
from parkkeeper.inspection.models import CasePhoto, GoodPractice, Photo
from parkkeeper.inspection.views.acts import (
    Act,
    CaseForm,
    NothingForm,
    ReasonForm,
    YesNoForm,
    do_act,
    offered,
    yes_or_no,
)
from parkkeeper.park import access
from parkkeeper.park.files import read_file
from parkkeeper.park.forms import OfficeForm
from parkkeeper.park.lists import Choice, Column, List
from parkkeeper.park.models import StoredFile
from parkkeeper.park.requests import OfficeRequest

Said = tuple[str, str]


def say_case(case: GoodPractice) -> Said:
    """How a case stands, and in which tone."""
    if case.withdrawn_at is not None:
        return str(_("已撤回")), "plain"
    if case.published_at is not None:
        return str(_("已发布")), "ok"
    if case.agreed is None:
        return str(_("待企业答复")), "wait"
    return (str(_("企业已同意，待发布")), "info") if case.agreed else (str(_("企业不同意")), "bad")


def _cases_as(rows: Any, value: str) -> Any:
    return rows.published() if value == "published" else rows.filter(published_at=None, withdrawn_at=None)


CASES = List(
    name="cases",
    title=pgettext_lazy("menu", "案例"),
    columns=(
        Column("title", gettext_lazy("标题"), main=True, link=lambda c: reverse("case", args=[c.pk])),
        Column("enterprise", gettext_lazy("企业"), value="enterprise__short_name", order="enterprise__pinyin"),
        Column("item", gettext_lazy("检查项"), kind="code", value="finding__item__code", order="finding__item__code"),
        Column("state", gettext_lazy("状态"), kind="badge", value=lambda c: say_case(c)[0],
               tone=lambda c: say_case(c)[1]),
        Column("readers", gettext_lazy("已读人数"), kind="number", order="readers"),
        Column("published_at", gettext_lazy("发布"), kind="moment", order="published_at"),
    ),
    filters=(
        Choice("state", gettext_lazy("状态"), apply=_cases_as,
               choices=(("published", gettext_lazy("已发布")), ("drafts", gettext_lazy("未发布")))),
    ),
    search=lambda rows, text: rows.filter(
        Q(title__contains=text) | Q(text__contains=text) | Q(enterprise__short_name__contains=text)
        | Q(finding__item__code=text.upper())
    ),
    hint=gettext_lazy("标题、正文、企业、检查项编号"), order="-published_at", empty=gettext_lazy("还没有案例。"),
)  # fmt: skip


class AnswerForm(YesNoForm):
    asks = "agreed"
    agreed = yes_or_no(gettext_lazy("本企业"), gettext_lazy("同意发布"), gettext_lazy("不同意"))


def _drafted(case: GoodPractice) -> bool:
    return case.published_at is None and case.withdrawn_at is None


CASE_ACTS: dict[str, Act] = {
    "edit": Act(pgettext_lazy("button", "修改"), CaseForm, cases.edit_case, "write_case", _drafted),
    "answer": Act(pgettext_lazy("button", "答复是否同意发布"), AnswerForm, cases.answer_case, "answer_case", _drafted),
    "publish": Act(pgettext_lazy("button", "发布"), NothingForm, cases.publish_case, "publish_case",
                   lambda case: _drafted(case) and bool(case.agreed)),
    "offer": Act(pgettext_lazy("button", "推送给有同一问题的企业"), NothingForm, cases.offer_case, "publish_case",
                 lambda case: bool(case.published_at and not case.withdrawn_at and to_be_offered(case))),
    "withdraw": Act(pgettext_lazy("button", "撤回"), ReasonForm, cases.withdraw_case, "publish_case",
                    lambda case: case.withdrawn_at is None),
}  # fmt: skip


def case_list(request: OfficeRequest) -> HttpResponse:
    rows = GoodPractice.objects.visible(request.scopes).select_related("enterprise", "finding__item")
    return CASES.page(request, rows.annotate(readers=Count("readings")))


def _case(request: OfficeRequest, pk: int) -> GoodPractice:
    rows = GoodPractice.objects.visible(request.scopes)
    return get_object_or_404(rows.select_related("enterprise", "finding__item__checklist"), pk=pk)


def case_page(request: OfficeRequest, pk: int) -> HttpResponse:
    """The case; opened by somebody else than the office, it notes that it was read."""
    case = _case(request, pk)
    own = access.may(request.person, "write_case", at=request.at, on=case)
    if not own:
        cases.read_case(case, by=request.person, at=request.at)
    words, tone = say_case(case)
    context = {
        "title": case.title, "crumbs": [(_("案例"), reverse("cases"))], "case": case, "words": words, "tone": tone,
        "sides": _sides(case), "own": own, "acts": offered(CASE_ACTS, request, case, "case_act"),
        "choices": _choices(case) if own and _drafted(case) else [],
        "offers": case.offers.select_related("enterprise").order_by("enterprise__pinyin") if own else [],
        "readings": case.readings.select_related("person", "enterprise").order_by("at") if own else [],
    }  # fmt: skip
    return render(request, "inspection/case.html", context)


def _sides(case: GoodPractice) -> list[tuple[str, list[CasePhoto]]]:
    rows = list(case.photos.order_by("made_at", "pk"))
    return [(str(side.label), [one for one in rows if one.side == side]) for side in CasePhoto.Side]


def _choices(case: GoodPractice) -> list[dict[str, Any]]:
    chosen = {one.photo_id: one for one in case.photos.all()}
    rows = Photo.objects.filter(finding=case.finding_id).order_by("taken_at", "pk")
    return [{"photo": one, "chosen": chosen.get(one.pk)} for one in rows]


def case_act(request: OfficeRequest, pk: int, name: str) -> HttpResponse:
    case = _case(request, pk)
    return do_act(request, CASE_ACTS, name, case, "case", shows={"title": case.title, "text": case.text})


class AreasField(forms.CharField):
    """Areas to black out: a line each of left, top, width and height in per cent. Cleans to shares of 1."""

    def clean(self, value: Any) -> Any:
        found = []
        for number, line in enumerate((super().clean(value) or "").splitlines(), start=1):
            parts = line.replace(",", " ").replace("，", " ").split()
            try:
                sides = tuple(round(float(part) / 100, 4) for part in parts)
            except ValueError:
                sides = ()
            if parts and len(sides) != 4:
                raise forms.ValidationError(
                    _("第 %(number)s 行“%(line)s”应为四个数：左 上 宽 高（百分比）。")
                    % {"number": number, "line": line}
                )
            found += [sides] if parts else []
        return found


class MarkForm(OfficeForm):
    side = forms.ChoiceField(label=gettext_lazy("是什么时候的照片"), choices=CasePhoto.Side.choices,
                             widget=forms.RadioSelect)  # fmt: skip
    areas = AreasField(
        label=gettext_lazy("遮盖区域"), required=False, widget=forms.Textarea(attrs={"rows": 4, "data-areas": ""}),
        help_text=gettext_lazy("遮盖人脸、姓名、车牌、电话：在照片上拖动，或逐行填写“左 上 宽 高”（百分比）。"),
    )  # fmt: skip


def case_mark(request: OfficeRequest, pk: int, photo: object) -> HttpResponse:
    """Choose a picture for the case and mark what is to be blacked out on it."""
    case = _case(request, pk)
    shown = get_object_or_404(Photo, pk=photo, finding=case.finding_id)
    form = MarkForm(request.POST or None, initial=_begun(case, shown))
    if form.carry_out(lambda data: cases.publish_photo(case, shown, **data, by=request.person, at=request.at)):
        messages.success(request, _("照片已选用。请核对遮盖后的样子。"))
        return redirect("case", pk)
    crumbs = [(case.title, reverse("case", args=[pk]))]
    context = {"title": _("选用照片"), "crumbs": crumbs, "case": case, "photo": shown, "form": form}
    return render(request, "inspection/case_mark.html", context, status=422 if form.errors else 200)


def _begun(case: GoodPractice, photo: Photo) -> dict[str, str]:
    chosen = case.photos.filter(photo=photo).first()
    if chosen is None:
        return {"side": CasePhoto.Side.BEFORE if photo.of == Photo.Of.FOUND else CasePhoto.Side.AFTER, "areas": ""}
    lines = (" ".join(f"{side * 100:.4g}" for side in area) for area in chosen.areas)
    return {"side": chosen.side, "areas": "\n".join(lines)}


@require_POST
def case_drop(request: OfficeRequest, pk: int, photo: object) -> HttpResponse:
    """Leave a picture out of the case."""
    case = _case(request, pk)
    cases.drop_photo(case, get_object_or_404(Photo, pk=photo, finding=case.finding_id), by=request.person,
                     at=request.at)  # fmt: skip
    messages.success(request, _("照片已去掉。"))
    return redirect("case", pk)


def case_photo(request: OfficeRequest, pk: int) -> HttpResponse:
    """The copy of a picture, to whoever may see its case."""
    shown = get_object_or_404(CasePhoto, pk=pk, case__in=GoodPractice.objects.visible(request.scopes))
    stored = StoredFile.objects.filter(sha256=shown.sha256, destroyed_at=None).order_by("pk").first()
    return HttpResponse(status=404) if stored is None else HttpResponse(read_file(stored), content_type="image/png")
