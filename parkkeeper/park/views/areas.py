"""Areas: which grid or enterprise is sealed or controlled."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.park.actions.areas import set_area_level
from parkkeeper.park.forms import EnterpriseField, OfficeForm, show_form
from parkkeeper.park.models import AreaLevel, Grid
from parkkeeper.park.requests import OfficeRequest

LEVELS = {"sealed": gettext_lazy("封控区"), "controlled": gettext_lazy("管控区"), "other": gettext_lazy("防范区")}
TONES = {"sealed": "bad", "controlled": "warn", "other": "plain"}


class AreaForm(OfficeForm):
    grid = forms.ModelChoiceField(label=gettext_lazy("网格"), queryset=Grid.objects.order_by("code"), required=False)
    enterprise = EnterpriseField(
        label=gettext_lazy("企业"), required=False, help_text=gettext_lazy("简称或统一社会信用代码")
    )
    level = forms.ChoiceField(label=gettext_lazy("等级"), choices=list(LEVELS.items()))
    source = forms.CharField(label=gettext_lazy("依据"), max_length=200)


def areas(request: OfficeRequest) -> HttpResponse:
    form = AreaForm(request.POST or None)
    if form.carry_out(lambda data: set_area_level(**data, by=request.person, at=request.at)):
        messages.success(request, _("管控等级已更新，下一轮应检名单按新等级计算。"))
        return redirect("areas")
    rows = AreaLevel.objects.select_related("grid", "enterprise").order_by("-during")[:100]
    shown = [(row, LEVELS[row.level], TONES[row.level], request.at in row.during) for row in rows]
    crumbs = [(_("设置"), reverse("settings"))]
    return show_form(request, form, "park/settings/areas.html", title=_("管控等级"), crumbs=crumbs, rows=shown)
