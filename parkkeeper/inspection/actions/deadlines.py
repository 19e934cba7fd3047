"""What the worker does about time: who is told that a notice is due soon, overdue, or not looked at in time, and that
an emergency stop waits for its review or has fallen.

Each deadline is a row before anybody is told, in one transaction with the messages: after a crash it is told once, and
`told_at - due_at` says how late.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from parkkeeper.inspection.models import LOOKED, Deadline, Finding, Notice, NoticeLine, Step, StopWork
from parkkeeper.inspection.steps import locked
from parkkeeper.inspection.stopped import tell_stop, write_down
from parkkeeper.park.journal import record
from parkkeeper.park.models import Message, Post
from parkkeeper.park.rulebook import hours

MOST = 500
"""Deadlines told in one turn; the rest follows in the next, two seconds later."""
Told = tuple[str, Notice, datetime]


@transaction.atomic
def tell_deadlines(*, at: datetime) -> int:
    """Tell what has become due by `at` and was not told; returns how many. Raises Refused when the rulebook has no
    hours for it (the worker logs that and tries again)."""
    due, unseen = _still(list(_due(at)), at)
    new = [
        (kind, notice, due_at) for kind, notice, due_at in due
        if (kind != Deadline.Kind.LAPSED or notice.pk in unseen) and _first_time(kind, notice.pk, None, due_at, at)
    ]  # fmt: skip
    for kind, notice, due_at in new:
        if kind == Deadline.Kind.LAPSED:
            NoticeLine.objects.filter(pk__in=unseen[notice.pk]).update(lapsed=True)
            Notice.objects.filter(pk=notice.pk).update(lapsed_at=due_at)
        record(f"notice.{kind}", notice, by=None, at=at, enterprise=notice.enterprise_id, due_at=due_at.isoformat(),
               late_seconds=int((at - due_at).total_seconds()))  # fmt: skip
    _send([(kind, notice) for kind, notice, _due_at in new], at)
    return len(new) + sum(_tell_review(*told, at) for told in list(_reviews(at)))


def _due(at: datetime) -> Iterator[Told]:
    """What is due by `at` and not told, oldest first; asks the rulebook only when a notice is open."""
    if not Notice.objects.open().exists():
        return
    soon, grace = hours("due_soon_hours", at), hours("look_back_hours", at)
    spans = ((Deadline.Kind.LAPSED, grace), (Deadline.Kind.OVERDUE, timedelta()), (Deadline.Kind.SOON, -soon))
    for kind, after in spans:
        known = Deadline.objects.filter(kind=kind, notice=OuterRef("pk"), due_at=OuterRef("due_at") + after)
        rows = Notice.objects.open().filter(due_at__lte=at - after).filter(~Exists(known))
        if kind == Deadline.Kind.LAPSED:
            rows = rows.filter(Exists(_unseen(grace).filter(notice=OuterRef("pk"))))
        if kind == Deadline.Kind.SOON:  # once it is overdue, that is told instead
            rows = rows.filter(due_at__gt=at)
        for notice in rows.select_related("enterprise").order_by("due_at")[:MOST]:
            if notice.due_at is not None:
                yield kind, notice, notice.due_at + after


def _unseen(grace: timedelta) -> QuerySet[NoticeLine]:
    """Open findings of notices that nobody looked at, or put aside with a day, before the notice's time for that was
    over: one look at one finding saves no other."""
    dealt_with = Step.objects.filter(
        finding=OuterRef("finding"), kind__in=[*LOOKED, Step.Kind.HUNG_UP], counts=True,
        at__gte=OuterRef("notice__issued_at"), at__lte=OuterRef("notice__due_at") + grace,
    )  # fmt: skip
    return NoticeLine.objects.filter(Exists(Finding.objects.open().filter(pk=OuterRef("finding"))), ~Exists(dealt_with))


def _still(due: Sequence[Told], at: datetime) -> tuple[list[Told], dict[int, list[int]]]:
    """What of it is due when everybody at work on these notices has ended, and the lines of each that lapse: a look
    that a phone is just telling of, more time, a stopped clock and a second notice are waited for."""
    found: dict[int, list[int]] = defaultdict(list)
    if not due:
        return [], found
    lapsing = [notice.pk for kind, notice, _due_at in due if kind == Deadline.Kind.LAPSED]
    locked(NoticeLine.objects.filter(notice__in=lapsing).values_list("finding", flat=True))
    rows = Notice.objects.filter(pk__in={notice.pk for _kind, notice, _due_at in due}).order_by("pk")
    list(rows.select_for_update().values_list("pk", flat=True))
    stands = dict(rows.open().values_list("pk", "due_at"))  # a statement of its own: it sees what they have done
    if lapsing:
        unseen = _unseen(hours("look_back_hours", at)).filter(notice__in=lapsing)
        for notice, line in unseen.order_by("pk").values_list("notice", "pk"):
            found[notice].append(line)
    return [told for told in due if stands.get(told[1].pk) == told[1].due_at], found


def _first_time(kind: str, notice: int | None, stop: int | None, due_at: datetime, at: datetime) -> bool:
    """Put the deadline down; False when somebody did so before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inspection_deadline (kind, notice_id, stop_work_id, due_at, told_at) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
            [kind, notice, stop, due_at, at],
        )
        return cursor.fetchone() is not None


def _send(told: list[tuple[str, Notice]], at: datetime) -> None:
    grids = {notice.enterprise.grid_id for _kind, notice in told}
    posts = Post.objects.on(timezone.localdate(at)).filter(
        Q(role=Post.Role.PREVENTION, enterprise__in=[notice.enterprise_id for _kind, notice in told])
        | Q(role=Post.Role.TEAM_LEADER, grid__in=grids) | Q(role=Post.Role.OFFICE)
    )  # fmt: skip
    by_place = list(posts.values_list("role", "enterprise", "grid", "person"))
    Message.objects.bulk_create(
        Message(
            kind=f"notice_{kind}", to_id=person, sent_at=at, link=f"/notices/{notice.pk}",
            params={"number": notice.number, "enterprise": str(notice.enterprise),
                    "due": timezone.localtime(notice.due_at).strftime("%m-%d %H:%M") if notice.due_at else ""},
        )
        for kind, notice in told
        for person in _recipients(kind, notice, by_place)
    )  # fmt: skip


def _recipients(kind: str, notice: Notice, posts: Iterable[tuple[str, int | None, int | None, int]]) -> set[int]:
    """The enterprise's liaisons and the two inspectors; of a lapse, the park's own failure, team leaders and office."""
    if kind == Deadline.Kind.LAPSED:
        return {
            person for role, _e, grid, person in posts
            if role == Post.Role.OFFICE or (role == Post.Role.TEAM_LEADER and grid == notice.enterprise.grid_id)
        }  # fmt: skip
    liaisons = {person for role, enterprise, _g, person in posts
                if role == Post.Role.PREVENTION and enterprise == notice.enterprise_id}  # fmt: skip
    return liaisons | {notice.issued_by_id, notice.second_id}


def _reviews(at: datetime) -> Iterator[tuple[str, StopWork, datetime]]:
    """Emergency stops whose review is due soon, or that have fallen without one, and of which that was not told; asks
    the rulebook only when there is one."""
    fell = Deadline.objects.filter(kind=Deadline.Kind.REVIEW, stop_work=OuterRef("pk"))
    rows = StopWork.objects.filter(review_due_at__isnull=False, decided_at__isnull=True, lifted_at__isnull=True)
    waiting = list(rows.filter(~Exists(fell)).select_related("enterprise").order_by("review_due_at", "pk")[:MOST])
    told = Deadline.objects.filter(kind=Deadline.Kind.SOON, stop_work__in=waiting).values_list("stop_work", flat=True)
    known, ahead = (set(told), hours("due_soon_hours", at)) if waiting else (set(), timedelta())
    for stop in waiting:
        if stop.review_due_at is not None and stop.fell(at):
            yield Deadline.Kind.REVIEW, stop, stop.review_due_at
        elif stop.review_due_at is not None and stop.review_due_at - ahead <= at and stop.pk not in known:
            yield Deadline.Kind.SOON, stop, max(stop.review_due_at - ahead, stop.proposed_at)


def _tell_review(kind: str, stop: StopWork, due_at: datetime, at: datetime) -> bool:
    if not _first_time(kind, None, stop.pk, due_at, at):
        return False
    if kind == Deadline.Kind.REVIEW:
        write_down(stop, at)
        record("stop_work.fell", stop, by=None, at=at, enterprise=stop.enterprise_id)
    tell_stop("stop_fell" if kind == Deadline.Kind.REVIEW else "stop_review_soon", stop, at=at)
    return True
