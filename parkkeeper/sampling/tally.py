"""Counts kept ready: a pass over the round of a park of hundreds of thousands takes longer than a page may.

The worker stores what `reconcile_evening` tells of the newest large rounds at one moment; pages of the whole park read
it and say which moment that is. Small rounds, parts of a park and past moments are counted when they are asked for, and
so is everything when no worker keeps the tally fresh.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from parkkeeper.park.models import JournalEntry, Person
from parkkeeper.park.scope import Scope
from parkkeeper.sampling.models import Disposition, Round, Tally, Test
from parkkeeper.sampling.mornings import Cells, count_morning
from parkkeeper.sampling.reconciliation import LARGE, Row, count_strays, named, reconcile_evening, reconcile_groups
from parkkeeper.sampling.roundbook import SETTLED_AFTER, Evening
from parkkeeper.sampling.states import State

EVERY = timedelta(seconds=8)
FRESH = timedelta(seconds=30)
# What is counted for longer than a second is counted less often, so that the database has time for other work.
REST, LASTS = 8, 20
BY = ("grid", "enterprise", "point", "slot")
MORNING = "morning"
"""Of an antigen round: what each enterprise has told, beside what became of the lines."""
_MORNING_WORDS = ("antigens.reported", "antigens.imported")
_STORED = timedelta(minutes=2)  # by then whatever was received is committed
_THEN_SECONDS = 600
_STATES = {state.value: state for state in State}


@dataclass(frozen=True)
class Kept:
    """What a round's tally says: rows of one grouping, curve and strays exactly as known at `as_of`."""

    as_of: datetime
    evening: Evening
    strays: int | None
    """None: not counted yet."""


def evening_now(round: Round, at: datetime, *, by: str, scopes: list[Scope] | None, reader: Person) -> Kept:
    """The round's tally when it may be shown, else what `reconcile_evening` tells at `at`, which is now."""
    told = kept(round, at, by=by, scopes=scopes, reader=reader)
    return told or Kept(at, reconcile_evening(round, at, by=by, scopes=scopes), None)


def evening_then(round: Round, at: datetime, now: datetime, *, by: str, scopes: list[Scope] | None) -> Kept:
    """What `reconcile_evening` and `count_strays` tell of the past moment `at`, worked out once in ten minutes.

    What was known then never changes; only what is being stored at this very moment may still bear an earlier time.
    """
    key = f"evening:{round.uuid}:{at.isoformat()}:{by}:{sha256(repr(scopes).encode()).hexdigest()}"
    found: Kept | None = cache.get(key)
    if found is None:
        evening = reconcile_evening(round, at, by=by, scopes=scopes)
        found = Kept(at, evening, count_strays(round, at, scopes=scopes))
        if at < now - _STORED:
            cache.set(key, found, _THEN_SECONDS)
    return found


def kept(round: Round, at: datetime, *, by: str = "grid", scopes: list[Scope] | None, reader: Person) -> Kept | None:
    """The round's fresh tally by grid, enterprise, point or slot, for who sees the whole park; None: count yourself.

    A tally from before the last word of `reader` about a gap is not given: nobody misses what they just did.
    """
    theirs = Q(by=reader, at__gt=OuterRef("as_of")) | Q(withdrawn_by=reader, withdrawn_at__gt=OuterRef("as_of"))
    own = Disposition.objects.filter(theirs, round=OuterRef("round"))
    found = _fresh(round, at, own, scopes, f"groups__{by}", "curve", "strays")
    if found is None:
        return None
    as_of, rows, curve, strays = found
    named_rows = named([_row(row) for row in rows], by)
    return Kept(as_of, (named_rows, [(datetime.fromisoformat(end), number) for end, number in curve]), strays)


def kept_morning(
    round: Round, at: datetime, *, scopes: list[Scope] | None, reader: Person
) -> tuple[datetime, dict[int, Cells]] | None:
    """The moment and the counts of an antigen round's fresh tally, as `count_morning` has them; None: count yourself.

    A tally from before the last list or file of `reader` is not given.
    """
    own = JournalEntry.objects.filter(by_id=reader.pk, at__gt=OuterRef("as_of"), verb__in=_MORNING_WORDS)
    found = _fresh(round, at, own, scopes, f"groups__{MORNING}")
    if found is None or found[1] is None:
        return None
    return found[0], {enterprise: tuple(cells) for enterprise, *cells in found[1]}


def _fresh(round: Round, at: datetime, since: Any, scopes: list[Scope] | None, *what: str) -> tuple[Any, ...] | None:
    """The moment and these columns of the round's tally, unless it is too old or there is one of `since`."""
    if scopes is not None or not _is_kept(round, at):
        return None
    told = Tally.objects.filter(~Exists(since), round=round, as_of__lte=at)
    found = told.values_list("as_of", "seconds", *what).first()
    if found is None or at - found[0] > FRESH + LASTS * timedelta(seconds=found[1]):
        return None
    return (found[0], *found[2:])


def keep_tallies(*, at: datetime) -> int:
    """Count the newest large round of each test anew, as known at `at`, when its tally is old; returns how many.

    Until some time after the round's end: what changes later is seen where it is counted.
    """
    return sum(_keep(round, at) for round in _at_work(at))


def _at_work(at: datetime) -> list[Round]:
    newest = [Round.objects.filter(test=test, frozen_at__lte=at).order_by("-day").first() for test in Test]
    return [round for round in newest if round and _is_kept(round, at)]


def _is_kept(round: Round, at: datetime) -> bool:
    return round.population > LARGE and at < round.closes_at + SETTLED_AFTER


def _keep(round: Round, at: datetime) -> bool:
    before = Tally.objects.filter(round=round).first()
    if before and before.as_of <= at < before.as_of + max(EVERY, REST * timedelta(seconds=before.seconds)):
        return False
    began = time.perf_counter()
    facts = count(round, at)
    Tally.objects.update_or_create(
        round=round, defaults={"as_of": at, "seconds": time.perf_counter() - began, **facts}
    )  # fmt: skip
    return True


def count(round: Round, at: datetime) -> dict[str, Any]:
    """The columns of the round's tally at `at`; all are read from the same state of the database."""
    alone = not connection.in_atomic_block
    with transaction.atomic():
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        groups, curve = reconcile_groups(round, at, by=BY)
        strays = count_strays(round, at)
        morning = count_morning(round.day, at, round, None) if round.test == Test.ANTIGEN else {}
    told: dict[str, Any] = {by: [_cells(row) for row in rows] for by, rows in groups.items()}
    return {
        "groups": told | {MORNING: [[enterprise, *cells] for enterprise, cells in morning.items()]},
        "curve": [[end.isoformat(), number] for end, number in curve],
        "strays": strays,
    }  # fmt: skip


def _cells(row: Row) -> list[Any]:
    return [row.key, row.counts, row.added, row.sampled, row.on_post, row.beyond]


def _row(cells: list[Any]) -> Row:
    key, counts, added, sampled, on_post, beyond = cells
    return Row(key, "", _states(counts), _states(added), sampled, on_post, beyond)


def _states(counts: dict[str, int]) -> dict[State, int]:
    return {_STATES[state]: lines for state, lines in counts.items()}
