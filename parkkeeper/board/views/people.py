"""People: the list, and one person's page: how the person stands now and why, and everything that led there."""

from dataclasses import replace
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST

from parkkeeper.board.person import tell_person
from parkkeeper.park.journal import looked
from parkkeeper.park.lists import Choice, Column, List
from parkkeeper.park.models import Enterprise, Grid, Person, Presence
from parkkeeper.park.nav import may_open
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.search import people_matching
from parkkeeper.park.vault import document_of
from parkkeeper.sampling.links import link_to


def _enterprises(request: Any) -> Any:
    return Enterprise.objects.within(request.scopes).order_by("pinyin").values_list("pk", "short_name")


PEOPLE = List(
    name="people",
    title=pgettext_lazy("menu", "人员"),
    columns=(
        Column("name", gettext_lazy("姓名"), order="pinyin", main=True, link=lambda p: reverse("person", args=[p.pk])),
        Column("staff_number", gettext_lazy("工号"), kind="code", order="staff_number"),
        Column("employer", gettext_lazy("企业"), value="employer__short_name", order="employer__pinyin"),
        Column("category", gettext_lazy("岗位类别"), value="get_category_display"),
        Column("state", gettext_lazy("状态"), kind="badge", value=lambda p: _state(p), tone=lambda p: _tone(p)),
        Column("phone", gettext_lazy("手机号"), kind="code"),
        Column("document_tail", gettext_lazy("证件后四位"), kind="code"),
    ),
    filters=(
        Choice("enterprise", gettext_lazy("企业"), apply="employer",
               choices=_enterprises),
        Choice("grid", gettext_lazy("网格"), choices=lambda r: Grid.objects.order_by("code").values_list("pk", "name"),
               apply="employer__grid"),
        Choice("category", gettext_lazy("岗位类别"), choices=Person.Category.choices, apply="category"),
        Choice("state", gettext_lazy("状态"), choices=Presence.State.choices, apply="state"),
    ),
    search=lambda rows, text: rows.filter(people_matching(text)),
    hint=gettext_lazy("姓名、拼音、工号、手机号、证件号"),
    order="name",
    people=True,
    key=lambda p: p.pk,
    verb="export_people",
)  # fmt: skip


def _state(person: Any) -> str:
    return str(Presence.State(person.state).label) if person.state else ""


def _tone(person: Any) -> str:
    return {"on_post": "ok", "silent": "info", "isolated": "bad", "left": "plain"}.get(person.state or "", "wait")


def people(request: OfficeRequest) -> HttpResponse:
    now = Presence.objects.at(request.at).filter(person=OuterRef("pk")).values("state")[:1]
    rows = Person.objects.within(request.scopes).select_related("employer").annotate(state=Subquery(now))
    cards = may_open(request, "cards")
    return (PEOPLE if cards else replace(PEOPLE, key=None)).page(request, rows, "board/people.html", {"cards": cards})


def person(request: OfficeRequest, pk: int) -> HttpResponse:
    found = _person(request, pk)
    looked([found.pk], by=request.person, at=request.at, where="person")
    return _show(request, found)


@require_POST
def person_document(request: OfficeRequest, pk: int) -> HttpResponse:
    found = _person(request, pk)
    looked([found.pk], by=request.person, at=request.at, where="person", fields="document")
    return _show(request, found, document=document_of(found) or _("没有登记证件"))


def _person(request: OfficeRequest, pk: int) -> Person:
    rows = Person.objects.within(request.scopes).select_related("employer__grid")
    return get_object_or_404(rows, pk=pk)


def _show(request: OfficeRequest, found: Person, **more: Any) -> HttpResponse:
    context = {
        "title": found.name,
        "crumbs": [(pgettext("menu", "人员"), reverse("people"))],
        "person": found,
        "told": tell_person(found, request.at, tubes=may_open(request, "tube")),
        "employer": link_to(request, "enterprise", found.employer_id),
        "journal": link_to(request, "journal", query={"person": found.pk}),
        "own_link": link_to(request, "own_link", found.pk),
        "cards": may_open(request, "cards"),
    }
    return render(request, "board/person.html", context | more)
