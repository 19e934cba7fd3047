"""What is lost, stored twice or shown wrongly when things fail under load: counted in a whole site that is killed.

Phones capture, send, lose answers; meanwhile the web server, one of its processes, the worker or PostgreSQL gets a
kill -9, requests are cut, answers dropped, batches doubled and reordered, clocks are wrong, and the database goes back
to yesterday's backup. At the end of each every phone has drained, and its ledger is held against the tables: all counts
must be 0.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg

from parkkeeper.demo.bench.faults_phones import FieldPhone, all_send, held_against, phones_of
from parkkeeper.demo.bench.faults_site import SCHEMA, Site, faulty_site, wait_a_moment
from parkkeeper.kernel import clock

COUNTS = ("acknowledged_and_lost", "stored_twice", "shown_wrongly")
A_ROUND = 30
"""Scans that each phone captures in a round."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `./run bench faults`."""
    parser.add_argument("--rounds", type=int, default=50, help="rounds of each kind of kill -9 (50)")
    parser.add_argument("--seed", type=int, default=0, help="of the troubles; 0 draws one and tells it")


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Every fault on one site; the counts of each, and their sums."""
    seed = chosen.seed or random.randrange(1, 10**9)
    random.seed(seed)
    # what every desk's phone captures: in the rounds of four kinds of kill, and in the faults after them
    needed = (4 * chosen.rounds + 12) * A_ROUND
    with faulty_site(people=int(needed * 8 * 1.35) + 1_400) as site:
        found = {name: fault(site, chosen.rounds) for name, fault in FAULTS.items()}
    total = {name: sum(one[name] for one in found.values()) for name in COUNTS}
    return {"bench": "faults", "seed": seed, "rounds": chosen.rounds, "total": total, "faults": found}


def judged(site: Site, phones: list[FieldPhone], *, clocks_right: bool = True) -> dict[str, int]:
    """The phones' ledgers against the tables, and what nobody has acknowledged though every phone has drained."""
    with _asking(site) as asking:
        found = held_against(phones, asking, site.told_before, clocks_right=clocks_right)
    site.told_before |= {one["id"] for phone in phones for one in phone.told}
    found["told"] = sum(len(phone.told) for phone in phones)
    found["acknowledged_and_lost"] += max(found["told"] - found["acknowledged"], 0)
    return found


@contextmanager
def _asking(site: Site) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(site.server.url, autocommit=True) as asking:
        asking.execute(f"SET search_path = {SCHEMA}, public".encode())
        yield asking


def killed(what: str, within: float = 0.25) -> Callable[[Site, int], dict[str, int]]:
    """A fault: rounds of kill -9 of `what` (a method of Site) while all phones are sending, or some seconds later."""

    def fault(site: Site, rounds: int) -> dict[str, int]:
        phones = phones_of(site.park, site.port, drops=0.05)
        for n in range(rounds):
            for phone in phones:
                phone.capture(A_ROUND)

            def strike() -> None:
                wait_a_moment(random.uniform(0.01, within))
                getattr(site, what)()

            all_send(phones, strike)
            if n % 10 == 9:
                _say(f"{what}: {n + 1} rounds")
        return judged(site, phones) | {"rounds": rounds}

    return fault


def worker_killed(site: Site, rounds: int) -> dict[str, int]:
    """Rounds of kill -9 of the worker: beside the phones' counts the journal is whole, each line sealed once."""
    found = killed("kill_worker", within=2.5)(site, rounds)
    journal = site.journal()
    found["shown_wrongly"] += journal["broken"] + journal["entries"] - journal["sealed"]
    return found | {"journal_lines_sealed": journal["sealed"]}


def troubled(**troubles: float) -> Callable[[Site, int], dict[str, int]]:
    """A fault: every phone's line is bad in this way, while it sends in any order."""

    def fault(site: Site, rounds: int) -> dict[str, int]:
        phones = phones_of(site.park, site.port, **troubles)
        for phone in phones:
            phone.capture(2 * A_ROUND)
        all_send(phones)
        return judged(site, phones)

    return fault


def same_tube(site: Site, rounds: int) -> dict[str, int]:
    """Two phones at two desks scan different people into one tube, and both seal it: everything is kept and marked."""
    one, other = phones_of(site.park, site.port)[:2]
    for phone in (one, other):
        phone.capture(10)
    mine = one.told[0]["tube"]
    for sending in other.sendings:
        for operation in sending.operations:
            operation["tube"] = mine
    all_send([one, other])
    found = judged(site, [one, other])
    with _asking(site) as asking:
        kinds = "SELECT DISTINCT kind FROM park_anomaly WHERE noun = 'tube' AND evidence ->> 'tube' = %s"
        marked = {row[0] for row in asking.execute(kinds, [mine]).fetchall()}
    found["shown_wrongly"] += len({"over_full", "tube_opened_twice", "tube_sealed_twice"} - marked)
    return found


def wrong_clocks(site: Site, rounds: int) -> dict[str, int]:
    """Phones whose clocks are three hours ahead or behind: what they say is stored with the right time, and marked."""
    phones = phones_of(site.park, site.port)
    for phone, hours in zip(phones, (3, -3, 3, -3), strict=False):
        phone.skew = timedelta(hours=hours)
        phone.capture(A_ROUND)
        _told_by(phone)
    all_send(phones)
    found = judged(site, phones)
    found["shown_wrongly"] += sum(1 for phone in phones if phone.skew and not phone.doubts["clock_far_off"])
    return found


def clock_jumps(site: Site, rounds: int) -> dict[str, int]:
    """A clock that jumps three hours in mid-shift: nothing is refused or lost, and what it tells is marked."""
    phones = phones_of(site.park, site.port)[:2]
    for phone in phones:
        phone.capture(A_ROUND)
        _told_by(phone)
        phone.skew = timedelta(hours=3)  # from here on it is three hours ahead, and so is its word of when it sends
        phone.capture(A_ROUND)
        _told_by(phone, after=A_ROUND // 10 * 12)
    all_send(phones)
    found = judged(site, phones, clocks_right=False)
    found["shown_wrongly"] += sum(1 for phone in phones if not phone.doubts["clock_far_off"])
    return found


def _told_by(phone: FieldPhone, after: int = 0) -> None:
    """Let the phone's operations (from number `after` on) bear the time of its own clock, happened a moment ago."""
    for n, operation in enumerate(phone.told[after:]):
        true = clock.now() - timedelta(minutes=3) + timedelta(milliseconds=100 * n)
        operation["at"], operation["true_at"] = (true + phone.skew).isoformat(), true.timestamp()


def restored(site: Site, rounds: int) -> dict[str, int]:
    """The database goes back to a backup; phones still hold the day, hear of it when they ask, and send it again.

    The half that asks last does so when the others' work has long passed its cursor.
    """
    phones = phones_of(site.park, site.port)
    for phone in phones:
        phone.capture(A_ROUND)
    all_send(phones)
    site.back_up()
    for phone in phones:
        phone.capture(A_ROUND)
    all_send(phones)
    site.restore()
    half = len(phones) // 2
    for some in (phones[:half], phones[half:]):
        told = [phone.hears_of_a_restore() for phone in some]
        if not all(told):
            raise AssertionError(f"{told.count(False)} of {len(told)} phones did not hear of the restore")
        all_send(some)
    return judged(site, phones)


FAULTS: dict[str, Callable[[Site, int], dict[str, int]]] = {
    "server_killed": killed("kill_web"),
    "web_process_killed": killed("kill_web_process"),
    "worker_killed": worker_killed,
    "postgresql_killed": killed("kill_postgres"),
    "replies_dropped": troubled(drops=0.4),
    "requests_cut": troubled(cuts=0.4),
    "duplicates_and_reorderings": troubled(twins=0.5),
    "two_phones_one_tube": same_tube,
    "clocks_three_hours_off": wrong_clocks,
    "clock_jumps_in_mid_shift": clock_jumps,
    "restored_from_backup": restored,
}


def _say(text: str) -> None:
    print(f"bench faults: {text}", file=sys.stderr, flush=True)
