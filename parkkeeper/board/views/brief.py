"""The leader's page on a phone: five numbers, and what is not as it should be."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.board import overview
from parkkeeper.board.overview import RoundNow, round_now
from parkkeeper.inspection.models import Finding, Notice, StopWork
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.sampling.links import link_to
from parkkeeper.sampling.models import Test


@dataclass(frozen=True)
class Remark:
    """Something that is not as it should be: how many, and where the list is."""

    words: str
    count: int
    href: str
    tone: str = "bad"


def brief(request: OfficeRequest) -> HttpResponse:
    """Sampled of due, missing, positives open, notices overdue of open, stops of work; then the exceptions."""
    pcr = round_now(Test.PCR, request.at, None, reader=request.person)
    owed = overview.obligations_open(request.at, None)
    clocks = _clocks(request)
    context: dict[str, Any] = {
        "title": _("领导速览"), "pcr": pcr, "owed": owed["retests"] + owed["cases"], "clocks": clocks,
        "links": {
            "round": link_to(request, "round", pcr.round.pk) if pcr else "", "bulletin": link_to(request, "bulletin"),
            "overdue": link_to(request, "notices", query={"state": "overdue"}),
            "positives": link_to(request, "positives") or link_to(request, "bulletin"),
            "stops": link_to(request, "stop_works"),
        },
        "exceptions": [one for one in _exceptions(request, pcr, owed, clocks) if one.count],
    }  # fmt: skip
    return render(request, "board/brief.html", context)


def _clocks(request: OfficeRequest) -> dict[str, int]:
    open_ones = Notice.objects.open()
    found: dict[str, int] = open_ones.aggregate(
        open=Count("pk"), overdue=Count("pk", filter=Q(due_at__lte=request.at)),
        lapsed=Count("pk", filter=Q(lapsed_at__isnull=False)), unserved=Count("pk", filter=Q(served_at=None)),
    )  # fmt: skip
    stops: dict[str, int] = StopWork.objects.running(request.at).aggregate(
        stops=Count("pk", filter=Q(in_force_at__lte=request.at)), proposed=Count("pk", filter=Q(decided_at=None))
    )
    return {**found, **stops, "awaited": Finding.objects.awaited(timezone.localdate(request.at)).count()}


def _exceptions(
    request: OfficeRequest, pcr: RoundNow | None, owed: dict[str, int], clocks: dict[str, int]
) -> list[Remark]:
    round_page = link_to(request, "round", pcr.round.pk) if pcr else ""
    tubes = overview.tubes_on_the_way(request.at, None)
    doubts = sum(one.count for one in overview.doubts_open(request.at, None))
    return [
        Remark(_("单采单检超时"), owed["late"], link_to(request, "positives")),
        Remark(_("超时未签收或未出结果"), pcr.overdue if pcr else 0, round_page, "warn"),
        Remark(_("需重采"), pcr.again if pcr else 0, round_page, "warn"),
        Remark(_("超时未送到检测机构的试管"), tubes.late, link_to(request, "tubes"), "warn"),
        *_inspected(request, clocks),
        Remark(_("标记的采样点"), overview.flags_now(request.at, None)["points"], link_to(request, "starfield")),
        Remark(_("待处理异常"), doubts, link_to(request, "anomalies"), "warn"),
    ]


def _inspected(request: OfficeRequest, clocks: dict[str, int]) -> list[Remark]:
    def listed(page: str, state: str) -> str:
        return link_to(request, page, query={"state": state})

    return [
        Remark(_("逾期未复查（计园区）"), clocks["lapsed"], listed("notices", "lapsed")),
        Remark(_("挂账到期的问题"), clocks["awaited"], listed("findings", "awaited"), "warn"),
        Remark(_("未送达的通知书"), clocks["unserved"], listed("notices", "open"), "warn"),
        Remark(_("等待决定的停工"), clocks["proposed"], link_to(request, "stop_works"), "warn"),
    ]
