"""A phone's batch goes in: one transaction, one verdict an operation, the same reply for the same batch.

What is in perfect form and in nothing odd goes in by whole tubes (sampling/actions/sheaves.py). The rest goes to the
verb of its kind, all of a kind at once. When that fails for a reason of ours, the batch is done again carefully: each
kind in a savepoint of its own, halved until the operation that fails is alone; it is kept aside and the others are
stored.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from parkkeeper.inspection.actions import findings, lookbacks, visits
from parkkeeper.kernel.ids import deterministic_id
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.keys import seal_for
from parkkeeper.park.statements import plan_anew, run
from parkkeeper.sampling.actions import antigen, boxes, scans, sessions, sheaves, tubes
from parkkeeper.sampling.doubts import Doubt, raise_doubts
from parkkeeper.sampling.field import Operation, Source, Verdict
from parkkeeper.sampling.scandoubts import kinds_about
from parkkeeper.sampling.sheaves import Crossed
from parkkeeper.sync.envelope import Envelope, dump, offset_of
from parkkeeper.sync.models import Phone, PoisonOperation
from parkkeeper.sync.parsing import MAKERS, BadOperation, parse
from parkkeeper.sync.problems import Problem
from parkkeeper.sync.replies import shortened, written_out
from parkkeeper.sync.sheaves import Sifted, sift

TRIES = 6
SEEN_EVERY = timedelta(minutes=1)
_BEGIN_ANEW = {"40001", "40P01", "55P03"}  # serialization, deadlock, lock not available: nobody's fault, try again

log = logging.getLogger(__name__)
Verb = Callable[..., list[Verdict]]


VERBS: dict[str, Verb] = {
    "open_session": sessions.open_sessions,
    "go_on_duty": sessions.go_on_duty,
    "open_tube": tubes.open_tubes,
    "scan": scans.take_scans,
    "undo_scan": scans.undo_scans,
    "seal_tube": tubes.seal_tubes,
    "seal_box": boxes.seal_boxes,
    "hand_over_box": boxes.hand_over_boxes,
    "receive_tube": boxes.receive_tubes,
    "antigen": antigen.take_antigens,
    "close_session": sessions.close_sessions,
    "begin_visit": visits.begin_visits,
    "note_finding": findings.note_findings,
    "photo": findings.take_photos,
    "fix_on_spot": findings.fix_on_spot,
    "look_back": lookbacks.take_look_backs,
    "end_visit": visits.end_visits,
}


# What must be known before anything that the same batch says about tubes.
BEFORE_TUBES = ("open_session", "go_on_duty")


@dataclass(slots=True)
class Work:
    """A batch while it is done: what could be read, by kind; verdicts by position; what is kept aside.

    `stored` are positions that went in with whole tubes, `marks` the kinds of doubt about those that have any.
    """

    phone: Phone
    envelope: Envelope
    batch: UUID
    at: datetime
    waiting: dict[str, list[Operation]] = field(default_factory=dict)
    by_kind: dict[str, list[Operation]] = field(default_factory=dict)
    position: dict[UUID, int] = field(default_factory=dict)
    told: dict[int, Verdict] = field(default_factory=dict)
    repeats: dict[int, UUID] = field(default_factory=dict)
    kept: dict[int, BadOperation | Refused] = field(default_factory=dict)
    stored: set[int] = field(default_factory=set)
    marks: dict[int, set[str]] = field(default_factory=dict)

    def keep(self, operations: list[Operation], why: BadOperation | Refused) -> None:
        self.kept.update((self.position[operation.id], why) for operation in operations)


def take_batch(phone: Phone, envelope: Envelope, *, at: datetime) -> tuple[dict[str, Any], bool]:
    """Store the batch and return its reply, and whether that is the reply to an earlier sending of the same batch.

    Raises OperationalError or InterfaceError when the database is away (nothing was acknowledged), Problem 503 when
    others were in the way too often.
    """
    careful, whole = False, phone.revoked_at is None
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                plan_anew()
                return _take(phone, envelope, at=at, careful=careful, whole=whole and not careful)
        except (OperationalError, InterfaceError) as error:
            if _state(error) not in _BEGIN_ANEW or connection.in_atomic_block:
                raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))
        except Crossed:
            whole = False
        except Exception:
            if careful:
                raise
            log.exception("batch %s of phone %s: done again carefully", envelope.id, phone.pk)
            careful = True
    raise Problem(503, "busy", _("服务器正忙，本次内容尚未确认。手机会自动重新发送。"), retry_after=2)


def _state(error: Exception) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""


def _take(phone: Phone, envelope: Envelope, *, at: datetime, careful: bool, whole: bool) -> tuple[dict[str, Any], bool]:
    batch, warnings = envelope.id, []
    cursor = _claim(phone, envelope, batch, at)
    if cursor is None:
        earlier = _earlier_reply(batch, envelope)
        if earlier is not None:
            return earlier, True
        batch = deterministic_id("batch", str(envelope.id), envelope.digest.hex())
        warnings = ["batch_id_reused"]
        cursor = _claim(phone, envelope, batch, at)
        if cursor is None:
            return _earlier_reply(batch, envelope) or {}, True
    work = Work(phone, envelope, batch, at)
    _do_all(work, careful=careful, whole=whole)
    _keep_poison(work)
    _raise_doubts(work, reused=bool(warnings))
    reply = _reply(work, cursor, warnings)
    _finish(work, reply)
    return reply, False


def _do_all(work: Work, *, careful: bool, whole: bool) -> None:
    phone, envelope = work.phone, work.envelope
    source = Source(holder=phone.holder, point=phone.point, phone_id=phone.pk, received_at=work.at)
    sifted = Sifted(left=list(range(len(envelope.operations))))
    if whole and not envelope.jumps:  # whole tubes go in with one offset for all
        sifted = sift(envelope.operations, str(phone.holder.uuid), timedelta(milliseconds=envelope.offset_ms))
    _read(work, sifted.left)
    if sifted.columns is not None:
        _do_kinds(work, BEFORE_TUBES, source, careful=careful)
        _read(work, _store_whole(work, sifted, source))
    _do_kinds(work, MAKERS, source, careful=careful)
    if work.stored and {"scan", "undo_scan"} & work.by_kind.keys():
        _mark_afterwards(work)


def _do_kinds(work: Work, kinds: Iterable[str], source: Source, *, careful: bool) -> None:
    for kind in kinds:
        operations = sorted(work.waiting.pop(kind, ()), key=lambda operation: operation.sequence)
        if operations:
            work.by_kind[kind] = operations
            _do(work, VERBS[kind], operations, source, careful=careful)


def _store_whole(work: Work, sifted: Sifted, source: Source) -> list[int]:
    """Store the tubes of which nothing is odd; returns the positions of the operations of all others."""
    assert sifted.columns is not None
    bare = getattr(sheaves.take_sheaves, "__wrapped__", sheaves.take_sheaves)
    taken = bare(sifted.sheaves, sifted.columns, source, by=source.holder, at=source.received_at)
    others: list[int] = []
    for number, sheaf in enumerate(sifted.sheaves):
        if number in taken.sheaves:
            work.stored.update(sheaf.positions())
        else:
            others += sheaf.positions()
    work.marks = taken.marks
    return others


def _mark_afterwards(work: Work) -> None:
    """What the other scans of the batch made doubtful in those that were stored before them."""
    operations = work.envelope.operations
    position = {UUID(operations[n]["id"]): n for n in work.stored if operations[n]["kind"] == "scan"}
    for scan, kinds in kinds_about(position).items():
        work.marks.setdefault(position[scan], set()).update(kinds)


def _claim(phone: Phone, envelope: Envelope, batch: UUID, at: datetime) -> str | None:
    """Make the batch's row and return the changes' cursor of this moment, or None when the row was there.

    Another sending of the same batch that is being done right now is waited for: that is what the primary key does.
    """
    asked = [batch, phone.pk, at, envelope.sent_at, envelope.offset_ms, len(envelope.operations), envelope.digest,
             orjson.dumps(envelope.jumps).decode(), batch, at.isoformat()]  # fmt: skip
    rows = run(_CLAIM, asked)
    return str(rows[0][0]) if rows else None


# The row holds the reply of a batch of which nothing is to be told; _finish writes any other over it. The settings hold
# for this transaction alone: what is prepared is planned once, and by keys whatever the statistics say. A plan that is
# made while the evening's tables are empty would otherwise read them from end to end an hour later.
_CLAIM = """
INSERT INTO sync_batch (id, phone_id, received_at, sent_at, offset_ms, operations, digest, jumps, reply)
SELECT %s::uuid, %s::bigint, %s::timestamptz, %s::timestamptz, %s::bigint, %s::int, %s::bytea, %s::jsonb,
       jsonb_build_object('batch', %s::uuid, 'server_time', %s::text, 'cursor', now.cursor, 'verdicts', '{}'::jsonb)
FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text || '-0' AS cursor) now ON CONFLICT (id) DO NOTHING
RETURNING reply ->> 'cursor', set_config('plan_cache_mode', 'force_generic_plan', true),
          set_config('enable_seqscan', 'off', true)
"""


def _earlier_reply(batch: UUID, envelope: Envelope) -> dict[str, Any] | None:
    [(stored, text)] = run("SELECT digest, reply::text FROM sync_batch WHERE id = %s", [batch])
    return written_out(orjson.loads(text), envelope) if bytes(stored) == envelope.digest else None


def _read(work: Work, positions: Iterable[int]) -> None:
    """Read these operations; what cannot be read is kept aside, what comes twice is done once."""
    envelope = work.envelope
    for position in positions:
        raw = envelope.operations[position]
        try:
            kind, operation = parse(raw, offset_of(raw, envelope.offset_ms, envelope.jumps))
        except BadOperation as why:
            work.kept[position] = why
            continue
        first = work.position.setdefault(operation.id, position)
        if first == position:
            work.waiting.setdefault(kind, []).append(operation)
        elif raw == work.envelope.operations[first]:
            work.repeats[position] = operation.id
        else:
            work.kept[position] = BadOperation("id_reused", "id")


def _do(work: Work, verb: Verb, operations: list[Operation], source: Source, *, careful: bool) -> None:
    if not careful:
        # the whole batch is one transaction, which fails as a whole: a savepoint for each verb would be for nothing
        bare = getattr(verb, "__wrapped__", verb)
        _tell(work, operations, bare(operations, source, by=source.holder, at=source.received_at))
        return
    try:
        with transaction.atomic():
            _tell(work, operations, verb(operations, source, by=source.holder, at=source.received_at))
    except (OperationalError, InterfaceError):
        raise
    except Forbidden:
        work.keep(operations, BadOperation("not_allowed"))
    except Exception as error:
        if len(operations) > 1:
            middle = len(operations) // 2
            _do(work, verb, operations[:middle], source, careful=True)
            _do(work, verb, operations[middle:], source, careful=True)
            return
        if not isinstance(error, Refused):
            log.exception("operation %s of batch %s is kept aside", operations[0].id, work.batch)
        work.keep(operations, error if isinstance(error, Refused) else BadOperation("server_error"))


def _tell(work: Work, operations: list[Operation], verdicts: list[Verdict]) -> None:
    # an operation without a word on it must not pass for stored
    if {operation.id for operation in operations} - {verdict.id for verdict in verdicts}:
        raise IntegrityError("a verb gave no verdict on one of its operations")
    for verdict in verdicts:
        work.told[work.position[verdict.id]] = verdict


def _code_of(why: BadOperation | Refused) -> str:
    return why.code if isinstance(why, BadOperation) else "refused"


def _keep_poison(work: Work) -> None:
    if not work.kept:
        return
    PoisonOperation.objects.bulk_create(
        PoisonOperation(
            batch_id=work.batch,
            position=position,
            operation_id=_named(raw := work.envelope.operations[position]),
            content_sealed=seal_for(dump(raw).decode(), context="sync.poison", at=work.at),
            code=_code_of(why),
            received_at=work.at,
        )
        for position, why in sorted(work.kept.items())
    )


def _named(raw: Any) -> str:
    """The id that an unreadable operation gives itself, as far as it can be stored."""
    value = raw.get("id") if isinstance(raw, dict) else None
    return value[:64] if isinstance(value, str) and value.isascii() and "\0" not in value else ""


def _raise_doubts(work: Work, *, reused: bool) -> None:
    doubts, phone, site = [], work.phone, work.phone.site_id
    evidence = {"phone": phone.pk, "batch": str(work.batch), "operations": len(work.envelope.operations)}
    if work.kept:
        codes = {str(position): _code_of(why) for position, why in sorted(work.kept.items())}
        doubts.append(("poison_operation", {**evidence, "codes": codes}))
    if reused:
        doubts.append(("batch_id_reused", {**evidence, "sent_as": str(work.envelope.id)}))
    if phone.revoked_at is not None:
        after = sorted(str(number) for number in _after_revocation(work))
        doubts.append(("phone_revoked", {**evidence, "revoked_at": phone.revoked_at.isoformat(), "after": after}))
    raise_doubts(
        Doubt(
            kind=kind,
            key=f"{kind}:{work.batch}",
            happened_at=work.at,
            raised_at=work.at,
            person_id=phone.holder_id,
            site_id=site,
            noun="batch",
            noun_id=str(work.batch),
            evidence=facts,
        )
        for kind, facts in doubts
    )


def _after_revocation(work: Work) -> set[UUID]:
    """Operations that happened after the phone's enrolment was revoked, by the phone's corrected clock."""
    revoked_at = work.phone.revoked_at
    if revoked_at is None:
        return set()
    return {
        operation.id
        for operations in work.by_kind.values()
        for operation in operations
        if operation.happened_at >= revoked_at
    }


def _reply(work: Work, cursor: str, warnings: list[str]) -> dict[str, Any]:
    reply: dict[str, Any] = {
        "batch": str(work.batch),
        "server_time": work.at.isoformat(),
        "cursor": cursor,
        "verdicts": _verdicts(work, _after_revocation(work)),
    }
    if warnings:
        reply["warnings"] = warnings
    if work.phone.revoked_at is not None:
        reply["wipe"] = True
    return reply


def _verdicts(work: Work, after: set[UUID]) -> list[dict[str, Any]]:
    verdicts: list[dict[str, Any]] = [{}] * len(work.envelope.operations)
    for position, verdict in work.told.items():
        told: dict[str, Any] = {"id": str(verdict.id), "verdict": "stored" if verdict.stored else "known"}
        if verdict.doubts or after:
            doubts = [*verdict.doubts, *(["phone_revoked"] if verdict.id in after else [])]
            told |= {"doubts": doubts} if doubts else {}
        verdicts[position] = told
    for position in work.stored:
        verdicts[position] = {"id": work.envelope.operations[position]["id"], "verdict": "stored"}
    for position, kinds in work.marks.items():
        verdicts[position]["doubts"] = sorted(kinds)
    for position, number in work.repeats.items():
        verdicts[position] = {"id": str(number), "verdict": "known"}
    for position, why in work.kept.items():
        message = why.message() if isinstance(why, BadOperation) else str(why)
        verdicts[position] = {
            "id": _named(work.envelope.operations[position]),
            "verdict": "kept",
            "code": _code_of(why),
            "message": message,
        }
    return verdicts


def _finish(work: Work, reply: dict[str, Any]) -> None:
    if len(work.stored) < len(work.envelope.operations) or work.marks or "warnings" in reply:
        text = orjson.dumps(shortened(reply, work.envelope)).decode()
        run("UPDATE sync_batch SET reply = %s::jsonb WHERE id = %s", [text, work.batch])
    seen = work.phone.last_seen_at
    if seen is None or work.at - seen >= SEEN_EVERY:
        run("UPDATE sync_phone SET last_seen_at = %s WHERE id = %s::bigint", [work.at, work.phone.pk])
