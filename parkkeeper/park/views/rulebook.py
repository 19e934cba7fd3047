"""The rulebook: what is in force, since when, on what source; a key's history; a new value."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from parkkeeper.kernel.text import tidy
from parkkeeper.park import nav
from parkkeeper.park.actions.rulebook import change_rule
from parkkeeper.park.forms import OfficeForm, moment_field, show_form
from parkkeeper.park.lists import Choice, Column, List
from parkkeeper.park.models import Rule
from parkkeeper.park.packs import pack_codes
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.templatetags.park import exactly, moments
from parkkeeper.park.words import joined

KEYS = {
    "pcr": gettext_lazy("核酸"),
    "antigen": gettext_lazy("抗原"),
    "sealed": gettext_lazy("封控区"),
    "controlled": gettext_lazy("管控区"),
    "other": gettext_lazy("防范区"),
    "silent": gettext_lazy("静默期"),
}
"""Titles of the keys of rules that are tables; a key without a title shows as it is."""
_ORDER = {key: n for n, key in enumerate(KEYS)}


UNITS = {
    "hours": gettext_lazy("小时"),
    "working_hours": gettext_lazy("工作小时"),
    "working_days": pgettext_lazy("unit", "工作日"),
}
"""Units of terms (planning.working_time)."""


def value_text(rule: Rule) -> str:
    """A rule's value for people: a table as "key value" pairs, a list as spans ("9–12、13–18"), a term by its unit,
    else the rule's unit after it."""
    if isinstance(rule.value, dict) and rule.value.keys() == {"unit", "amount"}:
        return f"{rule.value['amount']:g} {UNITS.get(rule.value['unit'], rule.value['unit'])}"
    return f"{_plain(rule.value)} {in_words(rule.unit)}".strip()


def in_words(text: str) -> str:
    """A text of a policy pack in the reader's language; what a person wrote stays as it is."""
    return _(text) if text else ""


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        ordered = sorted(value.items(), key=lambda pair: _ORDER.get(pair[0], len(_ORDER)))
        mark = "；" if any(isinstance(part, dict) for part in value.values()) else "、"
        return joined((f"{KEYS.get(key, key)} {_plain(part)}" for key, part in ordered), mark)
    if isinstance(value, list):
        parts = [_plain(part) for part in value]
        return joined("–".join(parts[n : n + 2]) for n in range(0, len(parts), 2))
    return str(value)


def _packs(request: HttpRequest) -> list[tuple[str, str]]:
    return [*((code, code) for code in pack_codes()), ("-", _("本园区自定"))]


RULES = List(
    name="rules",
    title=gettext_lazy("规则"),
    columns=(
        Column("note", gettext_lazy("内容"), kind="note", value=lambda r: in_words(r.note) or r.key),
        Column("value", gettext_lazy("值"), value=value_text, main=True),
        Column("key", gettext_lazy("键"), kind="code", link=lambda r: reverse("rule", args=[r.key]), order="key"),
        Column("during", gettext_lazy("有效期"), value=lambda r: moments(r.during), kind="moment", order="during",
               export=lambda r: _span_text(r)),
        Column("source", gettext_lazy("依据"), kind="note"),
        Column("pack", gettext_lazy("规则包"), kind="code", value=lambda r: r.pack or _("本园区自定"), order="pack"),
        Column("versions", gettext_lazy("版本数"), kind="number"),
    ),
    filters=(
        Choice("pack", gettext_lazy("规则包"), choices=_packs,
               apply=lambda rows, value: rows.filter(pack="" if value == "-" else value)),
    ),
    search=lambda rows, text: rows.filter(key__icontains=text) | rows.filter(note__icontains=text),
    hint=gettext_lazy("键或内容"),
    order="key",
)  # fmt: skip


def _span_text(rule: Rule) -> str:
    return f"{exactly(rule.during.lower)} – {exactly(rule.during.upper) if rule.during.upper else ''}".strip()


def rules_in_force(at: Any) -> QuerySet[Rule]:
    """The rows in force at `at`, each with how many versions its key has."""
    versions = Rule.objects.filter(key=OuterRef("key")).values("key").annotate(n=Count("pk")).values("n")
    return Rule.objects.at(at).annotate(versions=Subquery(versions))


def rulebook(request: OfficeRequest) -> HttpResponse:
    upcoming = Rule.objects.filter(during__startswith__gt=request.at).order_by("during")
    context = {
        "upcoming": [(row, in_words(row.note) or row.key, value_text(row)) for row in upcoming],
        "may_change": nav.may_open(request, "rule_change"),
    }
    return RULES.page(request, rules_in_force(request.at), "park/rulebook.html", context)


def rule(request: OfficeRequest, key: str) -> HttpResponse:
    rows = list(Rule.objects.filter(key=key).order_by(F("during").desc()))
    if not rows:
        raise Http404(key)
    context = {
        "title": in_words(rows[0].note) or key,
        "rows": [(row, value_text(row), request.at in row.during) for row in rows],
        "key": key, "crumbs": [(_("规则"), reverse("rulebook"))], "may_change": nav.may_open(request, "rule_change"),
    }  # fmt: skip
    return render(request, "park/rule.html", context)


class RuleForm(OfficeForm):
    value = forms.CharField(
        label=gettext_lazy("新值"), widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("数字直接填写；列表或表格按现行值的形式填写。"),
    )  # fmt: skip
    starts_at = moment_field(gettext_lazy("生效时间"), help_text=gettext_lazy("园区当地时间；不能早于现在。"))
    source = forms.CharField(
        label=gettext_lazy("依据"), max_length=300, help_text=gettext_lazy("哪份文件、哪一条，或哪次会议决定。")
    )
    note = forms.CharField(label=gettext_lazy("说明"), max_length=300, required=False)

    def clean_value(self) -> Any:
        try:
            return json.loads(tidy(self.cleaned_data["value"]))
        except json.JSONDecodeError:
            raise forms.ValidationError(
                _("看不懂这个值。数字如 24；列表如 [600, 800]；表格按现行值的形式填写。")
            ) from None


def rule_change(request: OfficeRequest, key: str) -> HttpResponse:
    former = Rule.objects.filter(key=key).order_by("-during").first()
    if former is None:
        raise Http404(key)
    first = {"value": json.dumps(former.value, ensure_ascii=False), "note": former.note, "starts_at": request.at}
    form = RuleForm(request.POST or None, initial=first)
    if form.carry_out(lambda data: change_rule(key, **data, by=request.person, at=request.at)):
        messages.success(request, _("新值已登记，原值保留在历史中。"))
        return redirect("rule", key)
    now = _("现行值：%(value)s（%(source)s）") % {"value": value_text(former), "source": former.source}
    crumbs = [(_("规则"), reverse("rulebook")), (in_words(former.note) or key, reverse("rule", args=[key]))]
    return show_form(request, form, title=_("登记新值"), intro=now, crumbs=crumbs, back=reverse("rule", args=[key]))
