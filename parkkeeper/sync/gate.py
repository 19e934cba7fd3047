"""How many batches a process takes in at once; beyond that phones are told to come again."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ

from parkkeeper.sync.problems import busy


class Gate:
    """Lets so many in at once and so many wait; whoever comes beyond that is told at once to come later.

    A process that takes everything in at once serves nobody: its threads wait for each other, and pages of the office
    for all of them.
    """

    def __init__(self, at_work: int, waiting: int, patience: float) -> None:
        self.places = threading.BoundedSemaphore(at_work)
        self.chairs = threading.BoundedSemaphore(waiting)
        self.patience = patience

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Inside, the caller has a place. Raises Problem 429 when there is none, or none within the patience (s)."""
        if not self.places.acquire(blocking=False):
            if not self.chairs.acquire(blocking=False):
                raise busy(_spread())
            try:
                if not self.places.acquire(timeout=self.patience):
                    raise busy(_spread())
            finally:
                self.chairs.release()
        try:
            yield
        finally:
            self.places.release()


def _spread() -> int:
    # a city's phones that are all told the same second come back in the same second
    return random.randint(1, 3)


gate = Gate(int(environ.get("PARKKEEPER_BATCHES", "2")), 4, 3.0)
"""For batches, in each process of the web server: fewer at once than it has threads, so that others get through."""
