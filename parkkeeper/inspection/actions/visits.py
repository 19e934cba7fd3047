"""A team at an enterprise, as phones tell it: begun, ended with a signature or its refusal. Nothing is turned away."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.answers import breaking
from parkkeeper.inspection.authority import authorisation_for
from parkkeeper.inspection.burden import meter_of
from parkkeeper.inspection.doubts import doubt_of
from parkkeeper.inspection.field import BeginVisit, EndVisit
from parkkeeper.inspection.models import Basis, Checklist, Item, StopWork, Visit
from parkkeeper.kernel.text import tidy, tidy_code
from parkkeeper.park.access import may
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Enterprise, Person
from parkkeeper.sampling.doubts import Doubt, raise_doubts
from parkkeeper.sampling.field import Operation, Source, Verdict
from parkkeeper.sampling.fieldrights import require_or_doubt
from parkkeeper.sampling.timing import happened


@transaction.atomic
def begin_visits(operations: Sequence[BeginVisit], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Record that a team entered. The basis is as told; without a paper on file the visit can only advise, and a doubt
    says so. Raises Refused for an enterprise or version that there is not (the door keeps the operation).
    """
    require_or_doubt(by, "inspect", source, at=at)
    known = _known(operations)
    verdicts = []
    for op in operations:
        if op.id in known:
            verdicts.append(Verdict(op.id, False))
            continue
        visit = _visit(op, source, by)
        visit.save(force_insert=True)
        doubts = _doubts(op, visit, by, at)
        raise_doubts(doubts)
        record("visit.begun", visit, by=by, at=at, enterprise=visit.enterprise_id, kind=visit.kind, basis=visit.basis,
               checklist=visit.checklist.version, authorised=visit.orders)  # fmt: skip
        verdicts.append(Verdict(op.id, True, tuple(doubt.kind for doubt in doubts)))
    return verdicts


def _known(operations: Collection[Operation]) -> set[UUID]:
    return set(Visit.objects.filter(pk__in=[op.id for op in operations]).values_list("pk", flat=True))


def _visit(op: BeginVisit, source: Source, by: Person) -> Visit:
    moment = happened(op.happened_at, source)
    enterprise = Enterprise.objects.filter(credit_code=tidy_code(op.enterprise)).first()
    checklist = Checklist.objects.filter(pk=op.checklist).first()
    if enterprise is None or checklist is None:
        raise Refused(
            _("没有企业 %(enterprise)s，或没有检查表 %(checklist)s。请先登记，再在“手机”页重新处理这条操作。")
            % {"enterprise": op.enterprise, "checklist": op.checklist}
        )
    second = Person.objects.filter(uuid=op.second).exclude(pk=by.pk).first() if op.second else None
    paper = authorisation_for(op.basis, timezone.localdate(moment))
    return Visit(
        id=op.id, enterprise=enterprise, checklist=checklist, kind=op.visit_kind, basis=op.basis, authorisation=paper,
        by=by, second=second, began_at=moment, received_at=source.received_at, longitude=op.place.longitude,
        latitude=op.place.latitude, accuracy=op.place.accuracy, placeless=tidy(op.place.missing)[:120],
        phone_id=source.phone_id,
    )  # fmt: skip


def _doubts(op: BeginVisit, visit: Visit, by: Person, at: datetime) -> list[Doubt]:
    team = [by, *([visit.second] if visit.second else [])]
    found = {
        "visit_without_authorisation": visit.basis != Basis.GUIDANCE and not visit.orders,
        "visit_conflict_of_interest": any(one.employer_id == visit.enterprise_id for one in team),
        "visit_outside_grid": not may(by, "inspect", at=at, on=visit),
    }
    told = [doubt_of(kind, op, visit.enterprise, by, at=at) for kind, holds in found.items() if holds]
    return [*told, *_over_cap(op, visit, by, at)]


def _over_cap(op: BeginVisit, visit: Visit, by: Person, at: datetime) -> list[Doubt]:
    """As the work list has it: look-backs and what stands still are looked at whatever the cap."""
    meter = meter_of(visit.enterprise, visit.began_at)
    if not meter.full or visit.kind == Visit.Kind.LOOK_BACK:
        return []
    if StopWork.objects.in_force(visit.began_at).filter(enterprise=visit.enterprise_id).exists():
        return []
    told = doubt_of("visit_over_cap", op, visit.enterprise, by, at=at)
    return [replace(told, evidence={**told.evidence, "visits": meter.week, "cap": meter.cap})]


@transaction.atomic
def end_visits(operations: Sequence[EndVisit], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Record how visits ended, what was looked at, and who signed or why nobody did. The first ending counts.

    Answers that break the conditions of their questions are kept as they are, and a doubt names them.
    """
    require_or_doubt(by, "inspect", source, at=at)
    rows = Visit.objects.select_for_update(of=("self",)).select_related("enterprise")
    visits = rows.in_bulk([op.visit for op in operations])
    verdicts = []
    for op in operations:
        visit = visits.get(op.visit)
        if visit is None:
            raise Refused(_("没有检查 %(visit)s。请先处理它的开始记录。") % {"visit": op.visit})
        new, doubts = visit.ended_at is None, []
        if new:
            _end(visit, op, source)
            doubts = [*_unsigned(visit, op, by, at), *_doubted_answers(visit, op, by, at)]
            raise_doubts(doubts)
            record("visit.ended", visit, by=by, at=at, enterprise=visit.enterprise_id, how=visit.ended_how,
                   signed=bool(visit.signature), refused=bool(visit.refusal), looked_at=len(visit.answers))  # fmt: skip
        verdicts.append(Verdict(op.id, new, tuple(doubt.kind for doubt in doubts)))
    return verdicts


def _unsigned(visit: Visit, op: EndVisit, by: Person, at: datetime) -> list[Doubt]:
    silent = visit.ended_how == Visit.End.FINISHED and not (visit.signature or visit.refusal)
    return [doubt_of("visit_unsigned", op, visit.enterprise, by, at=at)] if silent else []


def _doubted_answers(visit: Visit, op: EndVisit, by: Person, at: datetime) -> list[Doubt]:
    if op.how != Visit.End.FINISHED:
        return []
    items = Item.objects.filter(checklist=visit.checklist_id).exclude(question={}).order_by("position")
    if visit.kind != Visit.Kind.FULL:  # nobody misses what this kind of visit does not ask
        asked = Q(short_round=True) if visit.kind == Visit.Kind.SHORT else Q(pk__in=[])
        items = items.filter(asked | Q(code__in=list(visit.answers)))
    broken = breaking(items, visit.answers, timezone.localdate(visit.began_at))
    told = doubt_of("visit_answers_break_rules", op, visit.enterprise, by, at=at)
    return [replace(told, evidence={**told.evidence, "items": broken})] if broken else []


def _end(visit: Visit, op: EndVisit, source: Source) -> None:
    finished = op.how == Visit.End.FINISHED
    visit.ended_at, visit.ended_how = max(happened(op.happened_at, source), visit.began_at), op.how
    visit.end_received_at, visit.answers = source.received_at, dict(op.answers)
    visit.signature, visit.signed_by = (op.signature, tidy(op.signed_by)[:60]) if finished else ("", "")
    visit.refusal = tidy(op.refusal)[:200] if finished and not visit.signature else ""
    visit.save()
