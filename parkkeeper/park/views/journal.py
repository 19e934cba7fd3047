"""The journal: what happened, by whom, to whom; whether its chain of hashes still holds."""

from django.contrib import messages
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from parkkeeper.park.facts import in_one_line, named
from parkkeeper.park.journal import broken_seals, record
from parkkeeper.park.lists import Choice, Column, Day, List, Only
from parkkeeper.park.models import Enterprise, JournalEntry, JournalSeal, Person
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.words import VERBS, joined, say_verb


def _person_name(text: str) -> str:
    return Person.objects.filter(pk=int(text)).values_list("name", flat=True).first() or ""


def _enterprise_name(text: str) -> str:
    return Enterprise.objects.filter(pk=int(text)).values_list("short_name", flat=True).first() or ""


def _thing_name(text: str) -> str:
    noun, _colon, key = text.partition(":")
    return named(noun, key) if key else ""


def _verbs(request: HttpRequest) -> list[tuple[str, str]]:
    return sorted(((verb, str(title)) for verb, title in VERBS.items()), key=lambda pair: pair[1])


JOURNAL = List(
    name="journal",
    title=gettext_lazy("日志"),
    columns=(
        Column("at", gettext_lazy("时间"), kind="moment"),
        Column("by_name", gettext_lazy("谁"), value=lambda e: e.by_name or _("系统"), main=True),
        Column("verb", gettext_lazy("做了什么"), value=lambda e: say_verb(e.verb), export=lambda e: e.verb),
        Column("whom", gettext_lazy("涉及人员"), link=lambda e: f"?person={e.person_id}" if e.person_id else ""),
        Column("where", gettext_lazy("涉及企业"),
               link=lambda e: f"?enterprise={e.enterprise_id}" if e.enterprise_id else ""),
        Column("thing", gettext_lazy("对象"), template="park/parts/thing.html",
               export=lambda e: f"{e.noun} {e.noun_id}".strip()),
        Column("facts", gettext_lazy("详情"), kind="note", template="park/parts/facts.html",
               export=in_one_line),
        Column("id", gettext_lazy("序号"), kind="code", value="pk"),
    ),
    filters=(
        Choice("verb", gettext_lazy("事项"), choices=_verbs, apply="verb"),
        Day("day", gettext_lazy("日期"), apply="at__date"),
        Only("person", gettext_lazy("涉及人员"), say=_person_name, apply="person_id"),
        Only("enterprise", gettext_lazy("涉及企业"), say=_enterprise_name, apply="enterprise_id"),
        Only("noun", gettext_lazy("对象"), say=_thing_name,
             apply=lambda rows, text: rows.filter(noun=text.split(":", 1)[0], noun_id=text.split(":", 1)[1])),
    ),
    search=lambda rows, text: rows.filter(Q(by_name__contains=text) | Q(verb__startswith=text)),
    hint=gettext_lazy("操作人姓名"),
    people=True,
    verb="see_journal",
)  # fmt: skip


def journal(request: OfficeRequest) -> HttpResponse:
    names = Person.objects.filter(pk=OuterRef("person_id")).values("name")
    works = Enterprise.objects.filter(pk=OuterRef("enterprise_id")).values("short_name")
    rows = JournalEntry.objects.annotate(whom=Subquery(names), where=Subquery(works)).order_by("-id")
    seals = JournalSeal.objects.order_by("-to_xid")
    return JOURNAL.page(request, rows, "park/journal.html", {"last_seal": seals.first()})


@require_POST
def journal_verify(request: OfficeRequest) -> HttpResponse:
    broken, seals = broken_seals(), JournalSeal.objects.count()
    record("journal.verified", by=request.person, at=request.at, seals=seals, broken=[seal.pk for seal in broken])
    if broken:
        numbers = joined(seal.pk for seal in broken[:10])
        text = _("核验未通过：%(count)s 段封签与内容不符（编号 %(numbers)s）。请立即保全数据库并报告。")
        messages.error(request, text % {"count": len(broken), "numbers": numbers})
    else:
        messages.success(request, _("核验通过：%(count)s 段封签全部相符，日志没有被改动。") % {"count": seals})
    return redirect(reverse("journal"))
