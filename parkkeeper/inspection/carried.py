"""What an inspector's phone carries into the grid: the round of the day, checklists, grounds, what is open there.

Everything that a visit needs without network, of the enterprises that the holder's own posts reach, and nothing else.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from functools import reduce
from typing import Any

from django.db.models import Q

from parkkeeper.inspection.checklistfiles import RESUMPTION
from parkkeeper.inspection.models import (
    FAILED,
    LOOKED,
    Authorisation,
    Basis,
    Checklist,
    Finding,
    Item,
    Notice,
    Step,
)
from parkkeeper.inspection.worklist import Line, work_list
from parkkeeper.kernel.text import pinyin_initials
from parkkeeper.park.access import scopes
from parkkeeper.park.models import Enterprise, Grid, Person, Post, Site
from parkkeeper.park.rulebook import rule
from parkkeeper.park.workdays import term_of

_ASKED = ("type", "required", "hint", "hint_en", "message", "message_en")
TEAM = (Post.Role.TEAM_LEADER, Post.Role.TEAM_MEMBER, Post.Role.CONCIERGE)


def carried(grid: Grid, reader: Person, day: date, at: datetime) -> dict[str, Any] | None:
    """The round of docs/protocol.md; None when no post of the reader lets them inspect anything there.

    A fixed number of statements, however many enterprises there are.
    """
    reached = scopes(reader, "inspect", at=at)
    found = work_list(grid, day, at, reader)
    lines = [one for one in found.lines if reached is None or any(s.covers(one.enterprise.scope()) for s in reached)]
    if not lines and not (reached is None or any(scope.covers(grid.scope()) for scope in reached)):
        return None
    codes = {line.enterprise.pk: line.enterprise.credit_code for line in lines}
    return {
        "day": day.isoformat(),
        "grid": {"code": grid.code, "name": grid.name, "polygon": grid.polygon},
        "seed": found.seed,
        "cap": found.cap,
        "rules": _rules(at),
        "bases": _bases(day),
        "team": _team(grid, reader, day),
        "aspects": {value: str(label) for value, label in Item.Aspect.choices},
        "checklists": _checklists(day),
        "round": _round(lines),
        "findings": _open_findings(codes, reader),
        "notices": _notices(codes),
        "repeats": _repeats(codes, at),
    }


def _rules(at: datetime) -> dict[str, Any]:
    term = term_of("notice_term", at)
    return {
        "term": {"unit": term.unit.value, "amount": term.amount},
        "repeat_window_days": int(rule("repeat_window_days", at)),
        "repeats_to_stop_work": int(rule("repeats_to_stop_work", at)),
    }


def _bases(day: date) -> list[dict[str, Any]]:
    """On what a team may look today: guidance always, anything above it only on a paper on file."""
    papers: dict[str, Authorisation] = {}
    for paper in Authorisation.objects.on(day).order_by("pk"):
        papers.setdefault(paper.basis, paper)
    return [
        {"basis": basis.value, "name": str(basis.label), "orders": basis != Basis.GUIDANCE,
         "body": papers[basis].body if basis in papers else "",
         "paper": papers[basis].document if basis in papers else ""}
        for basis in Basis if basis == Basis.GUIDANCE or basis in papers
    ]  # fmt: skip


def _team(grid: Grid, reader: Person, day: date) -> list[dict[str, str]]:
    here = Q(grid=grid) | Q(enterprise__grid=grid)
    posts = Post.objects.on(day).filter(here, role__in=TEAM).exclude(person=reader)
    found = posts.order_by("person__pinyin", "person").values_list("person__uuid", "person__name").distinct()
    return [{"person": str(number), "name": name} for number, name in found]


def _checklists(day: date) -> list[dict[str, Any]]:
    # the list for resuming work is gone through in the office, not on a round
    rows = Checklist.objects.on(day).exclude(code=RESUMPTION).order_by("code").prefetch_related("items")
    return [
        {"id": one.pk, "code": one.code, "version": one.version, "name": one.name,
         "items": [_item(item) for item in sorted(one.items.all(), key=lambda item: item.position)]}
        for one in rows
    ]  # fmt: skip


def _item(item: Item) -> dict[str, Any]:
    return {
        **_item_words(item), "aspect": item.aspect, "evidence": "".join(item.evidence), "sample": item.sample,
        "hours": item.hours, "short": item.short_round, "least": item.least, "most": item.most,
        "camera": item.camera_only, **({"question": _question(item.question)} if item.question else {}),
    }  # fmt: skip


def _question(said: dict[str, Any]) -> dict[str, Any]:
    """How a survey form asks the item. Its conditions go as trees (kernel/expressions.py), which a phone walks as the
    park does; that of the groups around it and its own are one: `relevant`."""
    kept = {name: said[name] for name in _ASKED if said.get(name)}
    if "choices" in said:
        kept["choices"] = said["choices"]["rows"]
    if "constraint_tree" in said:
        kept["constraint"] = said["constraint_tree"]
    asked = [part["relevant_tree"] for part in (*said.get("groups", []), said) if "relevant_tree" in part]
    if asked:
        kept["relevant"] = reduce(lambda one, other: ["op", "and", one, other], asked)
    return kept


def _item_words(item: Item) -> dict[str, str]:
    return {
        "code": item.code, "text": item.text, "text_en": item.text_en, "severity": item.severity,
        "remedy": item.remedy, "remedy_en": item.remedy_en,
    }  # fmt: skip


def _round(lines: Iterable[Line]) -> list[dict[str, Any]]:
    rows = list(lines)
    places: dict[int, list[list[float]]] = {line.enterprise.pk: [] for line in rows}
    sites = Site.objects.filter(enterprise__in=places).order_by("code")
    for enterprise, longitude, latitude in sites.values_list("enterprise", "longitude", "latitude"):
        places[enterprise].append([longitude, latitude])
    return [_line(line, places[line.enterprise.pk]) for line in rows]


def _line(line: Line, places: list[list[float]]) -> dict[str, Any]:
    firm: Enterprise = line.enterprise
    return {
        "enterprise": firm.credit_code, "name": firm.name, "short_name": str(firm),
        "initials": pinyin_initials(str(firm)), "reasons": line.reasons, "score": line.score,
        "visits": line.visits, "last": line.last.isoformat() if line.last else None, "full": line.full,
        "own": line.own, "drawn": line.drawn, "stopped": line.stopped, "places": places,
        "purposes": line.purposes, "avoid": line.avoid, "minutes": line.minutes,
    }  # fmt: skip


def _open_findings(codes: dict[int, str], reader: Person) -> list[dict[str, Any]]:
    """What a look-back there is about; `own`: the reader noted it or works there, so somebody else has to look."""
    rows = list(
        Finding.objects.filter(enterprise__in=codes).open().select_related("item", "visit").order_by("noted_at", "pk")
    )
    done = Step.objects.filter(finding__in=rows, by=reader).exclude(kind__in=[*LOOKED, Step.Kind.NO_ACCESS])
    touched = set(done.values_list("finding", flat=True))
    failed = Counter(
        Step.objects.filter(finding__in=rows, kind__in=FAILED, counts=True).values_list("finding", flat=True)
    )
    return [
        {"finding": str(row.pk), "enterprise": codes[row.enterprise_id], "item": _item_words(row.item),
         "camera": row.item.camera_only, "area": row.area, "note": row.note, "noted_at": row.noted_at.isoformat(),
         "state": getattr(row, "last", ""), "failed": failed[row.pk],
         "own": reader.pk in row.visit.team or row.by_id == reader.pk or row.pk in touched
         or reader.employer_id == row.enterprise_id}
        for row in rows
    ]  # fmt: skip


def _notices(codes: dict[int, str]) -> list[dict[str, Any]]:
    rows = Notice.objects.open().filter(enterprise__in=codes).prefetch_related("lines").order_by("due_at", "pk")
    return [
        {"number": row.number, "enterprise": codes[row.enterprise_id], "wording": row.wording,
         "issued_at": row.issued_at.isoformat(), "due_at": row.due_at.isoformat() if row.due_at else None,
         "lapsed": row.lapsed_at is not None, "second": row.follows_id is not None,
         "talked_at": row.talked_at.isoformat() if row.talked_at else None,
         "findings": sorted(str(line.finding_id) for line in row.lines.all())}
        for row in rows
    ]  # fmt: skip


def _repeats(codes: dict[int, str], at: datetime) -> list[dict[str, Any]]:
    """How often each problem was there before and counts as a repeat, should it be found again now (ladder.rung_of)."""
    rows = Finding.objects.filter(enterprise__in=codes).repeating(at, days=float(rule("repeat_window_days", at)))
    times: Counter[tuple[str, str, str]] = Counter()
    last: dict[tuple[str, str, str], datetime] = {}
    for enterprise, item, area, noted_at in rows.order_by("noted_at").values_list(
        "enterprise", "item__code", "area", "noted_at"
    ):
        key = (codes[enterprise], item, area)
        times[key] += 1
        last[key] = noted_at
    return [
        {"enterprise": firm, "item": item, "area": area, "times": times[firm, item, area],
         "last": last[firm, item, area].isoformat()}
        for firm, item, area in sorted(times)
    ]  # fmt: skip
