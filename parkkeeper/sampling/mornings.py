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
    SELECT a.person_id, max(CASE a.value WHEN 'positive' THEN 3 WHEN 'indeterminate' THEN 2 WHEN 'invalid' THEN 1
                            ELSE 0 END) AS weight
      FROM sampling_antigen_test a WHERE a.day = %(day)s AND a.received_at <= %(at)s GROUP BY a.person_id
)
SELECT p.employer_id, count(*) FILTER (WHERE weight = 0), count(*) FILTER (WHERE weight = 3),
       count(*) FILTER (WHERE weight IN (1, 2)),
       count(d.id)
  FROM worst JOIN park_person p ON p.id = worst.person_id
  LEFT JOIN sampling_due d ON d.round_id = %(round)s AND d.person_id = worst.person_id AND d.standing = 'due'
 GROUP BY p.employer_id
"""


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
    round = Round.objects.filter(test=Test.ANTIGEN, day=day, frozen_at__lte=at).first()
    due = _due(day, round)
    told = {row[0]: row[1:] for row in query(_TOLD, day=day, at=at, round=round.pk if round else None)}
    found = []
    for enterprise in Enterprise.objects.within(scopes).filter(pk__in={*due, *told}).select_related("grid"):
        negative, positive, unsure, of_due = told.get(enterprise.pk, (0, 0, 0, 0))
        answered = of_due if round else min(due.get(enterprise.pk, 0), negative + positive + unsure)
        found.append(Morning(enterprise, due.get(enterprise.pk, 0), answered, negative, positive, unsure))
    return sorted(found, key=lambda one: (-one.positive, -one.missing, one.enterprise.pinyin))


def _due(day: date, round: Round | None) -> dict[int, int]:
    if round:
        counted = Due.objects.filter(round=round).due().values("enterprise").annotate(n=Count("pk"))
        return dict(counted.order_by("enterprise").values_list("enterprise", "n"))
    noon = datetime.combine(day, time(12), tzinfo=timezone.get_current_timezone())
    people = Person.objects.on_post(noon).values("employer").annotate(n=Count("pk"))
    return dict(people.order_by("employer").values_list("employer", "n"))
