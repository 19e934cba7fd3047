"""What follows from facts, for whoever changed one: a notice's due time, whether its last finding is settled, and that
somebody looked in time after all."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from parkkeeper.inspection.models import SETTLED, Deadline, Finding, Notice, NoticeLine, Step
from parkkeeper.park.journal import record
from parkkeeper.park.models import Message, Person
from parkkeeper.park.workdays import due


def reckon(notice: Notice) -> None:
    """Work out `due_at` anew from service (else issue), granted extensions and stops, and store it.

    Raises Refused when working days run into a year that the calendar lacks.
    """
    extra = sum(notice.extensions.filter(granted=True).values_list("amount", flat=True))
    term = notice.term.extended(extra) if extra else notice.term
    spans = notice.stops.order_by("during").values_list("during", flat=True)
    notice.due_at = due(notice.served_at or notice.issued_at, term, stops=[(s.lower, s.upper) for s in spans])
    notice.save(update_fields=["due_at"])


def close_or_reopen(findings: Iterable[Finding]) -> None:
    """Note for each notice of these findings when its last finding was settled, or that one is open again."""
    for notice in Notice.objects.filter(lines__finding__in=list(findings)).distinct().order_by("pk"):
        own = Finding.objects.filter(lines__notice=notice)
        closed_at = None
        if all(kind in SETTLED for kind in own.kinds().values()):
            settling = Step.objects.ruling().filter(finding__in=own, kind__in=SETTLED)
            closed_at = settling.order_by("-at").values_list("at", flat=True).first()
        if closed_at != notice.closed_at:
            notice.closed_at = closed_at
            notice.save(update_fields=["closed_at"])


def take_back_lapse(finding: Finding, looked_at: datetime, *, by: Person, at: datetime) -> None:
    """A look that was made in time and heard of late (at `at`): its finding has not lapsed, nor has a notice of which
    no other one has. What was told meanwhile stays told (Deadline); who was told hears that it was taken back."""
    lines = NoticeLine.objects.filter(
        finding=finding, lapsed=True, notice__issued_at__lte=looked_at, notice__lapsed_at__gte=looked_at
    )
    for line in lines.select_related("notice").order_by("notice"):
        notice = Notice.objects.select_for_update().get(pk=line.notice_id)
        NoticeLine.objects.filter(pk=line.pk).update(lapsed=False)
        if not notice.lines.filter(lapsed=True).exists():
            told = notice.deadlines.filter(kind=Deadline.Kind.LAPSED, due_at=F("notice__lapsed_at"))
            told.update(taken_back_at=at)
            Notice.objects.filter(pk=notice.pk).update(lapsed_at=None)
            _tell_taken_back(notice, looked_at, at)
            record("notice.lapse_taken_back", notice, by=by, at=at, enterprise=notice.enterprise_id,
                   happened=looked_at.isoformat())  # fmt: skip


def _tell_taken_back(notice: Notice, looked_at: datetime, at: datetime) -> None:
    link = f"/notices/{notice.pk}"
    told = set(Message.objects.filter(kind="notice_lapsed", link=link).order_by().values_list("to", flat=True))
    params = {"number": notice.number, "enterprise": str(notice.enterprise),
              "looked": timezone.localtime(looked_at).strftime("%m-%d %H:%M")}  # fmt: skip
    Message.objects.bulk_create(
        Message(kind="notice_lapse_taken_back", to_id=person, sent_at=at, link=link, params=params)
        for person in sorted(told)
    )
