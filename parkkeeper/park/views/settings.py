"""Settings: what the office arranges: the overview, the emergency, the park's own data."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.park.actions.emergency import declare_emergency, end_emergency
from parkkeeper.park.actions.park import change_park
from parkkeeper.park.forms import ChangingForm, OfficeForm, moment_field, show_form
from parkkeeper.park.models import Account, Certificate, Emergency, Post
from parkkeeper.park.packs import pack_codes, read_pack
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.tenancy.models import Park


def settings_page(request: OfficeRequest) -> HttpResponse:
    day = timezone.localdate(request.at)
    context = {
        "title": _("设置"),
        "emergency": Emergency.objects.filter(during__contains=request.at).first(),
        "accounts": Account.objects.filter(is_active=True).count(),
        "posts": Post.objects.on(day).count(),
        "certificates": Certificate.objects.filter(during__contains=day, revoked_at=None).count(),
    }
    return render(request, "park/settings/settings.html", context)


class DeclareForm(OfficeForm):
    name = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    basis = forms.CharField(
        label=gettext_lazy("依据"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("启动的法律或文件依据：文件名称、文号、发文单位、日期。"),
    )  # fmt: skip
    starts_at = moment_field(gettext_lazy("开始时间"))
    ends_at = moment_field(
        gettext_lazy("预定结束时间"), required=False, help_text=gettext_lazy("不确定可不填，以后再结束。")
    )
    pack = forms.ChoiceField(label=gettext_lazy("规则包"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pack"].choices = [(code, _(read_pack(code).name)) for code in pack_codes()]  # type: ignore[attr-defined]


class EndForm(OfficeForm):
    reason = forms.CharField(
        label=gettext_lazy("结束的依据"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("结束后不能再开启采样轮次；规则和记录保留，个人信息按保存期限销毁。"),
    )  # fmt: skip


def emergency(request: OfficeRequest) -> HttpResponse:
    form = DeclareForm(request.POST or None, initial={"starts_at": request.at})
    if form.carry_out(lambda data: declare_emergency(**data, by=request.person, at=request.at)):
        messages.success(request, _("应急状态已启动，规则包已生效。"))
        return redirect("emergency")
    current = Emergency.objects.filter(during__contains=request.at).first()
    context = {
        "title": _("应急状态"), "crumbs": [(_("设置"), reverse("settings"))], "current": current,
        "packs": [read_pack(code) for code in pack_codes()], "all": Emergency.objects.order_by("-during"),
    }  # fmt: skip
    return show_form(request, form, "park/settings/emergency.html", **context)


def emergency_end(request: OfficeRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Emergency, pk=pk)
    form = EndForm(request.POST or None)
    if form.carry_out(lambda data: end_emergency(found, **data, by=request.person, at=request.at)):
        messages.success(request, _("应急状态已结束。"))
        return redirect("emergency")
    crumbs = [(_("设置"), reverse("settings")), (_("应急状态"), reverse("emergency"))]
    title = _("结束应急状态：%(name)s") % {"name": found.name}
    return show_form(request, form, title=title, crumbs=crumbs, back=reverse("emergency"), submit=_("现在结束"))


class ParkForm(ChangingForm):
    name = forms.CharField(label=gettext_lazy("园区名称"), max_length=80)
    name_en = forms.CharField(label=gettext_lazy("英文名称"), max_length=80, required=False)
    time_zone = forms.CharField(
        label=gettext_lazy("时区"),
        max_length=40,
        help_text=gettext_lazy("例如 Asia/Shanghai。页面上的时间都按它显示。"),
    )


def park_data(request: OfficeRequest) -> HttpResponse:
    park = get_object_or_404(Park, pk=request.park.pk)
    form = ParkForm(
        request.POST or None,
        thing=park,
        shows=lambda park: {"name": park.name, "name_en": park.name_en, "time_zone": park.time_zone},
    )
    if form.carry_out(lambda data: change_park(park, **data, by=request.person, at=request.at)):
        messages.success(request, _("园区资料已保存。"))
        return redirect("settings")
    return show_form(
        request, form, title=_("园区资料"), crumbs=[(_("设置"), reverse("settings"))], back=reverse("settings")
    )
