"""An agenda in the reader's words: codes of causes and aspects become their titles."""

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from parkkeeper.inspection.models import Cause, Item


def shown(agenda: dict[str, Any]) -> dict[str, Any]:
    """The agenda with `title` beside each cause and aspect, and moments and days in place of their texts; one that was
    kept before there were late visits has none."""
    causes, aspects = dict(Cause.Kind.choices), dict(Item.Aspect.choices)
    agenda = {"late": [], **agenda, "counts": {"late": 0, **agenda["counts"]}}
    return {
        **agenda,
        "causes": [{**row, "title": causes.get(row["cause"], _("尚未分析"))} for row in agenda["causes"]],
        "aspects": [{**row, "title": aspects.get(row["aspect"], row["aspect"])} for row in agenda["aspects"]],
        "overdue": [
            {**row, "due": datetime.fromisoformat(row["due"]) if row["due"] else None} for row in agenda["overdue"]
        ],
        "late": [{**row, "day": date.fromisoformat(row["day"])} for row in agenda["late"]],
        "more": {part: agenda["counts"][part] - len(agenda[part]) for part in ("overdue", "repeats", "burden", "late")},
    }
