"""A few threads that act in the park at once, as several people of an office do."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection
from django.utils import timezone

from parkkeeper.park.tenancy.parks import in_park

Done = TypeVar("Done")


class Crew:
    """Runs tasks inside the park's schema and time zone, `hands` of them at a time."""

    def __init__(self, pool: ThreadPoolExecutor, schema: str, zone: str) -> None:
        self._pool, self._schema, self._zone = pool, schema, zone

    def each(self, tasks: Iterable[Callable[[], Done]]) -> Iterator[Done]:
        """The results of all tasks in their order; raises what the first of them that fails raises."""
        waiting = [self._pool.submit(self._inside, task) for task in tasks]
        for one in waiting:
            yield one.result()

    def _inside(self, task: Callable[[], Done]) -> Done:
        try:
            with in_park(self._schema), timezone.override(self._zone):
                return task()
        finally:
            connection.close()


@contextmanager
def crew(schema: str, zone: str, hands: int = 3) -> Iterator[Crew]:
    """A crew for as long as the context lasts."""
    with ThreadPoolExecutor(hands) as pool:
        yield Crew(pool, schema, zone)
