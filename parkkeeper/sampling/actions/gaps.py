"""Working the gaps of a round: tell the liaison, excuse, record as sampled elsewhere, order a retest, take back."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Enterprise, Message, Person, StoredFile
from parkkeeper.sampling.consequence_notes import liaisons_of, moment, office_people
from parkkeeper.sampling.consequences import lock_people
from parkkeeper.sampling.models import Disposition, Due, Obligation, Result, Round, Test
from parkkeeper.sampling.owing import retest_due

Kind = Disposition.Kind


@dataclass(frozen=True)
class Told:
    """What `tell_liaison` did: people told of, messages sent, and enterprises (short names) that have no liaison."""

    people: int
    messages: int
    without_liaison: list[str]


@transaction.atomic
def tell_liaison(round: Round, people: Iterable[Person], *, by: Person, at: datetime) -> Told:
    """Tell each enterprise's prevention specialists on duty how many of these people are missing in the round.

    One message a specialist with the count and the link to the list; where an enterprise has none, the offices get it.
    Raises Refused when none of the people is on the round's list.
    """
    asked = {person.pk: person for person in people}
    lines = list(Due.objects.filter(round=round, person__in=asked).select_related("enterprise").order_by("person"))
    if not lines:
        raise Refused(_("所选的人都不在这一轮的名单上，请在“未采样”页里选择后再通知。"))
    enterprises = {line.enterprise_id: line.enterprise for line in lines}
    for enterprise in enterprises.values():
        require(by, "work_gaps", at=at, on=enterprise)
    counts = Counter(line.enterprise_id for line in lines)
    liaisons, offices = liaisons_of(enterprises, at), office_people(at)
    Message.objects.bulk_create(
        _message(round, enterprise, counts[pk], person, at)
        for pk, enterprise in sorted(enterprises.items())
        for person in sorted(liaisons.get(pk) or offices)
    )
    Disposition.objects.bulk_create(
        Disposition(round=round, person_id=line.person_id, kind=Kind.TOLD, at=at, by=by) for line in lines
    )
    without = [enterprise.short_name for pk, enterprise in sorted(enterprises.items()) if not liaisons.get(pk)]
    told = Told(len(lines), sum(len(found) for found in liaisons.values()), without)
    for pk, count in sorted(counts.items()):
        record("gap.told", round, by=by, at=at, enterprise=pk, people=count, liaisons=len(liaisons.get(pk, ())))
    return told


def _message(round: Round, enterprise: Enterprise, count: int, to: int, at: datetime) -> Message:
    return Message(
        kind="gap_told",
        to_id=to,
        sent_at=at,
        link=f"/missing?round={round.pk}&enterprise={enterprise.pk}",
        params={
            "round": round.pk,
            "day": round.day.isoformat(),
            "test": round.test,
            "count": count,
            "enterprise": enterprise.short_name,
        },
    )


@transaction.atomic
def excuse(round: Round, person: Person, *, reason: str, by: Person, at: datetime) -> Disposition:
    """Excuse the person from this round. Raises Refused without a reason, or when somebody was first (who, when)."""
    require(by, "work_gaps", at=at, on=person)
    reason = _needed(reason, _("请写明理由，例如“鼻部手术后三日”。"))
    return _dispose(Disposition(round=round, person=person, kind=Kind.EXCUSED, reason=reason, at=at, by=by))


@transaction.atomic
def record_elsewhere(
    round: Round,
    person: Person,
    *,
    place: str,
    sampled_at: datetime,
    result: str = "",
    evidence: StoredFile | None = None,
    by: Person,
    at: datetime,
) -> Disposition:
    """Record that the person was sampled elsewhere: where, when, and the result (a value of Result.Value) if known.

    A positive elsewhere makes the person owe a single retest. Raises Refused for a sample in the future, an unknown
    result, or when somebody recorded it before.
    """
    require(by, "work_gaps", at=at, on=person)
    place = _needed(place, _("请写明在哪里采样，例如“浦东医院”。"))
    if sampled_at > at:
        raise Refused(
            _("采样时间 %(sampled_at)s 晚于现在 %(at)s，请核对日期。")
            % {"sampled_at": moment(sampled_at), "at": moment(at)}
        )
    if result and result not in Result.Value.values:
        raise Refused(_("结果“%(result)s”不认识，应为阴性、阳性、可疑、无效或留空。") % {"result": result})
    told = Disposition(
        round=round, person=person, kind=Kind.ELSEWHERE, place=place, sampled_at=sampled_at, result=result,
        evidence=evidence, at=at, by=by,
    )  # fmt: skip
    recorded = _dispose(told)
    if result == Result.Value.POSITIVE and not round.rehearsal:
        _owe(recorded, "elsewhere", isolate=True, at=at)
        _tell_of_positive(recorded, at)
    return recorded


@transaction.atomic
def order_retest(round: Round, person: Person, *, reason: str, by: Person, at: datetime) -> Disposition:
    """Order that the person is sampled again, alone in a tube; owed until that tube's result closes it."""
    require(by, "work_gaps", at=at, on=person)
    reason = _needed(reason, _("请写明为什么补采，例如“试管渗漏”。"))
    ordered = _dispose(Disposition(round=round, person=person, kind=Kind.RETEST, reason=reason, at=at, by=by))
    if not round.rehearsal:
        _owe(ordered, "order", isolate=False, at=at)
    return ordered


def _owe(disposition: Disposition, cause: str, *, isolate: bool, at: datetime) -> None:
    """Make the person owe a single retest, and tell the person."""
    person = disposition.person
    lock_people([person.pk])
    owed = Obligation.objects.create(
        person=person,
        kind=Obligation.Kind.SINGLE_RETEST,
        cause=f"{cause}:{disposition.uuid}",
        opened_at=at,
        due_at=retest_due(at),
        isolate=isolate,
    )
    kind, params = "isolate" if isolate else "retest_ordered", {"due": moment(owed.due_at)}
    Message.objects.create(kind=kind, params=params, to=person, about=person, sent_at=at)
    record(
        "obligation.opened",
        owed,
        by=disposition.by,
        at=at,
        person=person.pk,
        enterprise=person.employer_id,
        cause=owed.cause,
    )


def _tell_of_positive(disposition: Disposition, at: datetime) -> None:
    """Tell the enterprise's liaisons and the office that somebody was positive elsewhere."""
    person = disposition.person
    params = {
        "enterprise": person.employer.short_name,
        "name": person.name,
        "place": disposition.place,
        "due": moment(retest_due(at)),
    }
    told = liaisons_of([person.employer_id], at).get(person.employer_id, set()) | office_people(at)
    Message.objects.bulk_create(
        Message(
            kind="positive_elsewhere", params=params, to_id=to, about=person, sent_at=at, link=f"/people/{person.pk}"
        )
        for to in sorted(told)
    )


@transaction.atomic
def arrange_ahead(
    person: Person,
    *,
    kind: str,
    test: str,
    first: date,
    until: date | None = None,
    reason: str = "",
    place: str = "",
    by: Person,
    at: datetime,
) -> Disposition:
    """Excuse the person ("excused", with a reason), or say where else the person is tested ("elsewhere", with a place),
    from local day `first` to before `until`; rounds that open on those days count it as a class of their own."""
    require(by, "work_gaps", at=at, on=person)
    if kind not in (Kind.EXCUSED, Kind.ELSEWHERE) or test not in Test.values:
        raise Refused(_("请选择“说明理由”或“在外采样”，以及核酸或抗原。"))
    if kind == Kind.EXCUSED:
        reason = _needed(reason, _("请写明理由，例如“鼻部手术后三日”。"))
    else:
        place = _needed(place, _("请写明在哪里采样，例如“浦东医院”。"))
    if until is not None and until <= first:
        raise Refused(
            _("结束日 %(until)s 要晚于开始日 %(first)s。") % {"until": until.isoformat(), "first": first.isoformat()}
        )
    arranged = Disposition(
        person=person, kind=kind, test=test, days=DateRange(first, until), reason=reason, place=place, at=at, by=by
    )
    return _dispose(arranged)


def _needed(text: str, told: str) -> str:
    if not text.strip():
        raise Refused(told)
    return text.strip()


def _dispose(disposition: Disposition) -> Disposition:
    """Write it and its journal line; refused when the person is not on the list, or somebody was quicker."""
    person, round = disposition.person, disposition.round
    if round is not None and not Due.objects.filter(round=round, person=person).exists():
        raise Refused(_("%(name)s 不在这一轮的名单上。请先补入名单，再处置。") % {"name": person.name})
    first = partial(_who_was_first, disposition)
    with refusing({"disposition_one_of_a_kind": first, "disposition_ahead_once_a_day": first}):
        disposition.save(force_insert=True)
    record(
        f"gap.{disposition.kind}",
        disposition,
        by=disposition.by,
        at=disposition.at,
        person=person.pk,
        enterprise=person.employer_id,
        round=round.pk if round else None,
        result=disposition.result,
    )
    return disposition


def _who_was_first(disposition: Disposition) -> str:
    others = Disposition.objects.standing().filter(person=disposition.person).select_related("by")
    if disposition.round is not None:
        other = others.filter(round=disposition.round, kind=disposition.kind).first()
    else:
        other = others.ahead().filter(test=disposition.test, days__overlap=disposition.days).order_by("at").first()
    if other is None:
        return _("刚刚有人处置过，请刷新后再看。")
    return _("%(by)s 已于 %(at)s 为 %(name)s 登记“%(kind)s”。如需更改，请先撤回那一条。") % {
        "by": other.by.name,
        "at": moment(other.at),
        "name": disposition.person.name,
        "kind": other.get_kind_display(),
    }


@transaction.atomic
def withdraw(disposition: Disposition, *, by: Person, at: datetime) -> Disposition:
    """Take back an excuse or a sampling elsewhere; the line is a gap again. What is told or owed cannot be taken back.

    Raises Refused when it was withdrawn before (by whom, when), for a message that was sent, and for what is owed.
    """
    disposition = (
        Disposition.objects.select_for_update(of=("self",)).select_related("person__employer").get(pk=disposition.pk)
    )
    require(by, "work_gaps", at=at, on=disposition.person)
    if disposition.withdrawn_at is not None:
        raise Refused(
            _("%(by)s 已于 %(at)s 撤回了这一条。")
            % {"by": disposition.withdrawn_by, "at": moment(disposition.withdrawn_at)}
        )
    if disposition.kind == Kind.TOLD:
        raise Refused(_("通知已经发出，不能撤回。如有变化，请再通知一次。"))
    owed = Obligation.objects.filter(cause__in=[f"{word}:{disposition.uuid}" for word in ("order", "elsewhere")])
    if owed.exists():
        raise Refused(
            _("%(name)s 已被要求单采单检，不能撤回，只能由单管结果关闭。") % {"name": disposition.person.name}
        )
    disposition.withdrawn_at, disposition.withdrawn_by = at, by
    disposition.save(update_fields=["withdrawn_at", "withdrawn_by"])
    record(
        "gap.withdrawn",
        disposition,
        by=by,
        at=at,
        person=disposition.person_id,
        enterprise=disposition.person.employer_id,
        round=disposition.round_id,
        kind=disposition.kind,
    )
    return disposition
