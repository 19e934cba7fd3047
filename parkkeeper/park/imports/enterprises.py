"""Enterprises: reading a row, and what it means for the register. Reads only."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from parkkeeper.kernel.documents import read_credit_code
from parkkeeper.kernel.tables import Row
from parkkeeper.kernel.text import pinyin_key
from parkkeeper.park.imports.cells import is_scientific, read_count, read_day, word_of
from parkkeeper.park.imports.directory import Directory, Grids, plain
from parkkeeper.park.imports.lines import Decision, Line, Plan
from parkkeeper.park.imports.roster_lines import picked, titles
from parkkeeper.park.imports.wording import gravest, wording
from parkkeeper.park.models import Enterprise

LENGTHS = {"name": 120, "short_name": 40, "industry": 40, "address": 160}
_KINDS = {
    "企业": "enterprise", "公司": "enterprise", "enterprise": "enterprise", "建设单位": "construction",
    "施工单位": "construction", "总包": "construction", "contractor": "construction", "construction": "construction",
    "园区机构": "body", "机构": "body", "body": "body",
}  # fmt: skip
_LEGAL_FORM = re.compile(r"(股份)?有限(责任)?公司$|(\(集团\)|集团)$")


def enterprise_line(row: Row, chosen: Mapping[str, int]) -> Line:
    """Read a row: credit code, name, short name, kind, industry, address, grid, head count, day of resumption."""
    line = picked(row, chosen)
    _read_code(line)
    if not line.get("name"):
        line.tell("name", "blank")
    for name, limit in LENGTHS.items():
        if len(line.get(name)) > limit:
            line.tell(name, "too_long", limit=limit)
    if line.get("kind"):
        kind = word_of(line.get("kind"), _KINDS)
        if kind is None:
            line.tell("kind", "kind_unknown", choices=titles(Enterprise.Kind.choices))
        line.values["kind"] = kind or ""
    _read_numbers(line)
    return line


def _read_code(line: Line) -> None:
    raw = line.get("credit_code")
    code = read_credit_code(raw)
    line.values["credit_code"] = code.number
    if is_scientific(raw):
        line.tell("credit_code", "scientific")
    elif code.problem == "blank":
        line.tell("credit_code", "blank")
    elif code.problem:
        line.tell("credit_code", f"credit_code_{code.problem}", length=len(code.number), expected=code.expected)
    if len(code.number) > 18:
        line.tell("credit_code", "too_long", limit=18)


def _read_numbers(line: Line) -> None:
    if line.get("head_count"):
        count = read_count(line.get("head_count"))
        if count is None:
            line.tell("head_count", "number_wrong")
        line.values["head_count"] = "" if count is None else count
    read_day_of(line, "resumed_on")


def read_day_of(line: Line, name: str) -> date | None:
    """Read a field as a day, kept as ISO text; what is none is told."""
    if not line.get(name):
        return None
    day = read_day(line.get(name))
    if day is None:
        line.tell(name, "day_wrong")
    line.values[name] = day.isoformat() if day else ""
    return day


def repeated_codes(lines: Sequence[Line], field: str) -> None:
    """Tell the later of two lines of one file that have the same code (or name)."""
    seen: dict[str, int] = {}
    for line in lines:
        key = plain(str(line.get(field)))
        if key and seen.setdefault(key, line.number) != line.number:
            line.tell(field, "repeated", row=seen[key])


def plan_enterprises(lines: Sequence[Line], *, at: datetime, decision: Decision | None = None) -> list[Plan]:
    """Plan each line. With a decision (one line) its doubts are settled as decided."""
    directory, grids = Directory.load(), Grids.load()
    return [_plan(line, directory, grids, decision) for line in lines]


def _plan(line: Line, directory: Directory, grids: Grids, decision: Decision | None) -> Plan:
    known = directory.by_code.get(line.get("credit_code"))
    if known or decision:
        line.problems[:] = [p for p in line.problems if "as_is" not in wording(p.code).settle]
    if decision and decision.how == "same":
        known = directory.by_id.get(decision.candidate or 0)
    if gravest(line.problems) == "error":
        return Plan(line, "error", target=known)
    if known is None and not (decision and decision.how == "new"):
        namesakes = directory.by_name.get(plain(line.get("name")), [])
        if namesakes:
            line.tell("credit_code", "enterprise_other_code")
            return Plan(line, "ambiguous", candidates=[enterprise.pk for enterprise in namesakes])
    changes = _said(line)
    if line.get("grid"):
        grid = grids.named(line.get("grid"))
        if grid is None:
            line.tell("grid", "grid_unknown")
        else:
            changes["grid_id"] = grid.pk
    if known is None:
        return Plan(line, "new", changes=_filled(changes))
    changed = {name: value for name, value in changes.items() if value != getattr(known, name)}
    if "name" in changed:
        changed["pinyin"] = pinyin_key(changed["name"])[:240]
    return Plan(line, "changed" if changed else "unchanged", target=known, changes=changed)


def _said(line: Line) -> dict[str, Any]:
    names = ("credit_code", "name", "short_name", "kind", "industry", "address", "head_count")
    changes = {name: line.get(name) for name in names if line.get(name) != ""}
    if line.get("resumed_on"):
        changes["resumed_on"] = date.fromisoformat(line.get("resumed_on"))
    return changes


def _filled(changes: dict[str, Any]) -> dict[str, Any]:
    name = changes["name"]
    short = changes.get("short_name") or _LEGAL_FORM.sub("", name) or name
    return {"short_name": short[:40], "pinyin": pinyin_key(name)[:240], **{k: v for k, v in changes.items() if v != ""}}
