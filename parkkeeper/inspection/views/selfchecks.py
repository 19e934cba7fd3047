"""What enterprises say of themselves: the list, and going through the checklist by oneself."""

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from parkkeeper.inspection.actions.selfchecks import check_oneself
from parkkeeper.inspection.checklistfiles import in_force
from parkkeeper.inspection.models import Item, SelfCheck
from parkkeeper.inspection.views.lists import ENTERPRISE, GRID
from parkkeeper.park import access
from parkkeeper.park.forms import EnterpriseField, OfficeForm, show_form
from parkkeeper.park.lists import Choice, Column, Day, List
from parkkeeper.park.requests import OfficeRequest

SELF_CHECKS = List(
    name="self_checks",
    title=pgettext_lazy("menu", "自查"),
    columns=(
        Column("at", gettext_lazy("时间"), kind="moment", order="at"),
        ENTERPRISE,
        Column("state", gettext_lazy("结果"), kind="badge", tone=lambda c: "warn" if c.failed else "ok",
               value=lambda c: _("%(n)s 项不符合") % {"n": len(c.failed)} if c.failed else str(_("全部符合"))),
        Column("failed", gettext_lazy("不符合的检查项"), kind="note", value=lambda c: "、".join(c.failed)),
        Column("note", gettext_lazy("情况和整改打算"), kind="note"),
        Column("checklist", gettext_lazy("检查表"), value=lambda c: str(c.checklist)),
        Column("by", gettext_lazy("登记人"), value=lambda c: c.by.name),
    ),
    filters=(
        Choice("state", gettext_lazy("结果"),
               choices=(("failed", gettext_lazy("有不符合")), ("fine", gettext_lazy("全部符合"))),
               apply=lambda rows, value: rows.filter(failed=[]) if value == "fine" else rows.exclude(failed=[])),
        GRID, Day("day", gettext_lazy("日期"), apply="at__date"),
    ),
    search=lambda rows, text: rows.filter(note__contains=text) | rows.filter(enterprise__short_name__contains=text),
    hint=gettext_lazy("企业、内容"), order="-at", empty=gettext_lazy("还没有自查。"),
)  # fmt: skip


def self_check_list(request: OfficeRequest) -> HttpResponse:
    rows = SelfCheck.objects.within(request.scopes).select_related("enterprise", "checklist", "by")
    may_check = access.may(request.person, "check_oneself", at=request.at)
    return SELF_CHECKS.page(request, rows, "inspection/self_checks.html", {"may_check": may_check})


class SelfCheckForm(OfficeForm):
    enterprise = EnterpriseField(label=gettext_lazy("企业"), help_text=gettext_lazy("简称、全称或信用代码"))
    failed = forms.MultipleChoiceField(
        label=gettext_lazy("逐项对照，勾选不符合的"), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=gettext_lazy("情况和整改打算"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("有不符合的项目时必填。"),
    )  # fmt: skip

    def __init__(self, *args: Any, items: list[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["failed"]
        field.choices = [(aspect, [(item.code, f"{item.code} {item.words}") for item in group])
                         for aspect, group in groupby(items, key=lambda item: item.get_aspect_display())]  # fmt: skip


def self_check_new(request: OfficeRequest) -> HttpResponse:
    """The checklist in force, all items; nothing is looked at by anybody but the enterprise."""
    checklist, back = in_force(timezone.localdate(request.at)), reverse("self_checks")
    items = list(checklist.items.order_by("position")) if checklist else []
    form = SelfCheckForm(request.POST or None, items=items, initial={"enterprise": request.person.employer.short_name})
    if form.carry_out(lambda data: check_oneself(**data, by=request.person, at=request.at)):
        messages.success(request, _("自查已登记。"))
        return redirect(back)
    intro = _("自查不是检查：不开通知书，不停工，不计检查次数，也不算同一问题反复。下一次来的检查组会看到。")
    return show_form(request, form, title=_("企业自查"), intro=intro, crumbs=[(_("自查"), back)], back=back)
