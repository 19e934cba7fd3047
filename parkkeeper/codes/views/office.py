"""Pages on codes: cards to print, the keys that sign, and a person's link to the own page."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from parkkeeper.codes.actions import (
    MOST_CARDS,
    issue_own_link,
    print_cards,
    print_own_links,
    revoke_own_links,
    rotate_code_keys,
)
from parkkeeper.codes.cards import gate_facts_of, in_groups, to_write_by_hand
from parkkeeper.codes.models import CodeKey, OwnLink
from parkkeeper.kernel.text import tidy
from parkkeeper.papers.pictures import qr_svg
from parkkeeper.papers.render import render as render_paper
from parkkeeper.park.errors import Refused
from parkkeeper.park.forms import OfficeForm, PersonField, show_form
from parkkeeper.park.models import Enterprise, Person, Presence
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.words import joined


class PeopleField(forms.CharField):
    """People one a line, each as PersonField reads one; those whom the reader may not see are not found."""

    widget = forms.Textarea(attrs={"rows": 4})
    among: Any = None

    def clean(self, value: Any) -> Any:
        lines = [tidy(line) for line in (super().clean(value) or "").splitlines() if tidy(line)]
        one, found = PersonField(), []
        for line in lines[:MOST_CARDS]:
            person = one.clean(line)
            if not self.among.filter(pk=person.pk).exists():
                raise ValidationError(str(one.none_fits) % {"text": line})
            found.append(person)
        return found


class CardsForm(OfficeForm):
    paper = forms.ChoiceField(
        label=gettext_lazy("打印什么"), required=False, initial="cards",
        choices=[("cards", gettext_lazy("采样卡")), ("links", gettext_lazy("个人链接"))],
        help_text=gettext_lazy("个人链接只给还没有打开过个人页的人；以前没打开的链接随之失效。"),
    )  # fmt: skip
    enterprise = forms.ModelChoiceField(
        Enterprise.objects.none(), label=gettext_lazy("企业"), required=False, empty_label="–",
        help_text=gettext_lazy("打印该企业全部在册人员的采样卡，离职的除外。"),
    )  # fmt: skip
    part = forms.IntegerField(
        label=gettext_lazy("第几批"), min_value=1, initial=1, required=False,
        help_text=gettext_lazy("一批 1000 人，按姓名拼音排序。"),
    )  # fmt: skip
    people = PeopleField(
        label=gettext_lazy("或指定人员"), required=False,
        help_text=gettext_lazy("一行一人：证件号、工号、手机号或完整姓名。"),
    )  # fmt: skip

    def __init__(self, request: OfficeRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own: Any = self.fields["enterprise"]
        own.queryset = Enterprise.objects.within(request.scopes).order_by("pinyin", "pk")
        people: Any = self.fields["people"]
        people.among = _within(request)

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if not found.get("enterprise") and not found.get("people") and not self.errors:
            raise ValidationError(_("请选择企业，或写明人员。"))
        return found


def _within(request: OfficeRequest) -> Any:
    return Person.objects.within(request.scopes).select_related("employer")


def cards(request: OfficeRequest) -> HttpResponse:
    """Choose an enterprise or people, and get their cards as PDF; the people list sends those who are ticked."""
    chosen = request.POST.getlist("chosen")
    if chosen:
        people = _within(request).filter(pk__in=[pk for pk in chosen if pk.isdigit()]).order_by("pinyin", "pk")
        return _paper(request, list(people), _("所选人员"), request.POST.get("paper", ""))
    first = {
        "paper": request.GET.get("paper") or "cards", "enterprise": request.GET.get("enterprise"),
        "people": request.GET.get("people", ""), "part": 1,
    }  # fmt: skip
    form = CardsForm(request, request.POST or None, initial=first)
    if form.carry_out(lambda data: _selected(request, data)):
        return form.result  # type: ignore[no-any-return]
    intro = _("一张 A4 纸十张，沿角线裁开。采样卡给没有手机的人，没有证件号；个人链接当面发给本人。打印会记入日志。")
    crumbs, back = [(pgettext("menu", "人员"), reverse("people"))], reverse("people")
    context = {"title": _("打印采样卡"), "intro": intro, "crumbs": crumbs, "back": back}
    return show_form(request, form, "codes/cards.html", **context)


def _selected(request: OfficeRequest, data: Any) -> HttpResponse:
    if data["people"]:
        return _paper(request, data["people"], _("所选人员"), data["paper"])
    gone = Presence.objects.at(request.at).filter(person=OuterRef("pk"), state=Presence.State.LEFT)
    everybody = _within(request).filter(~Exists(gone), employer=data["enterprise"]).order_by("pinyin", "pk")
    if data["paper"] == "links":
        has = OwnLink.objects.usable(request.at).filter(person=OuterRef("pk"))
        everybody = everybody.filter(~Exists(has))
    part, count = data["part"] or 1, everybody.count()
    parts = max(1, -(-count // MOST_CARDS))
    if part > parts:
        raise Refused(_("共 %(count)s 人，分 %(parts)s 批。") % {"count": count, "parts": parts})
    name = data["enterprise"].short_name + (f" {part}-{parts}" if parts > 1 else "")
    return _paper(request, list(everybody[(part - 1) * MOST_CARDS : part * MOST_CARDS]), name, data["paper"])


def _paper(request: OfficeRequest, people: Sequence[Person], name: str, paper: str) -> HttpResponse:
    links, address = paper == "links", request.build_absolute_uri(reverse("me"))
    if links:
        made = print_own_links(people, park=request.park.name, address=address, by=request.person, at=request.at)
    else:
        made = print_cards(people, park=request.park.name, by=request.person, at=request.at)
    lacking = to_write_by_hand(people)
    if lacking:
        text = _("以下姓名有字库没有的字，卡上印作〓，请手写补上：%(names)s")
        messages.warning(request, text % {"names": joined(lacking[:20])})
    response = HttpResponse(made, content_type="application/pdf")
    title = quote((_("个人链接 %(name)s.pdf") if links else _("采样卡 %(name)s.pdf")) % {"name": name})
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{title}"
    return response


def gate_card(request: OfficeRequest, pk: int) -> HttpResponse:
    """The cards for an enterprise's gates as PDF; whom they name everybody may know, so no journal tells of it."""
    found = get_object_or_404(Enterprise.objects.within(request.scopes).select_related("grid"), pk=pk)
    made = render_paper("cards", gate_facts_of(found, park=request.park.name))
    response = HttpResponse(made, content_type="application/pdf")
    title = quote(_("企业码 %(name)s.pdf") % {"name": found.short_name})
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{title}"
    return response


def code_keys(request: OfficeRequest) -> HttpResponse:
    """The keys that sign person codes; a new one when the old may have been copied, or once a year."""
    if request.method == "POST":
        rotate_code_keys(by=request.person, at=request.at)
        messages.success(request, _("已更换密钥。此前的个人码在到期日之前仍然有效；各手机下次联系时取得新公钥。"))
        return redirect("code_keys")
    context = {
        "title": _("个人码密钥"), "crumbs": [(_("设置"), reverse("settings"))], "day": timezone.localdate(request.at),
        "keys": CodeKey.objects.select_related("made_by", "retired_by").order_by("-number"),
    }  # fmt: skip
    return render(request, "codes/keys.html", context)


def own_link(request: OfficeRequest, pk: int) -> HttpResponse:
    """A person's link to the own page: make a new one (shown once), end those that there are."""
    found = get_object_or_404(_within(request), pk=pk)
    if request.POST.get("do") == "revoke":
        count = revoke_own_links(found, by=request.person, at=request.at)
        messages.success(request, _("已撤销 %(count)s 个链接。") % {"count": count})
        return redirect("own_link", pk)
    crumbs = [(pgettext("menu", "人员"), reverse("people")), (found.name, reverse("person", args=[pk]))]
    context: dict[str, Any] = {"title": _("个人链接"), "crumbs": crumbs, "person": found}
    if request.POST.get("do") == "issue":
        context |= _link_once(request, *issue_own_link(found, by=request.person, at=request.at))
    context["links"] = OwnLink.objects.filter(person=found).select_related("issued_by").order_by("-pk")[:20]
    response = render(request, "codes/own_link.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _link_once(request: OfficeRequest, link: OwnLink, code: str) -> dict[str, Any]:
    # behind "#": a browser never sends that part, so the code reaches no log of the server
    address = request.build_absolute_uri(f"{reverse('me')}#link={code}")
    picture: SafeString = mark_safe(qr_svg(address, pixels=5))
    return {"link": link, "code": in_groups(code), "address": address, "picture": picture}
