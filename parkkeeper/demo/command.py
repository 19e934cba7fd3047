"""The demo as a command: arguments, the steps in their order, what is said about them."""

import argparse
import hashlib
import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from parkkeeper.demo import table
from parkkeeper.demo.build import build, demolish
from parkkeeper.demo.crew import Crew, crew
from parkkeeper.demo.invent import DEFAULT_SEED, SourcePark, invent
from parkkeeper.demo.invent.scenario import SCENARIO_FILE, read_scenario
from parkkeeper.demo.phones import Door, Fleet
from parkkeeper.demo.register import SCHEMA, Register
from parkkeeper.demo.replay import Replay
from parkkeeper.demo.serving import serve
from parkkeeper.demo.terminal import Terminal
from parkkeeper.kernel.processes import child_env, web_server
from parkkeeper.park.tenancy.models import Park
from parkkeeper.park.tenancy.parks import in_park
from parkkeeper.sampling.models import Scan

MARK = "demo.json"
Mark = dict[str, int | str]


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    days: int
    seed: int
    serve: bool
    json: Path | None
    port: int | None
    fresh: bool
    scenario: Path


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; ends the program with a message for wrong arguments."""
    parser = argparse.ArgumentParser("./run demo", allow_abbrev=False)
    parser.add_argument("--days", type=int, default=0, help="replay only the last N days (all of them)")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="another invented park")
    parser.add_argument("--no-serve", dest="serve", action="store_false", help="end after the table of figures")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--port", type=int, help="the port to serve at (the first free one from 8000)")
    parser.add_argument("--fresh", action="store_true", help="replay again even if it was done before")
    parser.add_argument("--scenario", type=Path, default=SCENARIO_FILE, help="another story: a file like scenario.toml")
    chosen = parser.parse_args(list(arguments))
    if chosen.days < 0:
        parser.error("--days is how many of the last days to replay; leave it out for all")
    return Options(**vars(chosen))


def run(arguments: Sequence[str]) -> int:
    """Build, replay, print, serve. Returns the exit code: 1 when the server's records are not those of the replay."""
    options, terminal = read_options(arguments), Terminal()
    wanted: Mark = {"seed": options.seed, "days": options.days, "version": version(options.scenario)}
    if options.fresh or done() != wanted:
        mark_path().unlink(missing_ok=True)
        park = invent(options.seed, read_scenario(options.scenario))
        if not rebuild(park, park.story()[-options.days :], terminal):
            return 1
        mark_path().write_text(json.dumps(wanted), encoding="utf-8")
    else:
        terminal.say("The replay is here from before (again from the beginning: --fresh).")
    with in_park(SCHEMA), timezone.override(Park.objects.get(schema_name=SCHEMA).time_zone):
        found = table.lines()
    print(table.rendered(found), flush=True)
    if options.days:
        terminal.say(
            f"Only the last {options.days} days were replayed: the first of them is where the mode begins here."
        )
    if options.json:
        options.json.write_text(table.as_json(found), encoding="utf-8")
    return serve(options.port, terminal) if options.serve else 0


def mark_path() -> Path:
    """The file that says which replay the database holds."""
    return Path(settings.DATA_DIR) / MARK


def done() -> Mark | None:
    """What was replayed to its end before, if the park is still there."""
    try:
        told: Mark = json.loads(mark_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if Park.objects.filter(schema_name=SCHEMA).exists() else None


def version(scenario: Path) -> str:
    """A fingerprint of the story and of whoever tells it: another one makes the park anew."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in [*sorted([*here.glob("*.py"), *here.glob("invent/*")]), scenario]:
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def rebuild(park: SourcePark, days: list[date], terminal: Terminal) -> bool:
    """Make the park anew and replay these days; says whether the server holds exactly what the phones sent."""
    started = time.monotonic()
    terminal.say(f"Building {park.place.name}: {len(park.enterprises)} enterprises, {len(park.people)} people …")
    demolish()
    register = build(park, days[0], lambda what, share: terminal.bar(share, what))
    terminal.say(f"Built in {time.monotonic() - started:.0f} s.")
    with in_park(SCHEMA), timezone.override(park.place.zone), rehearsal_server() as (address, token):
        with crew(SCHEMA, park.place.zone) as hands:
            replay = replay_days(register, Fleet(Door(address, token)), hands, days, terminal)
        return agrees(replay, terminal)


@contextmanager
def rehearsal_server() -> Iterator[tuple[str, str]]:
    """The web server for the replay: gives its address and the token with which a request may set its moment."""
    token = secrets.token_urlsafe(32)
    env = child_env({"PARKKEEPER_REHEARSAL_TOKEN": token, "PARKKEEPER_DATA": str(settings.DATA_DIR)})
    with web_server(env, workers=2, threads=2, log=Path(settings.DATA_DIR) / "replay.log") as address:
        yield address, token


def replay_days(register: Register, fleet: Fleet, hands: Crew, days: list[date], terminal: Terminal) -> Replay:
    """Replay the days with a bar; says a line a day where there is no terminal."""
    started = time.monotonic()
    over: list[date] = []

    def progress(phase: str, step: int, of: int) -> None:
        day = days[len(over)]
        terminal.bar(len(over) / len(days), f"{day:%Y-%m-%d} {phase} ({time.monotonic() - started:.0f} s)")

    replay = Replay(register, fleet, hands, days[0], progress)
    for day in days:
        began = time.monotonic()
        replay.day(day)
        if not terminal.moving:
            took = ", ".join(f"{name} {spent:.1f}" for name, spent in replay.ledger.take_seconds().items())
            terminal.say(f"{day}  {time.monotonic() - began:5.1f} s  ({took})")
        over.append(day)
    terminal.say(f"Replayed {len(days)} days in {time.monotonic() - started:.0f} s: {replay.ledger.requests} requests.")
    return replay


def agrees(replay: Replay, terminal: Terminal) -> bool:
    """Hold the server's scans against what the phones noted."""
    stored = Scan.objects.count()
    terminal.say(f"The phones noted {replay.ledger.scans} scans; the server holds {stored}.")
    if stored != replay.ledger.scans:
        terminal.say(
            "They differ: something was lost or counted twice on the way. See replay.log in the data directory."
        )
    return stored == replay.ledger.scans
