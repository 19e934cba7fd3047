"""The antigen mornings: who has told what, the liaison's list, and a table of self-tests."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from parkkeeper.kernel.text import tidy
from parkkeeper.park.errors import Refused
from parkkeeper.park.forms import OfficeForm, day_field, show_form
from parkkeeper.park.lists import Asked, Choice, Column, Day, List, Only, begin_with
from parkkeeper.park.models import Enterprise, Person, StoredFile
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.search import people_matching
from parkkeeper.sampling.actions.antigen import AntigenReport, report_antigen_list, take_antigen_file
from parkkeeper.sampling.actions.uploads import keep_upload
from parkkeeper.sampling.antigenfiles import FIELDS, preview_antigen_file, reach_of
from parkkeeper.sampling.labwords import say
from parkkeeper.sampling.models import AntigenTest, Due, Result, Round, Test
from parkkeeper.sampling.mornings import Morning, as_mornings, count_morning, round_of
from parkkeeper.sampling.tally import kept_morning
from parkkeeper.sampling.views.common import FileField, can, content_of, href, without_links
from parkkeeper.sampling.views.tables import choosers, chosen, count_words, own_file
from parkkeeper.sampling.views.tubes import VALUE_TONES

EXCEPTIONS = 8
NAMES_AT_MOST = 3000
SOURCES = {"list": gettext_lazy("联络人名单"), "phone": gettext_lazy("本人手机"), "file": gettext_lazy("表格")}
_STATES = (
    ("missing", gettext_lazy("没有报齐")), ("positive", gettext_lazy("有阳性")), ("done", gettext_lazy("已报齐")),
)  # fmt: skip


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


ANTIGEN = List(
    name="antigen",
    title=pgettext_lazy("menu", "抗原自测"),
    columns=(
        Column("enterprise", gettext_lazy("企业"), value="enterprise__short_name", main=True,
               link=lambda m: href("enterprise", m.enterprise.pk)),
        Column("grid", gettext_lazy("网格"), value="enterprise__grid__name"),
        Column("due", gettext_lazy("应测"), kind="number"),
        Column("share", gettext_lazy("已报"), template="sampling/parts/told.html",
               export=lambda m: m.told),
        Column("negative", gettext_lazy("阴性"), kind="number"),
        Column("positive", gettext_lazy("阳性"), kind="number"),
        Column("unsure", gettext_lazy("可疑或无效"), kind="number"),
        Column("missing", gettext_lazy("未报"), kind="number"),
        Column("act", gettext_lazy("上报"), template="sampling/parts/antigen_report.html"),
    ),
    filters=(
        Day("day", gettext_lazy("日期")),
        Choice("state", gettext_lazy("状态"), choices=_STATES),
    ),
    search=lambda rows, text: rows,
    hint=gettext_lazy("企业名称、拼音"),
    row_tone=lambda m: "bad" if m.positive else "",
    empty=gettext_lazy("这一天没有应测的企业。"),
)  # fmt: skip


def day_of(request: OfficeRequest) -> date:
    """The local day that the address names, today without one or when it is wrong."""
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return timezone.localdate(request.at)


def antigen(request: OfficeRequest) -> HttpResponse:
    day = day_of(request)
    begin_with(request, day=timezone.localdate(request.at).isoformat())
    found, as_of, frozen = _mornings(request, day)
    totals = {key: sum(getattr(one, key) for one in found)
              for key in ("due", "told", "negative", "positive", "unsure", "missing")}  # fmt: skip
    context = {"day": day, "totals": totals, "frozen": frozen, "as_of": as_of}
    return ANTIGEN.page(request, lambda asked: _fitting(found, asked), "sampling/antigen.html", context)


def _mornings(request: OfficeRequest, day: date) -> tuple[list[Morning], datetime, bool]:
    """What each enterprise has told, the moment that this speaks of, and whether the day has a round."""
    round = round_of(day, request.at)
    told = kept_morning(round, request.at, scopes=request.scopes, reader=request.person) if round else None
    as_of, counted = told or (request.at, count_morning(day, request.at, round, request.scopes))
    return as_mornings(counted, request.scopes), as_of, round is not None


def _fitting(found: list[Morning], asked: Asked) -> list[Morning]:
    rules: dict[str | None, Any] = {
        None: lambda m: True, "missing": lambda m: m.missing, "positive": lambda m: m.positive,
        "done": lambda m: m.due and not m.missing,
    }  # fmt: skip
    words = asked.text.lower()
    return [one for one in found if rules[asked.values.get("state")](one)
            and (words in one.enterprise.name.lower() or words in one.enterprise.short_name.lower()
                 or one.enterprise.pinyin.startswith(words))]  # fmt: skip


TESTS = List(
    name="antigen_tests",
    title=gettext_lazy("抗原自测记录"),
    columns=(
        Column("name", gettext_lazy("姓名"), value="person__name", order="person__pinyin", main=True,
               link=lambda t: href("person", t.person_id)),
        Column("enterprise", gettext_lazy("企业"), value="person__employer__short_name",
               order="person__employer__pinyin"),
        Column("number", gettext_lazy("工号"), value="person__staff_number", kind="code"),
        Column("day", gettext_lazy("日期"), kind="day", order="day"),
        Column("value", gettext_lazy("结果"), kind="badge", value=lambda t: t.get_value_display(), order="value",
               tone=lambda t: VALUE_TONES[t.value]),
        Column("source", gettext_lazy("来源"), value=lambda t: str(SOURCES.get(t.source, t.source))),
        Column("received_at", gettext_lazy("收到时间"), kind="moment", order="received_at"),
        Column("by", gettext_lazy("上报人"), value="by__name"),
        Column("photo", gettext_lazy("照片"), value=lambda t: _("照片") if t.photo_id else "",
               link=lambda t: href("file", t.photo_id) if t.photo_id else ""),
    ),
    filters=(
        Day("day", gettext_lazy("日期"), apply="day"),
        Choice("value", gettext_lazy("结果"), choices=Result.Value.choices, apply="value"),
        Choice("source", gettext_lazy("来源"), choices=list(SOURCES.items()), apply="source"),
        Only("enterprise", gettext_lazy("企业"), apply="person__employer_id",
             say=lambda text: str(Enterprise.objects.filter(pk=int(text)).first() or "")),
    ),
    search=lambda rows, text: rows.filter(people_matching(text, "person__")),
    hint=gettext_lazy("姓名、拼音、工号、电话、证件"),
    people=True,
    empty=gettext_lazy("没有符合条件的自测记录。"),
)  # fmt: skip


def antigen_tests(request: OfficeRequest) -> HttpResponse:
    if not request.GET.get("q"):
        begin_with(request, day=timezone.localdate(request.at).isoformat())
    # in the order of an index: a morning has as many rows as the park has people
    rows = AntigenTest.objects.select_related("person__employer", "by").order_by("-day", "person", "pk")
    if request.scopes is not None:
        rows = rows.filter(person__in=Person.objects.within(request.scopes))
    shown = TESTS if can(request, "see_files") else replace(TESTS, columns=without_links(TESTS.columns, "photo"))
    return shown.page(request, rows, context={"crumbs": [(ANTIGEN.title, reverse("antigen"))]})


class ListForm(OfficeForm):
    """The liaison's list: everybody is negative, except those who are named in the rows."""

    day = day_field(gettext_lazy("日期"))

    def __init__(self, enterprise: Enterprise, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enterprise = enterprise
        values = [("", "–"), *((v, label) for v, label in Result.Value.choices if v != "negative"),
                  ("none", _("没有自测"))]  # fmt: skip
        for number in range(1, EXCEPTIONS + 1):
            self.fields[f"who_{number}"] = forms.CharField(
                label=_("例外 %(number)s：工号或姓名") % {"number": number}, required=False, max_length=60,
                widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"}),
            )  # fmt: skip
            self.fields[f"value_{number}"] = forms.ChoiceField(
                label=_("例外 %(number)s：结果") % {"number": number}, required=False, choices=values
            )

    def rows(self) -> list[tuple[Any, Any]]:
        """The pairs of fields, for the template."""
        return [(self[f"who_{n}"], self[f"value_{n}"]) for n in range(1, EXCEPTIONS + 1)]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        found: dict[int, str] = {}
        for number in range(1, EXCEPTIONS + 1):
            who, value = tidy(data.get(f"who_{number}", "")), data.get(f"value_{number}", "")
            if not who and not value:
                continue
            person = self._person(who) if who else None
            if person is None or not value:
                told = _("写上工号（同名时只写工号），并选出结果。本企业没有这个人的，请先导入名册。")
                self.add_error(f"who_{number}", told)
            elif person.pk in found:
                self.add_error(f"who_{number}", _("%(name)s 已经写过一次。") % {"name": person.name})
            else:
                found[person.pk] = "" if value == "none" else value
        data["except_people"] = found
        return data

    def _person(self, text: str) -> Person | None:
        """The one person of the enterprise whom "W0001 张伟", a staff number or a name of only one means."""
        own = Person.objects.filter(employer=self.enterprise)
        number, _space, name = text.partition(" ")
        exact = own.filter(staff_number__iexact=number)
        people = list((exact.filter(name=name) if name else exact)[:2]) or list(own.filter(name=text)[:2])
        return people[0] if len(people) == 1 else None


def antigen_list(request: OfficeRequest, pk: int) -> HttpResponse:
    enterprise = get_object_or_404(Enterprise.objects.within(request.scopes), pk=pk)
    day = day_of(request)
    form = ListForm(enterprise, request.POST or None, initial={"day": day})
    if form.carry_out(lambda data: _report(request, enterprise, data)):
        counts = form.result.counts
        text = _("%(enterprise)s %(day)s：已上报 %(rows)s 人，其中阳性 %(positive)s 人。")
        told = {"enterprise": enterprise, "day": form.cleaned_data["day"], **counts}
        messages.success(request, text % told)
        return redirect(f"{reverse('antigen')}?day={form.cleaned_data['day']}")
    context = {
        "title": _("上报抗原名单"), "crumbs": [(ANTIGEN.title, reverse("antigen"))], "enterprise": enterprise,
        "due": _due_here(enterprise, day, request.at), "people": _names(enterprise), "day": day,
    }  # fmt: skip
    return show_form(request, form, "sampling/antigen_list.html", **context)


def _report(request: OfficeRequest, enterprise: Enterprise, data: Any) -> Any:
    return report_antigen_list(
        enterprise, data["day"], except_people=data["except_people"], by=request.person, at=request.at
    )


def _due_here(enterprise: Enterprise, day: date, at: datetime) -> int:
    round = Round.objects.filter(test=Test.ANTIGEN, day=day).first()
    if round:
        return Due.objects.filter(round=round, enterprise=enterprise).due().count()
    noon = min(datetime.combine(day, time(12), tzinfo=timezone.get_current_timezone()), at)
    return Person.objects.filter(employer=enterprise).on_post(noon).count()


def _names(enterprise: Enterprise) -> list[str]:
    people = Person.objects.filter(employer=enterprise).exclude(staff_number="").order_by("pinyin", "pk")
    return [f"{number} {name}" for number, name in people.values_list("staff_number", "name")[:NAMES_AT_MOST]]


class AntigenFileForm(OfficeForm):
    day = day_field(gettext_lazy("自测日期"))
    file = FileField(
        label=gettext_lazy("自测结果表格"),
        help_text=gettext_lazy("至少有工号（或证件号）和结果两列；先预览，确认后才导入。"),
    )


def antigen_file(request: OfficeRequest) -> HttpResponse:
    form = AntigenFileForm(request.POST or None, request.FILES or None, initial={"day": day_of(request)})
    if form.carry_out(lambda data: _keep(request, data)):
        return redirect(f"{reverse('antigen_file_check', args=[form.result.pk])}?day={form.cleaned_data['day']}")
    crumbs, back = [(ANTIGEN.title, reverse("antigen"))], reverse("antigen")
    return show_form(request, form, title=_("导入抗原表格"), crumbs=crumbs, back=back, submit=_("预览"))


def _keep(request: OfficeRequest, asked: Any) -> StoredFile:
    if asked["day"] > timezone.localdate(request.at):
        raise Refused(_("%(day)s 还没有到，不能上报那天的抗原。") % {"day": asked["day"]})
    data, name = content_of(asked["file"])
    preview_antigen_file(data, name, enterprises=reach_of(request.person, request.at))
    return keep_upload(data, name, what="antigen", by=request.person, at=request.at)


def antigen_file_check(request: OfficeRequest, pk: int) -> HttpResponse:
    """What the table says, before anything is written; after taking it, what became of it."""
    stored, data = own_file(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    columns, day = chosen(asked, FIELDS), date.fromisoformat(_valid_day(asked.get("day", ""), request))
    if request.method == "POST":
        report = take_antigen_file(data, stored.name, day, columns, by=request.person, at=request.at)
        return _taken(request, report, day)
    seen = preview_antigen_file(data, stored.name, columns, enterprises=reach_of(request.person, request.at))
    labels = dict(Result.Value.choices)
    context: dict[str, Any] = {
        "title": _("预览“%(name)s”") % {"name": stored.name}, "seen": seen, "day": day,
        "crumbs": [(ANTIGEN.title, reverse("antigen"))],
        "choosers": choosers(FIELDS, seen.headings, seen.columns), "columns": seen.columns,
        "kept": {"day": day.isoformat()}, "said": [say(one.as_json()) for one in seen.problems[:100]],
        "readable": len(seen.told), "positive": sum(value == "positive" for _who, value in seen.told),
        "rows": [(who, labels[value], VALUE_TONES[value]) for who, value in seen.told[:20]],
    }  # fmt: skip
    return render(request, "sampling/antigen_file_check.html", context)


def _taken(request: OfficeRequest, report: AntigenReport, day: date) -> HttpResponse:
    context = {
        "title": _("抗原表格已导入"), "crumbs": [(ANTIGEN.title, reverse("antigen"))], "day": day,
        "counts": count_words(report.counts), "said": [say(one.as_json()) for one in report.problems[:500]],
    }  # fmt: skip
    return render(request, "sampling/antigen_taken.html", context)


def _valid_day(text: str, request: OfficeRequest) -> str:
    try:
        return _day(text)
    except ValueError:
        return timezone.localdate(request.at).isoformat()
