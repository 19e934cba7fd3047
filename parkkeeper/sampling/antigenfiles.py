"""Lists of antigen self-tests as tables: who each row is of, what it says, what is wrong with the others.

A staff number or a document says who; a name alone never does, and a name that differs from the register's stops the
row: it may be the neighbour's. Nothing is written here; the verb is `take_antigen_file` in sampling/actions/antigen.py.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from parkkeeper.kernel.tables import Field, Row, match_columns, missing_fields
from parkkeeper.kernel.text import tidy, tidy_code
from parkkeeper.park.access import scopes
from parkkeeper.park.models import Enterprise, Person
from parkkeeper.park.tables import open_table
from parkkeeper.park.vault import document_index
from parkkeeper.sampling.arrays import texts
from parkkeeper.sampling.labfiles import read_value
from parkkeeper.sampling.labrows import Problem

FIELDS = [
    Field("value", ["抗原结果", "抗原检测结果", "自测结果", "检测结果", "结果", "抗原", "result"], required=True),
    Field("name", ["姓名", "名字", "员工姓名", "name"]),
    Field("number", ["工号", "员工编号", "员工号", "人员编号", "staff number", "staff no", "employee id"]),
    Field("document", ["证件号", "证件号码", "身份证号", "身份证号码", "身份证", "document", "id number"]),
    Field("enterprise", ["企业", "企业名称", "单位", "单位名称", "公司", "公司名称", "enterprise", "company"]),
]


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the register, as far as a row can name one."""

    id: int
    uuid: UUID
    name: str
    number: str
    index: bytes | None
    employer: int


@dataclass(frozen=True)
class AntigenFile:
    """What the file says: (person, value) of each row that is sure, and what is wrong with the others."""

    columns: dict[str, int]
    headings: list[str]
    told: list[tuple[Somebody, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    positive_unread: list[Problem] = field(default_factory=list)
    """Those of the problems whose row says positive: they must reach a person."""
    rows: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _Line:
    row: int
    value: str | None
    said: str
    name: str
    number: str
    index: bytes | None
    enterprise: str


def reach_of(by: Person, at: datetime) -> set[int] | None:
    """Ids of the enterprises whose self-tests `by` may report at that moment; None is the whole park."""
    reached = scopes(by, "report_antigen", at=at)
    return None if reached is None else set(Enterprise.objects.within(reached).values_list("pk", flat=True))


def preview_antigen_file(
    data: bytes, name: str, columns: Mapping[str, int] | None = None, *, enterprises: Collection[int] | None = None
) -> AntigenFile:
    """Read a list of self-tests; `enterprises` (ids) are those for which the reader may speak, None the whole park.

    `columns` overrides what the headings suggest. Raises Refused when the file is no readable table.
    """
    table = open_table(data, name)
    found = match_columns(table.headings, FIELDS) | dict(columns or {})
    missing = missing_fields(FIELDS, found)
    if missing or not {"number", "document"} & found.keys():
        names = [one.name for one in missing] or ["number"]
        problems = [Problem(table.heading_row, one, "", "no_column") for one in names]
        return AntigenFile(found, table.headings, problems=problems, rows=len(table.rows), complete=False)
    seen = AntigenFile(found, table.headings, rows=len(table.rows))
    lines = [_line(row, found) for row in table.rows]
    register = _Register(lines, enterprises)
    for line in lines:
        _judge(line, register, seen)
    _add_said_twice(seen)
    return seen


def _line(row: Row, columns: Mapping[str, int]) -> _Line:
    def cell(name: str) -> str:
        return tidy(row.cells[columns[name]]) if name in columns else ""

    said, document = cell("value"), cell("document")
    return _Line(
        row.number, read_value(said), said, cell("name"), tidy_code(cell("number")),
        document_index(document) if document else None, cell("enterprise"),
    )  # fmt: skip


def _judge(line: _Line, register: "_Register", seen: AntigenFile) -> None:
    who, why = register.find(line)
    if who and line.value:
        seen.told.append((who, line.value))
        return
    if not who:
        problem = Problem(line.row, *_what(line, why), why)
    else:
        problem = Problem(line.row, "value", line.said, "unknown_value" if line.said else "no_value")
    seen.problems.append(problem)
    if line.value == "positive":
        seen.positive_unread.append(problem)


def _what(line: _Line, why: str) -> tuple[str, str]:
    """The column and the value that a problem with who it is speaks of; a document is never repeated."""
    if why == "name_differs" or not line.number:
        return ("name", line.name)
    return ("number", line.number)


class _Register:
    """The people whom the file's numbers and documents may name, read in one statement."""

    def __init__(self, lines: list[_Line], enterprises: Collection[int] | None) -> None:
        self.reach = None if enterprises is None else set(enterprises)
        self.by_number: dict[str, list[Somebody]] = defaultdict(list)
        self.by_index: dict[bytes, Somebody] = {}
        self.names = _enterprise_names() if any(line.enterprise for line in lines) else {}
        for one in _candidates({x.number for x in lines if x.number}, {x.index for x in lines if x.index}):
            self.by_number[one.number].append(one)
            if one.index:
                self.by_index[one.index] = one

    def find(self, line: _Line) -> tuple[Somebody | None, str]:
        """Who the row is of, or nobody and why."""
        if not line.number and line.index is None:
            return None, "no_number"
        who = self.by_index.get(line.index) if line.index else None
        if who is None:
            people = self._of(line)
            if len(people) > 1:
                return None, "ambiguous"
            who = people[0] if people else None
        if who is None:
            return None, "unknown_person"
        if self.reach is not None and who.employer not in self.reach:
            return None, "not_yours"
        return (None, "name_differs") if line.name and line.name != tidy(who.name) else (who, "")

    def _of(self, line: _Line) -> list[Somebody]:
        people = self.by_number.get(line.number, []) if line.number else []
        employer = self.names.get(line.enterprise)
        if employer is not None:
            return [one for one in people if one.employer == employer]
        if len(people) > 1 and self.reach is not None:
            people = [one for one in people if one.employer in self.reach]
        if len(people) > 1:
            # the same number at two enterprises: the name beside it decides, if only one bears it
            people = [one for one in people if tidy(one.name) == line.name] or people
        return people


def _candidates(numbers: set[str], indexes: set[bytes]) -> list[Somebody]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, uuid, name, upper(staff_number), document_index, employer_id FROM park_person
             WHERE (staff_number <> '' AND upper(staff_number) = ANY(%s::text[])) OR document_index = ANY(%s::bytea[])
             ORDER BY id
            """,
            [texts(numbers), texts("\\x" + index.hex() for index in indexes)],
        )
        return [
            Somebody(row[0], row[1], row[2], tidy_code(row[3]), bytes(row[4]) if row[4] is not None else None, row[5])
            for row in cursor.fetchall()
        ]


def _enterprise_names() -> dict[str, int]:
    known: dict[str, int] = {}
    for pk, name, short in Enterprise.objects.values_list("pk", "name", "short_name"):
        known[tidy(name)] = known[tidy(short)] = pk
    return known


def _add_said_twice(seen: AntigenFile) -> None:
    values: dict[int, set[str]] = defaultdict(set)
    names: dict[int, str] = {}
    for who, value in seen.told:
        values[who.id].add(value)
        names[who.id] = who.name
    seen.problems.extend(
        Problem(0, "name", names[pk], "said_twice", True) for pk, said in values.items() if len(said) > 1
    )
