"""例会纪要 as a paper, in Chinese whoever prints: what the meeting saw, decided and ordered."""

from datetime import date
from typing import Any

from django.utils import timezone, translation

from parkkeeper.inspection.agendawords import shown
from parkkeeper.inspection.models import Debrief, Measure
from parkkeeper.papers.coverage import with_getas
from parkkeeper.papers.render import render


def print_minutes(debrief: Debrief, *, park: str) -> bytes:
    """The minutes of a closed debrief as PDF. Raises ValueError while it goes on."""
    if debrief.agenda is None or debrief.closed_at is None:
        raise ValueError("A debrief has minutes once it is closed.")
    with translation.override("zh-hans"):
        return render("minutes", _known(_facts(debrief, shown(debrief.agenda), park)))


def _facts(debrief: Debrief, agenda: dict[str, Any], park: str) -> dict[str, Any]:
    own = debrief.measures.select_related("owner").order_by("due_on", "pk")
    rest = Measure.objects.filter(pk__in=agenda["measures"]).exclude(debrief=debrief).select_related("owner")
    return {
        "head": park, "day": f"{debrief.day.year} 年 {_day(debrief.day)}", "issuer": park,
        "held": _moment(debrief.held_at), "closed": _moment(debrief.closed_at), "chair": debrief.held_by.name,
        "attendance": debrief.attendance, "notes": [line for line in debrief.notes.splitlines() if line.strip()],
        "counts": agenda["counts"], "more": agenda["more"],
        "causes": [{"title": str(r["title"]), "n": r["findings"], "of": r["enterprises"]} for r in agenda["causes"]],
        "overdue": [{"number": row["number"], "unit": row["enterprise"], "due": _moment(row["due"]),
                     "lapsed": row["lapsed"]} for row in agenda["overdue"]],
        "repeats": [{"unit": row["enterprise"], "item": row["item"], "area": row["area"], "times": row["times"]}
                    for row in agenda["repeats"]],
        "burden": [{"unit": row["enterprise"], "visits": row["visits"], "week": row["week"],
                    "minutes": row["minutes"]} for row in agenda["burden"]],
        "late": [{"unit": row["enterprise"], "day": _day(row["day"]), "findings": row["findings"]}
                 for row in agenda["late"]],
        "grids": [{"name": row["name"], "visits": row["visits"], "findings": row["findings"],
                   "mismatches": row["mismatches"], "signed": row["signed"]} for row in agenda["grids"]],
        "decisions": list(debrief.decisions.order_by("at", "pk").values_list("text", flat=True)),
        "measures": [_measure(one) for one in own],
        "earlier": [_measure(one) for one in rest.order_by("due_on", "pk")],
    }  # fmt: skip


def _moment(moment: Any) -> str:
    return f"{timezone.localtime(moment):%m-%d %H:%M}" if moment else ""


def _day(day: date) -> str:
    return f"{day.month} 月 {day.day} 日"


def _measure(one: Measure) -> dict[str, str]:
    return {"text": one.text, "owner": one.owner.name, "due": _day(one.due_on)}


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_known(inner) for inner in value]
    return with_getas(value) if isinstance(value, str) else value
