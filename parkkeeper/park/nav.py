"""The office's navigation: which pages stand on the left, in which order; shown when it exists and may be opened."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from parkkeeper.park import access


@dataclass(frozen=True)
class Entry:
    """A page of the navigation: the name of its address, its title, its icon, and the pages that lie under it."""

    page: str
    title: Promise
    icon: str
    under: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Entries under one heading."""

    title: Promise
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Shown:
    """An entry as a template shows it."""

    title: Promise
    icon: str
    href: str
    current: bool
    page: str


GROUPS = (
    Group(
        _("采样"),
        (
            Entry("today", _("今日"), "home"),
            Entry("brief", _("领导速览"), "phone"),
            Entry("bulletin", _("日报"), "journal", ("bulletin_list",)),
            Entry("screen", _("大屏"), "map"),
            Entry(
                "starfield",
                pgettext_lazy("menu", "采样点"),
                "point",
                ("points", "point", "point_new", "point_change", "slot_new", "roll_new"),
            ),
            Entry(
                "rounds",
                pgettext_lazy("menu", "轮次"),
                "round",
                ("round", "round_open", "programmes", "programme_new"),
            ),
            Entry("missing", _("未采样人员"), "missing", ("missing_groups", "missing_calls", "gap_work", "workbook")),
            Entry("tubes", pgettext_lazy("menu", "试管"), "tube", ("tube",)),
            Entry("boxes", pgettext_lazy("menu", "转运箱"), "box", ("box", "box_hand_over")),
            Entry(
                "results",
                _("检测结果"),
                "result",
                ("lab_reports", "lab_report", "lab_file", "lab_file_check", "hl7_new", "result_new", "result_strike"),
            ),
            Entry("positives", _("阳性处置"), "alert", ("case_release", "flag_lower", "retest_order")),
            Entry(
                "antigen",
                pgettext_lazy("menu", "抗原自测"),
                "check",
                ("antigen_tests", "antigen_list", "antigen_file", "antigen_file_check"),
            ),
            Entry("anomalies", pgettext_lazy("menu", "异常"), "doubt", ("anomaly",)),
        ),
    ),
    Group(
        _("检查"),
        (
            Entry("grids", _("九宫格"), "grid"),
            Entry("work_list", pgettext_lazy("menu", "今日检查"), "check"),
            Entry("visits", pgettext_lazy("menu", "检查"), "search", ("visit", "visit_notice")),
            Entry("findings", _("问题清单"), "alert", ("finding", "finding_act")),
            Entry("notices", pgettext_lazy("menu", "整改通知书"), "file", ("notice", "notice_act")),
            Entry("stop_works", pgettext_lazy("menu", "停工"), "lock", ("stop_work", "stop_act")),
            Entry("day_check", pgettext_lazy("menu", "日清"), "result", ("day_sign",)),
            Entry("debriefs", pgettext_lazy("menu", "例会"), "people", ("debrief", "debrief_new", "debrief_act")),
            Entry("measures", pgettext_lazy("menu", "措施"), "clock", ("measure",)),
            Entry("cases", pgettext_lazy("menu", "案例"), "ok", ("case", "case_act", "case_mark")),
            Entry("self_checks", pgettext_lazy("menu", "自查"), "check", ("self_check_new",)),
            Entry("complaints", pgettext_lazy("menu", "投诉"), "message", ("complaint_new", "complaint_settle")),
            Entry("inspection_setup", _("检查设置"), "rules", ("checklist", "checklist_new", "checklist_upload",
                                                                     "checklist_preview", "authorisation_new")),
        ),
    ),
    Group(
        _("登记册"),
        (
            Entry("enterprises", pgettext_lazy("menu", "企业"), "enterprise", ("enterprise",)),
            Entry("people", pgettext_lazy("menu", "人员"), "people", ("person", "cards", "own_link")),
            Entry("imports", pgettext_lazy("menu", "导入"), "import", ("import", "import_new", "import_row")),
            Entry("phones", pgettext_lazy("menu", "手机"), "phone", ("phone", "phone_new", "phone_kept")),
        ),
    ),
    Group(
        _("管理"),
        (
            Entry("rulebook", _("规则"), "rules", ("rule", "rule_change")),
            Entry("journal", _("日志"), "journal"),
            Entry(
                "settings",
                _("设置"),
                "settings",
                ("accounts", "account", "account_new", "code_keys", "posts", "post", "post_new", "certificates",
                 "certificate", "certificate_new", "emergency", "emergency_end", "retention", "retention_propose",
                 "retention_hold", "areas", "calendar", "park_data"),
            ),
            Entry("help", _("帮助"), "help"),
        ),
    ),
)  # fmt: skip


@cache
def _address(page: str) -> str | None:
    try:
        return reverse(page)
    except NoReverseMatch:
        return None


def may_open(request: HttpRequest, page: str) -> bool:
    """Whether the person of the request may open the page of that name anywhere."""
    verb = access.PAGES.get(page)
    return verb is not None and access.may(request.person, verb, at=request.at)  # type: ignore[attr-defined]


def _shown(request: HttpRequest, entries: tuple[Entry, ...]) -> Iterator[Shown]:
    here = request.resolver_match.view_name if request.resolver_match else ""
    for entry in entries:
        href = _address(entry.page)
        if href and may_open(request, entry.page):
            yield Shown(entry.title, entry.icon, href, here == entry.page or here in entry.under, entry.page)


def navigation(request: HttpRequest) -> list[tuple[Promise, list[Shown]]]:
    """The groups that the person of the request may see, without empty ones; asks the database for posts only."""
    groups = ((group.title, list(_shown(request, group.entries))) for group in GROUPS)
    return [(title, entries) for title, entries in groups if entries]
