"""Doubts: the list of what a person has to settle, and the page on which it is settled."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST

from parkkeeper.park.access import may
from parkkeeper.park.forms import show_form
from parkkeeper.park.lists import Choice, Column, Day, List, Only
from parkkeeper.park.models import Anomaly, Enterprise, Site
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.search import enterprises_matching, people_matching
from parkkeeper.park.words import ROLES
from parkkeeper.sampling.actions.settle import reopen, settle
from parkkeeper.sampling.doubts import HOWS, KINDS
from parkkeeper.sampling.evidence import evidence_in_words, subject_link
from parkkeeper.sampling.settleforms import ReopenForm, form_for

_STATES = (
    ("open", gettext_lazy("未处理")),
    ("settled", gettext_lazy("已处理")),
    ("lapsed", gettext_lazy("已自行消除")),
)


def _title(row: Anomaly) -> str:
    return str(KINDS[row.kind].title) if row.kind in KINDS else row.kind


def _state(row: Anomaly) -> str:
    if row.settled_at:
        return str(_STATES[1][1])
    return str(_STATES[2][1] if "holds" in row.evidence else _STATES[0][1])


def _tone(row: Anomaly) -> str:
    if row.settled_at:
        return "ok"
    return "info" if "holds" in row.evidence else "warn"


def _in_state(rows: Any, value: str) -> Any:
    if value == "settled":
        return rows.filter(settled_at__isnull=False)
    unsettled = rows.filter(settled_at__isnull=True)
    return unsettled.filter(evidence__has_key="holds") if value == "lapsed" else unsettled.holding()


def _searched(rows: QuerySet[Anomaly], text: str) -> QuerySet[Anomaly]:
    found = people_matching(text, "person__") | enterprises_matching(text, "enterprise__")
    ids = rows.filter(found).values("pk")
    return rows.filter(pk__in=ids) | rows.filter(noun_id=text) | rows.filter(evidence__tube=text.upper())


ANOMALIES = List(
    name="anomalies",
    title=pgettext_lazy("menu", "异常"),
    columns=(
        Column("kind", gettext_lazy("异常"), value=_title, order="kind", main=True,
               link=lambda a: reverse("anomaly", args=[a.pk])),
        Column("state", gettext_lazy("状态"), kind="badge", value=_state, tone=_tone),
        Column("happened_at", gettext_lazy("发生时间"), kind="moment", order="happened_at"),
        Column("person", gettext_lazy("人员"), value="person__name"),
        Column("enterprise", gettext_lazy("企业"), value="enterprise__short_name", order="enterprise__pinyin"),
        Column("site", gettext_lazy("地点"), value="site__name", order="site__code"),
        Column("owner", gettext_lazy("由谁处理"), value=lambda a: str(ROLES.get(a.owner_role, a.owner_role))),
        Column("settled", gettext_lazy("处理结果"), kind="note",
               value=lambda a: str(HOWS.get(a.settled_how, a.settled_how))),
    ),
    filters=(
        Choice("state", gettext_lazy("状态"), choices=lambda r: _STATES, apply=_in_state, default="open"),
        Choice("kind", gettext_lazy("异常类别"), apply="kind",
               choices=lambda r: [(key, kind.title) for key, kind in KINDS.items()]),
        Choice("owner", gettext_lazy("由谁处理"), choices=lambda r: list(ROLES.items()), apply="owner_role"),
        Day("day", gettext_lazy("发生日期"), apply="happened_at__date"),
        Only("enterprise", gettext_lazy("企业"), apply="enterprise_id",
             say=lambda pk: Enterprise.objects.filter(pk=int(pk)).values_list("short_name", flat=True).first() or ""),
        Only("site", gettext_lazy("地点"), apply="site_id",
             say=lambda pk: Site.objects.filter(pk=int(pk)).values_list("name", flat=True).first() or ""),
    ),
    search=_searched,
    hint=gettext_lazy("姓名、企业、试管码"),
    people=True,
    verb="see_anomalies",
)  # fmt: skip


def anomalies(request: OfficeRequest) -> HttpResponse:
    return ANOMALIES.page(request, _rows(request).order_by("-happened_at", "-pk"))


def _rows(request: OfficeRequest) -> QuerySet[Anomaly]:
    return Anomaly.objects.within(request.scopes).select_related("person", "enterprise", "site", "settled_by")


def anomaly(request: OfficeRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_rows(request), pk=pk)
    return _show(request, found)


@require_POST
def anomaly_settle(request: OfficeRequest, pk: int, how: str) -> HttpResponse:
    found = get_object_or_404(_rows(request), pk=pk)
    form = form_for(how, found, request.POST)
    if form.carry_out(lambda d: settle(found, how, by=request.person, at=request.at, **form.details(d))):
        messages.success(request, _("已处理：%(how)s。") % {"how": HOWS[how]})
        return redirect("anomaly", pk=found.pk)
    return _show(request, found, wrong={how: form})


@require_POST
def anomaly_reopen(request: OfficeRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_rows(request), pk=pk)
    form = ReopenForm(request.POST)
    if form.carry_out(lambda d: reopen(found, reason=d["reason"], by=request.person, at=request.at)):
        messages.success(request, _("已重新打开。"))
        return redirect("anomaly", pk=found.pk)
    return _show(request, found, again=form)


def _show(request: HttpRequest, found: Anomaly, wrong: dict[str, Any] | None = None, again: Any = None) -> HttpResponse:
    wrong = wrong or {}
    kind = KINDS.get(found.kind)
    allowed = may(request.person, "settle_anomaly", at=request.at, on=found)  # type: ignore[attr-defined]
    ways = [(how, HOWS[how], wrong.get(how) or form_for(how, found)) for how in (kind.settled_by if kind else ())]
    return show_form(
        request, next(iter(wrong.values()), None) or again or ReopenForm(), "sampling/anomaly.html",
        title=_title(found), crumbs=[(pgettext("menu", "异常"), reverse("anomalies"))],
        anomaly=found, state=_state(found),
        tone=_tone(found), evidence=evidence_in_words(found), subject=subject_link(request, found),
        ways=ways if allowed and not found.settled_at else [], again=again or (ReopenForm() if allowed else None),
        owner=ROLES.get(found.owner_role, found.owner_role), how=HOWS.get(found.settled_how, ""), opened=set(wrong),
    )  # fmt: skip
