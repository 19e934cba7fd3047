"""A point at work: opened, staffed with certified specialists, closed. Told by phones, or done on a page.

Phones are believed and doubted; pages are answered, so there a rule may refuse.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Certificate, Person
from parkkeeper.sampling.arrays import moments, plain, texts
from parkkeeper.sampling.doubts import Doubt, raise_doubts
from parkkeeper.sampling.field import CloseSession, GoOnDuty, OpenSession, Source, Verdict
from parkkeeper.sampling.fieldrights import require_or_doubt
from parkkeeper.sampling.identify import Identity, people_by_uuid
from parkkeeper.sampling.models import Duty, Point, Session
from parkkeeper.sampling.sessionbook import mention_sessions
from parkkeeper.sampling.timing import days_of, happened


@transaction.atomic
def open_sessions(operations: Sequence[OpenSession], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Begin the point's work for the day. Late is fine: scans that came before it are no longer without a session."""
    require_or_doubt(by, "work_point", source, at=at)
    moment = {op.id: happened(op.happened_at, source) for op in operations}
    mention_sessions(moment, source)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sampling_session s SET opened_at = o.at, opened_by_id = %s "
            "FROM unnest(%s::uuid[], %s::timestamptz[]) AS o(id, at) "
            "WHERE s.id = o.id AND s.opened_by_id IS NULL RETURNING s.id",
            [by.pk, plain(moment), moments(moment.values())],
        )
        new = {row[0] for row in cursor.fetchall()}
    if new:
        _lapse_no_session([moment[op] for op in new], source)
        record("sessions.opened", by=by, at=at, site=_site(source), count=len(new), phone=source.phone_id)
    return _verdicts(operations, new, {})


@transaction.atomic
def close_sessions(operations: Sequence[CloseSession], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """End the point's work; whoever is still on duty goes off duty then. The first closing counts."""
    require_or_doubt(by, "work_point", source, at=at)
    moment = {op.session: happened(op.happened_at, source) for op in reversed(operations)}
    mention_sessions(moment, source)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sampling_session s SET closed_at = c.at, closed_by_id = %s "
            "FROM unnest(%s::uuid[], %s::timestamptz[]) AS c(id, at) "
            "WHERE s.id = c.id AND s.closed_at IS NULL RETURNING s.id",
            [by.pk, plain(moment), moments(moment.values())],
        )
        closed = {row[0] for row in cursor.fetchall()}
    if closed:
        _end_duties(closed)
        record("sessions.closed", by=by, at=at, site=_site(source), count=len(closed), phone=source.phone_id)
    return _verdicts(operations, {op.id for op in operations if op.session in closed}, {})


@transaction.atomic
def go_on_duty(operations: Sequence[GoOnDuty], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Record who took a desk. Without a certificate in date it is recorded all the same, and doubted."""
    require_or_doubt(by, "work_point", source, at=at)
    moment = {op.id: happened(op.happened_at, source) for op in operations}
    sessions = mention_sessions({op.session: moment[op.id] for op in operations}, source)
    people = people_by_uuid(op.person for op in operations)
    taken = [op for op in operations if op.person in people and op.session in sessions]
    certificates = _certificates(taken, people, moment)
    new = _insert_duties(taken, people, certificates, moment, source)
    doubtful = [op for op in operations if certificates.get(op.id) is None]
    doubts = [_duty_doubt(op, people.get(op.person), source, at) for op in doubtful]
    raise_doubts(doubts)
    _end_duties({op.session for op in taken if op.id in new})
    if new:
        record("duties.begun", by=by, at=at, site=_site(source), count=len(new), phone=source.phone_id)
    return _verdicts(operations, new, {UUID(doubt.evidence["duty"]): doubt.kind for doubt in doubts})


@transaction.atomic
def open_session(point: Point, *, by: Person, at: datetime) -> Session:
    """Open the point on a page. Raises Refused when it is open already today."""
    require(by, "work_point", at=at, on=point)
    day = timezone.localdate(at)
    running = point.sessions.filter(closed_at__isnull=True, opened_at__date=day).select_related("opened_by").first()
    if running is not None:
        who = running.opened_by.name if running.opened_by else _("采样点手机")
        raise Refused(
            _("采样点 %(point)s 已在 %(at)s 由 %(who)s 开场。如要重新开场，请先收场。")
            % {"point": point.code, "at": timezone.localtime(running.opened_at).strftime("%H:%M"), "who": who}
        )
    operation = OpenSession(new_id(), 0, at, at)
    open_sessions([operation], Source(by, point, None, at), by=by, at=at)
    return Session.objects.get(pk=operation.id)


@transaction.atomic
def close_session(session: Session, *, by: Person, at: datetime) -> None:
    """Close the point on a page. Raises Refused when it was closed before."""
    require(by, "work_point", at=at, on=session)
    session = Session.objects.select_for_update(of=("self",)).select_related("point", "closed_by").get(pk=session.pk)
    if session.closed_at is not None:
        who = session.closed_by.name if session.closed_by else _("采样点手机")
        raise Refused(
            _("采样点 %(point)s 已在 %(at)s 由 %(who)s 收场。")
            % {"point": session.point.code, "at": timezone.localtime(session.closed_at).strftime("%H:%M"), "who": who}
        )
    operation = CloseSession(new_id(), 0, at, at, session.pk)
    close_sessions([operation], Source(by, session.point, None, at), by=by, at=at)


@transaction.atomic
def set_duty(session: Session, person: Person, role: str, *, by: Person, at: datetime) -> Duty:
    """Put a specialist on duty on a page. Raises Refused without a certificate in date, or when on duty already."""
    require(by, "work_point", at=at, on=session)
    _require_certificate(person, role, at)
    known = session.duties.filter(person=person, role=role).first()
    if known is not None and known.ended_at is not None:
        told = _("%(name)s 在本场当过班，已下岗。要继续当班，请在其姓名旁点“恢复当班”。")
        raise Refused(told % {"name": person.name})
    if known is not None:
        raise Refused(_("%(name)s 已在本场当班。") % {"name": person.name})
    operation = GoOnDuty(new_id(), 0, at, at, session.pk, person.uuid, role)
    go_on_duty([operation], Source(by, session.point, None, at), by=by, at=at)
    return Duty.objects.get(pk=operation.id)


@transaction.atomic
def end_duty(duty: Duty, *, by: Person, at: datetime) -> None:
    """Take a specialist off duty. Raises Refused when that was done before."""
    require(by, "work_point", at=at, on=duty.session)
    if not Duty.objects.filter(pk=duty.pk, ended_at__isnull=True).update(ended_at=at):
        raise Refused(_("%(name)s 已经下岗，无需重复操作。") % {"name": duty.person.name})
    record("duty.ended", duty, by=by, at=at, person=duty.person_id, site=duty.session.point.site_id)


@transaction.atomic
def resume_duty(duty: Duty, *, by: Person, at: datetime) -> None:
    """Take the end of a duty back: it was a mistake, or the specialist is back. Raises Refused when the session is
    closed, the duty goes on, or the certificate is no longer in date."""
    require(by, "work_point", at=at, on=duty.session)
    session = Session.objects.select_for_update(of=("self",)).select_related("point").get(pk=duty.session_id)
    if session.closed_at is not None:
        raise Refused(_("采样点 %(point)s 本场已收场，不能恢复当班。") % {"point": session.point.code})
    _require_certificate(duty.person, duty.role, at)
    if not Duty.objects.filter(pk=duty.pk, ended_at__isnull=False).update(ended_at=None):
        raise Refused(_("%(name)s 已在本场当班。") % {"name": duty.person.name})
    record("duty.resumed", duty, by=by, at=at, person=duty.person_id, site=session.point.site_id)


def _require_certificate(person: Person, role: str, at: datetime) -> None:
    if not _certified(person, role, at):
        raise Refused(
            _("%(name)s 在 %(day)s 没有该岗位的有效上岗证，不能当班。请先登记有效的上岗证，或换一位持证人员。")
            % {"name": person.name, "day": timezone.localdate(at).isoformat()}
        )


def _certified(person: Person, role: str, at: datetime) -> bool:
    valid = Certificate.objects.filter(person=person, role=role, during__contains=timezone.localdate(at))
    return any(c.revoked_at is None or c.revoked_at > at for c in valid)


def _site(source: Source) -> int | None:
    return source.point.site_id if source.point else None


def _verdicts(
    operations: Sequence[OpenSession | CloseSession | GoOnDuty], new: set[UUID], doubts: dict[UUID, str]
) -> list[Verdict]:
    waiting = set(new)
    verdicts = []
    for op in operations:
        verdicts.append(Verdict(op.id, op.id in waiting, (doubts[op.id],) if op.id in doubts else ()))
        waiting.discard(op.id)
    return verdicts


def _lapse_no_session(opened: Collection[datetime], source: Source) -> None:
    if source.point is not None:
        keys = {f"{source.point.pk}:{day}" for day in days_of(set(opened)).values()}
        standing = [f"no_session:point:{key}" for key in keys]
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE park_anomaly SET evidence = evidence || '{\"holds\": false}' "
                "WHERE key = ANY(%s::text[]) AND settled_at IS NULL AND NOT evidence ? 'holds'",
                [texts(standing)],
            )


def _end_duties(sessions: Collection[UUID]) -> None:
    """Whoever is on duty in a closed session went off duty when it closed, whichever word came first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sampling_duty d SET ended_at = greatest(s.closed_at, d.began_at) FROM sampling_session s "
            "WHERE s.id = d.session_id AND s.id = ANY(%s::uuid[]) AND s.closed_at IS NOT NULL AND d.ended_at IS NULL",
            [plain(sessions)],
        )


def _certificates(
    operations: Sequence[GoOnDuty], people: dict[UUID, Identity], moment: dict[UUID, datetime]
) -> dict[UUID, int]:
    """The certificate that allows each duty: for the role, in date on its day, not revoked before it began."""
    day_of = days_of(set(moment.values()))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (d.id) d.id, c.id "
            "FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::date[], %s::timestamptz[]) "
            "     AS d(id, person_id, role, day, at) "
            "JOIN park_certificate c ON c.person_id = d.person_id AND c.role = d.role AND c.during @> d.day "
            "     AND (c.revoked_at IS NULL OR c.revoked_at > d.at) "
            "ORDER BY d.id, upper(c.during) DESC, c.id",
            [
                plain(op.id for op in operations),
                plain(people[op.person].person_id for op in operations),
                texts(op.role for op in operations),
                texts(day_of[moment[op.id]].isoformat() for op in operations),
                moments(moment[op.id] for op in operations),
            ],
        )
        return dict(cursor.fetchall())


def _insert_duties(
    operations: Sequence[GoOnDuty],
    people: dict[UUID, Identity],
    certificates: dict[UUID, int],
    moment: dict[UUID, datetime],
    source: Source,
) -> set[UUID]:
    with connection.cursor() as cursor:
        # without a target: the same person again in the same session is as well known as the same id
        cursor.execute(
            "INSERT INTO sampling_duty (id, session_id, person_id, role, certificate_id, began_at, received_at) "
            "SELECT d.*, %s FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::bigint[], "
            "%s::timestamptz[]) AS d ON CONFLICT DO NOTHING RETURNING id",
            [
                source.received_at,
                plain(op.id for op in operations),
                plain(op.session for op in operations),
                plain(people[op.person].person_id for op in operations),
                texts(op.role[:24] for op in operations),
                plain(certificates.get(op.id) for op in operations),
                moments(moment[op.id] for op in operations),
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _duty_doubt(op: GoOnDuty, who: Identity | None, source: Source, at: datetime) -> Doubt:
    kind = "duty_without_certificate" if who else "unknown_duty_person"
    return Doubt(
        kind, f"{kind}:{op.id}", happened(op.happened_at, source), at,
        person_id=who.person_id if who else None, enterprise_id=who.employer_id if who else None, site_id=_site(source),
        noun="duty", noun_id=str(op.id),
        evidence={"duty": str(op.id), "person": str(op.person), "role": op.role, "session": str(op.session)},
    )  # fmt: skip
