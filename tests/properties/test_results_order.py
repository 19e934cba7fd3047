"""In whatever order scans and results arrive, people owe the same in the end; nobody who owes is ever shown clear."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from parkkeeper.kernel.ids import deterministic_id
from parkkeeper.sampling.actions.results import ResultIn, report_results
from parkkeeper.sampling.consequences import judge_tubes
from parkkeeper.sampling.gaplines import states_of
from parkkeeper.sampling.models import Flag, Obligation, Scan, Tube
from parkkeeper.sampling.standing import standings
from parkkeeper.sampling.states import State
from tests.sampling.results_world import code, later, make_round
from tests.world import world

pytestmark = pytest.mark.django_db
SEEDS = range(12)
ORDERS = 4
VALUES = ["negative", "negative", "positive", "indeterminate", "invalid"]


class RolledBack(Exception):
    """Ends one order's transaction."""


def scan_event(w: Any, serial: int, size: int, person: Any, minutes: float, round: Any) -> Callable[[float], None]:
    def arrive(now: float) -> None:
        about = {"point": w.point, "pool_size": size, "first_heard_at": later(now), "round": round}
        tube, _ = Tube.objects.get_or_create(code=code(serial), defaults=about)
        Scan.objects.get_or_create(
            id=deterministic_id("scan", str(serial), str(person.pk)),
            defaults={
                "tube": tube, "person": person, "round": round, "point": w.point, "how": "code",
                "scanned_at": later(minutes), "device_at": later(minutes), "received_at": later(now),
            },
        )  # fmt: skip
        judge_tubes([tube.pk], at=later(now))

    return arrive


def result_event(w: Any, serial: int, value: str, minutes: float) -> Callable[[float], None]:
    def arrive(now: float) -> None:
        rows = [ResultIn(code(serial), value, later(minutes))]
        report_results(rows, laboratory=w.laboratory, kind="table", by=w.lab, at=later(now))

    return arrive


def a_day(w: Any, round: Any, chance: random.Random) -> list[Callable[[float], None]]:
    """Two or three pools, then single tubes of some of their members; words on most tubes, on some of them two."""
    events = []
    people = w.workers[:5]
    for pool in range(1, chance.randint(2, 3) + 1):
        for person in chance.sample(people, 3):
            events.append(scan_event(w, pool, 10, person, chance.randint(0, 60), round))
        events += [result_event(w, pool, chance.choice(VALUES), 200 + n) for n in range(chance.choice([1, 1, 2]))]
    for single, person in enumerate(chance.sample(people, 4), start=10):
        events.append(scan_event(w, single, 1, person, chance.randint(30, 400), round))
        events += [result_event(w, single, chance.choice(VALUES), 500 + n) for n in range(chance.choice([0, 1, 1, 2]))]
    return events + chance.sample(events, 3)


def outcome(w: Any, round: Any, events: list[Callable[[float], None]]) -> set[Any]:
    """What is owed and flagged after these events in this order; nobody who owes was clear on the way."""
    found: set[Any] = set()
    try:
        with transaction.atomic():
            for step, arrive in enumerate(events):
                arrive(600 + step)
                owing = set(Obligation.objects.open().values_list("person_id", flat=True))
                shown = standings([person.pk for person in w.workers], later(600 + step))
                assert not [pk for pk in owing if shown[pk].clear]
                states = states_of(round, shown, later(600 + step))
                assert {states[pk] for pk, standing in shown.items() if standing.clear} <= {State.MET}
            obligations = Obligation.objects.newest().values_list(
                "person", "kind", "cause", "closed_by_result__tube_code"
            )
            found = {*obligations, *Flag.objects.values_list("tube__code", "point", "enterprise")}
            raise RolledBack
    except RolledBack:
        return found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_arrival_does_not_matter(seed: int) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    w = world()
    round = make_round(w, *w.workers)
    events = a_day(w, round, chance)
    first = outcome(w, round, events)
    for _ in range(ORDERS):
        chance.shuffle(events)
        assert outcome(w, round, events) == first
