"""One row of each kind in the small park, as little as its table takes; the tests of constraints change them."""

from datetime import timedelta
from typing import Any

from django.db import models

from parkkeeper.codes.models import CodeKey, OwnLink
from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import (
    Anomaly,
    AreaLevel,
    DestructionOrder,
    Emergency,
    Hold,
    Import,
    ImportRow,
    JournalSeal,
    StoredFile,
)
from parkkeeper.sampling.models import (
    Box,
    BoxTubeBefore,
    Disposition,
    Due,
    Duty,
    Flag,
    HandOver,
    LabReport,
    LossBefore,
    Obligation,
    Reception,
    ReceptionBefore,
    Result,
    Round,
    Scan,
    ScanBefore,
    Session,
    Tube,
    TubeBefore,
)
from parkkeeper.sync.models import Batch, Enrolment, Phone, PoisonOperation
from tests.world import DAY, EVENING, MORNING, later

NEVER, HOUR_ON = later(600), later(60)
D = [DAY + timedelta(days=n) for n in range(10)]


def level(w: Any, **place: Any) -> AreaLevel:
    return AreaLevel.objects.create(level="sealed", during=(EVENING, HOUR_ON), source="通告", **place)


def anomaly(w: Any) -> Anomaly:
    return Anomaly.objects.create(key="k", kind="late_scan", raised_at=EVENING, happened_at=EVENING)


def import_row(w: Any) -> ImportRow:
    stored = StoredFile.objects.create(sha256="0" * 64, size=1, name="a.csv", stored_at=EVENING)
    batch = Import.objects.create(kind="roster", file=stored, at=EVENING, by=w.office)
    return ImportRow.objects.create(batch=batch, number=7, verdict="error", content_sealed=b"x")


def order(w: Any) -> DestructionOrder:
    return DestructionOrder.objects.create(
        emergency=Emergency.objects.get(), reason="通告", proposed_at=EVENING, proposed_by=w.leader
    )


def hold(w: Any) -> Hold:
    return Hold.objects.create(reason="检查", placed_at=EVENING, placed_by=w.office, until=NEVER)


def seal(w: Any) -> JournalSeal:
    return JournalSeal.objects.create(
        from_xid=1, to_xid=2, entries=1, previous=bytes(32), hash=b"h" * 32, sealed_at=EVENING
    )


def round_(w: Any) -> Round:
    return Round.objects.create(
        programme=w.programme, test="pcr", day=DAY, opens_at=MORNING, closes_at=EVENING, frozen_at=MORNING
    )


def due(w: Any) -> Due:
    return Due.objects.create(round=round_(w), person=w.mei, standing="due", on_post=True, enterprise=w.rainbow)


def disposition(w: Any, kind: str = "told", **more: Any) -> Disposition:
    return Disposition.objects.create(round=round_(w), person=w.mei, kind=kind, at=EVENING, by=w.office, **more)


def ahead(w: Any) -> Disposition:
    return Disposition.objects.create(
        test="pcr", days=(D[0], D[3]), person=w.mei, kind="excused", reason="住院", at=EVENING, by=w.office
    )


def session(w: Any) -> Session:
    return Session.objects.create(point=w.point, opened_at=EVENING, received_at=EVENING)


def duty(w: Any) -> Duty:
    return Duty.objects.create(
        session=session(w), person=w.sampler, role="sampling_specialist", began_at=EVENING, received_at=EVENING
    )


def tube(w: Any, code: str = "YQ1") -> Tube:
    return Tube.objects.create(code=code, first_heard_at=EVENING)


def scan(w: Any) -> Scan:
    return Scan.objects.create(
        id=new_id(), tube=tube(w), how="code", scanned_at=EVENING, device_at=EVENING, received_at=EVENING
    )


def box(w: Any) -> Box:
    return Box.objects.create(code="B1", sealed_at=EVENING, received_at=EVENING)


def hand_over(w: Any) -> HandOver:
    return HandOver.objects.create(box=box(w), leg="to_lab", at=EVENING, received_at=EVENING)


def reception(w: Any) -> Reception:
    return Reception.objects.create(
        tube=tube(w), laboratory=w.laboratory, condition="good", at=EVENING, received_at=EVENING
    )


def before(w: Any, of: str) -> models.Model:
    """What was known of a scan, a tube, a line of a box, a reception or a box before."""
    if of == "scan":
        told = scan(w)
        return ScanBefore.objects.create(scan=told, tube=told.tube, until=HOUR_ON)
    if of == "tube":
        return TubeBefore.objects.create(tube=tube(w), pool_size=10, until=HOUR_ON)
    if of == "line":
        return BoxTubeBefore.objects.create(box=box(w), tube=tube(w), until=HOUR_ON)
    if of == "reception":
        seen = reception(w)
        return ReceptionBefore.objects.create(reception=seen, tube=seen.tube, until=HOUR_ON)
    return LossBefore.objects.create(box=box(w), lost_at=EVENING, lost_by=w.office, found_by=w.office, until=HOUR_ON)


def result(w: Any) -> Result:
    report = LabReport.objects.create(kind="hand", received_at=EVENING)
    return Result.objects.create(
        tube_code="YQ1", value="negative", tested_at=EVENING, received_at=EVENING, report=report
    )


def obligation(w: Any) -> Obligation:
    return Obligation.objects.create(
        person=w.mei, kind="single_retest", cause="tube:YQ1", opened_at=EVENING, due_at=NEVER
    )


def released(w: Any, cause: str = "tube:YQ1") -> Obligation:
    return Obligation.objects.create(
        person=w.mei, kind="case", cause=cause, opened_at=EVENING, due_at=NEVER, closed_at=HOUR_ON, closed_by=w.office,
        closed_reason="出院",
    )  # fmt: skip


def following(w: Any) -> Obligation:
    first = released(w)
    return Obligation.objects.create(
        person=w.mei, kind="case", cause=first.cause, opened_at=NEVER, due_at=NEVER, follows=first
    )


def flag(w: Any, **on: Any) -> Flag:
    return Flag.objects.create(tube=tube(w), raised_at=EVENING, **on)


def code_key(w: Any) -> CodeKey:
    return CodeKey.objects.create(number=1, mark=b"park", public=b"p" * 32, private_sealed=b"s", made_at=EVENING)


def own_link(w: Any) -> OwnLink:
    return OwnLink.objects.create(
        person=w.mei, code_hash=b"c" * 16, issued_at=EVENING, issued_by=w.office, open_until=NEVER, expires_at=NEVER
    )


def phone(w: Any, token: bytes = b"t" * 32) -> Phone:
    return Phone.objects.create(
        name="一号机", point=w.point, holder=w.scanner, token_hash=token, salt=b"s" * 16, enrolled_at=EVENING
    )


def enrolment(w: Any) -> Enrolment:
    return Enrolment.objects.create(
        code_hash=b"c" * 32, point=w.point, holder=w.scanner, role="scanning_specialist", issued_at=EVENING,
        issued_by=w.office, expires_at=NEVER,
    )  # fmt: skip


def poison(w: Any) -> PoisonOperation:
    batch = Batch.objects.create(
        id=new_id(), phone=phone(w), received_at=EVENING, sent_at=EVENING, offset_ms=0, operations=1, digest=b"d" * 32,
        reply={},
    )  # fmt: skip
    return PoisonOperation.objects.create(batch=batch, position=0, content_sealed=b"x", code="bad", received_at=EVENING)


def ending(row: Any, at: Any) -> Any:
    """The row, its time cut at that moment, so that a neighbour has room after it."""
    row.during = (row.during.lower if hasattr(row.during, "lower") else row.during[0], at)
    row.save()
    return row
