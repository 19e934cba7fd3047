"""A team's list of the day: by risk, plus a drawn share; nobody is visited too often, nobody visits the own firm.

The seed of the draw is the journal's last seal before the day, the grid and the day: unknown before, published on the
day, so that everybody can draw again and nobody can choose.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from math import ceil

from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.models import FAILED, Finding, Notice, Step, Visit
from parkkeeper.park.journal import GENESIS
from parkkeeper.park.models import Enterprise, Grid, JournalSeal, Person
from parkkeeper.park.rulebook import rule

WEEK = timedelta(days=7)
LONGEST = 14  # days without a visit beyond which the wait weighs no more
OVERDUE, REPORTED, FAILED_BACK, DUE_SOON, UNRESUMED = 50, 45, 40, 30, 15


@dataclass
class Line:
    """One enterprise on the list; `full` when the week's visits have reached the cap and only look-backs remain."""

    enterprise: Enterprise
    score: int = 0
    reasons: list[str] = field(default_factory=list)
    visits: int = 0
    last: datetime | None = None
    full: bool = False
    own: bool = False
    drawn: bool = False

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
    cap, share = int(rule("visits_a_week", at)), float(rule("random_share_percent", at)) / 100
    _count_visits(lines, at, cap)
    _look_backs(lines, at)
    _notices(lines, at)
    for line in lines.values():
        if line.enterprise.resumed_on is None:
            line.add(UNRESUMED, _("未复工，查是否擅自复工"))
    seed = _seed(grid, day)
    _draw(list(lines.values()), share, seed)
    ordered = sorted(lines.values(), key=lambda one: (one.own, one.full, -one.score, one.enterprise.credit_code))
    return WorkList(grid, day, seed, cap, ordered)


def _count_visits(lines: dict[int, Line], at: datetime, cap: int) -> None:
    visits = Visit.objects.filter(enterprise__in=lines, began_at__lte=at).values_list("enterprise", "began_at")
    for enterprise, began_at in visits.order_by("began_at"):
        line = lines[enterprise]
        line.last = began_at
        line.visits += began_at > at - WEEK
    for line in lines.values():
        line.full = line.visits >= cap
        days = min((at - line.last).days, LONGEST) if line.last else LONGEST
        if days:
            line.add(days, _("从未检查") if line.last is None else _("%(n)s 天未检查") % {"n": days})


def _look_backs(lines: dict[int, Line], at: datetime) -> None:
    waiting: dict[str, Counter[int]] = {"reported": Counter(), "failed": Counter()}
    findings = Finding.objects.filter(enterprise__in=lines, noted_at__lte=at)
    last = findings.kinds()
    for pk, enterprise in findings.order_by().values_list("pk", "enterprise_id"):
        waiting["reported"][enterprise] += last.get(pk) == Step.Kind.REPORTED
        waiting["failed"][enterprise] += last.get(pk) in FAILED
    for number, line in lines.items():
        if waiting["reported"][number]:
            line.add(REPORTED, _("已自报待复查 %(n)s 项") % {"n": waiting["reported"][number]})
        if waiting["failed"][number]:
            line.add(FAILED_BACK, _("复查不合格 %(n)s 项") % {"n": waiting["failed"][number]})


def _notices(lines: dict[int, Line], at: datetime) -> None:
    soon = Notice.objects.open().filter(enterprise__in=lines, due_at__lte=at + timedelta(days=1))
    for enterprise, due_at in soon.order_by("due_at").values_list("enterprise", "due_at"):
        if due_at is not None and due_at <= at:
            lines[enterprise].add(OVERDUE, _("通知书已到期"))
            lines[enterprise].full = False  # a look-back that is due is never put off
        else:
            lines[enterprise].add(DUE_SOON, _("通知书 24 小时内到期"))


def _seed(grid: Grid, day: date) -> str:
    midnight = timezone.make_aware(datetime.combine(day, time.min))
    seal = JournalSeal.objects.filter(sealed_at__lt=midnight).order_by("-to_xid").first()
    told = bytes(seal.hash) if seal else GENESIS
    return sha256(told + f"{grid.code}|{day.isoformat()}".encode()).hexdigest()


def _draw(lines: list[Line], share: float, seed: str) -> None:
    """Draw the share among those who may be visited, in the order of their credit codes: anybody can do it again."""
    able = [line for line in lines if not (line.full or line.own)]
    for line in random.Random(seed).sample(able, min(ceil(len(able) * share), len(able))):
        line.drawn = True
        line.add(LONGEST, _("随机抽取"))
