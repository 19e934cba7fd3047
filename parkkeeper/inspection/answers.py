"""Whether the answers of a visit keep the conditions that a survey form set on its questions (xlsform.py)."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from parkkeeper.inspection.models import Item
from parkkeeper.kernel.expressions import holds


def breaking(items: Iterable[Item], answers: Mapping[str, Any], today: date) -> list[str]:
    """Codes of items that were required and not answered, or whose answer its constraint refuses; what was not to be
    asked, by its own condition or its group's, or was refused by the enterprise, breaks nothing."""
    told = {code: _value(answer) for code, answer in answers.items()}
    asked = [item for item in items if item.question and not is_refused(answers.get(item.code))]
    return [item.code for item in asked if _breaks(item.question, item.code, told, today)]


def is_refused(answer: Any) -> bool:
    """Whether the enterprise would not show it; `refused` then holds its words, perhaps none."""
    return isinstance(answer, dict) and "refused" in answer


def _breaks(question: Mapping[str, Any], code: str, told: Mapping[str, Any], today: date) -> bool:
    asked = [part["relevant_tree"] for part in (*question.get("groups", []), question) if "relevant_tree" in part]
    own = told.get(code, "")
    if not all(holds(tree, told, own=own, today=today) for tree in asked):
        return False
    if own in ("", None):
        return bool(question.get("required"))
    return "constraint_tree" in question and not holds(question["constraint_tree"], told, own=own, today=today)


def _value(answer: Any) -> Any:
    """What was typed or chosen, else whether it passed: yes or no."""
    if not isinstance(answer, dict):
        return answer
    value = answer.get("value")
    if value not in ("", None):
        return value
    return {"True": "yes", "False": "no"}.get(str(answer.get("ok")), "")
