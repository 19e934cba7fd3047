"""The antigen mornings: how many self-tests each enterprise owes and told on a day, as known at a moment."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Count
from django.utils import timezone

from parkkeeper.park.models import Enterprise, Person
from parkkeeper.park.scope import Scope
from parkkeeper.sampling.models import Due, Round, Test
from parkkeeper.sampling.tubefacts import query

# Of several tests of somebody on one day the most serious one rules.
_TOLD = """
WITH worst AS (
    SELECT a.person_id, p.employer_id, max(CASE a.value WHEN 'positive' THEN 3 WHEN 'indeterminate' THEN 2
                                           WHEN 'invalid' THEN 1 ELSE 0 END) AS weight
      FROM sampling_antigen_test a JOIN park_person p ON p.id = a.person_id
     WHERE a.day = %(day)s AND a.received_at <= %(at)s{own} GROUP BY a.person_id, p.employer_id
)
SELECT worst.employer_id, count(*) FILTER (WHERE weight = 0), count(*) FILTER (WHERE weight = 3),
       count(*) FILTER (WHERE weight IN (1, 2)), count(d.id)
  FROM worst
  LEFT JOIN sampling_due d ON d.round_id = %(round)s AND d.person_id = worst.person_id AND d.standing = 'due'
 GROUP BY worst.employer_id
"""
_OWN = " AND p.employer_id = ANY(%(own)s)"
Cells = tuple[int, int, int, int, int]
"""Of an enterprise: people due, told of them, negative, positive, unsure."""


@dataclass(frozen=True)
class Morning:
    """One enterprise's morning: people due, told (of them), and what all tests of the day said."""

    enterprise: Enterprise
    due: int
    told: int
    negative: int
    positive: int
    unsure: int

    @property
    def missing(self) -> int:
        """People due who have not told anything yet."""
        return max(0, self.due - self.told)


def mornings(day: date, at: datetime, scopes: list[Scope] | None) -> list[Morning]:
    """Each enterprise within the scopes that owes or told self-tests on that local day; the most missing first.

    Due is the day's frozen antigen round; without one, who is on post at noon, and then each who told counts as due.
    """
    return as_mornings(count_morning(day, at, round_of(day, at), scopes), scopes)


def round_of(day: date, at: datetime) -> Round | None:
    """The day's antigen round, when its list was frozen by then."""
    return Round.objects.filter(test=Test.ANTIGEN, day=day, frozen_at__lte=at).first()


def as_mornings(counted: dict[int, Cells], scopes: list[Scope] | None) -> list[Morning]:
    """The counts by enterprise (id) with their enterprises, the most urgent first."""
    # to bind thousands of ids one by one costs more than to read them all; and so does reading hundreds of polygons
    here = Enterprise.objects.within(scopes).select_related("grid").defer("grid__polygon").order_by("pk")
    found = [Morning(enterprise, *counted[enterprise.pk]) for enterprise in here if enterprise.pk in counted]
    return sorted(found, key=lambda one: (-one.positive, -one.missing, one.enterprise.pinyin))


def count_morning(day: date, at: datetime, round: Round | None, scopes: list[Scope] | None) -> dict[int, Cells]:
    """By enterprise (id) within the scopes that owes or told self-tests on that local day, as known at `at`."""
    own = None
    if scopes is not None:
        own = list(Enterprise.objects.within(scopes).order_by("pk").values_list("pk", flat=True))
    due = _due(day, round, own)
    asked = {"day": day, "at": at, "round": round.pk if round else None, "own": own}
    told = {row[0]: row[1:] for row in query(_TOLD.format(own="" if own is None else _OWN), **asked)}
    found = {}
    for enterprise in {*due, *told}:
        negative, positive, unsure, of_due = told.get(enterprise, (0, 0, 0, 0))
        answered = of_due if round else min(due.get(enterprise, 0), negative + positive + unsure)
        found[enterprise] = (due.get(enterprise, 0), answered, negative, positive, unsure)
    return found


def _due(day: date, round: Round | None, own: list[int] | None) -> dict[int, int]:
    if round:
        lines = Due.objects.filter(round=round).due().values("enterprise").annotate(n=Count("pk"))
        here = lines if own is None else lines.filter(enterprise__in=own)
        return dict(here.order_by("enterprise").values_list("enterprise", "n"))
    noon = datetime.combine(day, time(12), tzinfo=timezone.get_current_timezone())
    people = Person.objects.on_post(noon).values("employer").annotate(n=Count("pk"))
    mine = people if own is None else people.filter(employer__in=own)
    return dict(mine.order_by("employer").values_list("employer", "n"))
