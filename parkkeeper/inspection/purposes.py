"""事由: what one visit was for; whatever was done at the gate in its time belongs to it, so that nobody comes twice."""

from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _

from parkkeeper.inspection.models import LOOKED, Complaint, Step, StopCheck, StopWork, Visit


def purposes_of(visit: Visit, at: datetime) -> list[str]:
    """What the visit's team did at the enterprise between its begin and its end (`at` while it goes on), in words.

    Its kind comes first, unless it came to look back and did so. One statement.
    """
    team, during = visit.team, (visit.began_at, visit.ended_at or at)
    looked = Q(enterprise__findings__steps__kind__in=[*LOOKED, Step.Kind.NO_ACCESS],
               enterprise__findings__steps__by__in=team, enterprise__findings__steps__at__range=during)  # fmt: skip
    stops = StopWork.objects.filter(enterprise=OuterRef("enterprise"))
    checks = StopCheck.objects.filter(stop_work__enterprise=OuterRef("enterprise"), by__in=team, at__range=during)
    settled = Complaint.objects.filter(enterprise=OuterRef("enterprise"), settled_by__in=team, settled_at__range=during)
    done = Visit.objects.annotate(
        looked=Count("enterprise__findings", filter=looked, distinct=True), checked=Exists(checks),
        accepted=Exists(stops.filter(accepted_by__in=team, accepted_at__range=during)), settled=Exists(settled),
    ).values("looked", "checked", "accepted", "settled").get(pk=visit.pk)  # fmt: skip
    told = {
        str(visit.get_kind_display()): visit.kind != Visit.Kind.LOOK_BACK or not done["looked"],
        _("复查 %(n)s 项") % {"n": done["looked"]}: done["looked"],
        _("停工巡查"): done["checked"],
        _("复工验收"): done["accepted"],
        _("核实投诉"): done["settled"],
    }
    return [words for words, holds in told.items() if holds]
