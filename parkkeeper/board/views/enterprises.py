"""Enterprises: the list, and everything on one page for the office and the enterprise's own liaison."""

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from parkkeeper.board.enterprise import ToldEnterprise, tell_enterprise
from parkkeeper.park.access import may
from parkkeeper.park.lists import Choice, Column, List
from parkkeeper.park.models import Enterprise, Grid, Post, Presence
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.search import enterprises_matching
from parkkeeper.sampling.links import link_to

_AT_WORK = (("resumed", gettext_lazy("已复工")), ("waiting", gettext_lazy("未复工")))


def _grids(request: HttpRequest) -> Any:
    return Grid.objects.order_by("code").values_list("pk", "name")


def _industries(request: HttpRequest) -> list[tuple[str, str]]:
    found = Enterprise.objects.exclude(industry="").order_by("industry").values_list("industry", flat=True).distinct()
    return [(name, name) for name in found]


def _at_work(rows: QuerySet[Enterprise], value: str) -> QuerySet[Enterprise]:
    return rows.filter(resumed_on__isnull=value == "waiting")


ENTERPRISES = List(
    name="enterprises",
    title=pgettext_lazy("menu", "企业"),
    columns=(
        Column("short_name", gettext_lazy("企业"), order="pinyin", main=True,
               link=lambda e: reverse("enterprise", args=[e.pk])),
        Column("credit_code", gettext_lazy("统一社会信用代码"), kind="code"),
        Column("grid", gettext_lazy("网格"), value="grid__name", order="grid__code"),
        Column("industry", gettext_lazy("行业"), order="industry"),
        Column("on_post", gettext_lazy("在岗"), kind="number", order="on_post"),
        Column("head_count", gettext_lazy("申报人数"), kind="number", order="head_count"),
        Column("liaisons", gettext_lazy("防疫专员"), kind="number", order="liaisons"),
        Column("resumed_on", gettext_lazy("复工日期"), kind="day", order="resumed_on"),
    ),
    filters=(
        Choice("grid", gettext_lazy("网格"), choices=_grids, apply="grid"),
        Choice("industry", gettext_lazy("行业"), choices=_industries, apply="industry"),
        Choice("kind", gettext_lazy("类别"), choices=Enterprise.Kind.choices, apply="kind"),
        Choice("work", gettext_lazy("复工"), choices=lambda r: _AT_WORK, apply=_at_work),
    ),
    search=lambda rows, text: rows.filter(enterprises_matching(text)),
    hint=gettext_lazy("名称、拼音、信用代码"),
    order="short_name",
)  # fmt: skip


def enterprises(request: OfficeRequest) -> HttpResponse:
    day = timezone.localdate(request.at)
    present = Presence.objects.at(request.at).filter(state=Presence.State.ON_POST)
    on_post = present.filter(person__employer=OuterRef("pk")).order_by().values("person__employer")
    posts = Post.objects.on(day).filter(role=Post.Role.PREVENTION, enterprise=OuterRef("pk")).order_by()
    liaisons = posts.values("enterprise").annotate(n=Count("person", distinct=True)).values("n")
    rows = Enterprise.objects.within(request.scopes).select_related("grid")
    counted = on_post.annotate(n=Count("pk")).values("n")
    rows = rows.annotate(on_post=Coalesce(Subquery(counted), Value(0)), liaisons=Coalesce(Subquery(liaisons), Value(0)))
    return ENTERPRISES.page(request, rows)


def enterprise(request: OfficeRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Enterprise.objects.within(request.scopes).select_related("grid"), pk=pk)
    told = tell_enterprise(found, request.at)
    context = {
        "title": found.name, "crumbs": [(pgettext("menu", "企业"), reverse("enterprises"))],
        "enterprise": found, "told": told, "links": links_of(request, found, told),
        "see_people": may(request.person, "see_people", at=request.at, on=found),
    }  # fmt: skip
    return render(request, "board/enterprise.html", context)


def links_of(request: OfficeRequest, enterprise: Enterprise, told: ToldEnterprise) -> dict[str, str]:
    """Where the numbers of an enterprise lead; "" for what the reader may not open."""
    own = {"enterprise": enterprise.pk}
    of_round = {**own, "round": told.round.round.pk} if told.round else own
    return {
        "page": link_to(request, "enterprise", enterprise.pk),
        "missing": link_to(request, "missing", query=of_round),
        "not_sampled": link_to(request, "missing", query={**of_round, "state": "not_sampled"}),
        "calls": link_to(request, "missing_calls", query=of_round),
        "antigen": link_to(request, "antigen"), "positives": link_to(request, "positives"),
        "roster": link_to(request, "people", query=own), "anomalies": link_to(request, "anomalies", query=own),
        "journal": link_to(request, "journal", query=own), "card": link_to(request, "gate_card", enterprise.pk),
    }  # fmt: skip
