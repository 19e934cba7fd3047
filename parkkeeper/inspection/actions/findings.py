"""What a team notes, as phones tell it: findings, their photos, what was put right while the team stood there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.doubts import doubt_of
from parkkeeper.inspection.field import FixOnSpot, NoteFinding, TakePhoto
from parkkeeper.inspection.models import Finding, Item, Photo, Step, Visit
from parkkeeper.inspection.steps import locked, take_step
from parkkeeper.kernel.text import tidy
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.park.rulebook import rule_if_any
from parkkeeper.sampling.doubts import raise_doubts
from parkkeeper.sampling.field import Source, Verdict
from parkkeeper.sampling.fieldrights import require_or_doubt
from parkkeeper.sampling.timing import happened


@transaction.atomic
def note_findings(operations: Sequence[NoteFinding], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Record what was not as it should be, by the items of the visit's own version of the checklist.

    Raises Refused for a visit or an item that there is not (the door keeps the operation).
    """
    require_or_doubt(by, "inspect", source, at=at)
    visits = Visit.objects.in_bulk([op.visit for op in operations])
    items = {(i.checklist_id, i.code): i for i in Item.objects.filter(checklist__visits__in=visits).distinct()}
    known = set(Finding.objects.filter(pk__in=[op.id for op in operations]).values_list("pk", flat=True))
    for op in operations:
        visit = visits.get(op.visit)
        item = items.get((visit.checklist_id, op.item)) if visit else None
        if visit is None or item is None:
            raise Refused(
                _("没有检查 %(visit)s，或它的检查表没有 %(item)s 项。请先处理该检查的开始记录。")
                % {"visit": op.visit, "item": op.item}
            )
        if op.id in known:
            continue
        finding = Finding.objects.create(
            id=op.id, visit=visit, enterprise_id=visit.enterprise_id, item=item, area=tidy(op.area)[:60],
            note=tidy(op.note)[:300], noted_at=happened(op.happened_at, source), received_at=source.received_at, by=by,
        )  # fmt: skip
        record("finding.noted", finding, by=by, at=at, enterprise=visit.enterprise_id, item=item.code,
               severity=item.severity)  # fmt: skip
    return [Verdict(op.id, op.id not in known) for op in operations]


@transaction.atomic
def take_photos(operations: Sequence[TakePhoto], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Record that a picture with that hash shows a finding; the file comes by itself, before or after.

    Without a place there is a reason, or a doubt. A photo is never changed.
    """
    require_or_doubt(by, "inspect", source, at=at)
    findings = _all_there([op.finding for op in operations])
    rows = [
        Photo(
            id=op.id, finding=findings[op.finding], of=op.of, sha256=op.sha256,
            taken_at=happened(op.happened_at, source), received_at=source.received_at, by=by,
            longitude=op.place.longitude, latitude=op.place.latitude, accuracy=op.place.accuracy,
            placeless=tidy(op.place.missing)[:120],
        )
        for op in operations
    ]  # fmt: skip
    known = set(Photo.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    Photo.objects.bulk_create(rows, ignore_conflicts=True)
    lost = [op for op in operations if op.place.longitude is None and not op.place.missing and op.id not in known]
    raise_doubts(doubt_of("photo_without_place", op, findings[op.finding].enterprise, by, at=at) for op in lost)
    lacking = {op.id for op in lost}
    if new := [row for row in rows if row.pk not in known]:
        record("photos.taken", by=by, at=at, count=len(new), enterprise=new[0].finding.enterprise_id,
               sha256={str(row.pk): row.sha256 for row in new})  # fmt: skip
    return [
        Verdict(op.id, op.id not in known, ("photo_without_place",) if op.id in lacking else ()) for op in operations
    ]


@transaction.atomic
def fix_on_spot(operations: Sequence[FixOnSpot], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Record that findings were put right before the team left: a photo shows it, and no look-back follows.

    That holds while the visit went on, and before anything else happened to the finding: a report, a look-back, a
    notice. Later the finder's word alone settles nothing: it is stored, does not count, and a doubt asks for somebody
    else to look.
    """
    require_or_doubt(by, "inspect", source, at=at)
    findings = _all_there([op.finding for op in operations])
    known = set(Step.objects.filter(pk__in=[op.id for op in operations]).values_list("pk", flat=True))
    verdicts = []
    for op in operations:
        finding, doubts = findings[op.finding], []
        if op.id not in known:
            moment = max(happened(op.happened_at, source), finding.noted_at)
            counts = _on_the_spot(finding, moment, at)
            take_step(finding, Step.Kind.ON_THE_SPOT, by=by, at=moment, heard=source.received_at, note=tidy(op.note),
                      number=op.id, counts=counts)  # fmt: skip
            record("finding.fixed_on_spot", finding, by=by, at=at, enterprise=finding.enterprise_id, counts=counts,
                   happened=moment.isoformat())  # fmt: skip
            shown = finding.photos.filter(of=Photo.Of.ON_THE_SPOT).exists()
            kinds = [*([] if counts else ["spot_fix_too_late"]), *([] if shown else ["spot_fix_without_photo"])]
            doubts = [doubt_of(kind, op, finding.enterprise, by, at=at) for kind in kinds]
        raise_doubts(doubts)
        verdicts.append(Verdict(op.id, op.id not in known, tuple(doubt.kind for doubt in doubts)))
    return verdicts


def _on_the_spot(finding: Finding, moment: datetime, at: datetime) -> bool:
    """Whether the team was still there at `moment` (an end that was never told lies in that day) and nothing had
    happened to the finding. Two sendings of a phone may correct its clock differently, by no more than the rulebook
    lets it be off."""
    if timezone.localdate(moment) != timezone.localdate(finding.noted_at):
        return False
    ended_at = Visit.objects.values_list("ended_at", flat=True).get(pk=finding.visit_id)
    tolerated = timedelta(minutes=float(rule_if_any("clock_tolerance_minutes", at) or 0))
    if ended_at is not None and moment > ended_at + tolerated:
        return False
    before = finding.steps.ruling().exclude(kind=Step.Kind.ON_THE_SPOT).filter(at__lte=moment)
    return not before.exists() and not finding.lines.exists()


def _all_there(numbers: list[UUID]) -> dict[UUID, Finding]:
    found = locked(numbers)
    for number in numbers:
        if number not in found:
            raise Refused(_("没有问题 %(finding)s。请先处理它所属的检查记录。") % {"finding": number})
    return found
