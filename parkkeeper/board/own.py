"""What a person's own page tells, and nothing of anybody else: the code, where and when to come, duties, results."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from parkkeeper.codes.signing import sign_codes
from parkkeeper.papers.pictures import qr_rows
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Person, Post
from parkkeeper.sampling.models import Due, Point, Result, Slot, Test
from parkkeeper.sampling.standing import standing_of

RESULTS_OF = timedelta(days=14)
_MOST = 20


def tell_own(person: Person, at: datetime) -> dict[str, Any]:
    """Everything of the page as JSON: texts are names only; kinds are machine words that the page has words for."""
    standing = standing_of(person, at)
    line = _line(person, at)
    return {
        "as_of": at.isoformat(),
        "time_zone": timezone.get_current_timezone_name(),
        "name": person.name,
        "enterprise": person.employer.short_name,
        "staff_number": person.staff_number,
        "code": _code(person, at),
        "place": _place(person, line, at),
        "round": _round(person, line, at),
        "clear": standing.clear,
        "open": [
            {"kind": reason.kind, "due_at": reason.due_at.isoformat() if reason.due_at else None}
            for reason in standing.open
        ],
        "results": _results(person, at),
        "posts": _posts(person, at),
    }


def _code(person: Person, at: datetime) -> dict[str, Any] | None:
    try:
        text, code = sign_codes([person], at=at)[person.pk]
    except Refused:  # no rule says for how long: the page still tells the rest
        return None
    return {"rows": qr_rows(text), "last": code.last.isoformat()}


def _line(person: Person, at: datetime) -> Due | None:
    """The person's line in the round that is at work, or comes next, or was the last of today."""
    today = Q(round__day=timezone.localdate(at)) | Q(round__opens_at__lte=at, round__closes_at__gt=at)
    lines = Due.objects.filter(today, person=person, round__test=Test.PCR, round__rehearsal=False)
    return lines.select_related("round", "point__site").order_by("-round__day").first()


def _place(person: Person, line: Due | None, at: datetime) -> dict[str, Any] | None:
    """Where and when to come: as the round says, else as the enterprise's slots of today say."""
    day = timezone.localdate(at)
    slots = Slot.objects.filter(enterprise=person.employer_id, during__contains=day, shift__in=["", person.shift])
    slot = slots.select_related("point__site").order_by("-shift", "pk").first()
    point = line.point if line is not None else None
    if point is not None and (slot is None or slot.point_id != point.pk):
        return _told(point, line.slot_from if line else None, None, False)
    return None if slot is None else _told(slot.point, slot.minutes.lower, slot.minutes.upper, slot.by_shuttle)


def _told(point: Point, start: int | None, end: int | None, by_shuttle: bool) -> dict[str, Any]:
    hours = [point.hours.lower, point.hours.upper] if point.hours else None
    return {
        "code": point.code, "name": point.site.name, "address": point.site.address, "from": start, "to": end,
        "hours": hours, "by_shuttle": by_shuttle,
    }  # fmt: skip


def _round(person: Person, line: Due | None, at: datetime) -> dict[str, Any] | None:
    if line is None:
        return None
    scan = (
        person.scans.filter(round=line.round, undone_at__isnull=True, received_at__lte=at)
        .order_by("scanned_at")
        .first()
    )
    return {
        "day": line.round.day.isoformat(), "opens_at": line.round.opens_at.isoformat(),
        "closes_at": line.round.closes_at.isoformat(), "standing": line.standing,
        "sampled_at": scan.scanned_at.isoformat() if scan else None,
    }  # fmt: skip


def _results(person: Person, at: datetime) -> list[dict[str, Any]]:
    """The newest samples and self-tests of a fortnight with their word; None where there is none yet."""
    since = at - RESULTS_OF
    found: list[dict[str, Any]] = []
    scans = person.scans.filter(undone_at__isnull=True, scanned_at__gt=since, received_at__lte=at)
    for scan in scans.select_related("tube").prefetch_related("tube__results").order_by("-scanned_at")[:_MOST]:
        words = [one for one in scan.tube.results.all() if one.struck_at is None and one.received_at <= at]
        pooled = scan.tube.pool_size > 1
        found.append({"test": "pcr", "at": scan.scanned_at.isoformat(), "pooled": pooled, "value": _gravest(words)})
    tests = person.antigen_tests.filter(taken_at__gt=since, received_at__lte=at).order_by("-taken_at")[:_MOST]
    found += [{"test": "antigen", "at": one.taken_at.isoformat(), "pooled": False, "value": one.value} for one in tests]
    return sorted(found, key=lambda one: str(one["at"]), reverse=True)[:_MOST]


_GRAVITY = (Result.Value.POSITIVE, Result.Value.INDETERMINATE, Result.Value.INVALID, Result.Value.NEGATIVE)


def _gravest(results: list[Result]) -> str | None:
    values = {result.value for result in results}
    return next((str(value) for value in _GRAVITY if value in values), None)


def _posts(person: Person, at: datetime) -> list[dict[str, Any]]:
    posts = Post.objects.on(timezone.localdate(at)).filter(person=person).select_related("site", "enterprise", "grid")
    return [
        {"role": post.role, "place": str(post.site or post.enterprise or post.grid or "")}
        for post in posts.order_by("pk")
    ]
