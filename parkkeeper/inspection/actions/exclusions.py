"""不计考核: a problem is left out of the rates when one asks and another, of the office or a leader, grants it.

It changes no clock and closes nothing: lists, notices and stops go on; the bulletin says how many were left out.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from parkkeeper.inspection.models import Exclusion, Finding
from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person


@transaction.atomic
def ask_exclusion(finding: Finding, *, reason: str, by: Person, at: datetime) -> Exclusion:
    """Ask that the finding be left out of the rates of closing. Raises Refused without a reason, or when it is asked
    or granted already."""
    require(by, "issue_notice", at=at, on=finding)
    if blank(reason):
        raise Refused(_("请写明为何不计入考核。"))
    with refusing({"exclusion_one_that_may_hold": lambda: _("这个问题已经申请过不计考核，或已获同意。")}):
        asked = Exclusion.objects.create(finding=finding, reason=tidy(reason)[:300], asked_at=at, asked_by=by)
    record("exclusion.asked", asked, by=by, at=at, enterprise=finding.enterprise_id, reason=asked.reason)
    return asked


@transaction.atomic
def decide_exclusion(exclusion: Exclusion, *, granted: bool, note: str = "", by: Person, at: datetime) -> None:
    """Grant or refuse it. Raises Refused for the one who asked, and when it is decided."""
    row = Exclusion.objects.select_for_update(of=("self",)).select_related("finding__enterprise").get(pk=exclusion.pk)
    require(by, "approve_exclusion", at=at, on=row.finding)
    if row.decided_at is not None:
        raise Refused(_("这份不计考核的申请已有决定。"))
    if row.asked_by_id == by.pk:
        raise Refused(_("不计考核须由另一人批准。"))
    row.decided_at, row.decided_by, row.granted, row.decision_note = at, by, granted, tidy(note)[:300]
    row.save()
    record("exclusion.decided", row, by=by, at=at, enterprise=row.finding.enterprise_id, granted=granted)
