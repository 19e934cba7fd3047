"""A person settles a doubt: the chosen way does what it says, once; who came second hears who was first."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Anomaly, Person
from parkkeeper.sampling.consequences import hold_results, share_results
from parkkeeper.sampling.doubts import HOWS, KINDS
from parkkeeper.sampling.settling import EFFECTS, Settling


@transaction.atomic
def settle(anomaly: Anomaly, how: str, *, reason: str, by: Person, at: datetime, **details: Any) -> Anomaly:
    """Settle a doubt by one of its kind's ways (KINDS, HOWS) and do what that way says; returns the settled row.

    Details by way: assign_person(person), undo_scan(scan, only needed when the doubt is about a tube or several scans),
    correct_code(code, scans=None), choose_box(box), complete_signatures(given_by, taken_by),
    name_laboratory(laboratory), strike_result(result); the rows themselves. Raises Refused without a reason, for a way
    that the kind does not have, when what the way needs is missing, and when somebody settled it before.
    """
    require(by, "settle_anomaly", at=at, on=anomaly)
    # before the row: whoever brings scans or results holds this lock first and then touches doubts
    hold_results() if how == "strike_result" else share_results()
    anomaly = Anomaly.objects.select_for_update(of=("self",)).select_related("settled_by").get(pk=anomaly.pk)
    _refuse_settled(anomaly)
    if anomaly.kind not in KINDS or how not in KINDS[anomaly.kind].settled_by:
        raise Refused(_("这类异常不能用“%(how)s”处理，请选择页面上列出的方式。") % {"how": HOWS.get(how, how)})
    if not reason.strip():
        raise Refused(_("请写明处理理由，便于日后核对。"))
    effect = EFFECTS.get(how)
    facts = effect(Settling(anomaly, reason.strip(), by, at, details)) if effect else {}
    # the effect may have changed the row's evidence, or settled it together with others of its kind
    anomaly.refresh_from_db()
    if anomaly.settled_at is None:
        anomaly.settled_at, anomaly.settled_by, anomaly.settled_how = at, by, how
        anomaly.settled_reason = reason.strip()[:300]
        anomaly.save(update_fields=["settled_at", "settled_by", "settled_how", "settled_reason"])
    record(
        "anomaly.settled", anomaly, by=by, at=at, person=anomaly.person_id, enterprise=anomaly.enterprise_id,
        site=anomaly.site_id, kind=anomaly.kind, how=how, reason=anomaly.settled_reason, **facts,
    )  # fmt: skip
    return anomaly


@transaction.atomic
def reopen(anomaly: Anomaly, *, reason: str, by: Person, at: datetime) -> Anomaly:
    """Put a settled doubt before people again. What was done stays done; the journal keeps who settled it and how.

    Raises Refused without a reason, and when it is open.
    """
    require(by, "settle_anomaly", at=at, on=anomaly)
    anomaly = Anomaly.objects.select_for_update(of=("self",)).select_related("settled_by").get(pk=anomaly.pk)
    if anomaly.settled_at is None:
        raise Refused(_("这条异常还没有处理，不需要重新打开。"))
    if not reason.strip():
        raise Refused(_("请写明重新打开的理由。"))
    before = {
        "settled_at": anomaly.settled_at.isoformat(),
        "settled_by": anomaly.settled_by_id,
        "settled_how": anomaly.settled_how,
        "settled_reason": anomaly.settled_reason,
    }
    anomaly.settled_at = anomaly.settled_by = None
    anomaly.settled_how = anomaly.settled_reason = ""
    anomaly.save(update_fields=["settled_at", "settled_by", "settled_how", "settled_reason"])
    record(
        "anomaly.reopened", anomaly, by=by, at=at, person=anomaly.person_id, enterprise=anomaly.enterprise_id,
        site=anomaly.site_id, kind=anomaly.kind, reason=reason.strip()[:300], before=before,
    )  # fmt: skip
    return anomaly


def _refuse_settled(anomaly: Anomaly) -> None:
    if anomaly.settled_at is None or anomaly.settled_by is None:
        return
    raise Refused(
        _("这条异常已由 %(who)s 在 %(at)s 处理（%(how)s）。如需改动，请先重新打开。")
        % {
            "who": anomaly.settled_by.name,
            "at": timezone.localtime(anomaly.settled_at).strftime("%Y-%m-%d %H:%M"),
            "how": HOWS.get(anomaly.settled_how, anomaly.settled_how),
        }
    )
