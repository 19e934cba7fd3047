"""The morning's antigen self-tests: from phones, from the liaison's list, from a file. A positive one owes a retest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.ids import deterministic_id
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import store_file
from parkkeeper.park.journal import record
from parkkeeper.park.models import Anomaly, Enterprise, Person, StoredFile
from parkkeeper.park.words import joined
from parkkeeper.sampling.antigenfiles import AntigenFile, preview_antigen_file, reach_of
from parkkeeper.sampling.arrays import moments, plain, texts
from parkkeeper.sampling.boxbook import signatures_by_hash
from parkkeeper.sampling.consequence_notes import note_positive_antigens
from parkkeeper.sampling.consequences import lock_people, settle_people
from parkkeeper.sampling.doubts import Doubt, raise_doubts
from parkkeeper.sampling.field import Source, TakeAntigen, Verdict
from parkkeeper.sampling.fieldrights import require_or_doubt
from parkkeeper.sampling.identify import people_by_uuid
from parkkeeper.sampling.labrows import Problem
from parkkeeper.sampling.labwords import say
from parkkeeper.sampling.models import AntigenTest, Obligation, Result, Round, Test
from parkkeeper.sampling.owing import retest_due

_NOON = time(12)
_UNKNOWN = "antigen_unknown_person"


@dataclass(frozen=True, slots=True)
class _Told:
    """One self-test on its way in."""

    id: UUID
    person: int
    day: date
    value: str
    taken_at: datetime
    photo: int | None = None


@dataclass(frozen=True)
class AntigenReport:
    """What became of a list or a file: counts (rows, new, known, each value, problems), and the problems."""

    counts: dict[str, int]
    problems: list[Problem] = field(default_factory=list)
    file: StoredFile | None = None


@transaction.atomic
def take_antigens(operations: Sequence[TakeAntigen], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Store self-tests that phones told; a verdict for each operation, in order. Never refuses a row.

    Idempotent by the operations' ids. A test of nobody known is a doubt with its value.
    """
    require_or_doubt(by, "work_point", source, at=at)
    people = people_by_uuid(op.person for op in operations)
    photos = signatures_by_hash(op.photo for op in operations)
    told = []
    for op in operations:
        who = people.get(op.person)
        if who and who.person_id:
            # a time still to come would make every retest look too early
            taken_at = min(op.happened_at, at)
            # a word that is no value says that the test cannot be used
            value = op.value if op.value in Result.Value.values else Result.Value.INVALID
            photo = photos.get(op.photo)
            told.append(_Told(op.id, who.person_id, timezone.localdate(taken_at), value, taken_at, photo))
    new = _store(told, source="phone", by=by, at=at)
    strangers = [op for op in operations if op.person not in people]
    fresh = _doubt_strangers(strangers, at)
    if new or fresh:
        site = source.point.site_id if source.point else None
        record("antigens.taken", by=by, at=at, site=site, count=len(new), phone=source.phone_id, strangers=len(fresh))
    return _verdicts(operations, new | fresh, {op.id for op in strangers})


def _verdicts(operations: Sequence[TakeAntigen], stored: set[UUID], strange: set[UUID]) -> list[Verdict]:
    verdicts = []
    for op in operations:
        verdicts.append(Verdict(op.id, op.id in stored, (_UNKNOWN,) if op.id in strange else ()))
        # the same operation twice in one call was stored once
        stored = stored - {op.id}
    return verdicts


def _doubt_strangers(operations: Sequence[TakeAntigen], at: datetime) -> set[UUID]:
    if not operations:
        return set()
    keys = {f"{_UNKNOWN}:{op.id}": op for op in operations}
    known = set(Anomaly.objects.filter(key__in=keys).values_list("key", flat=True))
    raise_doubts(
        Doubt(
            _UNKNOWN, key, min(op.happened_at, at), at, noun="antigentest", noun_id=str(op.id),
            evidence={"person": str(op.person), "value": op.value},
        )
        for key, op in keys.items()
    )  # fmt: skip
    return {op.id for key, op in keys.items() if key not in known}


@transaction.atomic
def report_antigen_list(
    enterprise: Enterprise, day: date, *, except_people: Mapping[int, str], by: Person, at: datetime
) -> AntigenReport:
    """The liaison's list of one morning: everybody due is negative, except those named here.

    `except_people` is person id to value, or to "" for somebody who did not test. Due is who stands on the day's
    antigen round, or who is on post when there is none. Refused for a day to come and for people of other enterprises.
    """
    require(by, "report_antigen", at=at, on=enterprise)
    _require_past(day, at)
    everybody = dict(Person.objects.filter(employer=enterprise).values_list("pk", "uuid"))
    strange = except_people.keys() - everybody.keys()
    if strange or not set(except_people.values()) <= {"", *Result.Value.values}:
        raise Refused(
            _("名单没有上报：其中有 %(count)s 人不属于%(name)s，或结果不是阴性、阳性、可疑、无效。请更正后再上报。")
            % {"count": len(strange), "name": enterprise}
        )
    due = _due_people(enterprise, day, at) | {pk for pk, value in except_people.items() if value}
    values = {pk: except_people.get(pk, Result.Value.NEGATIVE) for pk in due}
    taken_at = _morning(day, at)
    told = [_Told(_id_of(day, everybody[pk], value), pk, day, value, taken_at) for pk, value in values.items() if value]
    new = _store(told, source="list", by=by, at=at)
    counts = _counts(told, new)
    record("antigens.reported", enterprise, by=by, at=at, enterprise=enterprise.pk, day=day.isoformat(), **counts)
    return AntigenReport(counts)


@transaction.atomic
def take_antigen_file(
    data: bytes, name: str, day: date, columns: Mapping[str, int] | None = None, *, by: Person, at: datetime
) -> AntigenReport:
    """Take a table of self-tests (XLSX or CSV: staff number or document, name, value) of one morning; keep the file.

    Idempotent: the same person, day and value is known. Rows that name nobody for sure are listed; a positive one among
    them raises a doubt, so that it reaches a person. Refused when it is no table, a column is missing, or for a day to
    come.
    """
    require(by, "report_antigen", at=at)
    _require_past(day, at)
    seen = preview_antigen_file(data, name, columns, enterprises=reach_of(by, at))
    if not seen.complete:
        missing = joined(say(problem.as_json()).column for problem in seen.problems)
        raise Refused(
            _("“%(name)s”没有导入：没有找到“%(columns)s”列。请在列对应里选出它。") % {"name": name, "columns": missing}
        )
    file = store_file(data, name=name, by=by, at=at)
    taken_at = _morning(day, at)
    told = [_Told(_id_of(day, who.uuid, value), who.id, day, value, taken_at) for who, value in seen.told]
    new = _store(told, source="file", by=by, at=at)
    _doubt_unread(seen, file, at)
    counts = _counts(told, new) | {"rows": seen.rows, "problems": sum(not one.stored for one in seen.problems)}
    record("antigens.imported", file, by=by, at=at, day=day.isoformat(), sha256=file.sha256, **counts)
    return AntigenReport(counts, seen.problems, file)


def _require_past(day: date, at: datetime) -> None:
    if day > timezone.localdate(at):
        raise Refused(_("%(day)s 还没有到，不能上报那天的抗原。") % {"day": day.isoformat()})


def _id_of(day: date, person: UUID, value: str) -> UUID:
    # a list and a file that say the same of somebody say it once
    return deterministic_id("antigen", day.isoformat(), str(person), value)


def _morning(day: date, at: datetime) -> datetime:
    """When a list's tests were taken: a self-test is of the morning, so noon at the latest, and never after `at`."""
    return min(datetime.combine(day, _NOON, tzinfo=timezone.get_current_timezone()), at)


def _due_people(enterprise: Enterprise, day: date, at: datetime) -> set[int]:
    round = Round.objects.filter(test=Test.ANTIGEN, day=day).first()
    if round:
        return set(round.dues.due().filter(enterprise=enterprise).values_list("person_id", flat=True))
    return set(Person.objects.filter(employer=enterprise).on_post(_morning(day, at)).values_list("pk", flat=True))


def _counts(told: list[_Told], new: set[UUID]) -> dict[str, int]:
    values = Counter(one.value for one in {one.id: one for one in told}.values())
    return {
        "rows": len(told), "new": len(new), "known": len({one.id for one in told}) - len(new),
        **{value: values.get(value, 0) for value in Result.Value.values},
    }  # fmt: skip


def _doubt_unread(seen: AntigenFile, file: StoredFile, at: datetime) -> None:
    raise_doubts(
        Doubt(
            _UNKNOWN, f"{_UNKNOWN}:{file.sha256[:32]}:{problem.row}", at, at, noun="file", noun_id=str(file.pk),
            evidence={"row": problem.row, "value": "positive", "why": problem.code, "file": file.name},
        )
        for problem in seen.positive_unread
    )  # fmt: skip


_INSERT = """
INSERT INTO sampling_antigen_test (id, person_id, day, value, taken_at, photo_id, received_at, source, by_id)
SELECT told.*, %(at)s, %(source)s, %(by)s
  FROM unnest(%(ids)s::uuid[], %(people)s::bigint[], %(days)s::date[], %(values)s::text[], %(taken)s::timestamptz[],
              %(photos)s::bigint[]) AS told
ON CONFLICT (id) DO NOTHING RETURNING id, value
"""


def _store(told: Iterable[_Told], *, source: str, by: Person, at: datetime) -> set[UUID]:
    """Store these tests in one statement, each id once, with all that follows; returns the ids that are new."""
    rows = list({one.id: one for one in told}.values())
    if not rows:
        return set()
    with connection.cursor() as cursor:
        params: dict[str, Any] = {
            "ids": plain(one.id for one in rows),
            "people": plain(one.person for one in rows),
            "days": texts(one.day.isoformat() for one in rows),
            "values": texts(one.value for one in rows),
            "taken": moments(one.taken_at for one in rows),
            "photos": plain(one.photo for one in rows),
        }
        cursor.execute(_INSERT, params | {"at": at, "source": source, "by": by.pk})
        new = dict(cursor.fetchall())
    _open_retests([one for one, value in new.items() if value == Result.Value.POSITIVE], at=at)
    return set(new)


def _open_retests(positive: list[UUID], *, at: datetime) -> None:
    """A positive self-test is owed a single retest at once, except in a rehearsal."""
    if not positive:
        return
    rehearsed = Round.objects.filter(test=Test.ANTIGEN, rehearsal=True).values("day")
    tests = AntigenTest.objects.filter(pk__in=positive).exclude(day__in=rehearsed).select_related("person")
    found = list(tests.order_by("person_id", "pk"))
    lock_people([test.person_id for test in found])
    due_at = retest_due(at)
    opened = Obligation.objects.bulk_create(
        Obligation(
            person=test.person, kind=Obligation.Kind.SINGLE_RETEST, cause=f"antigen:{test.pk}", antigen=test,
            opened_at=at, due_at=due_at,
        )
        for test in found
    )  # fmt: skip
    note_positive_antigens(opened, at=at)
    settle_people([test.person_id for test in found], at=at)
