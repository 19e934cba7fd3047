"""What a person's page tells: how the person stands and why, the timeline that led there, posts, and who looked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from parkkeeper.park.models import Certificate, JournalEntry, Person, Post, Presence
from parkkeeper.park.words import labelled
from parkkeeper.sampling.models import Disposition, Result
from parkkeeper.sampling.standing import Standing, standing_of

_EVENTS = 60
_LOOKS = 20
_RESULT_TONES = {"negative": "ok", "positive": "bad", "indeterminate": "warn", "invalid": "warn"}


@dataclass(frozen=True)
class Event:
    """One thing of the timeline: when, what, in which tone, and where it leads ("" nowhere)."""

    at: datetime
    what: str
    detail: str = ""
    tone: str = "plain"
    href: str = ""


@dataclass(frozen=True)
class ToldPerson:
    """Everything on the page, as known at `at`; `looks` are the newest journal lines of reading, newest first."""

    at: datetime
    standing: Standing
    presence: Presence | None
    events: list[Event]
    posts: list[Post]
    certificates: list[Certificate]
    looks: list[JournalEntry]


def tell_person(person: Person, at: datetime, *, tubes: bool = False) -> ToldPerson:
    """Read everything that the page of `person` shows at `at`; `tubes`: the reader may open tubes, so link them."""
    events = sorted(_events(person, at, tubes), key=lambda e: e.at, reverse=True)[:_EVENTS]
    looks = JournalEntry.objects.filter(person_id=person.pk, verb="person.looked_at", at__lte=at)
    return ToldPerson(
        at=at,
        standing=standing_of(person, at),
        presence=Presence.objects.at(at).filter(person=person).first(),
        events=events,
        posts=list(person.posts.select_related("enterprise", "site", "grid").order_by("-during")),
        certificates=list(person.certificates.order_by("-during")),
        looks=list(looks.order_by("-id")[:_LOOKS]),
    )


def _events(person: Person, at: datetime, tubes: bool) -> Iterator[Event]:
    yield from _scans(person, at, tubes)
    yield from _antigens(person, at)
    yield from _obligations(person, at)
    for presence in person.presences.filter(during__startswith__lte=at):
        if presence.during and presence.during.lower:
            yield Event(presence.during.lower, _("状态变更"), str(Presence.State(presence.state).label), "info")
    for done in Disposition.objects.filter(person=person, at__lte=at).select_related("round", "by"):
        label = str(Disposition.Kind(done.kind).label)
        yield Event(done.at, label, labelled(done.by.name, done.reason) if done.reason else done.by.name)


def _scans(person: Person, at: datetime, tubes: bool) -> Iterator[Event]:
    scans = person.scans.filter(received_at__lte=at).select_related("tube", "point__site")
    for scan in scans.prefetch_related("tube__results").order_by("-scanned_at")[:_EVENTS]:
        place = scan.point.site.name if scan.point else _("采样点不明")
        detail = _("%(point)s · 试管 %(tube)s") % {"point": place, "tube": scan.tube.code}
        undone = scan.undone_at is not None
        href = reverse("tube", args=[scan.tube_id]) if tubes else ""
        what, tone = (_("采样（已撤销）"), "plain") if undone else (_("采样"), "info")
        yield Event(scan.scanned_at, what, detail, tone, href)
        results: list[Result] = [] if undone else list(scan.tube.results.all())
        for result in results:
            if result.received_at <= at and (result.struck_at is None or result.struck_at > at):
                value = str(Result.Value(result.value).label)
                text = _("%(value)s · 试管 %(tube)s") % {"value": value, "tube": scan.tube.code}
                yield Event(result.received_at, _("检测结果"), text, _RESULT_TONES[result.value], href)


def _antigens(person: Person, at: datetime) -> Iterator[Event]:
    for test in person.antigen_tests.filter(received_at__lte=at).order_by("-day")[:_EVENTS]:
        label = str(Result.Value(test.value).label)
        yield Event(test.taken_at, _("抗原自测"), label, _RESULT_TONES.get(test.value, "plain"))


def _obligations(person: Person, at: datetime) -> Iterator[Event]:
    owed: Any = person.obligations.filter(opened_at__lte=at)
    for obligation in owed:
        label = str(obligation.Kind(obligation.kind).label)
        yield Event(obligation.opened_at, _("须完成：%(what)s") % {"what": label}, obligation.cause, "bad")
        if obligation.closed_at and obligation.closed_at <= at:
            yield Event(obligation.closed_at, _("已完成：%(what)s") % {"what": label}, obligation.closed_reason, "ok")
