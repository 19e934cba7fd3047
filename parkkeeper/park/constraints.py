"""The database's constraints are the truth; here their refusals become words for people."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import psycopg
from django.db import IntegrityError, transaction

from parkkeeper.park.errors import Refused


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that the database says was broken, or "" when it names none."""
    cause = error.__cause__
    return (cause.diag.constraint_name or "") if isinstance(cause, psycopg.Error) else ""


@contextmanager
def refusing(told: Mapping[str, Callable[[], str]]) -> Iterator[None]:
    """Write inside; a broken constraint of `told` raises Refused with its text, any other passes as it is.

    The texts are made after the write was undone, so they may ask the database who stands in the way.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        text = told.get(constraint_of(error))
        if text is None:
            raise
        raise Refused(text()) from error
