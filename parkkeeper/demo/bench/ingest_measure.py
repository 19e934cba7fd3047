"""The web server under measurement, what a turn at it took, and many turns summed up."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import psycopg

from parkkeeper.demo.bench.cpu import children_of, command_of, cpu_of, parent_of
from parkkeeper.demo.bench.ingest_client import Outcome, send
from parkkeeper.kernel import clock
from parkkeeper.kernel.memory import SETTLES_AFTER
from parkkeeper.kernel.processes import child_env, web_server

AT_ONCE = 4
"""Phones that send at the same time where the number of phones is not itself what is measured: as many as two processes
do at once (parkkeeper/sync/gate.py), so that nobody sleeps."""


class Measured:
    """The web server and PostgreSQL under measurement: where they answer, and what processor time they use."""

    def __init__(self, address: str, server: int, postgres: int) -> None:
        self.address, self.server, self.postgres = address, server, postgres

    def turn(self, scans: int, act: Callable[[], Outcome]) -> dict[str, Any]:
        """Do it, and tell what it took. Raises AssertionError when an answer was not what a phone can live with."""
        server, postgres = cpu_of(self.server), cpu_of(self.postgres)
        told = act()
        server, postgres = cpu_of(self.server) - server, cpu_of(self.postgres) - postgres
        if told.failed:
            raise AssertionError(f"{len(told.failed)} requests failed, the first: {told.failed[0]}")
        return {
            "scans": scans, "seconds": told.seconds, "rate": scans / told.seconds, "server": server * 1000 / scans,
            "postgres": postgres * 1000 / scans, "client": told.cpu * 1000 / scans, "waited": told.waited,
            "refused": told.refused, "doubted": told.doubted,
        }  # fmt: skip

    def sent(self, scans: int, phones: list[list[bytes]]) -> dict[str, Any]:
        """A turn in which these phones send these requests, `scans` scans together."""
        return self.turn(scans, lambda: send(self.address, phones))


@contextmanager
def measured_server(workers: int) -> Iterator[Measured]:
    """The web server in processes of its own, on the clock of this process."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as asking:
        postgres = parent_of(asking.info.backend_pid)
    with web_server(child_env(clock.environment()), workers=workers) as address:
        server = next(pid for pid in children_of(os.getpid()) if b"granian" in command_of(pid))
        _settled(server)
        yield Measured(address, server, postgres)


def _settled(server: int) -> None:
    """Wait until the web server has loaded what it loads after its start: no scan costs that."""
    time.sleep(SETTLES_AFTER)
    used, before = cpu_of(server), -1.0
    while used - before > 0.05:  # of a second
        time.sleep(1)
        used, before = cpu_of(server), used


def lanes(phones: list[list[bytes]], at_once: int = AT_ONCE) -> list[list[bytes]]:
    """The same requests on so many connections: each connection speaks for several phones, one after the other."""
    found: list[list[bytes]] = [[] for _lane in range(min(at_once, len(phones)))]
    for n, requests in enumerate(phones):
        found[n % len(found)] += requests
    return found


def spread(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Turns of one way, summed up: rates a second, milliseconds of processor a scan, milliseconds of waiting."""
    waited = sorted(second * 1000 for turn in found for second in turn["waited"])
    scans: int = sum(turn["scans"] for turn in found)

    def a_scan(what: str) -> float:
        return float(sum(turn[what] * turn["scans"] for turn in found)) / scans

    cpu = {what: rounded(a_scan(what)) for what in ("server", "postgres", "client")}
    refused: Counter[int] = sum((turn["refused"] for turn in found), Counter())
    return {
        "rows_a_second": rounded(median(turn["rate"] for turn in found)),
        "rows_a_second_each": [rounded(turn["rate"]) for turn in found],
        "cpu_ms_a_scan": rounded(a_scan("server") + a_scan("postgres")), "cpu_ms_a_scan_of": cpu,
        "p50_ms": rounded(waited[len(waited) // 2]), "p95_ms": rounded(waited[int(len(waited) * 0.95)]),
        "p99_ms": rounded(waited[int(len(waited) * 0.99)]), "requests": len(waited),
        "told_to_wait": {str(code): times for code, times in sorted(refused.items())},
        "answers_with_doubts": sum(turn["doubted"] for turn in found),
    }  # fmt: skip


def rounded(number: float) -> float:
    """Three significant digits, whole from 100."""
    return float(f"{number:.3g}") if abs(number) < 100 else float(round(number))
