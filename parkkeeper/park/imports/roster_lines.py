"""Reading a row of a roster: what it says of a person, and what is wrong with it; no database here."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import override

from parkkeeper.kernel.documents import read_credit_code, read_document, read_phone
from parkkeeper.kernel.tables import Row
from parkkeeper.kernel.text import tidy
from parkkeeper.park.imports.cells import is_scientific, word_of
from parkkeeper.park.imports.lines import Line
from parkkeeper.park.models import Person, Presence
from parkkeeper.park.words import joined

NAME_LENGTH, STAFF_NUMBER_LENGTH, PHONE_LENGTH, SHIFT_LENGTH, DOCUMENT_LENGTH = 60, 32, 20, 16, 40

_S = Presence.State
_STATES = {
    "在岗": _S.ON_POST, "在职": _S.ON_POST, "到岗": _S.ON_POST, "上岗": _S.ON_POST, "是": _S.ON_POST,
    "on post": _S.ON_POST, "离岗": _S.AWAY, "不在岗": _S.AWAY, "未到岗": _S.AWAY, "请假": _S.AWAY, "休假": _S.AWAY,
    "出差": _S.AWAY, "居家": _S.AWAY, "居家办公": _S.AWAY, "否": _S.AWAY, "away": _S.AWAY, "隔离": _S.ISOLATED,
    "集中隔离": _S.ISOLATED, "居家隔离": _S.ISOLATED, "isolated": _S.ISOLATED, "静默期": _S.SILENT, "静默": _S.SILENT,
    "silent": _S.SILENT, "离职": _S.LEFT, "已离职": _S.LEFT, "退场": _S.LEFT, "left": _S.LEFT,
}  # fmt: skip
_CATEGORIES = {
    "生产人员": "production", "生产": "production", "一线": "production", "操作工": "production", "行政": "office",
    "办公": "office", "管理": "office", "职员": "office", "门卫": "gate", "保安": "gate", "物流": "logistics",
    "司机": "logistics", "仓储": "logistics", "施工": "construction", "建筑": "construction", "食堂": "canteen",
    "餐饮": "canteen", "园区工作人员": "office_staff", "其他": "other",
}  # fmt: skip
_DOCUMENT_KINDS = {
    "身份证": "resident_id", "居民身份证": "resident_id", "二代身份证": "resident_id", "护照": "passport",
    "港澳通行证": "hk_macau_permit", "回乡证": "hk_macau_permit", "台胞证": "taiwan_permit",
    "台湾通行证": "taiwan_permit", "永久居留证": "foreign_resident", "外国人永久居留证": "foreign_resident",
    "未知": "unknown", "其他": "unknown",
}  # fmt: skip


def words(choices: Sequence[tuple[Any, Any]], more: Mapping[str, str]) -> dict[str, str]:
    """Words as `word_of` looks them up: the codes, their titles in every language, and what people write besides."""
    named = {str(value): value for value, _title in choices}
    for language, _name in settings.LANGUAGES:
        with override(language):
            named |= {str(title): value for value, title in choices}
    return {word.casefold().replace(" ", ""): str(code) for word, code in {**more, **named}.items()}


STATES = words(_S.choices, _STATES)
CATEGORIES = words(Person.Category.choices, _CATEGORIES)
DOCUMENT_KINDS = words(Person.DocumentKind.choices, _DOCUMENT_KINDS)


def titles(choices: Sequence[tuple[Any, Any]]) -> str:
    """The titles of some choices as one text, for a remedy."""
    return joined(title for _value, title in choices)


def picked(row: Row, chosen: Mapping[str, int]) -> Line:
    """A line with the raw texts of its mapped cells."""
    values = {name: tidy(row.cells[index]) for name, index in chosen.items() if index < len(row.cells)}
    return Line(row.number, row.cells, values)


def roster_line(row: Row, chosen: Mapping[str, int]) -> Line:
    """Read a row: name, document with its kind, phone, staff number, employer, category, shift, state, uuid."""
    line = picked(row, chosen)
    read_name(line)
    read_identity(line)
    _read_phone(line)
    line.values["shift"] = line.get("shift")[:SHIFT_LENGTH]
    _read_word(line, "category", CATEGORIES, "category_unknown", titles(Person.Category.choices))
    if line.get("state"):
        state = word_of(line.get("state"), STATES)
        if state is None:
            line.tell("state", "state_unknown")
        line.values["state"] = state or ""
    return line


def read_name(line: Line) -> None:
    """Check the name."""
    if not line.get("name"):
        line.tell("name", "blank")
    elif len(line.get("name")) > NAME_LENGTH:
        line.tell("name", "too_long", limit=NAME_LENGTH)


def read_identity(line: Line) -> None:
    """Read what tells who it is and where: document, staff number, credit code of the employer."""
    _read_document(line)
    number = line.get("staff_number")
    if is_scientific(number):
        line.tell("staff_number", "scientific")
    if len(number) > STAFF_NUMBER_LENGTH:
        line.tell("staff_number", "too_long", limit=STAFF_NUMBER_LENGTH)
    if line.get("employer_code"):
        line.values["employer_code"] = read_credit_code(line.get("employer_code")).number


def _read_document(line: Line) -> None:
    raw = line.get("document")
    told = line.get("document_kind")
    line.values["document_kind"] = ""
    if not raw:
        return
    if is_scientific(raw):
        line.tell("document", "scientific")
        line.values["document"] = ""
        return
    document = read_document(raw)
    if len(document.number) > DOCUMENT_LENGTH:
        line.tell("document", "too_long", limit=DOCUMENT_LENGTH)
        line.values["document"] = ""
        return
    line.values["document"] = document.number
    line.values["told_kind"] = _named_kind(told, document.kind)
    line.values["document_kind"] = line.values["told_kind"] or document.kind
    if told and word_of(told, DOCUMENT_KINDS) is None:
        line.tell("document_kind", "document_kind_unknown", choices=titles(Person.DocumentKind.choices))
    if document.problem == "check_digit":
        line.tell("document", "document_check_digit", expected=document.expected)
    elif document.problem and document.problem != "blank" and not line.values["told_kind"]:
        line.tell("document", f"document_{document.problem}", length=len(document.number))
    if document.fixed == "from_15":
        line.tell("document", "document_from_15")


def _named_kind(told: str, found: str) -> str:
    """The kind that the row names for a number which alone says nothing certain; "" when it does not settle it."""
    # a resident ID is one whatever the row says; other forms are easily taken for each other
    kind = word_of(told, DOCUMENT_KINDS) if told else None
    return kind if kind and kind != "resident_id" and found != "resident_id" else ""


def _read_phone(line: Line) -> None:
    raw = line.get("phone")
    if not raw:
        return
    phone = read_phone(raw)
    if is_scientific(raw):
        line.tell("phone", "scientific")
    elif phone.problem:
        line.tell("phone", "phone_wrong")
    line.values["phone"] = phone.number[:PHONE_LENGTH]


def _read_word(line: Line, name: str, words: Mapping[str, str], code: str, choices: str) -> None:
    if not line.get(name):
        return
    found = word_of(line.get(name), words)
    if found is None:
        line.tell(name, code, choices=choices)
    line.values[name] = found or ""
