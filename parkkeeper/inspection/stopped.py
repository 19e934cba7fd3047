"""That an enterprise's site is stopped, written down into the register, where every system reads it."""

from datetime import datetime

from parkkeeper.inspection.models import StopWork
from parkkeeper.park.models import Enterprise


def write_down(stop: StopWork, at: datetime) -> None:
    """Bring `stopped_at` of the enterprise in line with the stops of its whole site that are in force at `at`."""
    sites = StopWork.objects.in_force(at).filter(enterprise=stop.enterprise_id, extent=StopWork.Extent.SITE)
    since = sites.order_by("in_force_at").values_list("in_force_at", flat=True).first()
    Enterprise.objects.filter(pk=stop.enterprise_id).update(stopped_at=since)
