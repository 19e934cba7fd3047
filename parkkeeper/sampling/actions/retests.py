"""What people owe beyond the round, where a person decides: ordering a single retest, releasing a positive case."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Message, Person
from parkkeeper.sampling.consequences import lock_people
from parkkeeper.sampling.models import Obligation
from parkkeeper.sampling.owing import retest_due


@transaction.atomic
def order_single_retest(person: Person, *, reason: str, isolate: bool = False, by: Person, at: datetime) -> Obligation:
    """Make somebody owe a single retest from now on (补采单检), as after a doubt that no result can settle.

    Only a single tube taken after `at` closes it. Refused without a reason.
    """
    require(by, "order_single_retest", at=at)
    if not reason.strip():
        raise Refused(_("要求单采单检要写明理由。"))
    lock_people([person.pk])
    ordered = Obligation.objects.create(
        person=person, kind=Obligation.Kind.SINGLE_RETEST, cause=f"order:{new_id()}", opened_at=at,
        due_at=retest_due(at), isolate=isolate,
    )  # fmt: skip
    due = timezone.localtime(ordered.due_at).strftime("%m-%d %H:%M")
    Message.objects.create(kind="retest_ordered", params={"due": due}, to=person, about=person, sent_at=at)
    record(
        "retest.ordered", ordered, by=by, at=at, person=person.pk, enterprise=person.employer_id, reason=reason.strip()
    )
    return ordered


@transaction.atomic
def release_case(obligation: Obligation, *, reason: str, by: Person, at: datetime) -> Obligation:
    """End a positive case, for instance on discharge from hospital; nothing but this ends it.

    Refused without a reason, for anything but a case, and when somebody released it before.
    """
    require(by, "release_case", at=at)
    if not reason.strip():
        raise Refused(_("解除阳性个案要写明理由，例如出院证明的编号。"))
    lock_people([obligation.person_id])
    case = Obligation.objects.select_related("person", "closed_by").get(pk=obligation.pk)
    if case.kind != Obligation.Kind.CASE:
        raise Refused(_("单采单检只能由本人的单管结果完成，不能由人解除。"))
    if case.closed_at:
        raise Refused(
            _("这一个案已由 %(name)s 于 %(at)s 解除。")
            % {"name": case.closed_by, "at": timezone.localtime(case.closed_at).strftime("%m-%d %H:%M")}
        )
    case.closed_at, case.closed_by, case.closed_reason = at, by, reason.strip()[:200]
    case.save(update_fields=["closed_at", "closed_by", "closed_reason"])
    record("case.released", case, by=by, at=at, person=case.person_id, enterprise=case.person.employer_id)
    return case
