"""An agenda in the reader's words: codes of causes and aspects become their titles."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from parkkeeper.inspection.models import Cause, Item


def shown(agenda: dict[str, Any]) -> dict[str, Any]:
    """The agenda with `title` beside each cause and aspect, and moments in place of their texts."""
    causes, aspects = dict(Cause.Kind.choices), dict(Item.Aspect.choices)
    return {
        **agenda,
        "causes": [{**row, "title": causes.get(row["cause"], _("尚未分析"))} for row in agenda["causes"]],
        "aspects": [{**row, "title": aspects.get(row["aspect"], row["aspect"])} for row in agenda["aspects"]],
        "overdue": [
            {**row, "due": datetime.fromisoformat(row["due"]) if row["due"] else None} for row in agenda["overdue"]
        ],
        "more": {part: agenda["counts"][part] - len(agenda[part]) for part in ("overdue", "repeats", "burden")},
    }
