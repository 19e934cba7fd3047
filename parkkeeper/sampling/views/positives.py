"""What follows from positives: who owes a single retest or is a case, the flags that are up, the advised pool size."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, F, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.park.forms import OfficeForm, show_form
from parkkeeper.park.lists import Asked, Choice, Column, List, Only
from parkkeeper.park.models import Enterprise, Person
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.search import people_matching
from parkkeeper.sampling.actions.instructions import lower_flag
from parkkeeper.sampling.actions.retests import order_single_retest, release_case
from parkkeeper.sampling.models import Flag, Obligation, Point, Tube
from parkkeeper.sampling.positivity import advise_pool_size
from parkkeeper.sampling.retestlist import Retest, open_retests
from parkkeeper.sampling.views.common import can, href

CLOSED_AT_MOST = 1000
STEPS = {
    "to_sample": (gettext_lazy("待单采"), "bad"),
    "waiting": (gettext_lazy("已采，待结果"), "wait"),
    "to_sample_again": (gettext_lazy("单管没有定论，需再采"), "bad"),
    "to_release": (gettext_lazy("个案，待解除"), "warn"),
    "closed": (gettext_lazy("已了结"), "ok"),
}


@dataclass(frozen=True)
class Owed:
    """A row of the list: what somebody owes, open or closed."""

    retest: Retest
    may_release: bool = False

    @property
    def obligation(self) -> Obligation:
        return self.retest.obligation

    @property
    def person(self) -> Person:
        return self.retest.person

    @property
    def step(self) -> str:
        return "closed" if self.obligation.closed_at else self.retest.step

    @property
    def overdue(self) -> bool:
        return self.retest.overdue and not self.obligation.closed_at and self.obligation.kind != Obligation.Kind.CASE

    @property
    def cause(self) -> str:
        """Why, in words: the tube's code, or what else gave cause."""
        if self.obligation.tube:
            return self.obligation.tube.code
        word = self.obligation.cause.partition(":")[0]
        return {"antigen": _("抗原阳性"), "order": _("安排补采"), "elsewhere": _("在外阳性")}.get(word, word)


def _tube(text: str) -> str:
    return text if Tube.objects.filter(code=text).exists() else ""


def _enterprise(text: str) -> str:
    return str(Enterprise.objects.filter(pk=int(text)).values_list("short_name", flat=True).first() or "")


POSITIVES = List(
    name="positives",
    title=gettext_lazy("阳性处置"),
    columns=(
        Column("name", gettext_lazy("姓名"), value="person__name", main=True,
               link=lambda x: href("person", x.person.pk)),
        Column("enterprise", gettext_lazy("企业"), value="person__employer__short_name",
               link=lambda x: href("enterprise", x.person.employer_id)),
        Column("phone", gettext_lazy("电话"), value="person__phone", kind="code",
               link=lambda x: f"tel:{x.person.phone}" if x.person.phone else ""),
        Column("kind", gettext_lazy("待办"), value=lambda x: x.obligation.get_kind_display()),
        Column("cause", gettext_lazy("起因"), kind="code",
               link=lambda x: f"?tube={x.obligation.tube.code}" if x.obligation.tube else ""),
        Column("opened_at", gettext_lazy("起于"), value="obligation__opened_at", kind="moment"),
        Column("due_at", gettext_lazy("限时"), value="obligation__due_at", template="sampling/parts/due.html",
               export=lambda x: x.obligation.due_at),
        Column("step", gettext_lazy("进度"), kind="badge", value=lambda x: str(STEPS[x.step][0]),
               tone=lambda x: STEPS[x.step][1]),
        Column("sample", gettext_lazy("单管"), value="retest__tube", kind="code"),
        Column("act", gettext_lazy("处置"), template="sampling/parts/release.html"),
    ),
    filters=(
        Choice("state", gettext_lazy("状态"), none=gettext_lazy("未了结"),
               choices=(("closed", gettext_lazy("已了结")), ("all", gettext_lazy("全部")))),
        Choice("step", gettext_lazy("进度"), choices=[(key, words) for key, (words, tone) in STEPS.items()]),
        Choice("kind", gettext_lazy("待办"), choices=Obligation.Kind.choices),
        Choice("late", gettext_lazy("时限"), choices=(("yes", gettext_lazy("已超时")),)),
        Only("tube", gettext_lazy("试管"), say=_tube),
        Only("enterprise", gettext_lazy("企业"), say=_enterprise),
    ),
    search=lambda rows, text: rows,
    hint=gettext_lazy("姓名、拼音、工号、电话、证件"),
    people=True,
    empty=gettext_lazy("没有符合条件的待办：没有人要单采单检，也没有未解除的阳性个案。"),
    row_tone=lambda x: "bad" if x.overdue else "",
)  # fmt: skip


def positives(request: OfficeRequest) -> HttpResponse:
    may_release = can(request, "release_case")
    retests = [Owed(one, may_release) for one in open_retests(request.at, request.scopes)]
    context = {
        "cards": _cards(retests), "pools": lambda: _pools(retests), "flags": lambda: _flags(request),
        "advice": lambda: advise_pool_size(request.at) if request.scopes is None else None,
        "may_lower": can(request, "lower_flag"),
    }  # fmt: skip
    return POSITIVES.page(request, lambda asked: _rows(request, retests, asked), "sampling/positives.html", context)


def _rows(request: OfficeRequest, retests: list[Owed], asked: Asked) -> list[Owed]:
    values = asked.values
    rows = [] if values.get("state") == "closed" or values.get("step") == "closed" else list(retests)
    if values.get("state") in ("closed", "all") or values.get("step") == "closed" or "tube" in values:
        rows += _closed(request, values.get("tube"))
    if asked.text:
        ids = {row.person.pk for row in rows}
        found = Person.objects.filter(people_matching(asked.text), pk__in=ids).values_list("pk", flat=True)
        fit = set(found)
        rows = [row for row in rows if row.person.pk in fit]
    return [row for row in rows if _fits(row, values)]


def _fits(row: Owed, values: dict[str, Any]) -> bool:
    return (
        values.get("step") in (None, row.step)
        and values.get("kind") in (None, row.obligation.kind)
        and ("late" not in values or row.overdue)
        and ("tube" not in values or (row.obligation.tube is not None and row.obligation.tube.code == values["tube"]))
        and ("enterprise" not in values or row.person.employer_id == int(values["enterprise"]))
    )


def _closed(request: OfficeRequest, tube: str | None) -> list[Owed]:
    closed = Obligation.objects.newest().filter(closed_at__isnull=False)
    found = closed.filter(person__in=Person.objects.within(request.scopes))
    if tube:
        found = found.filter(tube__code=tube)
    found = found.select_related("person__employer", "tube__point", "antigen").order_by("-closed_at", "pk")
    return [Owed(Retest(one, False)) for one in found[:CLOSED_AT_MOST]]


def _cards(rows: list[Owed]) -> list[tuple[str, int, str, str]]:
    """The numbers of the head: title, count, the address of its list, tone."""
    steps = Counter(row.step for row in rows)
    again = steps["to_sample_again"]
    retests = sum(row.obligation.kind == Obligation.Kind.SINGLE_RETEST for row in rows)
    cards = [
        (_("待完成单采单检"), retests, "?kind=single_retest", "bad"),
        (_("还没有单采"), steps["to_sample"], "?step=to_sample", "bad"),
        (_("已采，待结果"), steps["waiting"], "?step=waiting", "wait"),
        (_("已超时"), sum(row.overdue for row in rows), "?late=yes", "bad"),
        (_("阳性个案"), steps["to_release"], "?kind=case", "warn"),
    ]
    return [*cards, (_("单管没有定论"), again, "?step=to_sample_again", "bad")] if again else cards


@dataclass(frozen=True)
class Pool:
    """A positive tube whose people are not all clear: how many of all are done, and until when."""

    tube: Tube
    total: int
    open: int
    late: int
    due_at: datetime

    @property
    def done(self) -> int:
        return self.total - self.open


def _pools(rows: list[Owed]) -> list[Pool]:
    by_tube: dict[int, list[Owed]] = {}
    for row in rows:
        if row.obligation.tube_id:
            by_tube.setdefault(row.obligation.tube_id, []).append(row)
    counted = (
        Obligation.objects.newest().filter(tube__in=by_tube).order_by("tube").values("tube").annotate(n=Count("pk"))
    )
    totals = {one["tube"]: one["n"] for one in counted}
    return [
        Pool(found[0].obligation.tube, totals[pk], len(found), sum(row.overdue for row in found),  # type: ignore[arg-type]
             min(row.obligation.due_at for row in found))
        for pk, found in by_tube.items()
    ]  # fmt: skip


def _flags(request: OfficeRequest) -> list[Flag]:
    """The flags that are up at the reader's enterprises and points, each with `owing`: who owes because of its tube."""
    single = Q(tube__obligations__closed_at=None, tube__obligations__kind=Obligation.Kind.SINGLE_RETEST)
    whom = Q(enterprise=None) | Q(tube__obligations__person__employer=F("enterprise"))
    owing = Count("tube__obligations", filter=single & whom)
    up = Flag.objects.filter(lowered_at=None).select_related("tube", "point__site", "enterprise").annotate(owing=owing)
    if request.scopes is not None:
        up = up.filter(
            Q(enterprise__in=Enterprise.objects.within(request.scopes))
            | Q(point__in=Point.objects.within(request.scopes))
        )
    return list(up.order_by("-raised_at", "pk"))


class WhyForm(OfficeForm):
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


def _crumbs() -> list[tuple[Any, str]]:
    return [(POSITIVES.title, reverse("positives"))]


def case_release(request: OfficeRequest, pk: Any) -> HttpResponse:
    people = Person.objects.within(request.scopes)
    case = get_object_or_404(Obligation.objects.select_related("person__employer").filter(person__in=people), pk=pk)
    form = WhyForm(request.POST or None)
    if form.carry_out(lambda data: release_case(case, **data, by=request.person, at=request.at)):
        messages.success(request, _("%(name)s 的阳性个案已解除。") % {"name": case.person.name})
        return redirect("positives")
    intro = _("%(name)s（%(enterprise)s）。凭出院证明等解除；解除后不能撤回，如再阳性会重新成为个案。")
    told = {"name": case.person.name, "enterprise": case.person.employer}
    back = reverse("positives")
    return show_form(request, form, title=_("解除阳性个案"), crumbs=_crumbs(), back=back, intro=intro % told,
                     submit=_("解除"))  # fmt: skip


def flag_lower(request: OfficeRequest, pk: int) -> HttpResponse:
    flag = get_object_or_404(Flag.objects.select_related("tube", "point__site", "enterprise"), pk=pk)
    form = WhyForm(request.POST or None)
    if form.carry_out(lambda data: lower_flag(flag, **data, by=request.person, at=request.at)):
        messages.success(request, _("标记已解除。"))
        return redirect("positives")
    intro = _("%(place)s，因试管 %(tube)s 阳性。") % {"place": flag.enterprise or flag.point, "tube": flag.tube.code}
    back = reverse("positives")
    return show_form(request, form, title=_("解除标记"), crumbs=_crumbs(), back=back, intro=intro, submit=_("解除"))


def retest_order(request: OfficeRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Person.objects.within(request.scopes).select_related("employer"), pk=pk)
    form = RetestForm(request.POST or None)
    if form.carry_out(lambda data: order_single_retest(person, **data, by=request.person, at=request.at)):
        messages.success(request, _("已要求 %(name)s 单采单检。") % {"name": person.name})
        return redirect("positives")
    intro = _("%(name)s（%(enterprise)s）。此后只有单独一管的结果能了结。")
    told = {"name": person.name, "enterprise": person.employer}
    back = href("person", pk) or reverse("positives")
    return show_form(request, form, title=_("要求单采单检"), crumbs=_crumbs(), back=back, intro=intro % told)


class RetestForm(WhyForm):
    isolate = forms.BooleanField(label=gettext_lazy("同时要求就地隔离"), required=False)
