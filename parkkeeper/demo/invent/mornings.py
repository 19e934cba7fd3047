"""Plans one antigen morning: who reports, through which channel, who does not."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import TYPE_CHECKING, Literal

from parkkeeper.demo.invent.events import EnterpriseMorning, MorningPlan
from parkkeeper.demo.invent.scenario import blend

if TYPE_CHECKING:
    from parkkeeper.demo.invent.park import SourcePark

CHANNELS: tuple[Literal["list", "file", "own_page"], ...] = ("list", "list", "file", "own_page")
FROM, TO = 7 * 3600, 9 * 3600 + 1800


def plan_morning(park: SourcePark, day: date) -> MorningPlan:
    """The antigen morning of one day; see `SourcePark.morning`."""
    rng = Random(f"{park.seed}:morning:{day}")
    table = park.scenario.antigen
    share = blend(day, park.first_day, park.last_day, table.unreported_first, table.unreported_last)
    liaisons = {key: post.person for post in reversed(park.posts) if post.first <= day for key in post.covers}
    positive = {found.person for found in park.antigen_positives if found.day == day}
    due: dict[str, list[str]] = {}
    for key in sorted([*park.in_state(day), *park.in_state(day, "silent_period")]):
        due.setdefault(park.person[key].enterprise, []).append(key)
    mornings = []
    for enterprise in sorted(due):
        people = due[enterprise]
        unreported = {key for key in people if rng.random() < share and key not in positive}
        mornings.append(
            EnterpriseMorning(
                enterprise,
                liaisons.get(enterprise),
                CHANNELS[int(enterprise[1:]) % len(CHANNELS)],
                rng.randint(FROM, TO),
                tuple(key for key in people if key not in unreported and key not in positive),
                tuple(key for key in people if key in positive),
                tuple(key for key in people if key in unreported),
            )
        )
    return MorningPlan(day, tuple(mornings))
