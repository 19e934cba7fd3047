"""What is lost, stored twice or shown wrongly when things fail under load: counted in a whole site that is killed.

Phones capture, send, lose answers; meanwhile the web server, one of its processes, the worker or PostgreSQL gets a
kill -9, requests are cut, answers dropped, batches doubled and reordered, clocks are wrong, and the database goes back
to yesterday's backup. At the end of each every phone has drained, and its ledger is held against the tables: all counts
must be 0. What only a browser meets is tried in one, by the tests of the field app (faults_browser.py).
"""

import argparse
import random
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from parkkeeper.demo.bench.faults_browser import IN_BROWSER, in_browser
from parkkeeper.demo.bench.faults_ledger import counts_differ, held_against, people_done, shown_wrongly
from parkkeeper.demo.bench.faults_phones import FieldPhone, all_send, phones_of
from parkkeeper.demo.bench.faults_shift import in_time
from parkkeeper.demo.bench.faults_site import Site, faulty_site, wait_a_moment
from parkkeeper.kernel import clock

POINTS = 8
COUNTS = ("acknowledged_and_lost", "stored_twice", "shown_wrongly")
A_ROUND = 30
"""Scans that each phone captures at least in a fault."""
UNDER_LOAD = 40
"""Scans that each phone captures at most in a round of kill -9: enough to be sending when it falls."""
PIECES = (1, 1, 2, 4)
"""Scans that a phone captures between two sendings while a kill -9 is awaited: small, so that it sends all the time."""
KILLS, OTHERS = 4, 14
"""Kinds of kill -9; how many times A_ROUND the other faults together capture."""
KILLING = 0.65
"""The part of the time that the kills may take; what one of them leaves is the others'."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `./run bench faults`."""
    parser.add_argument("--rounds", type=int, default=50, help="rounds of each kind of kill -9 (50)")
    parser.add_argument("--minutes", type=float, default=28, help="for all of it (28): without time kills are fewer")
    parser.add_argument("--seed", type=int, default=0, help="of the troubles; 0 draws one and tells it")


def people_for(rounds: int, points: int) -> int:
    """How many people a park with so many points needs, with all rounds that may have to be done again."""
    a_desk = KILLS * (rounds + most_repeats(rounds)) * UNDER_LOAD + once_for_ten(rounds) * OTHERS * A_ROUND
    return int(a_desk * points * 1.35) + 1_400


def most_repeats(rounds: int) -> int:
    """How many of so many rounds of kill -9 may cut nothing and be done again, before the bench gives up."""
    return rounds // 4 + 2


def once_for_ten(rounds: int) -> int:
    """How often the faults that are no kill -9 of a server are done beside so many rounds of those."""
    return max(1, rounds // 10)


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Every fault on one site, then those of a browser; the counts of each, how long each took, and their sums."""
    seed = chosen.seed or random.randrange(1, 10**9)
    random.seed(seed)
    ends = time.monotonic() + KILLING * 60 * chosen.minutes
    found: dict[str, dict[str, Any]] = {}
    with faulty_site(people=people_for(chosen.rounds, POINTS), points=POINTS) as site:
        for place, (name, fault) in enumerate(FAULTS.items()):
            began = time.monotonic()
            site.until = began + (ends - began) / max(KILLS - place, 1)
            found[name] = fault(site, chosen.rounds)
            found[name]["seconds"] = round(time.monotonic() - began, 1)
        differ = pages_differ(site)
    for name, tests in IN_BROWSER.items():
        began = time.monotonic()
        _say(f"{name}: {len(tests)} tests in a browser")
        found[name] = in_browser(tests, once_for_ten(chosen.rounds))
        found[name]["seconds"] = round(time.monotonic() - began, 1)
    total = {name: sum(one.get(name, 0) for one in found.values()) for name in (*COUNTS, "failed")}
    total["shown_wrongly"] += differ
    return {"bench": "faults", "seed": seed, "rounds": chosen.rounds, "total": total, "counts_of_pages_differ": differ,
            "faults": found}  # fmt: skip


def pages_differ(site: Site) -> int:
    """How far the numbers of people sampled, by point, that pages show are from what all phones have said together."""
    return counts_differ(site.shown(), site.everybody, site.done)


def judged(site: Site, phones: list[FieldPhone]) -> dict[str, Any]:
    """The phones' ledgers against the tables and the rosters, and what nobody has acknowledged though all is sent."""
    with site.asking() as asking:
        found: dict[str, Any] = held_against(phones, asking, site.told_before)
    site.told_before |= {one["id"] for phone in phones for one in phone.told}
    site.done |= people_done(phones)
    found["shown_wrongly"] += shown_wrongly((phone.roster() for phone in phones), site.done)
    found["told"] = sum(len(phone.told) for phone in phones)
    found["acknowledged_and_lost"] += max(found["told"] - found["acknowledged"], 0)
    return found


def killed(what: str) -> Callable[[Site, int], dict[str, Any]]:
    """A fault: rounds of kill -9 of `what` (a method of Site) while all phones send one batch after the other.

    A round that cut nothing, no request and no transaction, is told and done again, but not more than most_repeats.
    When the site's time for it is over after a round, no other begins: `rounds` tells how many there were.
    """

    def fault(site: Site, rounds: int) -> dict[str, Any]:
        phones = phones_of(site.park, site.port, drops=0.05)
        done: list[Round] = []
        in_vain = 0
        while len(done) < rounds and not (done and time.monotonic() > site.until):
            found = _a_round(site, phones, what)
            if found.cut:
                done.append(found)
                if len(done) % 10 == 0:
                    _say(f"{what}: {len(done)} rounds")
                continue
            in_vain += 1
            _say(f"{what}: a round cut nothing ({found.in_flight} were in flight), again")
            if in_vain > most_repeats(rounds):
                raise AssertionError(f"{what}: {in_vain} of {in_vain + len(done)} rounds cut nothing")
        if len(done) < rounds:
            _say(f"{what}: no time for more than {len(done)} rounds")
        return judged(site, phones) | {
            "rounds": len(done), "rounds_done_again": in_vain, "in_flight": sum(one.in_flight for one in done),
            "cut": sum(one.cut for one in done), "fewest_cut": min(one.cut for one in done),
        }  # fmt: skip

    return fault


class Round(NamedTuple):
    """What one kill -9 met: requests (of the worker: transactions) in flight, and those of them that it cut."""

    in_flight: int
    cut: int


def _a_round(site: Site, phones: list[FieldPhone], what: str) -> Round:
    """One kill -9 while everybody is sending."""
    over, struck = threading.Event(), []
    before = sum(phone.cut for phone in phones)

    def keep_sending(phone: FieldPhone) -> None:
        left = UNDER_LOAD
        while left > 0 and not over.is_set():
            size = min(left, random.choice(PIECES))
            left -= size
            phone.capture(size, boxed=size > 2)
            phone.send()
        phone.send()

    def strike() -> None:
        try:
            wait_a_moment(random.uniform(0.1, 0.4))
            struck.append(_strike_worker(site) if what == "kill_worker" else _strike(site, phones, what))
        finally:
            over.set()

    all_send(phones, strike, keep_sending)
    cut = struck[0] if what == "kill_worker" else sum(phone.cut for phone in phones) - before
    return Round(struck[0], cut)


def _strike(site: Site, phones: list[FieldPhone], what: str) -> int:
    waiting = sum(phone.strike() for phone in phones)
    getattr(site, what)()
    return waiting


def _strike_worker(site: Site) -> int:
    """The worker has nobody who waits for it: it is struck when PostgreSQL sees a transaction of it cut."""
    site.wait_for_the_worker()
    before = site.transactions_cut()
    site.kill_worker()
    return site.transactions_cut() - before


def worker_killed(site: Site, rounds: int) -> dict[str, Any]:
    """Rounds of kill -9 of the worker: beside the phones' counts the journal is whole, each line sealed once."""
    found = killed("kill_worker")(site, rounds)
    journal = site.journal()
    found["shown_wrongly"] += journal["broken"] + journal["entries"] - journal["sealed"]
    return found | {"journal_lines_sealed": journal["sealed"]}


def repeated(fault: Callable[[Site], dict[str, Any]]) -> Callable[[Site, int], dict[str, Any]]:
    """That fault once for ten rounds of kill -9, and at least once; what it counts is added up."""

    def again(site: Site, rounds: int) -> dict[str, Any]:
        found = [fault(site) for _round in range(once_for_ten(rounds))]
        added = {name: (min if name.startswith("fewest") else sum)(one[name] for one in found) for name in found[0]}
        return {**added, "rounds": len(found)}

    return again


def troubled(**troubles: float) -> Callable[[Site, int], dict[str, Any]]:
    """A fault: every phone's line is bad in this way, while it sends its batches in any order."""

    def fault(site: Site) -> dict[str, Any]:
        phones = phones_of(site.park, site.port, **troubles)
        for phone in phones:
            phone.capture(2 * A_ROUND)
        all_send(phones)
        return judged(site, phones) | {"fewest_batches_a_phone": min(len(phone.sendings) for phone in phones)}

    return repeated(fault)


def same_tube(site: Site) -> dict[str, Any]:
    """Two phones at two desks scan different people into one tube, and both seal it: everything is kept and marked."""
    one, other = phones_of(site.park, site.port)[:2]
    for phone in (one, other):
        phone.capture(10, undone=0, boxed=False)
    mine = one.told[0]["tube"]
    for operation in other.told:
        operation["tube"] = mine
    all_send([one, other])
    found = judged(site, [one, other])
    with site.asking() as asking:
        kinds = "SELECT DISTINCT kind FROM park_anomaly WHERE noun = 'tube' AND evidence ->> 'tube' = %s"
        marked = {row[0] for row in asking.execute(kinds, [mine]).fetchall()}
    found["shown_wrongly"] += len({"over_full", "tube_opened_twice", "tube_sealed_twice"} - marked)
    return found


def wrong_clocks(site: Site) -> dict[str, Any]:
    """Phones whose clocks are three hours ahead or behind: what they say is stored with the right time, and marked."""
    phones = phones_of(site.park, site.port)
    for phone, hours in zip(phones, (3, -3, 3, -3), strict=False):
        phone.skew = timedelta(hours=hours)
        in_time(phone.capture(A_ROUND), phone.skew, _a_moment_ago())
    all_send(phones)
    found = judged(site, phones)
    found["shown_wrongly"] += sum(1 for phone in phones if phone.skew and not phone.doubts["clock_far_off"])
    return found


def clock_jumps(site: Site) -> dict[str, Any]:
    """Clocks that jump three hours in the middle of a tube, forward, back, there and back: the true times are stored.

    The last phone has an app that knows nothing of jumps: what it said before is stored in a wrong time, but stored.
    """
    phones = phones_of(site.park, site.port)
    older = phones[-1]
    for phone, hours in zip((*phones[:3], older), ((3,), (-3,), (3, 0), (3,)), strict=True):
        operations = phone.capture(A_ROUND)
        # in the first tubes: what is marked are scans, and some must come after it
        cuts = sorted(random.sample(range(2, A_ROUND // 2), len(hours)))
        begin = _a_moment_ago()
        for since, until, skew in zip((0, *cuts), (*cuts, len(operations)), (0, *hours), strict=True):
            if skew or since:
                phone.set_clock(timedelta(hours=skew), before=operations[since]["seq"], noticed=phone is not older)
            in_time(operations[since:until], phone.skew, begin + timedelta(seconds=since / 10))
    for operation in older.told:
        del operation["true_at"]
    all_send(phones)
    found = judged(site, phones)
    found["shown_wrongly"] += sum(1 for phone in phones if phone.skew and not phone.doubts["clock_far_off"])
    return found


def _a_moment_ago() -> datetime:
    return clock.now() - timedelta(minutes=3)


def restored(site: Site) -> dict[str, Any]:
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


_REVOKE = """
UPDATE sync_phone SET revoked_at = %s,
  revoked_by_id = CASE WHEN %s::timestamptz IS NOT NULL THEN (SELECT min(person_id) FROM park_post WHERE role = 'office') END
"""  # noqa: E501


def revoked(site: Site) -> dict[str, Any]:
    """All enrolments end while work waits on the phones: it is taken, what came later marked, the phones are told."""
    phones = phones_of(site.park, site.port)
    for phone in phones:
        in_time(phone.capture(A_ROUND), timedelta(0), _a_moment_ago())
    at, later = clock.now(), []
    with site.asking() as asking:
        asking.execute(_REVOKE.encode(), [at, at])
        for phone in phones:
            later.append(phone.capture(A_ROUND))
            in_time(later[-1], timedelta(0), at + timedelta(seconds=1))
        all_send(phones)
        untold = sum(not phone.is_told_to_wipe() for phone in phones)
        unmarked = sum(phone.doubts["phone_revoked"] != len(some) for phone, some in zip(phones, later, strict=True))
        asking.execute(_REVOKE.encode(), [None, None])  # so that others may go on here
    found = judged(site, phones)
    found["shown_wrongly"] += untold + unmarked
    return found


FAULTS: dict[str, Callable[[Site, int], dict[str, Any]]] = {
    "server_killed": killed("kill_web"),
    "web_process_killed": killed("kill_web_process"),
    "worker_killed": worker_killed,
    "postgresql_killed": killed("kill_postgres"),
    "replies_dropped": troubled(drops=0.4),
    "requests_cut": troubled(cuts=0.4),
    "duplicates_and_reorderings": troubled(twins=0.5),
    "two_phones_one_tube": repeated(same_tube),
    "clocks_three_hours_off": repeated(wrong_clocks),
    "clock_jumps_in_mid_shift": repeated(clock_jumps),
    "restored_from_backup": repeated(restored),
    "enrolment_revoked": repeated(revoked),
}


def _say(text: str) -> None:
    print(f"bench faults: {text}", file=sys.stderr, flush=True)
