"""The facts of inspection's papers, in the words of the paper (Chinese, whoever prints): numbers, units, days, items.

A character that no font has becomes 〓, to be written in by hand; what a person typed is shown, never read as markup.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone, translation

from parkkeeper.inspection.answers import is_refused
from parkkeeper.inspection.authority import certificate_of
from parkkeeper.inspection.models import LOOKED, SETTLED, Finding, Notice, Step, StopWork, Visit
from parkkeeper.inspection.models.visits import StepQuerySet
from parkkeeper.papers.coverage import with_getas
from parkkeeper.papers.pictures import qr_svg
from parkkeeper.papers.render import render
from parkkeeper.park.models import Person

_OBJECTION = "对本文书有异议的，可以在收到之日起向园区办公室书面陈述、申辩；依法可以申请行政复议的，从其规定。"


def print_paper(name: str, thing: Notice | StopWork, *, park: str, address: str) -> bytes:
    """The paper of that name (PAPERS) about a notice or a stop of work, as PDF; `address` is where it can be checked.

    Raises KeyError for an unknown name.
    """
    with translation.override("zh-hans"):
        facts = PAPERS[name](thing)
    check = {"svg": qr_svg(address), "words": "扫码核验：只显示文号、状态和日期。"}
    return render(_TEMPLATES.get(name, name), _shown({"head": park, "issuer": park, **facts, "check": check}))


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return with_getas(value)
    if isinstance(value, dict):
        return {key: _shown(inner) for key, inner in value.items()}
    return [_shown(inner) for inner in value] if isinstance(value, list) else value


def _moment(moment: datetime | None) -> str:
    local = timezone.localtime(moment) if moment else None
    return f"{local.year} 年 {local.month} 月 {local.day} 日 {local:%H:%M}" if local else "（计时中止）"


def _day(moment: datetime | None) -> str:
    local = timezone.localtime(moment) if moment else None
    return f"{local.year} 年 {local.month} 月 {local.day} 日" if local else ""


def _inspector(person: Person, at: datetime) -> dict[str, str]:
    return {"name": person.name, "certificate": certificate_of(person, at)}


def _findings(notice: Notice) -> list[Finding]:
    rows = Finding.objects.filter(lines__notice=notice).select_related("item")
    return list(rows.order_by("item__position", "noted_at", "pk"))


def notice_facts(notice: Notice) -> dict[str, Any]:
    """整改通知书: the problems item by item, what to do, by when, who inspected, ways to object."""
    visit = Visit.objects.select_related("authorisation").get(pk=notice.visit_id)
    paper = visit.authorisation
    basis = f"依据{paper.body}{paper.document}开展的{visit.get_basis_display()}" if paper else visit.get_basis_display()
    todo = dict(notice.lines.values_list("finding", "todo"))
    return {
        "number": notice.number, "unit": notice.enterprise.name, "found_on": _day(visit.began_at), "basis": basis,
        "order": notice.wording == Notice.Wording.ORDER, "due": _moment(notice.due_at), "objection": _OBJECTION,
        "items": [{"place": f.area, "text": f.item.text, "todo": todo[f.pk]} for f in _findings(notice)],
        "refused": _refused(visit),
        "inspectors": [_inspector(one, notice.issued_at) for one in (notice.issued_by, notice.second)],
        "day": _day(notice.issued_at),
        # nobody refuses the paper before it is served: what was said of its draft at the visit's end is told as such
        "refusal": _inside(notice.receipt_refused), "unsigned": "" if notice.served_at else _inside(visit.refusal),
    }  # fmt: skip


def _refused(visit: Visit) -> list[dict[str, str]]:
    """Items that the enterprise would not show, in the checklist's order, with its words."""
    codes = [code for code, answer in visit.answers.items() if is_refused(answer)]
    items = visit.checklist.items.filter(code__in=codes).order_by("position") if codes else []
    return [{"text": item.text, "words": _inside(visit.answers[item.code]["refused"])} for item in items]


def steps_of(notice: Notice) -> StepQuerySet:
    """What happened to its findings between the notice and a second one that took its place, as far as it rules."""
    found = Step.objects.ruling().filter(finding__lines__notice=notice, at__gte=notice.issued_at)
    second = Notice.objects.filter(follows=notice, issued_at__lte=OuterRef("at"))
    return found.filter(~Exists(second))


def with_looked_at(rows: QuerySet[Notice]) -> Any:
    """The notices with `looked_at`: whether one of `steps_of` them is a look back. Before it there is no 复查意见书."""
    found = Step.objects.ruling().filter(finding__lines__notice=OuterRef("pk"), at__gte=OuterRef("issued_at"))
    second = Notice.objects.filter(follows=OuterRef(OuterRef("pk")), issued_at__lte=OuterRef("at"))
    return rows.annotate(looked_at=Exists(found.filter(~Exists(second), kind__in=LOOKED)))


def look_back_facts(notice: Notice) -> dict[str, Any]:
    """整改复查意见书: what the last look-back found of each item, or how it was settled otherwise, dated by the last of
    these. There is none before somebody looked (`with_looked_at`)."""
    findings, items = _findings(notice), []
    ruling: dict[UUID, str] = {}
    told: dict[UUID, Step] = {}
    for one in steps_of(notice).select_related("by").order_by("at", "received_at", "pk"):
        ruling[one.finding_id] = one.kind
        if one.kind in (*LOOKED, *SETTLED):
            told[one.finding_id] = one
    for finding in findings:
        step = told.get(finding.pk)
        said = str(Step.Kind(step.kind).label).removeprefix("复查：") if step else "尚未复查"
        items.append({
            "text": finding.item.text, "place": finding.area, "by": step.by.name if step else "", "outcome": said,
            "on": _moment(step.at) if step else "",
        })  # fmt: skip
    return {
        "number": notice.number, "unit": notice.enterprise.name, "notice": notice.number, "due": _moment(notice.due_at),
        "items": items, "passed": all(ruling.get(finding.pk) in SETTLED for finding in findings),
        "day": _day(max((one.at for one in told.values()), default=None)),
    }  # fmt: skip


def withdrawal_facts(notice: Notice) -> dict[str, Any]:
    """整改通知书撤回决定书: which paper is taken back, why, from when; its problems stay what they are."""
    name = "责令整改通知书" if notice.wording == Notice.Wording.ORDER else "整改建议书"
    return {
        "number": notice.number, "unit": notice.enterprise.name, "notice": f"《{name}》（{notice.number}）",
        "issued": _day(notice.issued_at), "reason": _inside(notice.withdrawn_reason), "objection": _OBJECTION,
        "by": notice.withdrawn_by.name if notice.withdrawn_by else "", "day": _day(notice.withdrawn_at),
    }  # fmt: skip


def receipt_facts(thing: Notice | StopWork) -> dict[str, Any]:
    """送达回执: who received the paper, where, how and when, or how it was refused; blank lines before it is served."""
    by = thing.served_by.name if thing.served_by else ""
    return {
        "number": thing.number, "unit": thing.enterprise.name, "how": thing.get_served_how_display(),
        "paper": f"{_NAMES[type(thing)]}（{thing.number}）", "to": thing.served_to,
        "place": thing.served_place if isinstance(thing, Notice) else "", "refusal": thing.receipt_refused, "by": by,
        "on": _moment(thing.served_at) if thing.served_at else "",
    }  # fmt: skip


def stop_work_facts(stop: StopWork) -> dict[str, Any]:
    """停工决定书: scope, reason, conditions for lifting, the paper that allows it."""
    return {
        "number": stop.number, "unit": stop.enterprise.name, "scope": f"{stop.get_extent_display()}（{stop.place}）",
        "reason": _inside(stop.reason), "conditions": _inside(stop.conditions), "objection": _OBJECTION,
        "document": f"{stop.authorisation.body}《{stop.authorisation.document}》", "day": _day(stop.decided_at),
        # an emergency one was in force before it was decided, and stays so
        "since": _moment(stop.in_force_at) if stop.emergency else "", "refusal": _inside(stop.receipt_refused),
    }  # fmt: skip


def lift_facts(stop: StopWork) -> dict[str, Any]:
    """解除停工决定书: what was applied for, seen and lifted, and from when work may go on."""
    return {
        "number": stop.number, "unit": stop.enterprise.name, "stop": f"《停工决定书》（{stop.number}）",
        "scope": f"{stop.get_extent_display()}（{stop.place}）", "conditions": _inside(stop.conditions),
        "document": f"{stop.authorisation.body}《{stop.authorisation.document}》", "applied": _day(stop.applied_at),
        "accepted": _day(stop.accepted_at), "accepted_by": stop.accepted_by.name if stop.accepted_by else "",
        "lifted": _moment(stop.lifted_at), "day": _day(stop.lifted_at),
    }  # fmt: skip


def _inside(text: str) -> str:
    """A text that somebody typed, to stand inside a sentence: without the full stop at its end."""
    return text.rstrip(" 。.；;")


_NAMES: dict[type[Notice] | type[StopWork], str] = {Notice: "整改通知书", StopWork: "停工决定书"}
PAPERS: dict[str, Callable[..., dict[str, Any]]] = {
    "notice": notice_facts, "look_back": look_back_facts, "receipt": receipt_facts, "stop_work": stop_work_facts,
    "stop_receipt": receipt_facts, "withdrawal": withdrawal_facts, "lift": lift_facts,
}  # fmt: skip
_TEMPLATES = {"stop_receipt": "receipt"}
