"""Numbers of official papers: one series a kind and year, without gaps, since a missing number must be explained."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def next_number(kind: str, at: datetime) -> tuple[int, int]:
    """The local year of `at` and the next number of that kind of paper in it.

    Call it in the transaction that makes the paper: others wait until it is done, and a rolled-back paper gives its
    number back.
    """
    year = timezone.localdate(at).year
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO park_series AS s (kind, year, last) VALUES (%s, %s, 1) "
            "ON CONFLICT (kind, year) DO UPDATE SET last = s.last + 1 RETURNING last",
            [kind, year],
        )
        return year, cursor.fetchone()[0]
