"""Rows that wait for a person: what they say, what they would do today, how they may be settled. Reads only."""

from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from parkkeeper.kernel.crypto import seal, unseal
from parkkeeper.park.errors import Refused
from parkkeeper.park.imports.kinds import LOADERS
from parkkeeper.park.imports.lines import Decision, Line, Plan, line_of
from parkkeeper.park.imports.wording import gravest, say_problem, wording
from parkkeeper.park.models import Import, ImportRow

_CONTEXT = "import.row"


def row_of(batch: Import, plan: Plan) -> ImportRow:
    """The row to keep of a plan with problems: its codes in plain, what it says sealed."""
    line = plan.line
    return ImportRow(
        batch=batch,
        number=line.number,
        verdict=gravest(line.problems) or ImportRow.Verdict.WARNING,
        problems=[{"column": p.column, "code": p.code, "params": p.params} for p in line.problems],
        content_sealed=seal(orjson.dumps(line.as_json()).decode(), settings.KEYS.data, context=_CONTEXT),
        candidates=plan.candidates,
    )


def line_of_row(row: ImportRow) -> Line:
    """What a kept row says, opened. The caller writes who looked."""
    found: dict[str, Any] = orjson.loads(unseal(bytes(row.content_sealed), settings.KEYS.data, context=_CONTEXT))
    return line_of(found)


def considered(row: ImportRow, *, at: datetime) -> Plan:
    """What a kept row would do with the register as it is now, wrong numbers taken as they are where that may be."""
    plan = LOADERS[row.batch.kind].plan
    found = plan([line_of_row(row)], at=at)[0]
    errors = [problem for problem in found.line.problems if wording(problem.code).gravity == "error"]
    if errors and all("as_is" in wording(problem.code).settle for problem in errors):
        found = plan([line_of_row(row)], at=at, decision=Decision("as_is"))[0]
        found.extra["taken_as_is"] = True
    return found


def ways(plan: Plan) -> list[str]:
    """The decisions that may be taken about a row, as it is considered now (leaving it out is always one)."""
    if plan.verdict == "error":
        return []
    if plan.verdict == "ambiguous":
        grave = [problem for problem in plan.line.problems if wording(problem.code).gravity == "ambiguous"]
        offered = set.intersection(*(set(wording(problem.code).settle) for problem in grave)) if grave else set()
        return [way for way in ("same", "new") if way in offered and (way != "same" or plan.candidates)]
    return ["as_is"] if plan.extra.get("taken_as_is") else []


def decided(row: ImportRow, how: str, candidate: int | None, at: datetime) -> Plan:
    """The plan of a row as a person decided (retry: as the register is now). Raises Refused when it cannot be."""
    decision: Decision | None = None
    if how != "retry":
        decision = _decision(row, how, candidate, considered(row, at=at))
    found = LOADERS[row.batch.kind].plan([line_of_row(row)], at=at, decision=decision)[0]
    if found.verdict in ("error", "ambiguous"):
        grave = [problem for problem in found.line.problems if wording(problem.code).gravity != "warning"]
        why = " ".join(" ".join(say_problem(problem.code, problem.params)) for problem in grave)
        raise Refused(_("第 %(row)s 行仍不能录入：%(why)s") % {"row": row.number, "why": why})
    return found


def _decision(row: ImportRow, how: str, candidate: int | None, now: Plan) -> Decision:
    if how not in ways(now):
        raise Refused(_("第 %(row)s 行不能这样处理。请重新打开这一行，按现在的情况选择。") % {"row": row.number})
    if how == "same" and candidate not in now.candidates:
        raise Refused(_("所选的人员或企业已不在候选之列。请重新打开这一行再选。"))
    return Decision(how, candidate if how == "same" else None)  # type: ignore[arg-type]
