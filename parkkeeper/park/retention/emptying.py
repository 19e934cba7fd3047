"""How a column is emptied so that it tells of nobody, and how it shows that it still tells of somebody."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import CharField, F, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat

from parkkeeper.park.models import Enterprise, Person

GONE = "—"
NOBODY = UUID(int=0)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
Column = models.Field[Any, Any]


def nobody() -> int:
    """The id of the row of Person to which deeds point whose doer was destroyed; it is made at need.

    Most pairs of when and by whom hold together by a constraint: a deed without a doer would not be stored.
    """
    found = Person.everybody.filter(uuid=NOBODY).values_list("pk", flat=True).first()
    if found is not None:
        return found
    first = Enterprise.objects.order_by("pk").first()
    if first is None:
        raise LookupError("A park without any enterprise has no people to destroy.")
    made = Person.everybody.create(
        uuid=NOBODY, name=GONE, employer=first, registered_at=_LONG_AGO, destroyed_at=_LONG_AGO
    )
    return made.pk


def emptied(column: Column) -> Any:
    """What stands in the column afterwards: a value, or an expression on the row. Raises TypeError when nothing can."""
    if column.related_model is Person:
        return nobody()
    if isinstance(column, models.CharField | models.TextField):
        return _one_of_its_own(column) if _unique(column) else Value(GONE)
    if isinstance(column, models.JSONField):
        return Value(column.get_default(), output_field=column)
    if column.null:
        return Value(None, output_field=column)
    raise TypeError(f"{column.model._meta.label}.{column.name} can be neither emptied nor null; let it stay, or delete")


def _one_of_its_own(column: Column) -> Combinable:
    return Concat(Value(GONE), Cast(F("pk"), CharField()))


def _unique(column: Column) -> bool:
    held = [c for c in column.model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    names = {name for c in held for e in c.expressions for name in _names(e)}
    return column.unique or column.name in names


def _names(expression: Any) -> set[str]:
    found: set[str] = {getattr(expression, "name", "")} if isinstance(expression, F) else set()
    for inner in getattr(expression, "get_source_expressions", list)():
        found |= _names(inner)
    return found


def columns_of(model: type[models.Model], names: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns of the model with these names, in their order. Raises KeyError for one that there is not."""
    known = {column.name: column for column in model._meta.concrete_fields}
    return tuple(known[name] for name in names)


def tells(column: Column) -> Q:
    """Rows whose column still tells of somebody."""
    name = column.name
    if column.related_model is Person:
        return Q(**{f"{name}__isnull": False}) & ~Q(**{f"{name}__uuid": NOBODY})
    if isinstance(column, models.CharField | models.TextField):
        return ~Q(**{name: ""}) & ~Q(**{name: emptied(column)})
    if isinstance(column, models.JSONField):
        return ~Q(**{name: column.get_default()})
    return Q(**{f"{name}__isnull": False})


def fill(rows: models.QuerySet[Any], columns: tuple[Column, ...]) -> None:
    """Empty these columns of the rows (a blank text stays blank, and whoever was nobody stays nobody)."""
    for column in columns:
        rows.filter(tells(column)).update(**{column.name: emptied(column)})
