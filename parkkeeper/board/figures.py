"""The figures of the bulletin, each recomputed from the park's own records as they stand on a day; nothing is typed in.

A figure is one small function of the day; what a system that does not exist yet would tell is None ("not yet built").
"""

from collections.abc import Callable
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone

from parkkeeper.inspection.checklistfiles import RESUMPTION
from parkkeeper.inspection.models import Checklist, Notice
from parkkeeper.kernel.clock import day_bounds
from parkkeeper.park.models import Enterprise, Grid, Person, Post
from parkkeeper.park.rulebook import rule
from parkkeeper.sampling.models import Point, Round, Scan, Test

Value = int | float | str | None


def points_total(as_of: date) -> int:
    """Sampling points in service on the day (满天星点位)."""
    return Point.objects.in_service(as_of).count()


def points_enterprise(as_of: date) -> int:
    """Points in service at enterprises that have resumed work and are as large as the rulebook asks of a host."""
    large = rule("enterprise_point_people", day_bounds(as_of, timezone.get_current_timezone_name())[1])
    hosts = Enterprise.objects.resumed_on(as_of).filter(head_count__gte=large)
    return Point.objects.in_service(as_of).filter(kind=Point.Kind.ENTERPRISE, host__in=hosts).count()


def specialists_prevention(as_of: date) -> int:
    """People appointed as prevention specialists on the day; who serves several small enterprises counts once."""
    return _people(Post.objects.on(as_of).filter(role=Post.Role.PREVENTION))


def specialists_scanning(as_of: date) -> int:
    """People appointed as scanning specialists on the day whose certificate is in date and not revoked."""
    return _people(Post.objects.on(as_of).certified_on(as_of).filter(role=Post.Role.SCANNING))


def specialists_sampling(as_of: date) -> int:
    """People appointed as sampling specialists on the day whose certificate is in date and not revoked."""
    return _people(Post.objects.on(as_of).certified_on(as_of).filter(role=Post.Role.SAMPLING))


def _people(posts: QuerySet[Post]) -> int:
    return posts.values("person").distinct().count()


def sampled_people(as_of: date) -> int | None:
    """Distinct enterprise people with a live scan in the day's nucleic-acid round at enterprise points."""
    evening = _round(as_of)
    if evening is None:
        return None
    scans = Scan.objects.live().filter(round=evening, point__kind=Point.Kind.ENTERPRISE, person__isnull=False)
    own = scans.exclude(person__category=Person.Category.OFFICE_STAFF).exclude(
        person__employer__kind=Enterprise.Kind.BODY
    )
    return own.values("person").distinct().count()


def sampled_share(as_of: date) -> float | None:
    """`sampled_people` over all people on post in the round's frozen list."""
    evening, sampled = _round(as_of), sampled_people(as_of)
    if evening is None or sampled is None:
        return None
    on_post = evening.dues.filter(on_post=True, added_at__isnull=True).count()
    return sampled / on_post if on_post else None


def mode_running_since(as_of: date) -> str | None:
    """The first day whose nucleic-acid round was really held at enterprise points (ISO date)."""
    held = Scan.objects.live().filter(point__kind=Point.Kind.ENTERPRISE, round__isnull=False)
    rounds = Round.objects.filter(test=Test.PCR, rehearsal=False, day__lte=as_of, pk__in=held.values("round"))
    first = rounds.order_by("day").values_list("day", flat=True).first()
    return first.isoformat() if first else None


def grids(as_of: date) -> int:
    """Grids into which the park is divided."""
    return Grid.objects.count()


def teams(as_of: date) -> int:
    """Grids whose inspection team has its leader, a concierge and a member on the day."""
    seats = (Post.Role.TEAM_LEADER, Post.Role.CONCIERGE, Post.Role.TEAM_MEMBER)
    posts = Post.objects.on(as_of)
    whole = Grid.objects.all()
    for role in seats:
        whole = whole.filter(pk__in=posts.filter(role=role).values("grid"))
    return whole.count()


def rectification_notices(as_of: date) -> int:
    """Numbered rectification notices issued up to the day's end, those that were taken back by then left out."""
    end = day_bounds(as_of, timezone.get_current_timezone_name())[1]
    issued = Notice.objects.filter(issued_at__lt=end)
    return issued.exclude(withdrawn_at__lt=end).count()


def guideline_aspects(as_of: date) -> int | None:
    """Aspects of the guideline that the day's resumption checklist follows; None while none is in force."""
    found = _resumption(as_of)
    return len(found.aspects) if found else None


def guideline_measures(as_of: date) -> int | None:
    """Measures of that guideline: the items of the day's resumption checklist; None while none is in force."""
    found = _resumption(as_of)
    return found.items.count() if found else None


def _resumption(as_of: date) -> Checklist | None:
    return Checklist.objects.on(as_of).filter(code=RESUMPTION).first()


def _round(as_of: date) -> Round | None:
    return Round.objects.filter(test=Test.PCR, day=as_of, rehearsal=False).first()


BUILT: dict[str, Callable[[date], Value]] = {
    made.__name__: made
    for made in (
        points_total, points_enterprise, specialists_prevention, specialists_scanning, specialists_sampling,
        sampled_people, sampled_share, mode_running_since, grids, teams, rectification_notices,
        guideline_aspects, guideline_measures,
    )
}  # fmt: skip
PLANNED = (
    "passes_district_enterprises", "passes_district", "passes_city_enterprises",
    "passes_city", "passes_interprovince_enterprises", "passes_interprovince", "relief_batches", "relief_food_packages",
    "relief_medicine_packages", "returnees_lodged", "capacity_recovered_pharma", "capacity_recovered_product",
    "test_kit_output", "test_kit_staff", "signing_projects", "signing_amount", "promotion_contacts", "intent_projects",
    "intent_amount", "new_enterprises", "new_platforms", "negotiating_projects", "negotiating_land",
    "negotiating_plant", "parcel_listed", "certificates_meeting",
)  # fmt: skip
"""Figures of systems that are still to come."""


def figures(as_of: date) -> dict[str, Value]:
    """Every figure of the bulletin by its id, as the records of the active park tell it on the local day `as_of`."""
    return {name: compute(as_of) for name, compute in BUILT.items()} | dict.fromkeys(PLANNED)
