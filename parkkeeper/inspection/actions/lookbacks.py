"""After the finding: the enterprise reports it done, somebody else looks again, two people may close it unfixed."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.doubts import doubt_of
from parkkeeper.inspection.field import LookBack
from parkkeeper.inspection.models import LOOKED, SETTLED, Finding, Photo, Step
from parkkeeper.inspection.steps import is_finder, is_own_work, locked, proposal_of, state_kind, take_step
from parkkeeper.kernel.ids import new_id
from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import store_file
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.sampling.doubts import raise_doubts
from parkkeeper.sampling.field import Source, Verdict
from parkkeeper.sampling.fieldrights import require_or_doubt
from parkkeeper.sampling.timing import happened

OUTCOMES = (*LOOKED, Step.Kind.NO_ACCESS)
Picture = tuple[bytes, str, str]
"""Content, name, media type."""


@transaction.atomic
def report_fixed(
    finding: Finding, *, note: str = "", pictures: Sequence[Picture] = (), by: Person, at: datetime
) -> Step:
    """The enterprise says that it is put right; a look-back still has to see it. Raises Refused when it is settled."""
    require(by, "report_fixed", at=at, on=finding)
    finding = _open(finding)
    hashes = {}
    for data, name, media_type in pictures:
        stored = store_file(data, name=name, media_type=media_type, by=by, at=at)
        photo, _new = Photo.objects.get_or_create(
            finding=finding, of=Photo.Of.REPORTED, sha256=stored.sha256,
            defaults={"id": new_id(), "taken_at": at, "received_at": at, "by": by},
        )  # fmt: skip
        hashes[str(photo.pk)] = stored.sha256
    step = take_step(finding, Step.Kind.REPORTED, by=by, at=at, note=tidy(note))
    record("finding.reported", finding, by=by, at=at, enterprise=finding.enterprise_id, photos=len(pictures),
           sha256=hashes)  # fmt: skip
    return step


@transaction.atomic
def look_back(finding: Finding, outcome: str, *, note: str = "", by: Person, at: datetime) -> Step:
    """Write on a page what a second look found (OUTCOMES). Raises Refused for the own work, or when it is settled."""
    require(by, "inspect", at=at, on=finding)
    finding = _open(finding)
    if outcome not in OUTCOMES:
        raise Refused(_("请选择复查结果。"))
    if is_own_work(finding, by):
        raise Refused(_("检查人、整改人和本企业人员不能复查自己的工作，请由另一位检查人员复查。"))
    step = take_step(finding, outcome, by=by, at=at, note=tidy(note))
    record("finding.looked_back", finding, by=by, at=at, enterprise=finding.enterprise_id, outcome=outcome, counts=True)
    return step


@transaction.atomic
def take_look_backs(operations: Sequence[LookBack], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Look-backs as phones tell them. One at the own work is stored, does not count, and a doubt says so.

    Raises Refused for a finding that there is not (the door keeps the operation).
    """
    require_or_doubt(by, "inspect", source, at=at)
    findings = locked(op.finding for op in operations)
    known = set(Step.objects.filter(pk__in=[op.id for op in operations]).values_list("pk", flat=True))
    verdicts = []
    for op in operations:
        finding = findings.get(op.finding)
        if finding is None:
            raise Refused(_("没有问题 %(finding)s。请先处理它所属的检查记录。") % {"finding": op.finding})
        if op.id in known:
            verdicts.append(Verdict(op.id, False))
            continue
        own = is_own_work(finding, by)
        moment = max(happened(op.happened_at, source), finding.noted_at)
        take_step(finding, op.outcome, by=by, at=moment, heard=source.received_at, note=tidy(op.note), number=op.id,
                  counts=not own)  # fmt: skip
        doubts = [doubt_of("look_back_of_own_work", op, finding.enterprise, by, at=at)] if own else []
        raise_doubts(doubts)
        record("finding.looked_back", finding, by=by, at=at, enterprise=finding.enterprise_id, outcome=op.outcome,
               counts=not own, happened=moment.isoformat())  # fmt: skip
        verdicts.append(Verdict(op.id, True, tuple(doubt.kind for doubt in doubts)))
    return verdicts


@transaction.atomic
def hang_up(finding: Finding, *, reason: str, until: date, by: Person, at: datetime) -> Step:
    """Put a finding aside until a day on which it is looked at again (挂账); it stays open. Raises Refused for who
    found it: that spares its notice the look-back in time, and so is somebody else's to say."""
    require(by, "issue_notice", at=at, on=finding)
    finding = _open(finding)
    _needs(reason)
    if until <= timezone.localdate(at):
        raise Refused(_("复核日期必须晚于今天。"))
    if is_finder(finding, by):
        raise Refused(_("挂账须由发现问题的检查组以外的人办理。"))
    step = take_step(finding, Step.Kind.HUNG_UP, by=by, at=at, note=tidy(reason), until=until)
    record("finding.hung_up", finding, by=by, at=at, enterprise=finding.enterprise_id, until=until.isoformat())
    return step


@transaction.atomic
def propose_unfixed(finding: Finding, *, reason: str, by: Person, at: datetime) -> Step:
    """Propose to close a finding that is not put right; somebody else must confirm. Raises Refused."""
    require(by, "issue_notice", at=at, on=finding)
    finding = _open(finding)
    _needs(reason)
    step = take_step(finding, Step.Kind.PROPOSED_UNFIXED, by=by, at=at, note=tidy(reason))
    record("finding.unfixed_proposed", finding, by=by, at=at, enterprise=finding.enterprise_id, reason=step.note)
    return step


@transaction.atomic
def confirm_unfixed(finding: Finding, *, reason: str, by: Person, at: datetime) -> Step:
    """Close a finding unfixed, as another person has proposed after its last reopening. Raises Refused otherwise."""
    require(by, "approve_extension", at=at, on=finding)
    finding = _open(finding)
    _needs(reason)
    proposal = proposal_of(finding)
    if proposal is None:
        raise Refused(_("还没有人提出销项，请先由检查人员提出并说明理由。"))
    if proposal.by_id == by.pk:
        raise Refused(_("销项须由另一人确认，不能由提出人自己确认。"))
    step = take_step(finding, Step.Kind.UNFIXED, by=by, at=at, note=tidy(reason))
    record("finding.unfixed", finding, by=by, at=at, enterprise=finding.enterprise_id, reason=step.note,
           proposed_by=proposal.by_id)  # fmt: skip
    return step


@transaction.atomic
def reopen_finding(finding: Finding, *, reason: str, by: Person, at: datetime) -> Step:
    """Open a settled finding again: what was verified has turned out otherwise. Raises Refused when it is open."""
    require(by, "issue_notice", at=at, on=finding)
    finding = locked([finding.pk])[finding.pk]
    _needs(reason)
    if state_kind(finding) not in SETTLED:
        raise Refused(_("这个问题没有办结，不必重新打开。"))
    step = take_step(finding, Step.Kind.REOPENED, by=by, at=at, note=tidy(reason))
    record("finding.reopened", finding, by=by, at=at, enterprise=finding.enterprise_id, reason=step.note)
    return step


def _open(finding: Finding) -> Finding:
    row = locked([finding.pk])[finding.pk]
    if state_kind(row) in SETTLED:
        raise Refused(_("这个问题已经办结。如情况有变，请先重新打开。"))
    return row


def _needs(reason: str) -> None:
    if blank(reason):
        raise Refused(_("请写明理由。"))
