"""`python -m django worker`: what happens again and again, for every park.

Journals are sealed; once a day what is past its period by docs/retention.toml is destroyed, and parts of files for
which no phone came back are removed.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connection
from django.utils import timezone

from parkkeeper.kernel import clock
from parkkeeper.park.actions.retention import destroy_due
from parkkeeper.park.journal import seal_journal
from parkkeeper.park.parts import KEPT_FOR, forget_parts
from parkkeeper.park.retention.kept import keep_outlooks
from parkkeeper.park.tenancy.models import Park
from parkkeeper.park.tenancy.parks import in_park
from parkkeeper.park.turns import take_turns

SEAL_EVERY, CLEAN_EVERY, WAIT_AFTER_ERROR = 2.0, 24 * 3600.0, 5.0
log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Seal the journals and destroy what is past its period, for every park, until SIGTERM or SIGINT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do everything once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            go_round(clean=True)
            return
        with _stopped_by_signals() as stop:
            self.stdout.write("Working until SIGTERM.")
            self.stdout.flush()
            cleaned = float("-inf")
            while not stop.is_set():
                clean = time.monotonic() - cleaned > CLEAN_EVERY
                well = go_round(clean=clean, go_on=lambda: not stop.is_set())
                if clean and well:
                    cleaned = time.monotonic()
                stop.wait(SEAL_EVERY if well else WAIT_AFTER_ERROR)


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    stop = threading.Event()

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def go_round(*, clean: bool, go_on: Callable[[], bool] = lambda: True) -> bool:
    """Do the work of one turn for every park; one park's trouble does not hold the others. False when some failed.

    With `clean` what is past its period is destroyed; `go_on` is asked between batches.
    """
    try:
        with in_park("public"):
            parks = list(Park.objects.order_by("pk").values_list("schema_name", "time_zone"))
    except Error as error:
        log.warning("The database does not answer: %s", error)
        connection.close()
        return False
    well = [_work_in(schema, zone, clean, go_on) for schema, zone in parks]
    return all(well)


def _work_in(schema: str, zone: str, clean: bool, go_on: Callable[[], bool]) -> bool:
    try:
        with in_park(schema), timezone.override(zone):
            at = clock.now()
            seal_journal(at=at)
            well = take_turns(at)
            if clean:
                destroy_due(at=at, go_on=go_on)
                forget_parts(before=time.time() - KEPT_FOR)
            keep_outlooks(at=at, anew=clean)
    except (Error, OSError) as error:
        log.warning("Park %s: %s", schema, error)
        connection.close()
        return False
    return well
