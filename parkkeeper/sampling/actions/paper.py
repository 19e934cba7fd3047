"""Samples that were written on paper or in a workbook instead of scanned: the second way into the same tables."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from parkkeeper.park.access import may, require
from parkkeeper.park.files import store_file
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.sampling.actions.scans import take_scans
from parkkeeper.sampling.field import Source, TakeScan, Verdict
from parkkeeper.sampling.models import Round, Scan
from parkkeeper.sampling.workbook import Filled, RowError, read_filled


@dataclass(frozen=True)
class Report:
    """What became of a workbook: its rows, those filled in, scans stored now, known before, doubts by kind, errors."""

    rows: int
    filled: int
    stored: int
    known: int
    doubts: dict[str, int]
    errors: list[RowError]


@transaction.atomic
def read_day_workbook(round: Round, data: bytes, name: str, *, by: Person, at: datetime) -> Report:
    """Take a filled workbook of the round: each good row becomes a scan "on paper", each bad one an error with remedy.

    Sent again it stores nothing twice: a row's scan is known by the row's id and its tube. The file is kept.
    Raises Refused when the file is no readable table; Forbidden without any right to work a point.
    """
    require(by, "work_point", at=at)
    filled, errors, rows = read_filled(round, data, name, at=at)
    own, foreign = _split(filled, by, at)
    verdicts = take_scans([_operation(row) for row in own], _source(by, at), by=by, at=at)
    kept = store_file(data, name=name, by=by, at=at)
    report = _report(rows, len(filled) + len(errors), verdicts, sorted(errors + foreign, key=lambda error: error.row))
    record(
        "workbook.read",
        round,
        by=by,
        at=at,
        file=kept.sha256,
        rows=rows,
        stored=report.stored,
        known=report.known,
        errors=len(report.errors),
    )
    return report


def _split(filled: list[Filled], by: Person, at: datetime) -> tuple[list[Filled], list[RowError]]:
    """The rows of people and points that `by` may work for, and errors for the others."""
    allowed: dict[tuple[int, int | None], bool] = {}
    own, foreign = [], []
    for row in filled:
        place = (row.line.enterprise_id, row.line.point_id)
        if place not in allowed:
            allowed[place] = may(by, "work_point", at=at, on=row.line)
        if allowed[place]:
            own.append(row)
        else:
            foreign.append(
                RowError(
                    row.row,
                    "姓名",
                    row.line.person.name,
                    _("不是您企业或采样点的人"),
                    _("请由其所在企业或园区办公室导入。"),
                )
            )
    return own, foreign


def _operation(row: Filled) -> TakeScan:
    return TakeScan(
        id=row.scan_id, sequence=row.row, device_at=row.scanned_at, happened_at=row.scanned_at,
        tube_code=row.tube_code, how=Scan.How.PAPER, person=row.line.person.uuid,
    )  # fmt: skip


def _source(by: Person, at: datetime) -> Source:
    # Typed in an office, not at a point: where the tube was used follows from the roll that its code belongs to.
    return Source(holder=by, point=None, phone_id=None, received_at=at)


def _report(rows: int, filled: int, verdicts: list[Verdict], errors: list[RowError]) -> Report:
    stored = sum(verdict.stored for verdict in verdicts)
    doubts = Counter(kind for verdict in verdicts for kind in verdict.doubts)
    return Report(rows, filled, stored, len(verdicts) - stored, dict(doubts), errors)
