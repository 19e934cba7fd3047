"""Scans and results that arrive in the same moment: whoever commits second sees the first."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction
from django_pgschemas.schema import Schema

from parkkeeper.kernel.ids import new_id
from parkkeeper.sampling.actions.results import ResultIn, report_results
from parkkeeper.sampling.consequences import judge_tubes, share_results
from parkkeeper.sampling.models import Obligation, Scan, Tube
from tests.sampling.results_world import code, later, report, tube
from tests.world import world

pytestmark = pytest.mark.django_db(transaction=True)


def aside(work: Callable[[], None]) -> threading.Thread:
    """Do it in another connection of the same park."""

    def run() -> None:
        with Schema.create("world"):
            work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def send_scan(w: Any, before_commit: Callable[[], None]) -> None:
    """What the field's verb does in its transaction, with a pause before it is over."""
    with transaction.atomic():
        share_results()
        made, _ = Tube.objects.get_or_create(code=code(1), defaults={"point": w.point, "first_heard_at": later(0)})
        Scan.objects.create(
            id=new_id(), tube=made, person=w.workers[0], point=w.point, how="code", scanned_at=later(0),
            device_at=later(0), received_at=later(0),
        )  # fmt: skip
        judge_tubes([made.pk], at=later(1))
        before_commit()


@pytest.mark.parametrize("tube_known_before", [True, False])
def test_a_positive_that_arrives_while_the_scans_are_being_stored_has_its_consequences(tube_known_before: bool) -> None:
    w = world()
    if tube_known_before:
        tube(w, 1)
    rows = [ResultIn(code(1), "positive", later(-5))]
    started: list[threading.Thread] = []

    def results_arrive() -> None:
        started.append(
            aside(lambda: report_results(rows, laboratory=w.laboratory, kind="table", by=w.lab, at=later(2)) and None)
        )
        # it must wait for this transaction; had it not, it would be over by now and have seen nobody in the tube
        started[0].join(1.0)

    send_scan(w, results_arrive)
    started[0].join(20)
    assert not started[0].is_alive()
    assert Obligation.objects.get().person == w.workers[0]


def test_a_scan_that_arrives_while_the_positive_is_being_stored_has_its_consequences() -> None:
    w = world()
    tube(w, 1)
    started: list[threading.Thread] = []
    with transaction.atomic():
        report(w, (1, "positive"), minutes=2)
        started.append(aside(lambda: send_scan(w, lambda: None)))
        started[0].join(1.0)
    started[0].join(20)
    assert not started[0].is_alive()
    assert Obligation.objects.get().person == w.workers[0]
