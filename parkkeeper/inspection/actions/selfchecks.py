"""自查: an enterprise goes through the checklist by itself. Nobody enters, nobody is ordered anything."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.checklistfiles import in_force
from parkkeeper.inspection.models import SelfCheck
from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Enterprise, Person


@transaction.atomic
def check_oneself(
    enterprise: Enterprise, *, failed: Collection[str] = (), note: str = "", by: Person, at: datetime
) -> SelfCheck:
    """Record that the enterprise has held itself against the checklist in force, and the items (codes) that failed.

    As its basis has it: no team, no paper, no clock, no stop of work; it is no visit, so that it burdens nobody, and no
    finding, so that no honest word makes a repeat. The next team reads it. Raises Refused without a checklist in
    force, for an item that it has not, or without words about what failed.
    """
    require(by, "check_oneself", at=at, on=enterprise)
    checklist = in_force(timezone.localdate(at))
    if checklist is None:
        raise Refused(_("还没有启用检查表，不能自查。请联系园区办公室。"))
    known = list(checklist.items.filter(code__in=failed).order_by("position").values_list("code", flat=True))
    if unknown := sorted({*failed} - {*known}):
        raise Refused(_("检查表 %(checklist)s 没有 %(items)s 项。请重新打开自查页。")
                      % {"checklist": checklist, "items": "、".join(unknown)})  # fmt: skip
    if known and blank(note):
        raise Refused(_("有不符合的项目，请写明情况和打算怎样整改。"))
    made = SelfCheck.objects.create(
        enterprise=enterprise, checklist=checklist, failed=known, note=tidy(note)[:500], at=at, by=by
    )
    record("self_check.made", made, by=by, at=at, enterprise=enterprise.pk, items=len(known),
           checklist=checklist.version)  # fmt: skip
    return made
