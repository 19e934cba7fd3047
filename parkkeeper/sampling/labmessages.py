"""A laboratory's message turned into rows for the park, and the answer that the laboratory gets."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from parkkeeper.kernel.tubes import read_tube_code
from parkkeeper.sampling.hl7 import BadMessage, ack, parse_oru
from parkkeeper.sampling.labrows import Problem, ResultIn
from parkkeeper.sampling.labwords import say


@dataclass(frozen=True)
class MessageRead:
    """One message: its rows, what is wrong with it; `understood` is False when it could not be read at all."""

    raw: bytes
    understood: bool
    sending: str = ""
    rows: list[ResultIn] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    """Codes of tubes whose earlier result the laboratory takes back."""


def read_message(raw: bytes) -> MessageRead:
    """Read one message; times without an offset are of the park's zone. Never raises: what is wrong is a problem.

    A row number is the number of the segment in the message, a problem's column the tube that it speaks of.
    """
    try:
        told = parse_oru(raw, zone=timezone.get_current_timezone_name())
    except BadMessage as error:
        code = "bad_message_time" if error.code == "bad_time" else error.code
        value = "，".join(f"{value}" for value in error.params.values())
        return MessageRead(raw, False, problems=[Problem(0, "", value, code)])
    rows = [ResultIn(row.tube_code, row.value, row.tested_at, row.segment) for row in told.rows]
    problems = [
        Problem(one.segment, one.tube_code, one.raw, one.code, one.code == "encoding_differs") for one in told.problems
    ]
    problems += [Problem(row.segment, row.tube_code, row.raw, "corrected", True) for row in told.rows if row.corrected]
    withdrawn = [read_tube_code(one.tube_code).code for one in told.problems if one.code == "withdrawn"]
    return MessageRead(raw, True, told.sending, rows, problems, withdrawn)


def acknowledge(message: MessageRead, unknown_tubes: set[str], *, at: datetime) -> bytes:
    """What the laboratory is answered: AA, or AE or AR with each reason; `unknown_tubes` are codes not heard of."""
    reasons = []
    for problem in message.problems:
        if not problem.stored:
            said = say(problem.as_json())
            reasons.append(" ".join(part for part in (said.column, said.value, said.what) if part))
    codes = sorted({read_tube_code(row.tube_code).code for row in message.rows} & unknown_tubes)
    reasons += [f"{code} {say(Problem(0, '', code, 'unknown_tube').as_json()).what}" for code in codes]
    if not message.understood:
        return ack(message.raw, "AR", "; ".join(reasons), at=at)
    return ack(message.raw, "AE" if reasons else "AA", "; ".join(reasons), at=at)
