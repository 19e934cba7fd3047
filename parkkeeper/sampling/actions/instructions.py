"""Instructions that hold until a person takes them back: the flag on a point or an enterprise."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.sampling.models import Flag, Obligation


@transaction.atomic
def lower_flag(flag: Flag, *, reason: str, by: Person, at: datetime) -> Flag:
    """Take down the flag that a positive tube raised on a point or an enterprise.

    Refused without a reason, when somebody lowered it before, and for an enterprise whose people still owe something
    because of that tube (for a point: while anybody does).
    """
    require(by, "lower_flag", at=at)
    if not reason.strip():
        raise Refused(_("解除标记要写明理由，例如已完成终末消毒。"))
    up = Flag.objects.select_for_update(of=("self",)).select_related("lowered_by", "tube").get(pk=flag.pk)
    if up.lowered_at:
        raise Refused(
            _("这一标记已由 %(name)s 于 %(at)s 解除。")
            % {"name": up.lowered_by, "at": timezone.localtime(up.lowered_at).strftime("%m-%d %H:%M")}
        )
    owing = Obligation.objects.open().filter(tube=up.tube, kind=Obligation.Kind.SINGLE_RETEST)
    if up.enterprise_id:
        owing = owing.filter(person__employer_id=up.enterprise_id)
    if people := owing.count():
        raise Refused(
            _("试管 %(tube)s 还有 %(people)s 人没有完成单采单检，不能解除标记。")
            % {"tube": up.tube.code, "people": people}
        )
    up.lowered_at, up.lowered_by, up.lowered_reason = at, by, reason.strip()[:200]
    up.save(update_fields=["lowered_at", "lowered_by", "lowered_reason"])
    record(
        "flag.lowered", up, by=by, at=at, enterprise=up.enterprise_id, site=up.point.site_id if up.point else None,
        tube=up.tube.code, reason=up.lowered_reason,
    )  # fmt: skip
    return up
