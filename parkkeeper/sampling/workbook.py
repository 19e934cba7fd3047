"""The Excel way through an evening: the round's list as a workbook with an id a row, and what a filled one says.

The row's id is made of the round and the person, so that the same file can be sent twice, sorted, cut and joined.
Nothing is written here; the verb that takes a filled workbook is `read_day_workbook` in sampling/actions/paper.py.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.ids import deterministic_id
from parkkeeper.kernel.tables import Field, Row, Sheet, match_columns, missing_fields, write_xlsx
from parkkeeper.kernel.text import tidy
from parkkeeper.kernel.tubes import read_tube_code
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Enterprise
from parkkeeper.park.tables import open_table
from parkkeeper.park.words import joined
from parkkeeper.sampling.models import Due, Point, Round

FIELDS = [
    Field("row_id", ["行编号", "行编号（请勿修改）", "row id"], required=True),
    Field("name", ["姓名", "name"], required=True),
    Field("tube_code", ["试管码", "试管编号", "管号", "tube code"], required=True),
    Field("scanned_at", ["采样时间", "时间", "sampled at"], required=True),
    Field("note", ["备注", "note"]),
]
HEADINGS = ["行编号（请勿修改）", "姓名", "工号", "证件尾号", "企业", "采样点", "时段", "试管码", "采样时间", "备注"]
_WIDTHS = [38, 10, 12, 10, 20, 8, 8, 16, 18, 20]
_NAMES = {field.name: field.headings[0] for field in FIELDS}
_CLOCK = re.compile(r"(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})秒?|分)?", re.ASCII)
_DATED = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T\s]*(.+)", re.ASCII)
_SECONDS_A_DAY = 24 * 3600
_FRACTION = re.compile(r"0?\.\d+", re.ASCII)


@dataclass(frozen=True)
class RowError:
    """What is wrong in a cell: the row as the spreadsheet numbers it, the column's heading, the value, what to do."""

    row: int
    column: str
    value: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Filled:
    """A row that says that a person's swab went into a tube at a moment (aware)."""

    row: int
    line: Due
    scan_id: UUID
    tube_code: str
    scanned_at: datetime


def row_id(round: Round, person_uuid: UUID) -> UUID:
    """The id of a person's row in the round's workbooks, the same every time."""
    return deterministic_id("day workbook", str(round.uuid), str(person_uuid))


def day_workbook(
    round: Round, point: Point | None = None, enterprise: Enterprise | None = None, *, at: datetime
) -> bytes:
    """The round's list of people who are due (at a point, of an enterprise) as XLSX, with empty columns to fill.

    It holds personal data: the caller writes who took it.
    """
    lines = Due.objects.filter(round=round).due()
    if point is not None:
        lines = lines.filter(point=point)
    if enterprise is not None:
        lines = lines.filter(enterprise=enterprise)
    lines = lines.select_related("person", "enterprise", "point")
    title = f"{round.day.isoformat()} {round.get_test_display()}"
    rows = _cells(round, list(lines.order_by("slot_from", "enterprise__pinyin", "person__pinyin", "pk")))
    return write_xlsx([Sheet(title, HEADINGS, rows, _WIDTHS)])


def _cells(round: Round, lines: list[Due]) -> Iterator[list[str | UUID]]:
    for line in lines:
        person = line.person
        slot = "" if line.slot_from is None else f"{line.slot_from // 60:02d}:{line.slot_from % 60:02d}"
        yield [
            row_id(round, person.uuid), person.name, person.staff_number, person.document_tail,
            line.enterprise.short_name, line.point.code if line.point else "", slot, "", "", "",
        ]  # fmt: skip


def read_filled(round: Round, data: bytes, name: str, *, at: datetime) -> tuple[list[Filled], list[RowError], int]:
    """What a filled workbook (or CSV) says: the filled rows, what is wrong with others, and how many rows it has.

    Rows without tube and time are left out, they are people not sampled. Raises Refused when it is no readable table
    or lacks a column.
    """
    table = open_table(data, name)
    columns = match_columns(table.headings, FIELDS)
    missing = missing_fields(FIELDS, columns)
    if missing:
        raise Refused(
            _("表里没有“%(columns)s”列。请用“下载当日名单”得到的表填写，不要删除或改名列。")
            % {"columns": joined(field.headings[0] for field in missing)}
        )
    lines = Due.objects.filter(round=round).select_related("person__employer", "enterprise", "point__site")
    by_id = {row_id(round, line.person.uuid): line for line in lines.order_by("pk")}
    filled: list[Filled] = []
    errors: list[RowError] = []
    for row in table.rows:
        cells = {field: tidy(row.cells[column]) for field, column in columns.items()}
        if cells["tube_code"] or cells["scanned_at"]:
            said = _said(round, row, cells, by_id, at)
            if isinstance(said, RowError):
                errors.append(said)
            else:
                filled.append(said)
    return filled, errors, len(table.rows)


def _said(
    round: Round, row: Row, cells: Mapping[str, str], by_id: Mapping[UUID, Due], at: datetime
) -> Filled | RowError:
    def wrong(column: str, what: str, remedy: str) -> RowError:
        return RowError(row.number, _NAMES[column], cells[column], what, remedy)

    line = _line_of(cells["row_id"], by_id)
    if line is None:
        return wrong(
            "row_id", _("这一轮没有这个行编号"), _("行编号不能修改，也不能用另一天的表；请重新下载名单后填写。")
        )
    if tidy(line.person.name) != cells["name"]:
        return wrong("name", _("姓名与行编号不是同一个人"), _("排序时请选中整张表；请对照名单核实后改正。"))
    code = read_tube_code(cells["tube_code"])
    if code.problem:
        return wrong("tube_code", _tube_words(code.problem), _("对照试管标签更正，最后一位是校验字符，不能省略。"))
    moment = read_moment(cells["scanned_at"], round)
    if moment is None:
        return wrong("scanned_at", _("看不懂采样时间"), _("写成 18:05 或 2022-05-10 18:05 这样。"))
    if timezone.localdate(moment) != round.day:
        return wrong("scanned_at", _("采样时间不在这一轮的当天"), _("核对日期；另一天的采样请填在那一天的表里。"))
    if moment > at:
        return wrong("scanned_at", _("采样时间在将来"), _("核对时间后再导入这一行。"))
    scan_id = deterministic_id("day workbook scan", str(row_id(round, line.person.uuid)), code.code)
    return Filled(row.number, line, scan_id, code.code, moment)


def _line_of(text: str, by_id: Mapping[UUID, Due]) -> Due | None:
    try:
        return by_id.get(UUID(text))
    except ValueError:
        return None


def _tube_words(problem: str) -> str:
    return {
        "blank": _("没有填试管码"),
        "not_a_tube": _("这不是试管码"),
        "length": _("试管码位数不对"),
        "characters": _("试管码里有不该有的字符"),
    }.get(problem, _("试管码校验字符不对，可能抄错了一位"))


def read_moment(text: str, round: Round) -> datetime | None:
    """A sampling time as people write it (18:05, 18时05分, 2022-05-10 18:05, or a spreadsheet's part of a day), aware.

    A time without date is of the round's day, in the park's zone. None when it cannot be read.
    """
    day, clock = round.day, tidy(text)
    try:
        if dated := _DATED.fullmatch(clock):
            day, clock = day.replace(year=int(dated[1]), month=int(dated[2]), day=int(dated[3])), dated[4].strip()
        if _FRACTION.fullmatch(clock):
            midnight = datetime.combine(day, time(), tzinfo=timezone.get_current_timezone())
            return midnight + timedelta(seconds=int(float(clock) * _SECONDS_A_DAY + 0.5))
        found = _CLOCK.fullmatch(clock)
        if not found:
            return None
        told = time(int(found[1]), int(found[2]), int(found[3] or 0), tzinfo=timezone.get_current_timezone())
        return datetime.combine(day, told)
    except ValueError:
        return None
