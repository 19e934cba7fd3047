"""Where a person is from day to day: silent period, on post, away, isolated, left."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from parkkeeper.demo.invent.model import Presence, PresenceState
from parkkeeper.demo.invent.scenario import Scenario

WAITING_SINCE = date(2022, 3, 28)  # people of enterprises that have not resumed are away at least since then
Row = tuple[PresenceState, date, date | None]


def presences_of(
    scenario: Scenario, person: str, joined_on: date | None, fate: str, nth: int | None, rng: Random
) -> list[Presence]:
    """The intervals of one person, oldest first, without overlap.

    `nth` counts the people who end up isolated: the first are those whom incidents find positive.
    """
    because = None
    if joined_on is None:
        rows = [_not_yet_here(scenario, fate, rng)]
    else:
        rows = _before(scenario, joined_on, rng)
        if fate == "isolated":
            since, because = _isolation(scenario, nth or 0, rng)
            rows += [("on_post", joined_on, since), ("isolated", since, None)]
        elif fate in ("left", "away"):
            gone = _between(rng, joined_on + timedelta(days=2), scenario.calendar.last_round)
            rows += [("on_post", joined_on, gone), ("left" if fate == "left" else "away", gone, None)]
        else:
            rows += _with_gap(scenario, joined_on, rng)
    return [
        Presence(person, state, first, until, because if state == "isolated" else None) for state, first, until in rows
    ]


def confirmed_incidents(scenario: Scenario) -> list[tuple[str, date]]:
    """Key and day of every incident that ends with one person really positive, in the order people are picked."""
    found = [(f"I{n}", row.day) for n, row in enumerate(scenario.incidents, start=1) if row.confirmed]
    return found + [(f"A{n}", row.day) for n, row in enumerate(scenario.antigen_positives, start=1) if row.confirmed]


def _isolation(scenario: Scenario, nth: int, rng: Random) -> tuple[date, str | None]:
    confirmed = confirmed_incidents(scenario)
    if nth < len(confirmed):
        key, day = confirmed[nth]
        return day + timedelta(days=1), key
    return _between(rng, scenario.calendar.first_round, scenario.calendar.last_round), None


def _not_yet_here(scenario: Scenario, fate: str, rng: Random) -> Row:
    if fate == "silent":
        return (
            "silent_period",
            scenario.calendar.last_round - timedelta(days=rng.randrange(scenario.people.silent_days)),
            None,
        )
    return ("away", WAITING_SINCE, None)


def _before(scenario: Scenario, joined_on: date, rng: Random) -> list[Row]:
    table = scenario.people
    start = joined_on - timedelta(days=table.silent_days)
    if start < scenario.calendar.first_resumption or rng.random() >= table.silent_share:
        return []
    return [("silent_period", start, joined_on)]


def _with_gap(scenario: Scenario, joined_on: date, rng: Random) -> list[Row]:
    """On post, for a few with days away in between and a silent period on the way back."""
    last = scenario.calendar.last_round
    room = (last - joined_on).days
    if room < 10 or rng.random() >= scenario.people.gap_share:
        return [("on_post", joined_on, None)]
    gone = joined_on + timedelta(days=rng.randint(2, room - 7))
    back = gone + timedelta(days=rng.randint(1, 3))
    again = back + timedelta(days=scenario.people.silent_days)
    return [
        ("on_post", joined_on, gone),
        ("away", gone, back),
        ("silent_period", back, again),
        ("on_post", again, None),
    ]


def _between(rng: Random, first: date, last: date) -> date:
    return first + timedelta(days=rng.randint(0, max(0, (last - first).days)))
