"""Who is missing in a round, and why: the list that liaisons and the office work through."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.park.journal import listed
from parkkeeper.park.lists import Asked, Choice, Column, List, Only
from parkkeeper.park.models import Enterprise, Grid, Person, Post
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.templatetags.park import exactly, o_clock
from parkkeeper.park.words import ROLES, joined
from parkkeeper.sampling.gaplines import Line
from parkkeeper.sampling.gaprows import GapRows
from parkkeeper.sampling.models import Disposition, Point, Round
from parkkeeper.sampling.reconciliation import Row, reconcile
from parkkeeper.sampling.roundbook import BUNDLES, add_rows
from parkkeeper.sampling.states import GAPS, MEANINGS, State
from parkkeeper.sampling.tally import kept
from parkkeeper.sampling.views.common import can, href, newest_round, round_choices, round_title

TONES = {
    State.POSITIVE_UNRESOLVED: "bad", State.NOT_SAMPLED: "bad", State.NOT_DONE: "warn", State.TUBE_SPOILED: "warn",
    State.RESULT_OVERDUE: "warn", State.TUBE_NOT_RECEIVED: "warn", State.SAMPLED: "wait", State.NO_RESULT: "wait",
    State.EXCUSED: "info", State.ELSEWHERE: "info", State.MET: "ok",
}  # fmt: skip
SHOWN = (*GAPS, State.EXCUSED, State.ELSEWHERE, State.SAMPLED, State.NO_RESULT)
PLACES = ("grid", "enterprise", "point")
CALLS_A_PAGE = 200


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else timezone.make_aware(found)


def _name(model: Any, column: str) -> Any:
    return lambda text: str(model.objects.filter(pk=int(text)).values_list(column, flat=True).first() or "")


def _done(line: Line) -> str:
    return joined(
        (
            " ".join(filter(None, (d.get_kind_display(), d.reason or d.place, exactly(d.at)[5:16], d.by.name)))
            for d in line.dispositions
        ),
        "；",
    )


def _owners(request: HttpRequest) -> list[tuple[str, str]]:
    owners = dict.fromkeys(MEANINGS[state].owner for state in GAPS)
    return [(owner, str(ROLES[owner])) for owner in owners]


MISSING = List(
    name="missing",
    title=gettext_lazy("未采样人员"),
    columns=(
        Column("name", gettext_lazy("姓名"), link=lambda x: href("person", x.person_id), main=True),
        Column("enterprise", gettext_lazy("企业"), link=lambda x: href("enterprise", x.enterprise_id)),
        Column("staff_number", gettext_lazy("工号"), kind="code"),
        Column("phone", gettext_lazy("电话"), kind="code", link=lambda x: f"tel:{x.phone}" if x.phone else ""),
        Column("point", gettext_lazy("采样点"), kind="code",
               link=lambda x: href("point", x.point_id) if x.point_id else ""),
        Column("slot", gettext_lazy("时段"), value=lambda x: None if x.slot_from is None else o_clock(x.slot_from)),
        Column("state", gettext_lazy("原因"), kind="badge", value=lambda x: str(MEANINGS[x.state].title),
               tone=lambda x: TONES.get(x.state, "plain")),
        Column("since", gettext_lazy("起于"), kind="moment"),
        Column("done", gettext_lazy("处置"), kind="note", template="sampling/parts/dispositions.html", export=_done),
    ),
    filters=(
        Choice("round", gettext_lazy("轮次"), choices=round_choices, none=gettext_lazy("最近一轮核酸")),
        Choice("state", gettext_lazy("原因"), choices=[*((s.value, MEANINGS[s].title) for s in State),
                        *((key, bundle[0]) for key, bundle in BUNDLES.items())],
               none=gettext_lazy("全部缺口")),
        Choice("owner", gettext_lazy("责任岗位"), choices=_owners),
        Choice("grid", gettext_lazy("网格"), choices=lambda r: Grid.objects.order_by("code").values_list("pk", "name")),
        Only("enterprise", gettext_lazy("企业"), say=_name(Enterprise, "short_name")),
        Only("point", gettext_lazy("采样点"), say=_name(Point, "code")),
        Only("at", gettext_lazy("状态截至"), say=lambda text: exactly(_moment(text))[:16]),
    ),
    search=lambda rows, text: rows,
    hint=gettext_lazy("姓名、拼音、工号、电话、证件"),
    people=True,
    key=lambda line: line.person_id,
    empty=gettext_lazy("没有符合条件的人：这一轮没有这样的缺口。"),
)  # fmt: skip


def asked_round(request: OfficeRequest, query: Mapping[str, str] | None = None) -> Round | None:
    """The round that the address names, else the newest round of nucleic acid; None while there is none."""
    text = (request.GET if query is None else query).get("round", "")
    found = Round.objects.filter(pk=int(text)).first() if text.isdigit() and len(text) < 19 else None
    return found or newest_round(request.at)


def states_asked(asked: Asked) -> list[State]:
    """The states that the filters leave."""
    named = asked.values.get("state")
    states = list(BUNDLES[named][1] if named in BUNDLES else [State(named)] if named else GAPS)
    return [state for state in states if asked.values.get("owner") in (None, MEANINGS[state].owner)]


def moment_asked(request: OfficeRequest, asked: Asked) -> datetime:
    """The moment whose state is shown: now, or a past one that the address names."""
    return min(_moment(asked.values["at"]), request.at) if "at" in asked.values else request.at


def gap_rows(
    request: OfficeRequest, round: Round, asked: Asked, *, page: str = "", size: int = MISSING.per_page
) -> GapRows:
    """The rows of the list for what is asked, of which page number `page` is shown."""
    places: dict[str, int] = {key: int(asked.values[key]) for key in PLACES if key in asked.values}
    at = moment_asked(request, asked)
    first = (int(page) - 1) * size if page.isdigit() and 0 < int(page) < 1_000_000 else 0
    states, text = states_asked(asked), asked.text or None
    return GapRows(round, at, states, request.scopes, first, size, places, text)


def _page_rows(request: OfficeRequest, round: Round, size: int = MISSING.per_page) -> GapRows:
    """The rows of the page; of the whole park now as the round's tally has it, when there is one."""
    asked = MISSING.asked(request)
    rows = gap_rows(request, round, asked, page=request.GET.get("page", ""), size=size)
    reader = request.person
    told = None if "at" in asked.values else kept(round, rows.at, by="enterprise", scopes=request.scopes, reader=reader)
    return replace(rows, at=told.as_of, whole=told.evening[0]) if told else rows


def missing(request: OfficeRequest) -> HttpResponse:
    round = asked_round(request)
    if round is None:
        return render(request, "sampling/no_round.html", {"title": MISSING.title})
    gaps = _page_rows(request, round)
    context = {
        "round": round, "round_title": round_title(round), "may_work": can(request, "work_gaps"),
        "may_tell": request.scopes is None, "may_paper": can(request, "work_point"),
        "cards": lambda: _cards(request, gaps),
        "as_of": gaps.at,
    }  # fmt: skip
    return MISSING.page(request, lambda asked: gaps, "sampling/missing.html", context)


@dataclass(frozen=True)
class Card:
    """A number of the head: what, how many, the link to its list."""

    title: str
    count: int
    href: str
    tone: str
    now: bool


def _cards(request: OfficeRequest, gaps: GapRows) -> dict[str, Any]:
    """The head's numbers: of all that the reader may see, however narrow the list is."""
    asked = MISSING.asked(request)
    rows = gaps.whole
    if rows is None:
        rows = reconcile(gaps.round, gaps.at, scopes=request.scopes) if gaps.places else gaps.counts()
    row = add_rows(rows)
    return {"row": row, "states": _state_cards(row, request.GET, asked)}


def _state_cards(row: Row, query: QueryDict, asked: Asked) -> list[Card]:
    cards = []
    for state in SHOWN:
        count = row.counts.get(state, 0) + row.added.get(state, 0)
        if count or state is State.NOT_SAMPLED:
            kept = QueryDict(mutable=True)
            kept.update({key: str(query[key]) for key in ("round", "at") if query.get(key)} | {"state": state.value})
            tone = TONES.get(state, "") if count else ""
            now = asked.values.get("state") == state.value
            cards.append(Card(str(MEANINGS[state].title), count, f"?{kept.urlencode()}", tone, now))
    return cards


_BY = (("enterprise", gettext_lazy("企业")), ("grid", gettext_lazy("网格")), ("point", gettext_lazy("采样点")))
GROUPS = List(
    name="missing_groups",
    title=gettext_lazy("未采样汇总"),
    columns=(
        Column("label", gettext_lazy("名称"), value=lambda x: x.row.label or _("未分配"), link=lambda x: x.href,
               order="label", main=True),
        Column("due", gettext_lazy("应检"), value=lambda x: x.row.due, kind="number", order="due"),
        Column("sampled", gettext_lazy("已采样"), value=lambda x: x.row.sampled, kind="number", order="sampled"),
        Column("share", gettext_lazy("采样率"), template="sampling/parts/share.html", order="share",
               export=lambda x: round(x.row.sampled / x.row.due, 4) if x.row.due else None),
        Column("missing", gettext_lazy("未采样"), kind="number", order="missing",
               value=lambda x: x.row.counts.get(State.NOT_SAMPLED, 0)),
        Column("gaps", gettext_lazy("全部缺口"), value=lambda x: x.row.gaps, kind="number", order="gaps"),
    ),
    filters=(
        Choice("round", gettext_lazy("轮次"), choices=round_choices, none=gettext_lazy("最近一轮核酸")),
        Choice("by", gettext_lazy("汇总"), choices=_BY, default="enterprise"),
    ),
    order="-gaps",
    search=lambda rows, text: rows,
    hint=gettext_lazy("名称"),
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """A row of the summary and the address of its people."""

    row: Row
    href: str


_ORDERS: dict[str, Any] = {
    "label": lambda g: g.row.label, "due": lambda g: g.row.due, "sampled": lambda g: g.row.sampled,
    "share": lambda g: g.row.sampled / (g.row.due or 1), "gaps": lambda g: g.row.gaps,
    "missing": lambda g: g.row.counts.get(State.NOT_SAMPLED, 0),
}  # fmt: skip


def missing_groups(request: OfficeRequest) -> HttpResponse:
    found = asked_round(request)
    if found is None:
        return render(request, "sampling/no_round.html", {"title": GROUPS.title})

    by = GROUPS.asked(request).values.get("by", "enterprise")
    told = kept(found, request.at, by=by, scopes=request.scopes, reader=request.person)
    counts = told.evening[0] if told else reconcile(found, request.at, by=by, scopes=request.scopes)

    def rows(asked: Asked) -> list[Group]:
        link = f"{reverse('missing')}?round={found.pk}&{by}="
        groups = [Group(row, f"{link}{row.key}" if row.key else "") for row in counts if asked.text in row.label]
        return sorted(groups, key=_ORDERS[asked.order.lstrip("-")], reverse=asked.order.startswith("-"))

    context = {
        "round": found, "round_title": round_title(found), "crumbs": [(MISSING.title, reverse("missing"))],
        "as_of": told.as_of if told else request.at,
    }  # fmt: skip
    return GROUPS.page(request, rows, "sampling/missing_groups.html", context)


def missing_calls(request: OfficeRequest) -> HttpResponse:
    """The call list: by enterprise, first whom to call there, then who is missing. Written down as it is read."""
    round = asked_round(request)
    if round is None:
        raise Http404
    rows = _page_rows(request, round, CALLS_A_PAGE)
    page: Page[Line] = Paginator(rows, CALLS_A_PAGE).get_page(request.GET.get("page"))  # type: ignore[arg-type]
    lines = list(page.object_list)
    asked = {**MISSING.asked(request).raw, "page": page.number}
    listed(len(lines), by=request.person, at=request.at, where="missing_calls", **asked)
    context = {
        "title": _("电话名单"), "crumbs": [(MISSING.title, reverse("missing"))], "round_title": round_title(round),
        "groups": _by_enterprise(lines, request.at), "as_of": rows.at,
        "list": {"page": page, "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)},
    }  # fmt: skip
    return render(request, "sampling/missing_calls.html", context)


@dataclass(frozen=True)
class CallGroup:
    """An enterprise of the call list: its liaisons and those who are missing."""

    enterprise: str
    liaisons: list[Person]
    lines: list[Line]


def _by_enterprise(lines: list[Line], at: datetime) -> list[CallGroup]:
    groups: dict[int, CallGroup] = {}
    for line in lines:
        groups.setdefault(line.enterprise_id, CallGroup(line.enterprise, [], [])).lines.append(line)
    posts = Post.objects.on(timezone.localdate(at)).filter(role=Post.Role.PREVENTION, enterprise__in=groups)
    for post in posts.select_related("person").order_by("person__pinyin", "pk"):
        groups[post.enterprise_id or 0].liaisons.append(post.person)
    return list(groups.values())


def disposition_of(request: OfficeRequest, uuid: Any) -> Disposition:
    """A disposition of somebody whom the reader may work for; 404 otherwise."""
    people = Person.objects.within(request.scopes)
    found = Disposition.objects.select_related("person__employer", "round").filter(person__in=people)
    return get_object_or_404(found, uuid=uuid)
