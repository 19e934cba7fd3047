"""A team's list of the day: by risk, plus a drawn share; nobody is visited too often, nobody visits the own firm.

The seed of the draw is the journal's last seal before the day, the grid and the day: unknown before, published on the
day, so that everybody can draw again and nobody can choose.
"""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from math import ceil

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.burden import Burden, burdens
from parkkeeper.inspection.daywords import say_mismatch
from parkkeeper.inspection.models import (
    FAILED,
    Complaint,
    DayLine,
    Finding,
    Notice,
    SelfCheck,
    Step,
    StopCheck,
    StopWork,
)
from parkkeeper.kernel.clock import day_bounds
from parkkeeper.park.journal import GENESIS
from parkkeeper.park.models import Enterprise, Grid, JournalSeal, Person
from parkkeeper.park.rulebook import rules

WEEK = timedelta(days=7)
LONGEST = 14  # days without a visit beyond which the wait weighs no more
OVERDUE, REPORTED, FAILED_BACK, AWAITED, STOPPED, DUE_SOON, UNRESUMED = 50, 45, 40, 40, 35, 30, 15
COMPLAINT, LOW_COVERAGE, MISMATCH = 25, 20, 10
SELF_TOLD = 5  # items of a self-check that a reason names


@dataclass
class Line:
    """One enterprise on the list; `full` when the week's visits have reached the cap and only look-backs remain.

    Whatever asks for it stands on this one line, so that one visit does all of it: `purposes` names what there is to do
    there, `avoid` who may not look back, since it is their own work. `today` says that one was made and
    what remains is put into it or into tomorrow's, `minutes` what the week has cost the enterprise so far. `rested`:
    the cap was reached before the day began, so that the draw leaves it out; what happens that day changes no draw.
    `stopped`: a line, a workshop or the site stands still.
    """

    enterprise: Enterprise
    score: int = 0
    reasons: list[str] = field(default_factory=list)
    purposes: list[str] = field(default_factory=list)
    avoid: list[str] = field(default_factory=list)
    visits: int = 0
    minutes: int = 0
    today: bool = False
    last: datetime | None = None
    full: bool = False
    rested: bool = False
    own: bool = False
    drawn: bool = False
    stopped: bool = False

    def add(self, weight: int, reason: str) -> None:
        self.score += weight
        self.reasons.append(reason)


@dataclass(frozen=True)
class WorkList:
    """The list of a grid and day, its seed in hexadecimal, and the cap of visits a week."""

    grid: Grid
    day: date
    seed: str
    cap: int
    lines: list[Line]


def work_list(grid: Grid, day: date, at: datetime, reader: Person) -> WorkList:
    """The enterprises of the grid in the order in which a team should go; a fixed number of statements."""
    rows = Enterprise.objects.filter(grid=grid).exclude(kind=Enterprise.Kind.BODY).order_by("credit_code")
    lines = {row.pk: Line(row, own=row.pk == reader.employer_id) for row in rows}
    cap, share, low = rules(("visits_a_week", "random_share_percent", "low_coverage_percent"), at)
    _count_visits(lines, day, at, int(cap))
    _look_backs(lines, day, at)
    _notices(lines, at)
    _stops(lines, day, at)
    _complaints(lines, at)
    _self_checks(lines, at)
    _yesterday(lines, grid, day, float(low))
    for line in lines.values():
        if line.enterprise.resumed_on is None:
            line.add(UNRESUMED, _("未复工，查是否擅自复工"))
    seed = _seed(grid, day)
    _draw(list(lines.values()), float(share) / 100, seed)
    for line in lines.values():
        if not (line.today or line.rested):  # else only what is owed is done, with the next visit that there is
            line.purposes.append(_("日常巡查"))
    ordered = sorted(lines.values(), key=lambda one: (one.own, one.full, -one.score, one.enterprise.credit_code))
    return WorkList(grid, day, seed, int(cap), ordered)


def _count_visits(lines: dict[int, Line], day: date, at: datetime, cap: int) -> None:
    begins, ends = day_bounds(day, timezone.get_current_timezone_name())
    told = burdens(begins, ends, at + timedelta.resolution, lines)  # a visit that begins this moment counts
    for number, line in lines.items():
        own = told.get(number, Burden())
        line.last, line.today, line.visits, line.minutes = own.last, bool(own.today), own.week, own.week_minutes
        line.full, line.rested = line.visits >= cap or line.today, own.before >= cap
        days = min((at - line.last).days, LONGEST) if line.last else LONGEST
        if days:
            line.add(days, _("从未检查") if line.last is None else _("%(n)s 天未检查") % {"n": days})


def _look_backs(lines: dict[int, Line], day: date, at: datetime) -> None:
    """What waits for a second look: reported as fixed, failed before, or put aside until a day that has come."""
    waiting: dict[str, Counter[int]] = defaultdict(Counter)
    team: dict[int, set[str]] = defaultdict(set)
    findings = Finding.objects.filter(enterprise__in=lines, noted_at__lte=at)
    told = findings.waiting(day).order_by("noted_at", "pk")
    asked = ("enterprise_id", "last", "visit__by__name", "visit__second__name")
    for enterprise, kind, *names in told.values_list(*asked):
        waiting["failed" if kind in FAILED else kind][enterprise] += 1
        team[enterprise].update(name for name in names if name)
    for number, line in lines.items():
        reported, failed = waiting[Step.Kind.REPORTED][number], waiting["failed"][number]
        awaited = waiting[Step.Kind.HUNG_UP][number]
        if reported:
            line.add(REPORTED, _("已自报待复查 %(n)s 项") % {"n": reported})
        if failed:
            line.add(FAILED_BACK, _("复查不合格 %(n)s 项") % {"n": failed})
        if awaited:
            line.add(AWAITED, _("挂账到期 %(n)s 项") % {"n": awaited})
        if reported + failed + awaited:
            line.purposes.append(_("复查 %(n)s 项") % {"n": reported + failed + awaited})
            line.avoid = sorted(team[number])


def _notices(lines: dict[int, Line], at: datetime) -> None:
    soon = Notice.objects.open().filter(enterprise__in=lines, due_at__lte=at + timedelta(days=1))
    for enterprise, due_at in soon.order_by("due_at").values_list("enterprise", "due_at"):
        if due_at is not None and due_at <= at:
            lines[enterprise].add(OVERDUE, _("通知书已到期"))
            lines[enterprise].full = False  # a look-back that is due is never put off
        else:
            lines[enterprise].add(DUE_SOON, _("通知书 24 小时内到期"))


def _stops(lines: dict[int, Line], day: date, at: datetime) -> None:
    """What stands still is looked at every day, an application to resume is not left waiting, whatever the cap."""
    checked = Exists(StopCheck.objects.filter(stop_work=OuterRef("pk"), day=day))
    stops = StopWork.objects.in_force(at).filter(enterprise__in=lines).annotate(checked=checked).order_by("pk")
    for enterprise, seen, applied, accepted in stops.values_list("enterprise", "checked", "applied_at", "accepted_at"):
        line, asked = lines[enterprise], applied is not None and accepted is None
        line.stopped = True
        for words in [_("停工巡查")] * (not seen) + [_("复工验收")] * asked:
            line.add(STOPPED, words)
            line.purposes.append(words)
            line.full = False


def _complaints(lines: dict[int, Line], at: datetime) -> None:
    told = Complaint.objects.open().filter(enterprise__in=lines, at__lte=at).values_list("enterprise", flat=True)
    for number, count in sorted(Counter(told).items()):
        lines[number].add(COMPLAINT, _("投诉 %(n)s 件") % {"n": count})
        lines[number].purposes.append(_("核实投诉"))


def _self_checks(lines: dict[int, Line], at: datetime) -> None:
    """What an enterprise has said of itself since the last visit: told, and weighs nothing, so that an honest word
    brings nobody to the gate."""
    told = SelfCheck.objects.newest(at).filter(enterprise__in=lines).exclude(failed=[]).order_by("enterprise")
    for one in told:
        line = lines[one.enterprise_id]
        if line.last is None or line.last < one.at:
            line.add(0, _("企业自查：%(items)s 不符合") % {"items": "、".join(one.failed[:SELF_TOLD])})


def _yesterday(lines: dict[int, Line], grid: Grid, day: date, low: float) -> None:
    """What did not agree at the end of the day before is today's work; so is an evening that few came to."""
    rows = DayLine.objects.filter(grid_day__grid=grid, grid_day__day=day - timedelta(days=1), enterprise__in=lines)
    for row in rows.order_by("enterprise"):
        line = lines[row.enterprise_id]
        for mismatch in row.mismatches:
            line.add(MISMATCH, _("昨日日清：%(what)s") % {"what": say_mismatch(mismatch)})
        if row.due and row.sampled is not None and row.sampled / row.due * 100 < low:
            line.add(LOW_COVERAGE, _("昨晚采样率 %(rate)s%%") % {"rate": int(row.sampled / row.due * 100)})


def _seed(grid: Grid, day: date) -> str:
    midnight = timezone.make_aware(datetime.combine(day, time.min))
    seal = JournalSeal.objects.filter(sealed_at__lt=midnight).order_by("-to_xid").first()
    told = bytes(seal.hash) if seal else GENESIS
    return sha256(told + f"{grid.code}|{day.isoformat()}".encode()).hexdigest()


def _draw(lines: list[Line], share: float, seed: str) -> None:
    """Draw the share among those who may be visited, in the order of their credit codes: anybody can do it again."""
    able = [line for line in lines if not (line.rested or line.own)]
    for line in random.Random(seed).sample(able, min(ceil(len(able) * share), len(able))):
        line.drawn = True
        line.add(LONGEST, _("随机抽取"))
