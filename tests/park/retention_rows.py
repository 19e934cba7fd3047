"""For each rule of docs/retention.toml one row of the small park that it must destroy, full of what must go.

A rule without a row here fails tests/park/test_retention.py: nothing is promised that no test has seen destroyed.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session as LogIn
from django.db import models

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.files import store_file
from parkkeeper.park.keys import make_key
from parkkeeper.park.models import (
    Account,
    Certificate,
    DestructionOrder,
    Emergency,
    Import,
    JournalEntry,
    JournalSeal,
    LogInAttempt,
    Message,
    Person,
    Post,
    Presence,
    StoredFile,
)
from parkkeeper.sampling.models import AntigenTest, LabReport, Undo
from parkkeeper.sampling.models.boxes import HandOver
from tests.harness import rows
from tests.inspection.retention_rows import INSPECTION
from tests.world import DAY, EVENING, LONG_AGO

DAYS_END = datetime(2023, 3, 31, 16, tzinfo=UTC)  # midnight in the park after the last day of everybody's post
ENDED = EVENING + timedelta(days=10)


def ended(w: Any, *, approved: bool = True) -> Emergency:
    """The park's emergency, ended; its destruction ordered by the leader's proposal and the office's approval."""
    found = Emergency.objects.get()
    found.during = (LONG_AGO, ENDED)
    found.save()
    found.refresh_from_db()
    if approved:
        DestructionOrder.objects.create(
            emergency=found, reason="通告", proposed_at=ENDED, proposed_by=w.leader, approved_at=ENDED,
            approved_by=w.office,
        )  # fmt: skip
    return found


def attempts(count: int) -> None:
    LogInAttempt.objects.bulk_create(
        LogInAttempt(username=f"u{n}", address="", at=EVENING, succeeded=False) for n in range(count)
    )


def changed(row: Any, **values: Any) -> Any:
    """The row with these values, as stored."""
    type(row)._base_manager.filter(pk=row.pk).update(**values)
    return type(row)._base_manager.get(pk=row.pk)


def keyed(w: Any) -> Emergency:
    found: Emergency = changed(Emergency.objects.get(), data_key_sealed=make_key())
    return found


def who_left(w: Any) -> Person:
    one: Person = w.workers[0]
    rows.ending(Presence.objects.get(person=one), EVENING)
    Presence.objects.create(person=one, state="left", during=(EVENING, None))
    Account.objects.create(username="left", person=one)
    return one


def stored(w: Any) -> StoredFile:
    return store_file(b"results of the evening", name="results.csv", by=w.lab, at=EVENING)


def imported(w: Any) -> Import:
    file = store_file(b"a roster", name="roster.csv", of_register=True, by=w.office, at=EVENING)
    return Import.objects.create(kind="roster", file=file, at=EVENING, by=w.office, notes=["x"])


def journalled(w: Any) -> JournalEntry:
    JournalEntry.objects.create(xid=5, at=EVENING, by_id=w.office.pk, by_name="办公室甲", verb="a.b")
    JournalSeal.objects.create(from_xid=0, to_xid=6, entries=1, previous=bytes(32), hash=b"h" * 32, sealed_at=EVENING)
    return JournalEntry.objects.get(xid=5)


def handed_over(w: Any) -> HandOver:
    return HandOver.objects.create(
        box=rows.box(w), leg="to_courier", at=EVENING, given_by=w.scanner, taken_by=w.courier,
        given_signature=stored(w), received_at=EVENING,
    )  # fmt: skip


def antigen(w: Any) -> AntigenTest:
    return AntigenTest.objects.create(
        id=new_id(), person=w.mei, day=DAY, value="negative", taken_at=EVENING, received_at=EVENING, source="phone",
        by=w.mei, photo=stored(w),
    )  # fmt: skip


def found_again(w: Any) -> Any:
    return apps.get_model("sampling.LossBefore").objects.create(
        box=rows.box(w), lost_at=EVENING, lost_by=w.courier, until=EVENING, found_by=w.office
    )


def own_link(w: Any) -> Any:
    return apps.get_model("codes.OwnLink").objects.create(
        person=w.mei, code_hash=b"c" * 16, issued_at=EVENING, issued_by=w.office, open_until=EVENING, expires_at=EVENING
    )


def code_key(w: Any) -> Any:
    return apps.get_model("codes.CodeKey").objects.create(
        number=1, mark=b"mark", public=b"p" * 32, made_at=EVENING, made_by=w.office, retired_at=EVENING,
        retired_by=w.office, until=DAY,
    )  # fmt: skip


def session(w: Any) -> Any:
    return changed(rows.session(w), opened_by=w.sampler, closed_by=w.scanner)


def tube(w: Any) -> Any:
    return changed(rows.tube(w), opened_by=w.sampler, sealed_by=w.scanner, phone_id=7, seal_phone_id=7)


def scan(w: Any) -> Any:
    return changed(rows.scan(w), person=w.mei, by=w.scanner, phone_id=7, claimed="310")


def report(w: Any) -> LabReport:
    return LabReport.objects.create(
        kind="table", received_at=EVENING, by=w.lab, file=stored(w), problems=[{"row": 3, "value": "张伟"}]
    )


def order(w: Any) -> DestructionOrder:
    """Proposed and approved long before it is itself past its period."""
    return DestructionOrder.objects.create(
        emergency=Emergency.objects.get(), reason="通告", proposed_at=EVENING, proposed_by=w.leader,
        approved_at=EVENING, approved_by=w.office, withdrawn_at=EVENING, withdrawn_by=w.office,
    )  # fmt: skip


def undo(w: Any) -> Undo:
    return Undo.objects.create(id=new_id(), scan_id=new_id(), at=EVENING, received_at=EVENING, by=w.scanner)


def attempt(w: Any) -> LogInAttempt:
    return LogInAttempt.objects.create(username="mei", address="10.0.0.1", at=EVENING, succeeded=False)


def locked(w: Any) -> Account:
    return Account.objects.create(username="gone", person=w.bo, is_active=False, locked_at=EVENING)


Maker = Callable[[Any], models.Model]
# name of the rule -> its row, and the moment from which the days of its period count
ROWS: dict[str, tuple[Maker, datetime]] = {
    "park.Emergency:emergency": (keyed, ENDED),
    "park.Person:register": (who_left, EVENING),
    "park.Presence:emergency": (lambda w: rows.ending(Presence.objects.get(person=w.mei), EVENING), ENDED),
    "park.Certificate:duty": (
        lambda w: changed(Certificate.objects.get(person=w.sampler), revoked_at=EVENING, revoked_by=w.office,
                          revoked_reason="冒用"), DAYS_END),
    "park.Post:duty": (lambda w: Post.objects.get(person=w.mei), DAYS_END),
    "park.Account:account": (locked, EVENING),
    "park.LogInAttempt:attempt": (attempt, EVENING),
    "sessions.Session:session": (
        lambda w: LogIn.objects.create(session_key="k" * 32, session_data="x", expire_date=EVENING), EVENING),
    "park.Anomaly:emergency": (rows.anomaly, ENDED),
    "park.Message:message": (
        lambda w: Message.objects.create(kind="isolate", to=w.mei, about=w.mei, sent_at=EVENING), EVENING),
    "park.StoredFile:emergency": (stored, ENDED),
    "park.Import:import": (imported, EVENING),
    "park.Import:duty": (imported, EVENING),
    "park.ImportRow:import": (rows.import_row, EVENING),
    "park.JournalEntry:journal": (journalled, EVENING),
    "park.DestructionOrder:duty": (order, EVENING),
    "park.Hold:duty": (
        lambda w: changed(rows.hold(w), until=EVENING + timedelta(days=1), lifted_at=EVENING, lifted_by=w.office),
        EVENING + timedelta(days=1)),
    "sampling.TubeRoll:duty": (lambda w: changed(w.roll, issued_at=EVENING), EVENING),
    "sampling.Round:duty": (
        lambda w: changed(rows.round_(w), closed_at=EVENING, closed_by=w.office), EVENING),
    "sampling.Due:emergency": (rows.due, ENDED),
    "sampling.Disposition:emergency": (
        lambda w: changed(rows.disposition(w, "excused", reason="术后", place="区医院", evidence=stored(w)),
                          withdrawn_at=EVENING, withdrawn_by=w.mei), ENDED),
    "sampling.Session:duty": (session, EVENING),
    "sampling.Duty:duty": (rows.duty, DAYS_END),
    "sampling.Tube:duty": (tube, EVENING),
    "sampling.Scan:emergency": (scan, ENDED),
    "sampling.Undo:emergency": (undo, ENDED),
    "sampling.Box:duty": (
        lambda w: changed(rows.box(w), sealed_by=w.scanner, lost_at=EVENING, lost_by=w.courier), EVENING),
    "sampling.LossBefore:duty": (found_again, EVENING),
    "sampling.HandOver:emergency": (handed_over, ENDED),
    "sampling.Reception:duty": (lambda w: changed(rows.reception(w), by=w.lab), EVENING),
    "sampling.LabReport:emergency": (report, ENDED),
    "sampling.Result:emergency": (
        lambda w: changed(rows.result(w), struck_at=EVENING, struck_by=w.office, struck_reason="录错"), ENDED),
    "sampling.AntigenTest:emergency": (antigen, ENDED),
    "sampling.Obligation:emergency": (rows.obligation, ENDED),
    "sampling.Flag:duty": (
        lambda w: changed(rows.flag(w, point=w.point), lowered_at=EVENING, lowered_by=w.office, lowered_reason="消"),
        EVENING),
    "codes.OwnLink:message": (own_link, EVENING),
    "codes.CodeKey:duty": (code_key, EVENING),
    **INSPECTION,
    "sync.Phone:duty": (lambda w: changed(rows.phone(w), revoked_at=EVENING, revoked_by=w.office), EVENING),
    "sync.Phone:emergency": (rows.phone, ENDED),
    "sync.Enrolment:duty": (rows.enrolment, EVENING),
    "sync.Batch:emergency": (lambda w: _without_poison(rows.poison(w)), ENDED),
    "sync.PoisonOperation:emergency": (rows.poison, ENDED),
}  # fmt: skip


def _without_poison(poison: Any) -> Any:
    batch = poison.batch
    poison.delete()
    return batch
