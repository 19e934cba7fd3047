"""What the pages of imports say: titles, and a row's problems beside what its cells say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.kernel.tables import Sheet, write_xlsx
from parkkeeper.park.imports.columns import COLUMNS, GEOMETRY
from parkkeeper.park.imports.columns import Column as Field
from parkkeeper.park.imports.doubts import line_of_row
from parkkeeper.park.imports.lines import Line, Plan
from parkkeeper.park.imports.wording import say_problem, wording
from parkkeeper.park.models import Import, ImportRow
from parkkeeper.park.words import joined, labelled

KINDS = {
    "enterprises": gettext_lazy("企业名录"),
    "roster": gettext_lazy("人员名册"),
    "specialists": gettext_lazy("专员名单"),
    "sites": gettext_lazy("场所"),
    "grids": gettext_lazy("网格"),
    "roads": gettext_lazy("道路"),
}
STATES = {
    "uploaded": gettext_lazy("待核对列"),
    "checking": gettext_lazy("预览中"),
    "previewed": gettext_lazy("待确认导入"),
    "applying": gettext_lazy("导入中"),
    "applied": gettext_lazy("已导入"),
    "abandoned": gettext_lazy("已放弃"),
}
TONES = {
    "uploaded": "warn", "checking": "wait", "previewed": "warn", "applying": "wait", "applied": "ok",
    "abandoned": "plain",
}  # fmt: skip
VERDICTS = {
    "new": gettext_lazy("新增"),
    "changed": gettext_lazy("更新"),
    "unchanged": gettext_lazy("无变化"),
    "ambiguous": gettext_lazy("需人工判断"),
    "error": gettext_lazy("有错误"),
    "warning": gettext_lazy("提示"),
}
HOW = {
    "same": gettext_lazy("已并入所选的记录"),
    "new": gettext_lazy("已作为新记录录入"),
    "as_is": gettext_lazy("已按原样录入"),
    "retry": gettext_lazy("已重新录入"),
    "skip": gettext_lazy("已跳过"),
}
_ROW_TONES = {"error": "bad", "ambiguous": "warn", "warning": "plain"}
_CELL_LENGTH = 60


@dataclass(frozen=True)
class Told:
    """A problem as it is shown."""

    heading: str
    value: str
    text: str
    remedy: str
    tone: str


def row_state(row: ImportRow) -> tuple[str, str]:
    """The badge of a row: its verdict, or how it was settled."""
    if row.settled_at:
        return str(HOW.get(row.settled_how, row.settled_how)), "ok"
    return str(VERDICTS[row.verdict]), _ROW_TONES[row.verdict]


def problems_of(row: ImportRow, line: Line, now: Plan | None = None) -> list[Told]:
    """A row's problems (as they are now, when it was looked up again) beside the cells that they are about."""
    if now is not None and now.line.problems:
        return [_told(row.batch, line, p.column, p.code, p.params) for p in _with_taken(row, now)]
    return [_told(row.batch, line, p["column"], p["code"], p["params"]) for p in row.problems]


def _with_taken(row: ImportRow, now: Plan) -> Iterable[Any]:
    # what may be taken as it is stays told beside the rest, so that the reader decides about all of it
    return [*(line_of_row(row).problems if now.extra.get("taken_as_is") else []), *now.line.problems]


def _told(batch: Import, line: Line, column: str, code: str, params: Mapping[str, Any]) -> Told:
    index = batch.columns.get(column)
    field = next((field for field in COLUMNS[batch.kind] if field.name == column), None)
    heading = batch.headings[index] if isinstance(index, int) else (field.label if field else column)
    value = line.cells[index] if isinstance(index, int) and index < len(line.cells) and column != GEOMETRY else ""
    text, remedy = say_problem(code, params)
    return Told(heading, value[:_CELL_LENGTH], text, remedy, _ROW_TONES[wording(code).gravity])


def told(row: ImportRow) -> SafeString:
    """A row's problems as a cell of the list: who it is about, then each problem with its remedy."""
    line = line_of_row(row)
    about = [str(line.get(name)) for name in ("name", "code", "credit_code", "staff_number") if line.get(name)]
    parts = ((SafeString(labelled(_named(p), escape(p.text))), p.remedy) for p in problems_of(row, line))
    shown = format_html_join("", '<p>{} <span class="hint">{}</span></p>', parts)
    return format_html('<div><p class="soft">{}</p>{}</div>', " · ".join(about), shown)


def _named(problem: Told) -> SafeString:
    value = _("“%(value)s”") % {"value": problem.value} if problem.value else ""
    return format_html("<b>{}</b> {}" if value else "<b>{}</b>", problem.heading, value)


@dataclass(frozen=True)
class ShownColumn:
    """A field of the column map: which column it takes, and what the first rows say there."""

    field: Field
    chosen: int | None
    samples: list[str]


def shown_columns(batch: Import, chosen: Mapping[str, Any], sample: Sequence[Sequence[str]]) -> list[ShownColumn]:
    """The column map as the user sees it."""
    found = []
    for field in COLUMNS[batch.kind]:
        index = chosen.get(field.name)
        if field.name == GEOMETRY and GEOMETRY not in batch.headings:
            continue
        cells = [row[index] for row in sample if isinstance(index, int) and index < len(row)]
        found.append(
            ShownColumn(field, index if isinstance(index, int) else None, [c[:30] for c in cells if c.strip()])
        )
    return found


def file_of_problems(batch: Import, rows: Iterable[ImportRow]) -> tuple[bytes, int]:
    """A workbook of the rows that were not written, with the reason and the remedy beside each, to be corrected."""
    keep = [index for index, heading in enumerate(batch.headings) if heading != GEOMETRY]
    headings = [*(batch.headings[index] for index in keep), _("问题"), _("处理办法")]
    lines: list[list[str]] = []
    for row in rows:
        line = line_of_row(row)
        problems = problems_of(row, line)
        cells = [line.cells[index] if index < len(line.cells) else "" for index in keep]
        reasons = joined((labelled(p.heading, p.text) for p in problems), "；")
        lines.append([*cells, reasons, joined(dict.fromkeys(p.remedy for p in problems), "；")])
    return write_xlsx([Sheet(_("需改正的行"), headings, lines)]), len(lines)
