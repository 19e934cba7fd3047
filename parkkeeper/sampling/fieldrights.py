"""The right behind a field word. At the point nothing is refused, so a missing right becomes a doubt, not an error."""

from datetime import datetime

from django.utils import timezone

from parkkeeper.park.access import may
from parkkeeper.park.models import Person
from parkkeeper.sampling.doubts import Doubt, raise_doubts
from parkkeeper.sampling.field import Source


def require_or_doubt(by: Person, verb: str, source: Source, *, at: datetime) -> None:
    """Raise the doubt `holder_without_post`, once a day, unless a post of `by` allows the verb at that point."""
    if may(by, verb, at=at, on=source.point):
        return
    place = source.point.pk if source.point else None
    raise_doubts(
        [
            Doubt(
                "holder_without_post", f"holder_without_post:{by.pk}:{place}:{timezone.localdate(at)}", at, at,
                person_id=by.pk, enterprise_id=by.employer_id, site_id=source.point.site_id if source.point else None,
                noun="person", noun_id=str(by.pk), evidence={"verb": verb, "point": place, "phone": source.phone_id},
            )
        ]
    )  # fmt: skip
