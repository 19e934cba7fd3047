"""Lists of inspection: visits, findings, notices, stops of work; each sees what the reader's posts reach."""

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from parkkeeper.inspection.debriefbook import with_reviewed
from parkkeeper.inspection.models import FAILED, SETTLED, Basis, Finding, Item, Notice, StopWork, Visit
from parkkeeper.inspection.states import FINDING, NOTICE_STATES, VISIT_STATES, say_notice, say_stop, say_visit
from parkkeeper.kernel import clock
from parkkeeper.park.lists import Choice, Column, Day, List
from parkkeeper.park.models import Grid
from parkkeeper.park.requests import OfficeRequest


def _grids(request: HttpRequest) -> Any:
    return Grid.objects.order_by("code").values_list("pk", "name")


def _find(rows: Any, text: str) -> Any:
    own = Q(enterprise__short_name__contains=text) | Q(enterprise__name__contains=text)
    return rows.filter(own | Q(enterprise__pinyin__contains=text.lower()))


ENTERPRISE = Column("enterprise", _("企业"), value="enterprise__short_name", order="enterprise__pinyin", main=True)
GRID = Choice("grid", _("网格"), choices=_grids, apply="enterprise__grid")
_HINT = _("企业简称、全称、拼音")

VISITS = List(
    name="visits",
    title=pgettext_lazy("menu", "检查"),
    columns=(
        Column("began_at", _("时间"), kind="moment", order="began_at", link=lambda v: reverse("visit", args=[v.pk])),
        ENTERPRISE,
        Column("kind", _("类型"), value=lambda v: v.get_kind_display(), order="kind"),
        Column("basis", _("检查依据"), value=lambda v: v.get_basis_display(), order="basis"),
        Column("by", _("检查人员"), value=lambda v: v.by.name, order="by__pinyin"),
        Column("ended", _("结果"), value=lambda v: v.get_ended_how_display()),
        Column("state", _("状态"), kind="badge", value=lambda v: str(say_visit(v, reviewed=v.reviewed)[0]),
               tone=lambda v: say_visit(v, reviewed=v.reviewed)[1]),
        Column("failed", _("问题"), kind="number", value=lambda v: len(v.findings.all())),
    ),
    filters=(
        Choice("state", _("状态"), choices=VISIT_STATES, apply=lambda rows, value: _visits_as(rows, value)),
        Choice("kind", _("类型"), choices=Visit.Kind.choices, apply="kind"),
        Choice("basis", _("检查依据"), choices=Basis.choices, apply="basis"), GRID,
        Day("day", _("日期"), apply="began_at__date"),
    ),
    search=_find, hint=_HINT, order="-began_at", empty=_("没有符合条件的检查。"),
)  # fmt: skip


def _visits_as(rows: Any, value: str) -> Any:
    ended = rows.filter(ended_at__isnull=value == "going")
    return ended if value == "going" else ended.filter(reviewed=value == "reviewed")


FINDINGS = List(
    name="findings",
    title=_("问题清单"),
    columns=(
        Column("item", _("检查项"), kind="code", value="item__code", order="item__position",
               link=lambda f: reverse("finding", args=[f.pk])),
        Column("text", _("内容"), kind="note", value=lambda f: f.item.words),
        ENTERPRISE,
        Column("area", _("地点")),
        Column("state", _("状态"), kind="badge", value=lambda f: str(FINDING[f.last][0]),
               tone=lambda f: FINDING[f.last][1]),
        Column("noted_at", _("发现时间"), kind="moment", order="noted_at"),
    ),
    filters=(
        Choice("state", _("状态"), choices=(("open", _("未结")), ("reported", _("待复查")), ("failed", _("复查不合格")),
                                          ("awaited", _("挂账到期")),
                                          ("settled", _("已结"))),
               apply=lambda rows, value: _findings_as(rows, value)),
        Choice("aspect", _("方面"), choices=Item.Aspect.choices, apply="item__aspect"),
        Choice("severity", _("严重程度"), choices=[c for c in Item.Severity.choices if c[0]], apply="item__severity"),
        GRID, Day("day", _("日期"), apply="noted_at__date"),
    ),
    search=lambda rows, text: _find(rows, text) | rows.filter(item__code=text.upper()),
    hint=_("企业、检查项编号"), order="-noted_at", empty=_("没有符合条件的问题。"),
)  # fmt: skip


def _findings_as(rows: Any, value: str) -> Any:
    if value == "awaited":
        return rows.awaited(timezone.localdate(clock.now()))
    kinds = {"reported": ["reported"], "failed": FAILED, "settled": SETTLED}.get(value)
    return rows.filter(last__in=kinds) if kinds else rows.exclude(last__in=SETTLED)


def _notices_as(rows: Any, value: str) -> Any:
    at, live = clock.now(), rows.filter(withdrawn_at=None, replaced=False)
    states = {
        "open": live.filter(closed_at=None), "closed": live.filter(closed_at__isnull=False),
        "overdue": live.filter(closed_at=None, due_at__lte=at), "stopped": live.filter(closed_at=None, due_at=None),
        "lapsed": live.filter(lapsed_at__isnull=False),
        "ended": rows.filter(Q(withdrawn_at__isnull=False) | Q(replaced=True)),
    }  # fmt: skip
    return states[value]


NOTICES = List(
    name="notices",
    title=pgettext_lazy("menu", "整改通知书"),
    columns=(
        Column("number", _("文号"), kind="code", order=("year", "serial"), main=True,
               link=lambda n: reverse("notice", args=[n.pk])),
        Column("enterprise", _("企业"), value="enterprise__short_name", order="enterprise__pinyin"),
        Column("wording", _("性质"), value=lambda n: n.get_wording_display(), order="wording"),
        Column("state", _("状态"), kind="badge", tone=lambda n: say_notice(n, clock.now(), replaced=n.replaced)[1],
               value=lambda n: str(say_notice(n, clock.now(), replaced=n.replaced)[0])),
        Column("due_at", _("到期"), kind="moment", order="due_at"),
        Column("issued_at", _("开具"), kind="moment", order="issued_at"),
        Column("closed_at", _("办结"), kind="moment", order="closed_at"),
    ),
    filters=(
        Choice("state", _("状态"), choices=NOTICE_STATES, apply=_notices_as), GRID,
        Choice("wording", _("性质"), choices=Notice.Wording.choices, apply="wording"),
        Day("day", _("开具日期"), apply="issued_at__date"),
    ),
    search=lambda rows, text: _find(rows, text) | (rows.filter(serial=text) if text.isdecimal() and len(text) < 7
                                                   else rows.none()),
    hint=_("企业、文号中的序号"), order="-issued_at", empty=_("没有符合条件的通知书。"),
)  # fmt: skip

STOPS = List(
    name="stop_works",
    title=pgettext_lazy("menu", "停工"),
    columns=(
        Column("enterprise", _("企业"), value="enterprise__short_name", order="enterprise__pinyin", main=True,
               link=lambda s: reverse("stop_work", args=[s.pk])),
        Column("number", _("文号"), kind="code"),
        Column("extent", _("范围"), value=lambda s: f"{s.get_extent_display()} {s.place}"),
        Column("state", _("状态"), kind="badge", value=lambda s: str(say_stop(s, clock.now())[0]),
               tone=lambda s: say_stop(s, clock.now())[1]),
        Column("proposed_at", _("提出"), kind="moment", order="proposed_at"),
        Column("lifted_at", _("解除"), kind="moment", order="lifted_at"),
    ),
    filters=(GRID, Choice("extent", _("范围"), choices=StopWork.Extent.choices, apply="extent")),
    search=_find, hint=_HINT, order="-proposed_at", empty=_("没有停工。"),
)  # fmt: skip


def visit_list(request: OfficeRequest) -> HttpResponse:
    rows = Visit.objects.within(request.scopes).select_related("enterprise", "by").prefetch_related("findings")
    return VISITS.page(request, with_reviewed(rows))


def finding_list(request: OfficeRequest) -> HttpResponse:
    rows = Finding.objects.within(request.scopes).with_last().select_related("enterprise", "item")
    return FINDINGS.page(request, rows)


def notice_list(request: OfficeRequest) -> HttpResponse:
    later = Notice.objects.filter(follows=OuterRef("pk"))
    rows = Notice.objects.within(request.scopes).annotate(replaced=Exists(later)).select_related("enterprise")
    return NOTICES.page(request, rows)


def stop_list(request: OfficeRequest) -> HttpResponse:
    return STOPS.page(request, StopWork.objects.within(request.scopes).select_related("enterprise"))
