"""What is written and told when a tube has consequences: doubts, journal lines, messages."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from parkkeeper.park.models import Enterprise, JournalEntry, Message, Post
from parkkeeper.sampling.doubts import Doubt, follow_doubts, lapse_doubts
from parkkeeper.sampling.models import Obligation
from parkkeeper.sampling.tubefacts import Member, TubeFacts


def note_contradictions(tubes: list[TubeFacts], *, at: datetime) -> None:
    """Raise a doubt for each tube whose standing results differ; another one after a result was struck."""
    doubts = [
        _doubt(tube, "result_contradicts", f":{tube.struck}", at, values=tube.values, results=tube.results)
        for tube in tubes
        if len(tube.values) > 1
    ]
    _follow(tubes, doubts, "result_contradicts")


def note_unnamed(positive: list[TubeFacts], *, at: datetime) -> None:
    """Raise a doubt for each positive tube in which nobody is known to be: its phones may still be silent."""
    doubts = [
        _doubt(tube, "positive_without_names", "", at, nameless=tube.nameless)
        for tube in positive
        if tube.people == 0 or tube.nameless
    ]
    _follow(positive, doubts, "positive_without_names")


def _doubt(tube: TubeFacts, kind: str, suffix: str, at: datetime, **evidence: Any) -> Doubt:
    return Doubt(
        kind=kind, key=f"{kind}:{tube.code}{suffix}", happened_at=tube.tested_at or at, raised_at=at,
        site_id=tube.site_id, noun="tube", noun_id=str(tube.id), evidence={"tube": tube.code, **evidence},
    )  # fmt: skip


def _follow(tubes: list[TubeFacts], doubts: list[Doubt], kind: str) -> None:
    follow_doubts(doubts)
    lapse_doubts("tube", [str(tube.id) for tube in tubes], [kind], [doubt.key for doubt in doubts])


def note_opened(opened: list[Obligation], members: list[Member], *, at: datetime) -> None:
    """Write who owes what now, tell the members to isolate, their liaisons and the office what was found where."""
    if not opened:
        return
    employers = {member.person_id: member.enterprise_id for member in members}
    tubes = {member.tube.id: member.tube for member in members}
    lines = [
        _line("obligation.opened", one, at, employers[one.person_id], due_at=one.due_at.isoformat()) for one in opened
    ]
    messages = [_isolate(one, at) for one in opened]
    found = Counter((one.tube_id, one.kind, employers[one.person_id]) for one in opened)
    names = dict(Enterprise.objects.filter(pk__in=set(employers.values())).values_list("pk", "short_name"))
    liaisons, office = liaisons_of(set(employers.values()), at), office_people(at)
    for (tube_id, kind, enterprise), people in sorted(found.items(), key=str):
        tube = tubes[tube_id or 0]
        told = sorted({*liaisons.get(enterprise, ()), *office})
        params = {
            "tube": tube.code, "point": tube.point_code or "", "enterprise": names[enterprise], "people": people,
            "due": moment(opened[0].due_at),
        }  # fmt: skip
        message = "positive_single" if kind == Obligation.Kind.CASE else "positive_pool"
        link = f"/positives?tube={tube.code}"
        messages += [Message(kind=message, params=params, to_id=to, link=link, sent_at=at) for to in told]
    for tube_id in sorted({one.tube_id or 0 for one in opened}):
        lines.append(_tube_line(tubes[tube_id], opened, at))
    JournalEntry.objects.bulk_create(lines)
    Message.objects.bulk_create(messages)


def note_closed(closed: list[Obligation], reopened: list[Obligation], *, at: datetime) -> None:
    """Write what single tubes closed or, when their word fell, opened again, and tell the people."""
    if not closed and not reopened:
        return
    lines = [_line("obligation.closed", one, at, one.person.employer_id) for one in closed]
    lines += [
        _line("obligation.reopened", one, at, one.person.employer_id, follows=str(one.follows_id)) for one in reopened
    ]
    JournalEntry.objects.bulk_create(lines)
    people = {one.person_id: one.person for one in closed}
    still = set(Obligation.objects.open().filter(person_id__in=people).values_list("person_id", flat=True))
    free = [person for pk, person in people.items() if pk not in still]
    liaisons = liaisons_of({person.employer_id for person in free}, at)
    messages = [_isolate(one, at) for one in reopened]
    for person in free:
        told = sorted({person.pk, *liaisons.get(person.employer_id, ())})
        params = {"name": person.name}
        messages += [Message(kind="isolation_over", params=params, to_id=to, about=person, sent_at=at) for to in told]
    Message.objects.bulk_create(messages)


def _isolate(one: Obligation, at: datetime) -> Message:
    params = {"due": moment(one.due_at)}
    kind = "isolate_case" if one.kind == Obligation.Kind.CASE else "isolate"
    return Message(kind=kind, params=params, to_id=one.person_id, about_id=one.person_id, sent_at=at)


def _line(verb: str, one: Obligation, at: datetime, enterprise: int, **facts: Any) -> JournalEntry:
    return JournalEntry(
        at=at, verb=verb, noun="obligation", noun_id=str(one.pk), person_id=one.person_id, enterprise_id=enterprise,
        facts={"kind": str(one.kind), "cause": one.cause, "result": one.closed_by_result_id, **facts},
    )  # fmt: skip


def _tube_line(tube: TubeFacts, opened: list[Obligation], at: datetime) -> JournalEntry:
    members = sum(one.tube_id == tube.id for one in opened)
    return JournalEntry(
        at=at, verb="tube.positive", noun="tube", noun_id=str(tube.id), site_id=tube.site_id,
        facts={"tube": tube.code, "point": tube.point_code or "", "members": members},
    )  # fmt: skip


def note_positive_antigens(opened: list[Obligation], *, at: datetime) -> None:
    """Write the single retests that positive self-tests (with their `person`) began, and tell whom it concerns."""
    if not opened:
        return
    found = Counter(one.person.employer_id for one in opened)
    names = dict(Enterprise.objects.filter(pk__in=found).values_list("pk", "short_name"))
    liaisons, office = liaisons_of(set(found), at), office_people(at)
    messages = [_isolate(one, at) for one in opened]
    for enterprise, people in sorted(found.items()):
        params = {"enterprise": names[enterprise], "people": people, "due": moment(opened[0].due_at)}
        told = sorted({*liaisons.get(enterprise, ()), *office})
        messages += [Message(kind="positive_antigen", params=params, to_id=person, sent_at=at) for person in told]
    JournalEntry.objects.bulk_create(
        _line("obligation.opened", one, at, one.person.employer_id, due_at=one.due_at.isoformat()) for one in opened
    )
    Message.objects.bulk_create(messages)


def moment(at: datetime) -> str:
    """A moment as messages write it, in the park's time."""
    return timezone.localtime(at).strftime("%m-%d %H:%M")


def liaisons_of(enterprises: Iterable[int], at: datetime) -> dict[int, set[int]]:
    """The prevention specialists (ids) in post on the local day of `at`, by enterprise id."""
    posts = Post.objects.on(timezone.localdate(at)).filter(
        role=Post.Role.PREVENTION, enterprise_id__in=list(enterprises)
    )
    found: dict[int, set[int]] = {}
    for enterprise, person in posts.values_list("enterprise_id", "person_id"):
        found.setdefault(enterprise or 0, set()).add(person)
    return found


def office_people(at: datetime) -> set[int]:
    """Everybody (ids) who holds an office post on the local day of `at`."""
    posts = Post.objects.on(timezone.localdate(at)).filter(role=Post.Role.OFFICE)
    return set(posts.values_list("person_id", flat=True))
