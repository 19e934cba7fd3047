"""The rulebook: a new dated row takes over from the one in force; nothing of the past is changed."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person, Rule

_LEEWAY = timedelta(minutes=5)
_MOST = 1_000_000  # as hours more than a century: what is reckoned with it stays within the calendar


@transaction.atomic
def change_rule(
    key: str, value: Any, *, starts_at: datetime, source: str, unit: str = "", note: str = "", by: Person, at: datetime
) -> Rule:
    """Put a new value in force from `starts_at`; the row in force until then ends there.

    Raises Refused without a source, for a moment in the past, a value of another kind, or beside a later row.
    """
    require(by, "change_rulebook", at=at)
    if blank(source):
        raise Refused(_("请写明依据：哪份文件、哪一条。"))
    if starts_at < at - _LEEWAY:
        raise Refused(_("生效时间不能早于现在：过去的判断依据不能改写。"))
    later = Rule.objects.filter(key=key, during__startswith__gte=starts_at).order_by("during").first()
    if later is not None:
        raise Refused(
            _("规则“%(key)s”自 %(time)s 起已另有规定，请选择更晚的生效时间。")
            % {"key": key, "time": timezone.localtime(later.during.lower).strftime("%Y-%m-%d %H:%M")}
        )
    former = Rule.objects.select_for_update().filter(key=key).order_by("-during").first()
    if former is not None:
        _same_kind(former, value)
        if former.during.upper is None or former.during.upper > starts_at:
            former.during = (former.during.lower, starts_at)
            former.save(update_fields=["during"])
        unit, note = unit or former.unit, note or former.note
    told = {"rule_one_value_at_a_time": lambda: _("刚才有人修改了这条规则，请刷新后再试。")}
    with refusing(told):
        new = Rule.objects.create(
            key=key, value=value, unit=unit, during=(starts_at, None), source=tidy(source), note=tidy(note)
        )
    was = former.value if former else None
    record("rule.changed", new, by=by, at=at, key=key, was=was, now=value, starts_at=starts_at.isoformat())
    return new


def _same_kind(former: Rule, value: Any) -> None:
    kinds = (list, dict, str, bool)
    same = all(isinstance(former.value, kind) == isinstance(value, kind) for kind in kinds)
    if isinstance(former.value, dict) and isinstance(value, dict):
        same = former.value.keys() == value.keys()
    if isinstance(former.value, list) and isinstance(value, list):
        same = len(former.value) == len(value)
    if not same:
        raise Refused(_("值的形式与现行规则不同。现行值为 %(value)s，请按同样的形式填写。") % {"value": former.value})
    if not all(0 <= number <= _MOST for number in _numbers(value)):
        raise Refused(_("值里的数须在 0 到 %(most)s 之间。") % {"most": _MOST})


def _numbers(value: Any) -> list[float]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value] if isinstance(value, int | float) else [number for one in inner for number in _numbers(one)]
