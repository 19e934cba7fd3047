"""Every named constraint from both sides: what it allows is stored, what it forbids is refused by its name."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from parkkeeper.kernel.ids import new_id
from tests.harness import cases_register, cases_sampling
from tests.harness.cases import Change, Twin, by_somebody, these
from tests.inspection import constraint_cases
from tests.world import world

pytestmark = pytest.mark.django_db
# a case of another file is a tuple of the same fields
CHANGES = [*cases_register.CHANGES, *cases_sampling.CHANGES]
TWINS = [*cases_register.TWINS, *cases_sampling.TWINS]
CHANGES += [c if isinstance(c, Change) else Change(*c) for c in constraint_cases.changes(these, by_somebody)]
TWINS += [Twin(*c) for c in constraint_cases.twins(these)]


def names(cases: list[Any]) -> list[str]:
    return [case.name for case in cases]


@pytest.mark.parametrize("case", CHANGES, ids=names(CHANGES))
def test_a_check_allows_and_refuses(case: Change) -> None:
    w = world()
    row = case.row(w)
    rows = type(row)._base_manager.filter(pk=row.pk)
    rows.update(**case.good(w))
    for bad in case.bad:
        assert refused_by(lambda bad=bad: rows.update(**bad(w))) == case.name, bad(w)


@pytest.mark.parametrize("case", TWINS, ids=names(TWINS))
def test_a_second_row_is_allowed_beside_and_refused_on_top(case: Twin) -> None:
    w = world()
    row = case.row(w)
    twin_of(row, case.good(w)).save(force_insert=True)
    assert refused_by(lambda: twin_of(row, case.bad(w)).save(force_insert=True)) == case.name


def twin_of(row: models.Model, values: dict[str, Any]) -> models.Model:
    """An unsaved copy of the row with ids of its own and these values."""
    fields = {}
    for field in row._meta.concrete_fields:
        own_id = isinstance(field, models.UUIDField) and field.unique
        if own_id or not field.primary_key:
            fields[field.attname] = new_id() if own_id else getattr(row, field.attname)
    for name, value in values.items():
        field = row._meta.get_field(name)
        fields[field.attname] = value.pk if isinstance(value, models.Model) else value  # type: ignore[union-attr]
    return type(row)(**fields)


def refused_by(write: Callable[[], object]) -> str:
    """The name of the constraint that refuses the write; empty when nothing did."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError as error:
        return str(error.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    return ""


def test_every_constraint_is_tested_from_both_sides() -> None:
    ours = [model for model in apps.get_models() if model.__module__.startswith("parkkeeper.")]
    there = {constraint.name for model in ours for constraint in model._meta.constraints}
    assert there - {*names(CHANGES), *names(TWINS)} == set(), "add the constraint to CHANGES or TWINS"
    assert {*names(CHANGES), *names(TWINS)} - there == set(), "the constraint is gone: take its case out"
