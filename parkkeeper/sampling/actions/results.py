"""The laboratory's word on tubes: taken row by row, whether or not the park has heard of the tube."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.tubes import read_tube_code
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import store_file
from parkkeeper.park.journal import record
from parkkeeper.park.models import Anomaly, Person, StoredFile
from parkkeeper.park.words import joined
from parkkeeper.sampling.arrays import moments, texts
from parkkeeper.sampling.consequences import hold_results, judge_tubes
from parkkeeper.sampling.doubts import Doubt, raise_doubts
from parkkeeper.sampling.hl7 import split_messages
from parkkeeper.sampling.labfiles import preview_lab_file
from parkkeeper.sampling.labmessages import MessageRead, acknowledge, read_message
from parkkeeper.sampling.labrows import Problem, ResultIn
from parkkeeper.sampling.labwords import say
from parkkeeper.sampling.models import Laboratory, LabReport, Result, Tube

# what the column holds; a code that long is no tube's, but what was sent is kept in the report's problems
_LONGEST_CODE = 40


_TAKE = """
WITH said AS (
    SELECT * FROM unnest(%(codes)s::text[], %(values)s::text[], %(tested)s::timestamptz[])
             AS said(tube_code, value, tested_at)
), fresh AS (
    SELECT DISTINCT tube_code, value, coalesce(tested_at, %(at)s) AS tested_at
      FROM said
     WHERE tested_at IS NOT NULL OR NOT EXISTS (
           SELECT FROM sampling_result r WHERE r.tube_code = said.tube_code AND r.value = said.value)
)
INSERT INTO sampling_result (tube_id, tube_code, value, tested_at, received_at, report_id, struck_reason)
SELECT t.id, fresh.tube_code, fresh.value, fresh.tested_at, %(at)s, %(report)s, ''
  FROM fresh LEFT JOIN sampling_tube t ON t.code = fresh.tube_code
 ORDER BY fresh.tube_code, fresh.value, fresh.tested_at
ON CONFLICT (tube_code, value, tested_at) DO NOTHING
RETURNING id, tube_id, tube_code, value, tested_at
"""


@transaction.atomic
def report_results(
    rows: Sequence[ResultIn],
    *,
    laboratory: Laboratory | None,
    kind: str,
    file: StoredFile | None = None,
    problems: Sequence[Problem] = (),
    by: Person,
    at: datetime,
) -> LabReport:
    """Take these results; `kind` is a value of LabReport.Kind, `problems` what reading them already found.

    Idempotent: the same tube, value and time (or, without a time, the same tube and value) is known and changes
    nothing. A result for a tube that nobody has heard of is kept and raises a doubt. Typed by hand, a code that does
    not end in its check character is Refused, with all that is wrong, and nothing is taken.
    """
    require(by, "report_results", at=at)
    good, bad = _sort_out(rows, by_hand=kind == LabReport.Kind.HAND, at=at)
    report = LabReport.objects.create(laboratory=laboratory, kind=kind, file=file, received_at=at, by=by)
    hold_results()
    taken = _take(good, report, at)
    unknown = [row for row in taken if row[1] is None]
    _doubt_unknown(unknown, at)
    judge_tubes([row[1] for row in taken if row[1] is not None], at=at)
    found = [*problems, *bad, *(Problem(0, "", row[2], "unknown_tube", True) for row in unknown)]
    report.problems = [problem.as_json() for problem in found]
    report.counts = _counts(len(rows), good, taken, found)
    report.save(update_fields=["problems", "counts"])
    record("results.reported", report, by=by, at=at, kind=kind, **report.counts)
    return report


@transaction.atomic
def take_lab_file(
    data: bytes,
    name: str,
    columns: Mapping[str, int] | None = None,
    *,
    laboratory: Laboratory | None,
    by: Person,
    at: datetime,
) -> LabReport:
    """Take the results of a laboratory's XLSX or CSV and keep the file; `columns` as in `preview_lab_file`.

    Rows that cannot be read are listed in the report with row, column and value; the others go in. Refused when the
    file is no table or a needed column is missing: then nothing is written.
    """
    require(by, "report_results", at=at)
    seen = preview_lab_file(data, name, columns)
    if not seen.complete:
        missing = joined(say(problem.as_json()).column for problem in seen.problems)
        raise Refused(
            _("“%(name)s”没有导入：没有找到“%(columns)s”列。请在列对应里选出它。") % {"name": name, "columns": missing}
        )
    file = store_file(data, name=name, by=by, at=at)
    report = report_results(
        seen.rows, laboratory=laboratory, kind=LabReport.Kind.TABLE, file=file, problems=seen.problems, by=by, at=at
    )
    record("results.file_taken", report, by=by, at=at, file=file.sha256, rows=seen.counts["rows"])
    return report


@transaction.atomic
def take_hl7(raw: bytes, *, laboratory: Laboratory | None = None, by: Person, at: datetime) -> tuple[LabReport, bytes]:
    """Take a message ORU^R01 (or a file of several) as it came; returns the report and what to answer.

    The raw message is kept whatever it says. Each message is answered AA when all of it was taken, AE when something
    in it was not or a tube is unknown (its result is kept all the same), AR when it cannot be read. The laboratory is
    the one named, else the one whose code or name MSH-4 gives.
    """
    require(by, "report_results", at=at)
    file = store_file(raw, name=f"{at:%Y%m%dT%H%M%SZ}.hl7", media_type="x-application/hl7-v2+er7", by=by, at=at)
    messages = [read_message(one) for one in split_messages(raw) or [raw]]
    report = report_results(
        [row for message in messages for row in message.rows],
        laboratory=laboratory or _sender(messages), kind=LabReport.Kind.HL7, file=file,
        problems=[problem for message in messages for problem in message.problems], by=by, at=at,
    )  # fmt: skip
    _doubt_withdrawn([code for message in messages for code in message.withdrawn], at)
    codes = [read_tube_code(row.tube_code).code for message in messages for row in message.rows]
    unknown = set(Result.objects.filter(tube_code__in=codes, tube=None).values_list("tube_code", flat=True))
    record("results.hl7_taken", report, by=by, at=at, file=file.sha256, messages=len(messages))
    return report, b"".join(acknowledge(message, unknown, at=at) for message in messages)


@transaction.atomic
def strike_result(result: Result, *, reason: str, by: Person, at: datetime) -> Result:
    """Withdraw a laboratory's word: it stays readable, rules no more, and what it closed is open again.

    Contradictions that it was part of are settled by this; what still contradicts raises a new doubt. Refused without a
    reason, and when somebody struck it before.
    """
    require(by, "strike_result", at=at)
    if not reason.strip():
        raise Refused(_("撤下检测结果要写明理由。"))
    hold_results()
    struck = Result.objects.select_for_update(of=("self",)).select_related("struck_by", "tube").get(pk=result.pk)
    if struck.struck_at:
        raise Refused(
            _("这条结果已由 %(name)s 于 %(at)s 撤下。")
            % {"name": struck.struck_by, "at": timezone.localtime(struck.struck_at).strftime("%m-%d %H:%M")}
        )
    struck.struck_at, struck.struck_by, struck.struck_reason = at, by, reason.strip()[:200]
    struck.save(update_fields=["struck_at", "struck_by", "struck_reason"])
    _settle_doubts(struck)
    if struck.tube_id:
        judge_tubes([struck.tube_id], at=at)
    record("result.struck", struck, by=by, at=at, tube=struck.tube_code, value=str(struck.value), reason=reason)
    return struck


def _settle_doubts(struck: Result) -> None:
    """Striking settles doubts about the tube's words; that the tube is unknown only with the last of them."""
    kinds = ["result_contradicts", "result_withdrawn"]
    if not Result.objects.standing().filter(tube_code=struck.tube_code).exists():
        kinds.append("result_unknown_tube")
    Anomaly.objects.open().filter(kind__in=kinds, evidence__tube=struck.tube_code).update(
        settled_at=struck.struck_at, settled_by=struck.struck_by, settled_how="strike_result",
        settled_reason=struck.struck_reason,
    )  # fmt: skip


def _sort_out(rows: Sequence[ResultIn], *, by_hand: bool, at: datetime) -> tuple[list[ResultIn], list[Problem]]:
    """The rows that can be kept, with their codes as the park writes them, and what is wrong with others."""
    good: list[ResultIn] = []
    bad: list[Problem] = []
    for row in rows:
        read = read_tube_code(row.tube_code)
        if not read.code or len(read.code) > _LONGEST_CODE:
            bad.append(Problem(row.row, "tube_code", row.tube_code, "blank" if not read.code else "too_long"))
        elif row.value not in Result.Value.values:
            bad.append(Problem(row.row, "value", row.value, "unknown_value"))
        elif by_hand and read.problem and not Tube.objects.filter(code=read.code).exists():
            bad.append(Problem(row.row, "tube_code", row.tube_code, read.problem))
        else:
            if row.tested_at and row.tested_at > at + timedelta(days=1):
                bad.append(Problem(row.row, "tested_at", row.tested_at.isoformat(), "in_the_future", True))
            good.append(replace(row, tube_code=read.code))
    if by_hand and any(not problem.stored for problem in bad):
        raise Refused(_hand_refusal(bad))
    return good, bad


def _hand_refusal(bad: list[Problem]) -> str:
    words = [_("“%(value)s”") % {"value": problem.value} for problem in bad if not problem.stored]
    return _(
        "手工录入没有保存：%(values)s 看不懂。试管码要连同最后一位校验字符一起录入，结果只能是阴性、阳性、可疑或无效。"
    ) % {"values": joined(words)}


def _take(good: list[ResultIn], report: LabReport, at: datetime) -> list[tuple[Any, ...]]:
    """Store what is new: (id, tube_id, tube_code, value, tested_at) of each."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            {
                "codes": texts(row.tube_code for row in good),
                "values": texts(row.value for row in good),
                "tested": moments(row.tested_at for row in good),
                "at": at,
                "report": report.pk,
            },
        )
        return list(cursor.fetchall())


def _doubt_unknown(unknown: list[tuple[Any, ...]], at: datetime) -> None:
    raise_doubts(
        Doubt(
            kind="result_unknown_tube", key=f"result_unknown_tube:{code}", happened_at=tested_at, raised_at=at,
            noun="result", noun_id=str(result), evidence={"tube": code, "value": value, "result": result},
        )
        for result, _tube, code, value, tested_at in unknown
    )  # fmt: skip


def _doubt_withdrawn(codes: list[str], at: datetime) -> None:
    """A laboratory that takes a word back asks a person to strike it: a positive must not vanish by a message."""
    standing = Result.objects.standing().filter(tube_code__in=codes)
    raise_doubts(
        Doubt(
            kind="result_withdrawn", key=f"result_withdrawn:{result.pk}", happened_at=at, raised_at=at,
            noun="result", noun_id=str(result.pk), evidence={"tube": result.tube_code, "value": str(result.value)},
        )
        for result in standing.order_by("pk")
    )  # fmt: skip


def _sender(messages: list[MessageRead]) -> Laboratory | None:
    names = {message.sending for message in messages if message.sending}
    found = list(Laboratory.objects.filter(Q(code__in=names) | Q(name__in=names)).order_by("pk")[:2])
    return found[0] if len(found) == 1 else None


def _counts(sent: int, good: list[ResultIn], taken: list[tuple[Any, ...]], problems: list[Problem]) -> dict[str, int]:
    values = Counter(row[3] for row in taken)
    unknown = sum(row[1] is None for row in taken)
    return {
        "rows": sent, "new": len(taken), "known": len(good) - len(taken), "unknown_tube": unknown,
        "problems": sum(not problem.stored for problem in problems),
        **{value: values.get(value, 0) for value in Result.Value.values},
    }  # fmt: skip
