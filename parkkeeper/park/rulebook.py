"""Reading the rulebook: a number that the next guideline will change, as it was in force at a moment."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Rule


def rule(key: str, at: datetime) -> Any:
    """The value of the rule in force at `at` (number or table, as the pack writes it). Raises Refused when none is."""
    found = Rule.objects.at(at).filter(key=key).values_list("value", flat=True).first()
    if found is None:
        raise Refused(
            _("规则“%(key)s”在 %(at)s 没有生效的值。请在“规则”页补上，并写明来源。")
            % {"key": key, "at": at.isoformat()}
        )
    return found


def hours(key: str, at: datetime) -> timedelta:
    """The rule's value in hours as a time span."""
    return timedelta(hours=float(rule(key, at)))
