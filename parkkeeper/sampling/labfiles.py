"""Results in a table that a laboratory sent: which column is what, which rows can be read, what is wrong with others.

Nothing is written here; the verb that takes the file is `take_lab_file` in sampling/actions/results.py.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils import timezone

from parkkeeper.kernel.tables import Field, Note, Row, Table, match_columns, missing_fields
from parkkeeper.kernel.text import tidy
from parkkeeper.kernel.tubes import read_tube_code
from parkkeeper.park.tables import open_table
from parkkeeper.sampling.hl7 import VALUES
from parkkeeper.sampling.labrows import Problem, ResultIn
from parkkeeper.sampling.models import Result, Tube

FIELDS = [
    Field("tube_code", [
        "试管码", "试管编号", "试管条码", "采样管编号", "采样管条码", "管号", "样本编号", "样本条码", "样本号",
        "标本编号", "标本条码", "条形码", "条码", "tube code", "tube", "sample id", "specimen id", "barcode",
    ], required=True),
    Field("value", [
        "检测结果", "核酸检测结果", "核酸结果", "结果判定", "判定", "结果", "检测结论", "结论", "result", "value",
    ], required=True),
    Field("tested_at", [
        "检测时间", "检测日期", "出结果时间", "结果时间", "报告时间", "报告日期", "审核时间",
        "tested at", "test time", "reported at",
    ]),
    Field("note", ["备注", "说明", "note", "remark", "remarks"]),
]  # fmt: skip

_INSIDE = re.compile(r"[()\[\]【】/\s]+")
_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?|分)?)?",
    re.ASCII,
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?", re.ASCII)


@dataclass(frozen=True)
class Preview:
    """What a file says before anything is written.

    `columns` is the 0-based column of each field as it was used: whoever looks may change it and preview again.
    `counts`: rows, readable, each value, unknown_tube, known, problems.
    """

    columns: dict[str, int]
    headings: list[str]
    rows: list[ResultIn]
    problems: list[Problem]
    counts: dict[str, int]
    notes: list[Note]
    complete: bool
    """Whether every required column is there; without it no row was read."""


def preview_lab_file(data: bytes, name: str, columns: Mapping[str, int] | None = None) -> Preview:
    """Read a laboratory's XLSX or CSV; `columns` overrides what the headings suggest (field name to 0-based column).

    Times without an offset are the park's. Raises Refused when the file is no readable table.
    """
    table = open_table(data, name)
    found = match_columns(table.headings, FIELDS)
    if columns is not None:
        chosen = {field: column for field, column in columns.items() if 0 <= column < len(table.headings)}
        found = {field: column for field, column in found.items() if column not in chosen.values()} | chosen
    missing = missing_fields(FIELDS, found)
    if missing:
        problems = [Problem(table.heading_row, field.name, "", "no_column") for field in missing]
        counts = {"rows": len(table.rows), "readable": 0, "problems": len(problems)}
        return Preview(found, table.headings, [], problems, counts, table.notes, False)
    rows, problems = _read_rows(table, found)
    return Preview(found, table.headings, rows, problems, _counts(table, rows, problems), table.notes, True)


def _read_rows(table: Table, columns: Mapping[str, int]) -> tuple[list[ResultIn], list[Problem]]:
    zone = timezone.get_current_timezone()
    spoiled = _scientific(table.notes, table.headings[columns["tube_code"]])
    rows: list[ResultIn] = []
    problems: list[Problem] = []
    for row in table.rows:
        code, word, when = (_cell(row, columns, name) for name in ("tube_code", "value", "tested_at"))
        value = read_value(word)
        why = "number_as_scientific" if row.number in spoiled else _why_not(code, word, value)
        if why or value is None:
            column = "value" if why in ("no_value", "unknown_value") else "tube_code"
            problems.append(Problem(row.number, column, word if column == "value" else code, why))
            continue
        tested_at = read_time(when, zone)
        if when and tested_at is None:
            problems.append(Problem(row.number, "tested_at", when, "bad_time", True))
        rows.append(ResultIn(code, value, tested_at, row.number))
    return rows, problems


def _why_not(code: str, word: str, value: str | None) -> str:
    if not code:
        return "blank"
    if not word:
        return "no_value"
    return "" if value else "unknown_value"


def _cell(row: Row, columns: Mapping[str, int], name: str) -> str:
    return tidy(row.cells[columns[name]]) if name in columns else ""


def _scientific(notes: Iterable[Note], heading: str) -> set[int]:
    return {
        int(note.params["row"])
        for note in notes
        if note.code == "number_as_scientific" and note.params.get("column") == heading
    }


def read_value(text: str) -> str | None:
    """The value that a word means: 阴性, (-), 未检出, negative, 阴性(-) …; None when it is not surely one value."""
    word = tidy(text).casefold()
    if word == "-":
        # in tables a lone dash stands for "nothing yet" as often as for negative, and no result is no negative
        return None
    if word in VALUES:
        return VALUES[word]
    parts = [part for part in _INSIDE.split(word) if part]
    meanings = {VALUES.get(part) for part in parts}
    return meanings.pop() if len(meanings) == 1 else None


def read_time(text: str, zone: tzinfo) -> datetime | None:
    """A moment as tables write it (2022-05-10 20:30, 2022年5月10日 20时30分, 20220510203000, 2022/5/10), or None.

    A day without a time is its first moment. Without an offset it is of `zone`.
    """
    word = tidy(text)
    found = _TIME.fullmatch(word) or _COMPACT.fullmatch(word)
    try:
        if found:
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=zone)
        moment = datetime.fromisoformat(word)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _counts(table: Table, rows: list[ResultIn], problems: list[Problem]) -> dict[str, int]:
    codes = {row: read_tube_code(row.tube_code).code for row in rows}
    heard = set(Tube.objects.filter(code__in=set(codes.values())).values_list("code", flat=True))
    said = set(Result.objects.filter(tube_code__in=set(codes.values())).values_list("tube_code", "value"))
    values = Counter(row.value for row in rows)
    return {
        "rows": len(table.rows),
        "readable": len(rows),
        **{value: values.get(value, 0) for value in Result.Value.values},
        "unknown_tube": len({code for code in codes.values() if code not in heard}),
        "known": sum((code, row.value) in said for row, code in codes.items()),
        "problems": sum(not problem.stored for problem in problems),
    }
