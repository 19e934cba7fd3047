"""Whether a person is on post, away, isolated, in a silent period or gone: one state at a time."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person, Presence


@transaction.atomic
def change_presence(person: Person, state: str, *, reason: str, by: Person, at: datetime) -> Presence:
    """Let the person be in `state` from `at` on; the state before ends then, and what was planned for later is dropped.

    Raises Refused without a reason, for an unknown state, and when the person is in that state already.
    """
    require(by, "change_presence", at=at, on=person)
    if state not in Presence.State.values:
        raise Refused(_("在岗状态“%(state)s”不认识。") % {"state": state})
    if blank(reason):
        raise Refused(_("请写明在岗状态变更的原因。"))
    # one at a time: the person's row is what everybody who changes the state waits for
    Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    current = Presence.objects.at(at).filter(person=person).first()
    if current is not None and current.state == state:
        raise Refused(
            _("%(name)s自 %(time)s 起已是“%(state)s”。")
            % {
                "name": person.name,
                "state": current.get_state_display(),
                "time": timezone.localtime(current.during.lower).strftime("%Y-%m-%d %H:%M"),
            }
        )
    Presence.objects.filter(person=person, during__startswith__gte=at).delete()
    if current is not None:
        current.during = (current.during.lower, at)
        current.save(update_fields=["during"])
    new = Presence.objects.create(person=person, state=state, during=(at, None), reason=tidy(reason), source="office")
    record(
        "presence.changed", new, by=by, at=at, person=person.pk, enterprise=person.employer_id, state=state,
        before=current.state if current else "", reason=new.reason,
    )  # fmt: skip
    return new
