"""docs/retention.toml holds every column: what we know of people has a purpose, a period and a way to be destroyed."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import models
from django.utils.module_loading import import_string

RETENTION = Path(settings.BASE_DIR).parent / "docs" / "retention.toml"


def check_retention(**_options: Any) -> list[CheckMessage]:
    """System check: every column of every model is declared once in docs/retention.toml, and nothing else is."""
    try:
        declared = tomllib.loads(RETENTION.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        return [Error(f"docs/retention.toml cannot be read: {error}", id="park.E001")]
    return compare(columns(), declared)


def columns() -> dict[str, bool]:
    """Every column of every table, as "app.Model.field"; true for one that points to a person."""
    found: dict[str, bool] = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            for field in model._meta.concrete_fields:
                found[f"{model._meta.label}.{field.name}"] = _points_to_a_person(field)
    return found


def _points_to_a_person(field: models.Field[Any, Any]) -> bool:
    target = field.related_model
    return isinstance(target, type) and target._meta.label == "park.Person"


def compare(known: dict[str, bool], declared: dict[str, Any]) -> list[CheckMessage]:
    """What is wrong between the columns that there are (see `columns`) and the parsed retention file."""
    personal = Counter(
        f"{entry.get('model', '?')}.{column}"
        for entry in declared.get("personal", [])
        for column in entry.get("columns", [])
    )
    return [
        *_undeclared(known, personal, declared),
        *_gone(known, personal, declared),
        *_incomplete(declared),
        *_unexecuted(declared.get("periods", {})),
    ]


def _undeclared(known: dict[str, bool], personal: Counter[str], declared: dict[str, Any]) -> Iterator[CheckMessage]:
    patterns = [pattern for entry in declared.get("plain", []) for pattern in entry.get("match", [])]
    for name, about_a_person in known.items():
        plain = any(fnmatchcase(name, pattern) for pattern in patterns)
        if not personal[name] and not plain:
            remedy = "Add it to a [[personal]] entry with purpose and period, or to [[plain]] with the reason."
            yield Error(f"{name} is not declared in docs/retention.toml.", hint=remedy, id="park.E002")
        elif personal[name] + plain > 1:
            yield Error(f"{name} is declared more than once in docs/retention.toml.", id="park.E003")
        elif about_a_person and plain:
            yield Error(f"{name} points to a person, so it is personal.", id="park.E003")


def _gone(known: dict[str, bool], personal: Counter[str], declared: dict[str, Any]) -> Iterator[CheckMessage]:
    gone = [name for name in personal if name not in known]
    for entry in declared.get("plain", []):
        gone += [p for p in entry.get("match", []) if not any(fnmatchcase(name, p) for name in known)]
    for name in gone:
        yield Error(f"docs/retention.toml names {name}, which there is not.", id="park.E004")


def _incomplete(declared: dict[str, Any]) -> Iterator[CheckMessage]:
    for entry in declared.get("personal", []):
        if not entry.get("purpose") or entry.get("period") not in declared.get("periods", {}):
            told = f"{entry.get('model')} {entry.get('columns')} in docs/retention.toml"
            yield Error(f"{told} needs a purpose and one of the periods.", id="park.E005")
        yield from _undestroyed(entry)
    for entry in declared.get("plain", []):
        if not entry.get("why"):
            yield Error(f"{entry.get('match')} in docs/retention.toml needs a reason (why).", id="park.E005")


def _undestroyed(entry: dict[str, Any]) -> Iterator[CheckMessage]:
    """What keeps an entry from being executed: a way that nobody knows, columns that stay without being its own."""
    from parkkeeper.park.retention.ways import WAYS

    told = f"{entry.get('model')} {entry.get('columns')} in docs/retention.toml"
    if entry.get("destroy") not in WAYS:
        ways = ", ".join(sorted(WAYS))
        yield Error(f"{told} is destroyed in no known way.", hint=f"destroy = one of {ways}", id="park.E005")
    if not set(entry.get("stays", [])) <= set(entry.get("columns", [])):
        yield Error(f"{told}: what `stays` is not among its columns.", id="park.E005")
    if not entry.get("zh"):
        yield Error(f"{told} needs its purpose in Chinese (zh).", id="park.E005")


def _unexecuted(periods: dict[str, dict[str, Any]]) -> Iterator[CheckMessage]:
    for name, period in periods.items():
        counted = isinstance(period.get("days"), int) and period.get("counted") in ("row", "emergency")
        if not counted or not period.get("until") or not period.get("destroyed") or not period.get("executed_by"):
            told = "needs days, counted (row or emergency), until, destroyed and executed_by"
            yield Error(f"The period {name} in docs/retention.toml {told}.", id="park.E005")
        elif not _importable(period["executed_by"]):
            yield Error(
                f"The period {name} is executed by {period['executed_by']}, which there is not.", id="park.E005"
            )


def _importable(path: str) -> bool:
    try:
        return callable(import_string(path))
    except ImportError:
        return False
