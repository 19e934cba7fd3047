"""The demo as a command: arguments, the steps in their order, what is said about them."""

import argparse
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from parkkeeper.demo.build import build, demolish
from parkkeeper.demo.invent import DEFAULT_SEED, SourcePark, invent
from parkkeeper.demo.phones import Door, Fleet
from parkkeeper.demo.register import SCHEMA, Register
from parkkeeper.demo.replay import Replay
from parkkeeper.demo.terminal import Terminal
from parkkeeper.kernel.processes import child_env, web_server
from parkkeeper.park.tenancy.parks import in_park


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    days: int
    seed: int
    serve: bool
    json: Path | None
    port: int | None
    fresh: bool


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; ends the program with a message for wrong arguments."""
    parser = argparse.ArgumentParser("./run demo", allow_abbrev=False)
    parser.add_argument("--days", type=int, default=0, help="replay only the last N days (all of them)")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="another invented park")
    parser.add_argument("--no-serve", dest="serve", action="store_false", help="end after the table of figures")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--port", type=int, help="the port to serve at (the first free one from 8000)")
    parser.add_argument("--fresh", action="store_true", help="replay again even if it was done before")
    chosen = parser.parse_args(list(arguments))
    if chosen.days < 0:
        parser.error("--days is how many of the last days to replay; leave it out for all")
    return Options(chosen.days, chosen.seed, chosen.serve, chosen.json, chosen.port, chosen.fresh)


def run(arguments: Sequence[str]) -> int:
    """Build, replay, print, serve. Returns the exit code."""
    options, terminal = read_options(arguments), Terminal()
    park = invent(options.seed)
    days = park.days()[-options.days :]
    rebuild(park, days, terminal)
    return 0


def rebuild(park: SourcePark, days: list[date], terminal: Terminal) -> None:
    """Make the park anew and replay these days."""
    started = time.monotonic()
    terminal.say(f"Building {park.place.name}: {len(park.enterprises)} enterprises, {len(park.people)} people …")
    demolish()
    register = build(park, lambda what, share: terminal.bar(share, what))
    terminal.say(f"Built in {time.monotonic() - started:.0f} s.")
    with in_park(SCHEMA), timezone.override(park.place.zone), rehearsal_server() as (address, token):
        replay_days(register, Fleet(Door(address, token)), days, terminal)


@contextmanager
def rehearsal_server() -> Iterator[tuple[str, str]]:
    """The web server for the replay: gives its address and the token with which a request may set its moment."""
    token = secrets.token_urlsafe(32)
    log = Path(settings.DATA_DIR) / "replay.log"
    env = child_env({"PARKKEEPER_REHEARSAL_TOKEN": token, "PARKKEEPER_DATA": str(settings.DATA_DIR)})
    with ExitStack() as stack:
        yield stack.enter_context(web_server(env, workers=2, threads=2, log=log)), token


def replay_days(register: Register, fleet: Fleet, days: list[date], terminal: Terminal) -> Replay:
    """Replay the days with a bar; says a line a day where there is no terminal."""
    state = {"n": 0}

    def progress(phase: str, step: int, of: int) -> None:
        terminal.bar(state["n"] / len(days), f"{days[min(state['n'], len(days) - 1)]:%m-%d} {phase}")

    replay = Replay(register, fleet, days[0], progress)
    started = time.monotonic()
    for n, day in enumerate(days):
        state["n"] = n
        began = time.monotonic()
        replay.day(day)
        if not terminal.moving:
            took = ", ".join(f"{name} {spent:.1f}" for name, spent in replay.ledger.take_seconds().items())
            terminal.say(f"{day} {time.monotonic() - began:5.1f} s ({took})")
    terminal.say(f"Replayed {len(days)} days in {time.monotonic() - started:.0f} s.")
    terminal.say(f"{replay.ledger.scans} scans, {fleet.stored} stored, doubts {fleet.doubts}")
    return replay

