"""Laboratories' results as HL7 v2.5.1 ORU^R01, one tube a specimen: reading only, no database.

A message either reads as a whole (then every row that cannot be taken is listed as a problem) or is a BadMessage. What
is not final, contradicts itself, or names no specimen is never turned into a result.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

import hl7

from parkkeeper.kernel.text import tidy
from parkkeeper.kernel.tubes import read_tube_code

Value = Literal["negative", "positive", "indeterminate", "invalid"]

TESTS = frozenset({"94500-6"})
"""LOINC codes of OBX-3 whose values are results: SARS-CoV-2 RNA in a respiratory specimen, by amplification."""

VALUES: Mapping[str, Value] = {
    "260415000": "negative", "not detected": "negative", "negative": "negative", "neg": "negative",
    "阴性": "negative", "阴": "negative", "未检出": "negative", "-": "negative", "(-)": "negative",
    "260373001": "positive", "detected": "positive", "positive": "positive", "pos": "positive",
    "阳性": "positive", "阳": "positive", "检出": "positive", "+": "positive", "(+)": "positive",
    "82334004": "indeterminate", "indeterminate": "indeterminate", "inconclusive": "indeterminate",
    "可疑": "indeterminate", "疑似": "indeterminate", "需复检": "indeterminate", "灰区": "indeterminate",
    "125154007": "invalid", "invalid": "invalid", "unsatisfactory": "invalid", "无效": "invalid", "不合格": "invalid",
}  # fmt: skip
"""What OBX-5 may say, in lower case: SNOMED CT codes and laboratories' own words."""

_CHARSETS = {
    "UNICODE UTF-8": "utf-8", "UNICODE": "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8", "ASCII": "utf-8", "": "utf-8",
    "GB 18030-2000": "gb18030", "GB18030": "gb18030", "GB18030-2000": "gb18030", "GBK": "gb18030", "GB2312": "gb18030",
    "8859/1": "latin-1",
}  # fmt: skip
_FINAL = frozenset("FCU")
_NOT_YET = frozenset("PRSINOB")
_WITHDRAWN = frozenset("DW")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?([+-]\d{4})?", re.ASCII)


class BadMessage(ValueError):
    """A message that cannot be read at all.

    Codes: empty · not_hl7 · several_messages (count) · encoding (declared) · not_oru (type) · version (version) ·
    not_production (processing) · missing_field (field) · bad_time (field, value).
    """

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code, params)
        self.code = code
        self.params: Mapping[str, str | int] = params

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({told})" if told else self.code


@dataclass(frozen=True)
class LabRow:
    """One final result of one specimen, as the laboratory said it."""

    tube_code: str
    """Canonical when it reads as a tube's code, else as sent; whether the park knows it is not asked here."""
    value: Value
    tested_at: datetime
    """Aware, UTC: OBX-19, else OBR-22, else the message's time."""
    code: str
    """The code or word of OBX-5 that decided."""
    raw: str
    """OBX-5 as sent."""
    corrected: bool = False
    """OBX-11 is C: this replaces what was reported before."""
    segment: int = 0
    """The 1-based number of the OBX among the message's segments."""


@dataclass(frozen=True)
class LabProblem:
    """A part of the message that gave no result, and why.

    Codes: not_final · no_status · withdrawn · unknown_status · no_specimen · several_specimens · unknown_value ·
    contradiction · no_result · encoding_differs.
    """

    code: str
    segment: int
    """The 1-based number of the segment; 0 for the message."""
    tube_code: str = ""
    raw: str = ""


@dataclass(frozen=True)
class LabReport:
    """What one message says."""

    control_id: str
    sending: str
    """The laboratory: MSH-4, else MSH-3."""
    message_time: datetime
    rows: list[LabRow] = field(default_factory=list)
    problems: list[LabProblem] = field(default_factory=list)


@dataclass
class _Order:
    """One OBR with what follows it; a specimen is the segment's number and fields."""

    number: int
    obr: Any
    results: list[tuple[int, Any]] = field(default_factory=list)
    specimens: list[tuple[int, Any]] = field(default_factory=list)


def split_messages(raw: bytes) -> list[bytes]:
    """Return the messages in a file or a stream of frames, each from its MSH, without batch headers and trailers."""
    messages: list[list[bytes]] = []
    for line in re.split(rb"[\r\n]+", _unframed(raw)):
        line = line.strip(b"\x0b\x1c ")
        if line.startswith(b"MSH"):
            messages.append([])
        if line and messages and line[:3] not in (b"FHS", b"BHS", b"BTS", b"FTS"):
            messages[-1].append(line)
    return [b"\r".join(lines) + b"\r" for lines in messages]


def parse_oru(
    raw: bytes,
    *,
    tests: Collection[str] = TESTS,
    values: Mapping[str, Value] = VALUES,
    zone: str = "Asia/Shanghai",
    processing: str = "P",
) -> LabReport:
    """Read one ORU^R01 message, framed or not, with any line ends; times without an offset are of `zone`.

    Only messages whose MSH-11 is `processing` (or empty) are read, so that a laboratory's test messages make no
    results. Raises BadMessage.
    """
    text, differs = _text(raw)
    message = _parsed(text)
    header = message[0]
    _check_header(header, processing)
    place = ZoneInfo(zone)
    sent = _time(_at(header, 7), place)
    if sent is None:
        raise BadMessage("bad_time", field="MSH-7", value=_at(header, 7))
    sending = _part(message, header, 4) or _part(message, header, 3)
    report = LabReport(_at(header, 10), sending, sent)
    if differs:
        report.problems.append(LabProblem("encoding_differs", 1, raw=_at(header, 18)))
    reader = _Reader(message, report, tests, {tidy(key).casefold(): value for key, value in values.items()}, place)
    orders = _orders(message)
    if not orders:
        report.problems.append(LabProblem("no_result", 0))
    for order in orders:
        reader.read(order)
    return report


@dataclass
class _Reader:
    message: Any
    report: LabReport
    tests: Collection[str]
    values: Mapping[str, Value]
    place: ZoneInfo

    def read(self, order: _Order) -> None:
        named = self.specimens(order)
        tube = named[0] if named else ""
        results = [(number, obx) for number, obx in order.results if self.is_result(obx)]
        if not named:
            self.problem("no_specimen", order.number)
        elif len(named) > 1 or len(order.specimens) > 1:
            self.problem("several_specimens", order.number, tube, " ".join(named))
        elif not results:
            self.problem("no_result", order.number, tube)
        else:
            for number, obx in results:
                self.result(order, tube, number, obx)

    def problem(self, code: str, number: int, tube: str = "", raw: str = "") -> None:
        self.report.problems.append(LabProblem(code, number, tube, raw))

    def specimens(self, order: _Order) -> list[str]:
        """What SPM-2 (placer, then filler), OBR-3 and OBR-2 name, each once: tubes' codes only, if any of them is one.

        A tube's code with a slip in it counts: the code beside it must not be taken in its place unseen.
        """
        fields = [(spm, 2, part) for _, spm in order.specimens for part in (1, 2)]
        fields += [(order.obr, 3, 1), (order.obr, 2, 1)]
        given = [code for field in fields if (code := _part(self.message, *field))]
        tubes = dict.fromkeys(one.code for one in map(read_tube_code, given) if one.problem != "not_a_tube")
        return list(tubes) or given[:1]

    def is_result(self, obx: Any) -> bool:
        return _part(self.message, obx, 3, 1) in self.tests or _part(self.message, obx, 3, 4) in self.tests

    def result(self, order: _Order, tube: str, number: int, obx: Any) -> None:
        raw = _at(obx, 5)
        status = (_at(obx, 11) or _at(order.obr, 25)).upper()
        if status == "X":
            # The laboratory could not obtain a result, which for the people in the tube is an invalid one.
            self.add(order, tube, (number, obx), ("X", "invalid"))
        elif status not in _FINAL:
            self.problem(_why_not_final(status), number, tube, raw)
        else:
            said = self.said(obx)
            meanings = {value for _, value in said}
            if len(meanings) == 1:
                self.add(order, tube, (number, obx), said[0], corrected=status == "C")
            else:
                self.problem("contradiction" if meanings else "unknown_value", number, tube, raw)

    def said(self, obx: Any) -> list[tuple[str, Value]]:
        """Each code or word of OBX-5 that is known, with its meaning; text beside a code must not contradict it."""
        words: list[str] = []
        for repetition in _at(obx, 5).split(self.message.separators[2]):
            components = repetition.split(self.message.separators[3])
            words += [tidy(self.message.unescape(component)) for component in components]
        return [(word, self.values[word.casefold()]) for word in words if word.casefold() in self.values]

    def add(
        self, order: _Order, tube: str, result: tuple[int, Any], said: tuple[str, Value], *, corrected: bool = False
    ) -> None:
        number, obx = result
        stated = (_time(_at(obx, 19), self.place), _time(_at(order.obr, 22), self.place))
        tested_at = next((moment for moment in stated if moment), self.report.message_time)
        code, value = said
        self.report.rows.append(LabRow(tube, value, tested_at, code, _at(obx, 5), corrected, number))


def ack(raw: bytes, code: Literal["AA", "AE", "AR"], text: str = "", *, at: datetime) -> bytes:
    """Return the acknowledgement of `raw`: AA taken, AE error in it, AR refused; `text` says why, for a person.

    Works for messages that cannot be read too; then it names no control id.
    """
    try:
        decoded, _ = _text(raw)
        header: Any = _parsed(decoded)[0]
    except BadMessage:
        header = None
    moment = at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    sender = [_at(header, 5), _at(header, 6), _at(header, 3), _at(header, 4)]
    version, charset = _at(header, 12) or "2.5.1", _at(header, 18) or "UNICODE UTF-8"
    fields = ["MSH", "^~\\&", *sender, moment, "", "ACK^R01^ACK", uuid4().hex[:20], _at(header, 11) or "P", version]
    head = "|".join([*fields, "", "", "", "", "", charset])
    answer = f"{head}\rMSA|{code}|{_at(header, 10)}|{_escaped(text)}\r"
    return answer.encode(_CHARSETS.get(charset.upper(), "utf-8"), errors="replace")


def _escaped(text: str) -> str:
    marks = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\r": " ", "\n": " "}
    return "".join(marks.get(character, character) for character in text)


def _unframed(raw: bytes) -> bytes:
    return raw.removeprefix(b"\xef\xbb\xbf").strip(b"\x0b\x1c\r\n\t \0").removeprefix(b"\xef\xbb\xbf")


def _text(raw: bytes) -> tuple[str, bool]:
    """Return the decoded message with its segments ended by carriage returns, and whether MSH-18 said otherwise."""
    data = _unframed(raw)
    if not data:
        raise BadMessage("empty")
    if not data.startswith(b"MSH"):
        raise BadMessage("not_hl7")
    if (count := len(split_messages(data))) > 1:
        raise BadMessage("several_messages", count=count)
    declared = _declared(re.split(rb"[\r\n]", data, maxsplit=1)[0])
    told = _CHARSETS.get(declared.upper(), "utf-8")
    # UTF-8 first, whatever is declared: other Chinese text hardly ever passes for it, while senders often misname it.
    for encoding in dict.fromkeys(["utf-8", told, "gb18030"]):
        try:
            decoded = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return re.sub(r"[\r\n]+", "\r", decoded) + "\r", encoding != told and not data.isascii()
    raise BadMessage("encoding", declared=declared)


def _declared(header: bytes) -> str:
    """MSH-18, read before the message is decoded: half of a GB 18030 character may look like a separator."""
    try:
        line = header.decode("utf-8")
    except UnicodeDecodeError:
        line = header.decode("gb18030", errors="replace")
    fields = line.split(line[3:4] or "|")
    return re.split(r"[~^]", fields[17])[0].strip() if len(fields) > 17 else ""


def _parsed(text: str) -> Any:
    try:
        return hl7.parse(text)
    except (hl7.HL7Exception, ValueError, IndexError) as error:
        raise BadMessage("not_hl7") from error


def _check_header(header: Any, processing: str) -> None:
    for number in (7, 9, 10):
        if not _at(header, number):
            raise BadMessage("missing_field", field=f"MSH-{number}")
    if _at(header, 9).split("^")[:2] != ["ORU", "R01"]:
        raise BadMessage("not_oru", type=_at(header, 9))
    if not _at(header, 12).startswith("2."):
        raise BadMessage("version", version=_at(header, 12))
    if (mode := _at(header, 11).split("^")[0]) not in ("", processing):
        raise BadMessage("not_production", processing=mode)


def _orders(message: Iterable[Any]) -> list[_Order]:
    orders: list[_Order] = []
    for number, segment in enumerate(message, start=1):
        name = str(segment[0])
        if name == "OBR":
            orders.append(_Order(number, segment))
        elif orders and name == "SPM":
            orders[-1].specimens.append((number, segment))
        elif orders and name == "OBX":
            orders[-1].results.append((number, segment))
    return orders


def _why_not_final(status: str) -> str:
    if not status:
        return "no_status"
    if status in _WITHDRAWN:
        return "withdrawn"
    return "not_final" if status in _NOT_YET else "unknown_status"


def _at(segment: Any, number: int) -> str:
    """The field as sent, with its inner separators; empty where the segment is shorter."""
    return str(segment[number]).strip() if segment is not None and len(segment) > number else ""


def _part(message: Any, segment: Any, number: int, component: int = 1) -> str:
    """A component of a field's first repetition, without its subcomponents, unescaped."""
    repetition, parts, subparts = message.separators[2], message.separators[3], message.separators[4]
    components = _at(segment, number).split(repetition)[0].split(parts)
    if len(components) < component:
        return ""
    return tidy(message.unescape(components[component - 1].split(subparts)[0]))


def _time(text: str, place: ZoneInfo) -> datetime | None:
    """A moment to the minute at least; a day alone says too little about an order of events."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    offset = found[7]
    minutes = (int(offset[1:3]) * 60 + int(offset[3:])) * (-1 if offset[0] == "-" else 1) if offset else 0
    try:
        zone = timezone(timedelta(minutes=minutes)) if offset else place
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
