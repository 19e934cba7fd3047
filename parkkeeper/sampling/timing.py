"""When field words happened, as far as the server can tell, and what is odd about that: late, off the clock, off hours.

Such doubts are about a phone or a point on a day, not about each scan: a phone that was offline for an evening sends
five hundred late scans, and that is one thing to look into.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from django.utils import timezone

from parkkeeper.park.statements import run
from parkkeeper.sampling.arrays import plain
from parkkeeper.sampling.doubts import Doubt
from parkkeeper.sampling.field import Source
from parkkeeper.sampling.models import Scan


@dataclass(frozen=True, slots=True)
class Moment:
    """The times of one scan as they are stored, and where it was; `round` is None when the day has none."""

    scanned_at: datetime
    device_at: datetime
    received_at: datetime
    how: str
    day: date
    round: "RoundFacts | None"
    point_id: int | None
    phone_id: int | None


@dataclass(frozen=True, slots=True)
class RoundFacts:
    id: int
    day: date
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None

    def open_at(self, moment: datetime) -> bool:
        """Whether the round was at work then: inside its window and not closed."""
        return self.opens_at <= moment <= self.closes_at and (self.closed_at is None or moment <= self.closed_at)


def happened(moment: datetime, source: Source) -> datetime:
    """When it happened: nothing from the field happened after the server heard of it."""
    return min(moment, source.received_at)


def days_of(moments: Collection[datetime]) -> dict[datetime, date]:
    """The park's local day of each moment."""
    zone = timezone.get_current_timezone()
    return {moment: moment.astimezone(zone).date() for moment in moments}


_ROUNDS = """
SELECT id, day, opens_at, closes_at, closed_at FROM sampling_round WHERE test = 'pcr' AND day = ANY(%s::date[])
"""


def rounds_on(days: Iterable[date]) -> dict[date, RoundFacts]:
    """The nucleic-acid rounds of these local days, rehearsals too."""
    return {row[1]: RoundFacts(*row) for row in run(_ROUNDS, [plain(set(days))])}


# One JSON text for what four questions would tell: rounds and rules in force, sessions and slots at the point.
_AROUND = """
SELECT json_build_object(
  'rounds', (SELECT json_agg(json_build_array(id, day, opens_at, closes_at, closed_at)) FROM sampling_round
             WHERE test = 'pcr' AND day = ANY(%(days)s::date[])),
  'rules', (SELECT json_object_agg(key, value) FROM park_rule WHERE during @> %(at)s::timestamptz
            AND key = ANY('{clock_tolerance_minutes,late_scan_minutes,slot_grace_minutes}')),
  'sessions', (SELECT json_agg(opened_at) FROM sampling_session WHERE point_id = %(point)s::bigint
               AND opened_at >= %(begin)s::timestamptz AND opened_at < %(end)s::timestamptz),
  'slots', (SELECT json_agg(json_build_array(enterprise_id, lower(minutes), upper(minutes), lower(during),
                                             upper(during)))
            FROM sampling_slot
            WHERE point_id = %(point)s::bigint AND during && daterange(%(first)s::date, %(last)s::date, '[]')))::text
"""
# Whoever asks for something else in the same statement leaves the slots to the database.
AROUND_WITHOUT_SLOTS = _AROUND.partition(",\n  'slots'")[0].removeprefix("\nSELECT ") + ")"


def around(source: Source, days: Collection[date]) -> dict[str, Any]:
    """The parameters of the statement that asks what a call's times are held against."""
    zone: Any = timezone.get_current_timezone()
    first, last = min(days), max(days)
    return {
        "days": plain(set(days)), "at": source.received_at, "first": first, "last": last,
        "point": source.point.pk if source.point else None,
        "begin": datetime.combine(first, datetime.min.time(), tzinfo=zone),
        "end": datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=zone),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """When an enterprise has the point to itself: minutes of the day, on days from `begins` to before `ends`."""

    enterprise_id: int
    minutes: tuple[int, int]
    begins: date
    ends: date

    def on(self, day: date) -> bool:
        return self.begins <= day < self.ends


class Clockwork:
    """What the times of one call's scans are held against: rounds, rules, sessions, slots; one statement.

    A rule that is missing judges nothing, since the field is never refused. `told` is the answer of the statement, or
    of AROUND_WITHOUT_SLOTS, when somebody asked it before.
    """

    def __init__(self, source: Source, days: Collection[date], told: str | None = None) -> None:
        self.source = source
        zone: Any = timezone.get_current_timezone()
        answer = run(_AROUND, around(source, days))[0][0] if told is None else told
        found = {name: rows or () for name, rows in orjson.loads(answer).items()}
        self.rounds = {round.day: round for round in map(_round, found["rounds"])}
        self.rules = {key: timedelta(minutes=float(value)) for key, value in dict(found["rules"]).items()}
        self.tolerance, self.late = self.rules.get("clock_tolerance_minutes"), self.rules.get("late_scan_minutes")
        self.worked = {datetime.fromisoformat(moment).astimezone(zone).date() for moment in found["sessions"]}
        self.slots = [_slot(*row) for row in found.get("slots", ())]

    def kinds(self, moment: Moment) -> list[str]:
        """The kinds of doubt about this scan's times."""
        found = []
        typed = moment.how == Scan.How.PAPER
        if self.tolerance is not None and abs(moment.device_at - moment.scanned_at) > self.tolerance:
            found.append("clock_far_off")
        if self.late is not None and not typed and moment.received_at - moment.scanned_at > self.late:
            found.append("late_scan")
        if moment.round is None:
            found.append("no_round")
        elif not moment.round.open_at(moment.scanned_at):
            found.append("after_close")
        if not typed and moment.point_id is not None and moment.day not in self.worked:
            found.append("no_session")
        return found

    def judge(self, moments: Iterable[tuple[Moment, set[str]]], at: datetime) -> list[Doubt]:
        """One doubt a phone or point and day, with the number of scans that this call brought.

        Each scan comes with its own set of kinds, which is added to.
        """
        groups: dict[str, tuple[str, list[Moment]]] = {}
        for moment, marks in moments:
            for kind in self.kinds(moment):
                marks.add(kind)
                groups.setdefault(_key(kind, moment), (kind, []))[1].append(moment)
        site = self.source.point.site_id if self.source.point else None
        return [_doubt(kind, key, group, site, at) for key, (kind, group) in groups.items()]


def _key(kind: str, moment: Moment) -> str:
    if kind in ("clock_far_off", "late_scan") and moment.phone_id is not None:
        return f"{kind}:phone:{moment.phone_id}:{moment.day}"
    return f"{kind}:point:{moment.point_id}:{moment.day}"


def _doubt(kind: str, key: str, group: list[Moment], site: int | None, at: datetime) -> Doubt:
    first = min(group, key=lambda moment: moment.scanned_at)
    noun, noun_id = key.split(":")[1:3]
    evidence: dict[str, Any] = {"scans": len(group), "first": first.scanned_at, "day": first.day}
    if kind == "clock_far_off":
        worst = max(group, key=lambda moment: abs(moment.device_at - moment.scanned_at))
        evidence["device_ahead_seconds"] = int((worst.device_at - worst.scanned_at).total_seconds())
    if kind == "late_scan":
        evidence["minutes_late"] = int(max(m.received_at - m.scanned_at for m in group).total_seconds() // 60)
    if first.round is not None:
        evidence["round"] = first.round.id
    return Doubt(
        kind, key, first.scanned_at, at, site_id=site, noun=noun, noun_id="" if noun_id == "None" else noun_id,
        evidence=evidence,
    )  # fmt: skip


def _round(row: list[Any]) -> RoundFacts:
    opens_at, closes_at, closed_at = (datetime.fromisoformat(moment) if moment else None for moment in row[2:])
    assert opens_at is not None and closes_at is not None
    return RoundFacts(row[0], date.fromisoformat(row[1]), opens_at, closes_at, closed_at)


def _slot(enterprise: int, begin: int, end: int, since: str | None, until: str | None) -> SlotFacts:
    begins = date.fromisoformat(since) if since else date.min
    return SlotFacts(enterprise, (begin, end), begins, date.fromisoformat(until) if until else date.max)
