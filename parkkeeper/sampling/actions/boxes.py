"""From the point to the laboratory: boxes sealed, handed over with two signatures, received tube by tube."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.tubes import read_box_code
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.sampling.arrays import moments, plain, texts
from parkkeeper.sampling.boxbook import (
    boxes_meant,
    hold_codes,
    laboratories_by_code,
    lapse_unknown_boxes,
    meet_what_came_before,
    mention_boxes,
    printed,
    signatures_by_hash,
    tubes_in,
)
from parkkeeper.sampling.consequences import judge_tubes, share_results
from parkkeeper.sampling.doubts import Doubt, raise_doubts
from parkkeeper.sampling.field import HandOverBox, ReceiveTube, SealBox, Source, Verdict
from parkkeeper.sampling.fieldrights import require_or_doubt
from parkkeeper.sampling.identify import person_ids
from parkkeeper.sampling.models import Box, LossBefore
from parkkeeper.sampling.timing import days_of, happened, rounds_on
from parkkeeper.sampling.tubebook import HeardTube, hear_tubes
from parkkeeper.sampling.tubedoubts import judge_contents

_Operation = SealBox | HandOverBox | ReceiveTube


@transaction.atomic
def seal_boxes(operations: Sequence[SealBox], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Close boxes over their lists of tubes. A tube that nobody opened, or that is in another box, is doubted."""
    require_or_doubt(by, "carry_boxes", source, at=at)
    share_results()
    raws = (code for op in operations for code in op.tube_codes)
    tubes = hear_tubes(raws, point_id=source.point.pk if source.point else None, at=source.received_at)
    mention_boxes({op.id: happened(op.happened_at, source) for op in operations}, source)
    hold_codes(printed(op.box_code) for op in operations)
    new = _write_boxes(operations, source, by)
    _fill(operations, new, tubes, at)
    bad = [op for op in operations if read_box_code(op.box_code).problem]
    raise_doubts(_bad_code(op, source, at) for op in bad if op.id in new)
    marks = judge_contents({tube.id for tube in tubes.values()}, at=at)
    if new:
        lapse_unknown_boxes(new)
        meet_what_came_before(new)
        judge_tubes({tube.id for tube in tubes.values()}, at=at)
        record(
            "boxes.sealed", by=by, at=at, site=_site(source), count=len(new), tubes=len(tubes), phone=source.phone_id
        )
    kinds = {op.id: set[str]().union(*(marks[tubes[code].id] for code in op.tube_codes)) for op in operations}
    for op in bad:
        kinds[op.id].add("bad_box_code")
    return _verdicts(operations, new, kinds)


@transaction.atomic
def hand_over_boxes(operations: Sequence[HandOverBox], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Record that boxes went from hand to hand. A missing name or signature is a doubt, not a refusal.

    A box that is told by its code alone, and whose sealing is not known yet, is found when the sealing is told.
    """
    require_or_doubt(by, "carry_boxes", source, at=at)
    meant = boxes_meant(operations, source)
    unsealed = mention_boxes({op.box: happened(op.happened_at, source) for op in operations if op.box}, source)
    people = person_ids(uuid for op in operations for uuid in (op.given_by, op.taken_by))
    files = signatures_by_hash(text for op in operations for text in (op.given_signature, op.taken_signature))
    new = _write_hand_overs(operations, meant, people, files, source)
    kinds: dict[UUID, set[str]] = {}
    doubts = []
    for op in operations:
        missing = _missing(op, people, files)
        box = meant.get(op.id)
        kinds[op.id] = _those(hand_over_unsigned=bool(missing), unknown_box=box is None or box in unsealed)
        if missing and op.id in new:
            doubts.append(_unsigned(op, box, missing, source, at))
        if op.id in new and box in unsealed and box:
            doubts.append(_unknown_box(box, op.happened_at, source, at))
        if op.id in new and box is None:
            doubts.append(_unknown_code(op, source, at))
    raise_doubts(doubts)
    if new:
        record("boxes.handed_over", by=by, at=at, site=_site(source), count=len(new), phone=source.phone_id)
    return _verdicts(operations, new, kinds)


@transaction.atomic
def receive_tubes(operations: Sequence[ReceiveTube], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Record the laboratory's word on each tube at its door: good, damaged, leaked, missing or rejected.

    Out of a box that is told by its code alone, and whose sealing is not known yet: it is found when that is told.
    """
    require_or_doubt(by, "receive_tubes", source, at=at)
    share_results()
    tubes = hear_tubes((op.tube_code for op in operations), point_id=None, at=source.received_at)
    unsealed = mention_boxes({op.box: happened(op.happened_at, source) for op in operations if op.box}, source)
    laboratories = laboratories_by_code(op.laboratory for op in operations)
    new = _write_receptions(operations, boxes_meant(operations, source), tubes, laboratories, source, by)
    doubts = []
    for op in operations:
        if op.laboratory not in laboratories and op.id in new:
            doubts.append(_unknown_laboratory(op, tubes[op.tube_code], source, at))
        if op.box in unsealed and op.box and op.id in new:
            doubts.append(_unknown_box(op.box, op.happened_at, source, at))
    raise_doubts(doubts)
    ids = {tube.id for tube in tubes.values()}
    marks = judge_contents(ids, at=at)
    if new:
        judge_tubes(ids, at=at)
        record("tubes.received", by=by, at=at, site=_site(source), count=len(new), phone=source.phone_id)
    kinds = {
        op.id: marks[tubes[op.tube_code].id]
        | _those(unknown_laboratory=op.laboratory not in laboratories, unknown_box=op.box in unsealed)
        for op in operations
    }
    return _verdicts(operations, new, kinds)


@transaction.atomic
def mark_box_lost(box: Box, *, by: Person, at: datetime) -> None:
    """Declare a box lost: its tubes that no laboratory received count as gone. Raises Refused when it was done."""
    require(by, "carry_boxes", at=at, on=box)
    box = Box.objects.select_for_update(of=("self",)).select_related("lost_by", "point").get(pk=box.pk)
    if box.lost_at is not None and box.lost_by is not None:
        raise Refused(
            _("转运箱 %(box)s 已在 %(at)s 由 %(who)s 登记为遗失。")
            % {"box": box.code, "at": _clock(box.lost_at), "who": box.lost_by.name}
        )
    box.lost_at, box.lost_by = at, by
    box.save(update_fields=["lost_at", "lost_by"])
    judge_tubes(tubes_in(box), at=at)
    record("box.lost", box, by=by, at=at, site=box.point.site_id if box.point else None, code=box.code)


@transaction.atomic
def find_box(box: Box, *, by: Person, at: datetime) -> None:
    """Take back that a box is lost. Raises Refused when it is not."""
    require(by, "carry_boxes", at=at, on=box)
    box = Box.objects.select_for_update(of=("self",)).select_related("lost_by", "point").get(pk=box.pk)
    if box.lost_at is None or box.lost_by is None:
        raise Refused(_("转运箱 %(box)s 没有登记为遗失。") % {"box": box.code})
    LossBefore.objects.create(box=box, lost_at=box.lost_at, lost_by=box.lost_by, until=at, found_by=by)
    box.lost_at = box.lost_by = None
    box.save(update_fields=["lost_at", "lost_by"])
    judge_tubes(tubes_in(box), at=at)
    record("box.found", box, by=by, at=at, site=box.point.site_id if box.point else None, code=box.code)


def _those(**kinds: bool) -> set[str]:
    return {kind for kind, there in kinds.items() if there}


def _clock(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def _site(source: Source) -> int | None:
    return source.point.site_id if source.point else None


def _verdicts(operations: Sequence[_Operation], new: set[UUID], kinds: dict[UUID, set[str]]) -> list[Verdict]:
    waiting = set(new)
    verdicts = []
    for op in operations:
        verdicts.append(Verdict(op.id, op.id in waiting, tuple(sorted(kinds[op.id]))))
        waiting.discard(op.id)
    return verdicts


def _write_boxes(operations: Sequence[SealBox], source: Source, by: Person) -> set[UUID]:
    """A box whose code is empty was only mentioned so far; its own word comes once."""
    first = {op.id: op for op in reversed(operations)}
    moment = {box: happened(op.happened_at, source) for box, op in first.items()}
    day_of = days_of(set(moment.values()))
    rounds = rounds_on(day_of.values())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sampling_box b SET code = n.code, point_id = coalesce(%s, b.point_id), round_id = n.round_id, "
            "sealed_at = n.at, sealed_by_id = %s "
            "FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::timestamptz[]) AS n(id, code, round_id, at) "
            "WHERE b.id = n.id AND b.code = '' RETURNING b.id",
            [
                source.point.pk if source.point else None,
                by.pk,
                plain(first),
                texts(printed(op.box_code) for op in first.values()),
                plain(r.id if (r := rounds.get(day_of[moment[i]])) else None for i in first),
                moments(moment[i] for i in first),
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _fill(operations: Sequence[SealBox], new: set[UUID], tubes: dict[str, HeardTube], at: datetime) -> None:
    pairs = [(op.id, tubes[code].id) for op in operations if op.id in new for code in op.tube_codes]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sampling_box_tube (box_id, tube_id, heard_at) "
            "SELECT p.*, %s FROM unnest(%s::uuid[], %s::bigint[]) AS p ON CONFLICT DO NOTHING",
            [at, plain(box for box, _tube in pairs), plain(tube for _box, tube in pairs)],
        )


def _write_hand_overs(
    operations: Sequence[HandOverBox],
    meant: dict[UUID, UUID],
    people: dict[UUID, int],
    files: dict[str, int],
    source: Source,
) -> set[UUID]:
    def who(uuids: Iterable[UUID | None]) -> str:
        return plain(people.get(uuid) if uuid else None for uuid in uuids)

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sampling_hand_over (id, box_id, box_code, leg, at, given_by_id, taken_by_id, "
            "given_signature_id, taken_signature_id, received_at) SELECT h.*, %s FROM unnest(%s::uuid[], %s::uuid[], "
            "%s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS h "
            "ON CONFLICT (id) DO NOTHING RETURNING id",
            [
                source.received_at,
                plain(op.id for op in operations),
                plain(meant.get(op.id) for op in operations),
                texts("" if op.box else printed(op.box_code) for op in operations),
                texts(op.leg[:12] for op in operations),
                moments(happened(op.happened_at, source) for op in operations),
                who(op.given_by for op in operations),
                who(op.taken_by for op in operations),
                plain(files.get(op.given_signature) for op in operations),
                plain(files.get(op.taken_signature) for op in operations),
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _write_receptions(
    operations: Sequence[ReceiveTube],
    meant: dict[UUID, UUID],
    tubes: dict[str, HeardTube],
    laboratories: dict[str, int],
    source: Source,
    by: Person,
) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sampling_reception (id, tube_id, box_id, box_code, laboratory_id, condition, at, by_id, "
            "received_at) SELECT r.*, %s, %s FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[], %s::text[], "
            "%s::bigint[], %s::text[], %s::timestamptz[]) AS r ON CONFLICT DO NOTHING RETURNING id",
            [
                by.pk,
                source.received_at,
                plain(op.id for op in operations),
                plain(tubes[op.tube_code].id for op in operations),
                plain(meant.get(op.id) for op in operations),
                texts(printed(op.box_code) if op.box_code and not op.box else "" for op in operations),
                plain(laboratories.get(op.laboratory) for op in operations),
                texts(op.condition[:10] for op in operations),
                moments(happened(op.happened_at, source) for op in operations),
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _missing(op: HandOverBox, people: dict[UUID, int], files: dict[str, int]) -> list[str]:
    """Which of the two names and two signatures the hand-over lacks."""
    named = {"given_by": op.given_by in people, "taken_by": op.taken_by in people}
    signed = {"given_signature": op.given_signature in files, "taken_signature": op.taken_signature in files}
    return [part for part, there in {**named, **signed}.items() if not there]


def _unsigned(op: HandOverBox, box: UUID | None, missing: Collection[str], source: Source, at: datetime) -> Doubt:
    return Doubt(
        "hand_over_unsigned", f"hand_over_unsigned:{op.id}", happened(op.happened_at, source), at,
        site_id=_site(source), noun="handover", noun_id=str(op.id),
        evidence={"box": str(box or ""), "code": op.box_code[:40], "leg": op.leg, "missing": sorted(missing)},
    )  # fmt: skip


def _unknown_box(box: UUID, moment: datetime, source: Source, at: datetime) -> Doubt:
    return Doubt(
        "unknown_box", f"unknown_box:{box}", happened(moment, source), at, site_id=_site(source), noun="box",
        noun_id=str(box), evidence={"box": str(box)},
    )  # fmt: skip


def _unknown_code(op: HandOverBox, source: Source, at: datetime) -> Doubt:
    found = read_box_code(op.box_code)
    return Doubt(
        "unknown_box", f"unknown_box:{op.id}", happened(op.happened_at, source), at, site_id=_site(source),
        noun="handover", noun_id=str(op.id),
        evidence={"code": found.code[:40], "leg": op.leg, "problem": found.problem},
    )  # fmt: skip


def _unknown_laboratory(op: ReceiveTube, tube: HeardTube, source: Source, at: datetime) -> Doubt:
    return Doubt(
        "unknown_laboratory", f"unknown_laboratory:{op.id}", happened(op.happened_at, source), at,
        noun="reception", noun_id=str(op.id),
        evidence={"tube": tube.code, "laboratory": op.laboratory[:40], "condition": op.condition},
    )  # fmt: skip


def _bad_code(op: SealBox, source: Source, at: datetime) -> Doubt:
    found = read_box_code(op.box_code)
    return Doubt(
        "bad_box_code", f"bad_box_code:{op.id}", happened(op.happened_at, source), at, site_id=_site(source),
        noun="box", noun_id=str(op.id), evidence={"code": found.code[:40], "problem": found.problem},
    )  # fmt: skip
