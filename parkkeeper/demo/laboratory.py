"""The laboratories of the replay: they receive boxes through the door and send results as files and as messages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from parkkeeper.demo.desk import Desk
from parkkeeper.demo.evening import MOST, Sending, Signatures
from parkkeeper.demo.register import Register, moment
from parkkeeper.demo.tubes import DemoBox, DemoTube
from parkkeeper.kernel.ids import deterministic_id
from parkkeeper.kernel.tables import Sheet, write_csv, write_xlsx
from parkkeeper.sampling.models import Reception

WAY = 35 * 60  # seconds from a point to its laboratory
EVERY = 20 * 60  # arrivals of so many seconds are received together
HEADINGS = ("试管编号", "检测结果", "检测时间")
WORDS = {"negative": "阴性", "positive": "阳性", "indeterminate": "可疑", "invalid": "无效"}
SNOMED = {"negative": "260415000", "positive": "260373001", "indeterminate": "82334004", "invalid": "125154007"}
TUBES_A_MESSAGE = 40


@dataclass(frozen=True)
class Finding:
    """What a laboratory found in a tube, and when."""

    tube: str
    value: str
    at: datetime


def lab_phone(lab: str) -> str:
    """The name of the laboratory's phone."""
    return f"LAB-{lab}"


class Receiving:
    """The receptions of one day, laboratory by laboratory; `odd` is the condition of tubes that are not good."""

    def __init__(self, register: Register, day: date, odd: dict[str, str], sign: Signatures) -> None:
        self.register, self.day, self.odd, self.sign = register, day, odd, sign

    def sendings(self, boxes: Iterable[DemoBox], until: int | None = None) -> list[Sending]:
        """What the laboratories' phones send: boxes of the same twenty minutes together, none after second `until`."""
        groups: dict[tuple[str, int], list[DemoBox]] = {}
        for box in boxes:
            if box.taken is not None:
                at = -(-(box.taken + WAY) // EVERY) * EVERY
                if until is None or at <= until:
                    groups.setdefault((self.register.park.point[box.point].lab, at), []).append(box)
        sent = []
        for (lab, at), group in sorted(groups.items()):
            operations = [op for box in group for op in self._operations(lab, box, at)]
            for n in range(0, len(operations), MOST):
                batch = self._id("batch", operations[n]["id"])
                sent.append(Sending(lab_phone(lab), at + 30, batch, operations[n : n + MOST]))
        return sent

    def _id(self, *parts: str) -> str:
        return str(deterministic_id("demo", str(self.register.park.seed), self.day.isoformat(), "lab", *parts))

    def _operations(self, lab: str, box: DemoBox, second: int) -> list[dict[str, Any]]:
        at = (moment(self.day) + timedelta(seconds=second)).isoformat()
        taker = lab_member(self.register, lab, self.day)
        handed = {
            "id": self._id("hand_over", box.code), "at": at, "kind": "hand_over_box", "box": box.id, "leg": "to_lab",
            "given_by": self.register.uuid(box.courier), "taken_by": self.register.uuid(taker),
            "given_signature": self.sign(box.courier), "taken_signature": self.sign(taker),
        }  # fmt: skip
        return [handed, *(self._reception(lab, box, tube, at) for tube in box.tubes)]

    def _reception(self, lab: str, box: DemoBox, tube: DemoTube, at: str) -> dict[str, Any]:
        return {
            "id": self._id("receive", tube.code), "at": at, "kind": "receive_tube", "tube": tube.code, "box": box.id,
            "laboratory": lab, "condition": self.odd.get(tube.code, Reception.Condition.GOOD.value),
        }  # fmt: skip


def lab_member(register: Register, lab: str, day: date) -> str:
    """Who of the laboratory is at its door that day (key)."""
    held = [post.person for post in register.park.posts if post.role == "lab" and post.lab == lab]
    return held[day.toordinal() % len(held)]


def report(register: Register, desk: Desk, lab: str, findings: list[Finding], *, at: datetime) -> None:
    """Hand the findings in on the results' pages: as HL7 messages or as a table, as the laboratory does."""
    if not findings:
        return
    one = next(one for one in register.park.labs if one.key == lab)
    if one.file_format == "hl7":
        messages = hl7_messages(register, one.name, findings, at=at)
        desk.post("/results/hl7", {}, at=at, file=(f"{at:%m%d-%H%M}-{lab}.hl7", messages))
        return
    laboratory = str(register.laboratories[lab].pk)
    preview = desk.post("/results/file", {"laboratory": laboratory}, at=at, file=_table(lab, findings, at))
    desk.post(preview.partition("?")[0], {"laboratory": laboratory}, at=at)


def _table(lab: str, findings: list[Finding], at: datetime) -> tuple[str, bytes]:
    """A file of results and its name: CSV, every third day XLSX."""
    rows = [(found.tube, WORDS[found.value], f"{found.at:%Y-%m-%d %H:%M:%S}") for found in findings]
    name = f"{at:%m%d-%H%M}-{lab}-results"
    if at.day % 3 == 0:
        return f"{name}.xlsx", write_xlsx([Sheet("结果", HEADINGS, rows)])
    return f"{name}.csv", write_csv(HEADINGS, rows)


def hl7_messages(register: Register, sender: str, findings: list[Finding], *, at: datetime) -> bytes:
    """The findings as ORU^R01 messages, forty tubes to a message, one after the other."""
    messages = []
    for n in range(0, len(findings), TUBES_A_MESSAGE):
        lines = [
            f"MSH|^~\\&|LIS|{sender}|PARKKEEPER|{register.park.place.name}|{at:%Y%m%d%H%M%S%z}||ORU^R01^ORU_R01|"
            f"{at:%m%d%H%M}{n:05}|P|2.5.1||||||UNICODE UTF-8"
        ]
        for number, found in enumerate(findings[n : n + TUBES_A_MESSAGE], start=1):
            code = SNOMED[found.value]
            lines += [
                f"OBR|{number}|{found.tube}|{found.tube}|94500-6^SARS-CoV-2 RNA^LN",
                f"OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||{code}^{WORDS[found.value]}^SCT||||||F||||||||"
                f"{found.at:%Y%m%d%H%M%S%z}",
            ]
        messages.append("\r".join(lines) + "\r")
    return "".join(messages).encode()
