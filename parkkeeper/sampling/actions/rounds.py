"""Programmes and their daily rounds; opening a round freezes who is due, so that no later change moves a rate."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.clock import day_bounds
from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import AreaLevel, Emergency, Person, Presence
from parkkeeper.sampling.growth import count_lines
from parkkeeper.sampling.models import Due, Point, Programme, Round, Test

POOL_SIZES = (1, 5, 10, 20)
MINUTES_OF_A_DAY = 24 * 60


@transaction.atomic
def make_programme(
    *,
    name: str,
    test: str,
    every_days: dict[str, int],
    pool_size: int,
    opens: int,
    closes: int,
    first: date,
    source: str,
    until: date | None = None,
    by: Person,
    at: datetime,
) -> Programme:
    """Write down a programme: test, days between two tests by area level, people to a tube, minutes of the day.

    In force on the local days from `first` to before `until`. Raises Refused naming the value that cannot be.
    """
    require(by, "plan_sampling", at=at)
    _check_programme(test, every_days, pool_size, (opens, closes), source)
    if until is not None and until <= first:
        raise Refused(
            _("结束日 %(until)s 要晚于开始日 %(first)s。") % {"until": until.isoformat(), "first": first.isoformat()}
        )
    programme = Programme.objects.create(
        name=name, test=test, every_days=every_days, pool_size=pool_size, opens=opens, closes=closes,
        during=DateRange(first, until), source=source,
    )  # fmt: skip
    record(
        "programme.made", programme, by=by, at=at, test=test, every_days=every_days, pool_size=pool_size,
        first=first.isoformat(), until=until.isoformat() if until else None,
    )  # fmt: skip
    return programme


def _check_programme(
    test: str, every_days: dict[str, int], pool_size: int, hours: tuple[int, int], source: str
) -> None:
    if test not in Test.values:
        raise Refused(_("检测类别“%(test)s”不认识，应为核酸或抗原。") % {"test": test})
    for level in AreaLevel.Level:
        if not isinstance(every_days.get(level.value), int) or every_days[level.value] < 1:
            raise Refused(_("请填写“%(level)s”的检测频次（每几天一次，至少 1）。") % {"level": level.label})
    if pool_size not in POOL_SIZES:
        raise Refused(_("每管人数 %(size)s 不可用，应为 1、5、10 或 20。") % {"size": pool_size})
    if not 0 <= hours[0] < hours[1] <= MINUTES_OF_A_DAY:
        raise Refused(_("检测方案的开始时间要早于结束时间，且都在同一天内。"))
    if not source.strip():
        raise Refused(_("请写明检测方案的依据（文件名称或文号）。"))


@transaction.atomic
def end_programme(programme: Programme, *, until: date, by: Person, at: datetime) -> Programme:
    """Let the programme end before local day `until`; refused when a round of it was opened on that day or later."""
    require(by, "plan_sampling", at=at)
    programme = Programme.objects.select_for_update().get(pk=programme.pk)
    if programme.during.upper is not None and programme.during.upper <= until:
        raise Refused(
            _("检测方案“%(name)s”已定于 %(day)s 结束。")
            % {"name": programme.name, "day": programme.during.upper.isoformat()}
        )
    if until <= programme.during.lower:
        raise Refused(_("结束日要晚于开始日 %(first)s。") % {"first": programme.during.lower.isoformat()})
    opened = programme.rounds.filter(day__gte=until).order_by("-day").first()
    if opened is not None:
        raise Refused(
            _("检测方案“%(name)s”在 %(day)s 已开轮次，请把结束日定在那之后。")
            % {"name": programme.name, "day": opened.day.isoformat()}
        )
    programme.during = DateRange(programme.during.lower, until)
    programme.save()
    record("programme.ended", programme, by=by, at=at, until=until.isoformat())
    return programme


@transaction.atomic
def open_round(programme: Programme, day: date, *, by: Person, at: datetime, rehearsal: bool = False) -> Round:
    """Open the programme's round of that local day and freeze its list as the register stands at `at`.

    Raises Refused: no emergency in force (a rehearsal needs none), programme not in force, day past, round exists.
    """
    require(by, "open_round", at=at)
    programme = Programme.objects.get(pk=programme.pk)
    _check_opening(programme, day, at, rehearsal)
    midnight = day_bounds(day, timezone.get_current_timezone_name())[0]
    with refusing({"round_one_a_test_a_day": partial(_which_round, programme.test, day)}):
        opened = Round.objects.create(
            programme=programme,
            test=programme.test,
            day=day,
            opens_at=midnight + timedelta(minutes=programme.opens),
            closes_at=midnight + timedelta(minutes=programme.closes),
            frozen_at=at,
            rehearsal=rehearsal,
        )
    _freeze(opened, programme)
    standings = dict(opened.dues.values_list("standing").annotate(n=Count("pk")).order_by("standing"))
    opened.population = sum(standings.values())
    opened.save(update_fields=["population"])
    record(
        "round.opened",
        opened,
        by=by,
        at=at,
        test=opened.test,
        day=day.isoformat(),
        rehearsal=rehearsal,
        population=opened.population,
        standings=standings,
    )
    # the planner knows nothing of the new lines; a round that is frozen stays frozen when it cannot be told
    transaction.on_commit(count_lines, robust=True)
    return opened


def _check_opening(programme: Programme, day: date, at: datetime, rehearsal: bool) -> None:
    if not rehearsal and not Emergency.objects.filter(during__contains=at).exists():
        raise Refused(_("现在没有宣布的应急状态，不能开采样轮次。请先在“设置”页宣布应急状态；平时可开演练轮次。"))
    today = timezone.localdate(at)
    if day < today:
        raise Refused(
            _("%(day)s 已经过去，名单只能按当时的登记冻结。请选今天（%(today)s）或以后的日期。")
            % {"day": day.isoformat(), "today": today.isoformat()}
        )
    if not Programme.objects.filter(pk=programme.pk, during__contains=day).exists():
        raise Refused(
            _("检测方案“%(name)s”在 %(day)s 不生效，请选生效期内的日期或另一个方案。")
            % {"name": programme.name, "day": day.isoformat()}
        )


def _which_round(test: str, day: date) -> str:
    other = Round.objects.select_related("programme").filter(test=test, day=day).first()
    if other is None:
        return _("这一天的轮次刚刚开好，请刷新后再看。")
    return _("%(day)s 的%(test)s轮次已开（方案“%(name)s”，%(at)s 冻结名单，%(people)s 人），一天一类检测只有一轮。") % {
        "day": day.isoformat(),
        "test": Test(test).label,
        "name": other.programme.name,
        "at": timezone.localtime(other.frozen_at).strftime("%H:%M"),
        "people": other.population,
    }


# One statement for the whole list. A place's level is the enterprise's own, else its grid's, else 'other'. Whoever was
# tested on one of the last days (of the level's frequency) is not due yet; but a test on the round's own day never
# counts, since phones may have begun, offline, before the office opened the round. A test whose tube is known by now to
# have failed counts for nothing. A shift's own slot goes before its enterprise's. Lines of an enterprise are written
# side by side, since they are read together: a few pages of the table then hold them.
_FREEZE = """
INSERT INTO sampling_due (round_id, person_id, standing, on_post, enterprise_id, grid_id, point_id, slot_from, added_at)
WITH placed AS MATERIALIZED (
  SELECT e.id, e.grid_id, coalesce(own.level, around.level, 'other') AS level
  FROM park_enterprise e
  LEFT JOIN park_area_level own ON own.enterprise_id = e.id AND own.during @> %(at)s
  LEFT JOIN park_area_level around ON around.grid_id = e.grid_id AND around.during @> %(at)s
  WHERE e.kind <> 'body'
), slots AS MATERIALIZED (
  SELECT s.enterprise_id, s.shift, s.point_id, lower(s.minutes) AS slot_from
  FROM sampling_slot s JOIN sampling_point p ON p.id = s.point_id AND p.in_service @> %(day)s
  WHERE s.during @> %(day)s AND %(test)s = 'pcr'
), ahead AS MATERIALIZED (
  SELECT DISTINCT ON (d.person_id) d.person_id, d.kind
  FROM sampling_disposition d
  WHERE d.round_id IS NULL AND d.test = %(test)s AND d.days @> %(day)s AND d.at <= %(at)s
    AND (d.withdrawn_at IS NULL OR d.withdrawn_at > %(at)s)
  ORDER BY d.person_id, d.at DESC
), tested AS MATERIALIZED (
  {tested}
)
SELECT %(round)s, p.id,
  CASE
    WHEN here.state = 'on_post' AND ahead.kind IS NOT NULL THEN ahead.kind
    WHEN here.state = 'on_post' AND tested.last >= CASE placed.level
      WHEN 'sealed' THEN %(sealed)s WHEN 'controlled' THEN %(controlled)s ELSE %(other)s END THEN 'not_yet'
    WHEN here.state = 'on_post' THEN 'due'
    ELSE here.state
  END,
  here.state = 'on_post', placed.id, placed.grid_id,
  CASE WHEN mine.point_id IS NULL THEN everybody.point_id ELSE mine.point_id END,
  CASE WHEN mine.point_id IS NULL THEN everybody.slot_from ELSE mine.slot_from END, NULL
FROM park_presence here
JOIN park_person p ON p.id = here.person_id AND p.category <> 'office_staff'
JOIN placed ON placed.id = p.employer_id
LEFT JOIN slots mine ON mine.enterprise_id = p.employer_id AND mine.shift = p.shift AND p.shift <> ''
LEFT JOIN slots everybody ON everybody.enterprise_id = p.employer_id AND everybody.shift = ''
LEFT JOIN ahead ON ahead.person_id = p.id
LEFT JOIN tested ON tested.person_id = p.id
WHERE here.during @> %(at)s
ORDER BY placed.id, p.id
"""
_TESTED = {
    Test.PCR: """
  SELECT s.person_id, max(s.scanned_at) AS last
  FROM sampling_scan s
  WHERE s.scanned_at >= %(since)s AND s.scanned_at < %(midnight)s AND s.received_at <= %(at)s
    AND s.person_id IS NOT NULL AND (s.undone_received_at IS NULL OR s.undone_received_at > %(at)s)
    AND NOT EXISTS (SELECT 1 FROM sampling_result r WHERE r.tube_id = s.tube_id AND r.value <> 'negative'
      AND r.received_at <= %(at)s AND (r.struck_at IS NULL OR r.struck_at > %(at)s))
    AND NOT EXISTS (SELECT 1 FROM sampling_reception r WHERE r.tube_id = s.tube_id AND r.condition <> 'good'
      AND r.received_at <= %(at)s)
  GROUP BY s.person_id""",
    Test.ANTIGEN: """
  SELECT a.person_id, max(a.taken_at) AS last
  FROM sampling_antigen_test a
  WHERE a.day >= %(since)s::timestamptz AT TIME ZONE %(zone)s AND a.day < %(day)s AND a.received_at <= %(at)s
    AND a.value = 'negative'
  GROUP BY a.person_id""",
}


def _freeze(opened: Round, programme: Programme) -> None:
    """Write the round's list as the register stands at its `frozen_at`."""
    zone = timezone.get_current_timezone_name()
    midnight = day_bounds(opened.day, zone)[0]
    since = {
        level: day_bounds(opened.day - timedelta(days=programme.every_days[level] - 1), zone)[0]
        for level in AreaLevel.Level.values
    }
    params: dict[str, Any] = {
        **since,
        "since": min(since.values()),
        "midnight": midnight,
        "zone": zone,
        "day": opened.day,
        "test": opened.test,
        "round": opened.pk,
        "at": opened.frozen_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FREEZE.format(tested=_TESTED[Test(opened.test)]), params)


@transaction.atomic
def join_round(round: Round, person: Person, *, point: Point | None = None, by: Person, at: datetime) -> Due:
    """Put a person on the list after the freeze, for example a walk-in at `point`: shown apart, in no denominator.

    Raises Refused when the person is on the list already.
    """
    require(by, "join_round", at=at, on=person)
    here = Presence.objects.at(at).filter(person=person).first()
    texts = {"due_once_a_round": lambda: _("%(name)s 已在这一轮的名单上。") % {"name": person.name}}
    with refusing(texts):
        line = Due.objects.create(
            round=round,
            person=person,
            standing=Due.Standing.DUE,
            enterprise=person.employer,
            on_post=here is not None and here.state == Presence.State.ON_POST,
            grid_id=person.employer.grid_id,
            point=point,
            added_at=at,
        )
    record("round.joined", round, by=by, at=at, person=person.pk, enterprise=person.employer_id)
    return line


@transaction.atomic
def close_round(round: Round, *, by: Person, at: datetime) -> Round:
    """Close the round: sampling is over. Late scans and results still count, and its gaps can still be worked."""
    require(by, "close_round", at=at)
    round = Round.objects.select_for_update().get(pk=round.pk)
    if round.closed_at is not None:
        raise Refused(
            _("这一轮已由 %(name)s 于 %(at)s 关闭。")
            % {
                "name": round.closed_by.name if round.closed_by else "",
                "at": timezone.localtime(round.closed_at).strftime("%m-%d %H:%M"),
            }
        )
    round.closed_at, round.closed_by = at, by
    round.save(update_fields=["closed_at", "closed_by"])
    record("round.closed", round, by=by, at=at, population=round.population, due=round.dues.due().count())
    return round
