"""How every rule of retention stands, kept ready by the worker: to count it reads most tables from end to end.

What is kept is a day old at the most, and none when the rules, an emergency or an order has changed since: then it is
counted when it is asked for, and the worker counts anew.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from parkkeeper.park.models import DestructionOrder, Emergency, Hold, RetentionTally
from parkkeeper.park.retention.outlook import Outlook, outlooks
from parkkeeper.park.retention.rules import rules

EVERY, LASTS = timedelta(days=1), timedelta(days=1, hours=1)


def outlooks_now(at: datetime) -> tuple[datetime, list[Outlook]]:
    """The moment that was counted at, and how every rule stood then; held is what is held at `at`."""
    kept = RetentionTally.objects.filter(as_of__lte=at, as_of__gt=at - LASTS, state=_state(at)).first()
    if kept is None:
        return at, outlooks(at)
    holds = set(Hold.objects.at(at).values_list("period", flat=True))
    told = [_outlook(rule, kept.rules[rule.name]) for rule in rules()]
    return kept.as_of, [replace(one, held=bool(holds & {"", one.rule.period.name})) for one in told]


def keep_outlooks(*, at: datetime, anew: bool = False) -> bool:
    """Count how every rule stands when that is due, or `anew` in any case; whether it was counted."""
    state = _state(at)
    if not anew and RetentionTally.objects.filter(as_of__lte=at, as_of__gt=at - EVERY, state=state).exists():
        return False
    counted = {one.rule.name: _cells(one) for one in outlooks(at)}
    RetentionTally.objects.update_or_create(pk=1, defaults={"as_of": at, "state": state, "rules": counted})
    return True


def _state(at: datetime) -> str:
    """A digest of all that changes what is due, besides the rows themselves."""
    told: Iterable[Any] = (
        [(rule.name, rule.period.days, rule.way) for rule in rules()],
        list(Emergency.objects.order_by("pk").values_list("pk", "during")),
        list(DestructionOrder.objects.approved(at).order_by("pk").values_list("pk", "emergency")),
    )
    return sha256(repr(told).encode()).hexdigest()


def _cells(one: Outlook) -> list[Any]:
    moments = [moment.isoformat() if moment else None for moment in (one.next_at, one.last_at)]
    return [one.due, one.waiting, *moments, one.gone]


def _outlook(rule: Any, cells: list[Any]) -> Outlook:
    due, waiting, *moments, gone = cells
    next_at, last_at = (datetime.fromisoformat(moment) if moment else None for moment in moments)
    return Outlook(rule, due, waiting, False, next_at, last_at, gone)
