"""Reading the rulebook: a number that the next guideline will change, as it was in force at a moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Rule


def rule(key: str, at: datetime) -> Any:
    """The value of the rule in force at `at` (number or table, as the pack writes it). Raises Refused when none is."""
    return rules((key,), at)[0]


def rule_if_any(key: str, at: datetime) -> Any:
    """As `rule`, but None when none is in force: for what a rule may leave open."""
    return Rule.objects.at(at).filter(key=key).values_list("value", flat=True).first()


def rules(keys: Sequence[str], at: datetime) -> list[Any]:
    """The values of these rules in force at `at`, read at once. Raises Refused for the first that has none."""
    found = dict(Rule.objects.at(at).filter(key__in=keys).values_list("key", "value"))
    for key in keys:
        if found.get(key) is None:
            raise Refused(
                _("规则“%(key)s”在 %(at)s 没有生效的值。请在“规则”页补上，并写明来源。")
                % {"key": key, "at": at.isoformat()}
            )
    return [found[key] for key in keys]


def hours(key: str, at: datetime) -> timedelta:
    """The rule's value in hours as a time span."""
    return timedelta(hours=float(rule(key, at)))
