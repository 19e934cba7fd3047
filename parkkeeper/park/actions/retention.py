"""Destroying what is past its period, by docs/retention.toml; who orders it for an emergency, who has it held."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import DestructionOrder, Emergency, Hold, Person
from parkkeeper.park.retention.past import held, past
from parkkeeper.park.retention.rules import Rule, periods, rules
from parkkeeper.park.retention.ways import way_of

BATCH = 1000


@transaction.atomic
def propose_destruction(emergency: Emergency, *, reason: str, by: Person, at: datetime) -> DestructionOrder:
    """Propose that the personal data of an ended emergency be destroyed when its period is over.

    Raises Refused without a reason, before its end, and when it was proposed already.
    """
    require(by, "order_destruction", at=at)
    if blank(reason):
        raise Refused(_("请写明销毁的依据，例如终止应急状态的通告。"))
    if emergency.during.upper is None or emergency.during.upper > at:
        raise Refused(_("应急状态“%(name)s”尚未结束，不能提出销毁。") % {"name": emergency.name})
    told = {"order_one_an_emergency": lambda: _("已有人为“%(name)s”提出销毁。") % {"name": emergency.name}}
    with refusing(told):
        order = DestructionOrder.objects.create(
            emergency=emergency, reason=tidy(reason), proposed_at=at, proposed_by=by
        )
    record("destruction.proposed", order, by=by, at=at, emergency=emergency.pk)
    return order


@transaction.atomic
def approve_destruction(order: DestructionOrder, *, by: Person, at: datetime) -> None:
    """Approve an order that somebody else has proposed; from then on it is carried out as its period demands."""
    found = DestructionOrder.objects.select_for_update().get(pk=order.pk)
    require(by, "order_destruction", at=at)
    if found.withdrawn_at is not None:
        raise Refused(_("这项销毁已经撤回，不能批准。"))
    if found.approved_at is not None:
        raise Refused(_("这项销毁已经批准。"))
    if found.proposed_by_id == by.pk:
        raise Refused(_("提出销毁的人不能自己批准，请由另一位管理人员批准。"))
    found.approved_at, found.approved_by = at, by
    found.save(update_fields=["approved_at", "approved_by"])
    record("destruction.approved", found, by=by, at=at, emergency=found.emergency_id)


@transaction.atomic
def withdraw_destruction(order: DestructionOrder, *, by: Person, at: datetime) -> None:
    """Take an order back; what it has destroyed stays destroyed."""
    found = DestructionOrder.objects.select_for_update().get(pk=order.pk)
    require(by, "order_destruction", at=at)
    if found.withdrawn_at is not None:
        raise Refused(_("这项销毁已经撤回。"))
    found.withdrawn_at, found.withdrawn_by = at, by
    found.save(update_fields=["withdrawn_at", "withdrawn_by"])
    record("destruction.withdrawn", found, by=by, at=at, emergency=found.emergency_id)


@transaction.atomic
def place_hold(period: str, *, reason: str, until: datetime, by: Person, at: datetime) -> Hold:
    """Have nothing of that period ("" is every one) destroyed before `until`, for a lawsuit or an inspection.

    Raises Refused without a reason, for an end that is past, and for a period that there is not.
    """
    require(by, "hold_destruction", at=at)
    if blank(reason):
        raise Refused(_("请写明暂缓销毁的理由，例如案号或检查通知的文号。"))
    if until <= at:
        raise Refused(_("暂缓的结束时间必须在现在之后。"))
    if period and period not in {one.name for one in periods()}:
        raise Refused(_("没有“%(period)s”这一类保存期限。") % {"period": period})
    hold = Hold.objects.create(period=period, reason=tidy(reason), placed_at=at, placed_by=by, until=until)
    record("hold.placed", hold, by=by, at=at, period=period, until=until.isoformat())
    return hold


@transaction.atomic
def lift_hold(hold: Hold, *, by: Person, at: datetime) -> None:
    """End a hold before its time."""
    found = Hold.objects.select_for_update().get(pk=hold.pk)
    require(by, "hold_destruction", at=at)
    if found.lifted_at is not None or found.until <= at:
        raise Refused(_("这项暂缓已经结束。"))
    found.lifted_at, found.lifted_by = at, by
    found.save(update_fields=["lifted_at", "lifted_by"])
    record("hold.lifted", found, by=by, at=at, period=found.period)


@transaction.atomic
def destroy_batch(rule: Rule, *, at: datetime, limit: int = BATCH) -> Counter[str]:
    """Destroy at most `limit` of what is past its period by that rule; returns the name of a rule -> rows.

    Empty when nothing is due, the period is held, or another process is destroying in this park.
    """
    if not _alone() or held(rule.period, at):
        return Counter()
    orders = past(rule.period, at)
    done = way_of(rule).step(rule, orders, limit)
    emergencies = [span.emergency.pk for span in orders.due]
    for name, count in done.items():
        record("retention.destroyed", by=None, at=at, rule=name, n=count, emergencies=emergencies)
    return done


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.retention', 0))")
        return bool(cursor.fetchone()[0])


def destroy_due(
    *, at: datetime, only: str = "", limit: int = BATCH, go_on: Callable[[], bool] = lambda: True
) -> Counter[str]:
    """Destroy all that is past its period at `at`, a batch a transaction; returns the name of a rule -> rows.

    `only` is the name of one rule; `go_on` is asked between batches. Whatever was cut off goes on at the next call.
    """
    done: Counter[str] = Counter()
    for rule in rules():
        if only in ("", rule.name):
            for batch in _batches(rule, at, limit):
                done += batch
                if not go_on():
                    return done
    return done


def _batches(rule: Rule, at: datetime, limit: int) -> Iterator[Counter[str]]:
    while batch := destroy_batch(rule, at=at, limit=limit):
        yield batch
