"""How many people, when: sizes that sum up exactly, the park's growth, who resumes and comes on post on which day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import floor
from random import Random

from parkkeeper.demo.invent.scenario import Scenario, blend, days_between, progress

FIRST_DAY_SHARE = 0.2  # of an enterprise's people come on the day it resumes, at least


def share_out(total: int, weights: Sequence[float], least: int = 0, most: int | None = None) -> list[int]:
    """Whole numbers that sum to `total`, in proportion to `weights`, each between `least` and `most`.

    ValueError when no such numbers exist.
    """
    most = total if most is None else most
    if not weights and not total:
        return []
    if not least * len(weights) <= total <= most * len(weights):
        raise ValueError(f"{total} cannot be shared by {len(weights)} with {least} to {most} each.")
    spare, sum_of_weights = total - least * len(weights), sum(weights)
    exact = [spare * weight / sum_of_weights for weight in weights]
    shares = [min(most, least + floor(part)) for part in exact]
    order = sorted(range(len(weights)), key=lambda n: (floor(exact[n]) - exact[n], n))
    left = total - sum(shares)
    while left:
        for n in order:
            if left and shares[n] < most:
                shares[n] += 1
                left -= 1
    return shares


def targets(scenario: Scenario) -> dict[date, int]:
    """People on post at the end of each day, from the first resumption to the last round."""
    calendar, growth = scenario.calendar, scenario.growth
    curve: dict[date, int] = {}
    for day in days_between(calendar.first_resumption, calendar.last_round):
        if day <= calendar.first_round:
            start, end = growth.at_first_resumption, growth.at_first_round
            curve[day] = round(blend(day, calendar.first_resumption, calendar.first_round, start, end))
        else:
            gone = 1 - (1 - progress(day, calendar.first_round, calendar.last_round)) ** growth.slowing
            curve[day] = round(growth.at_first_round + gone * (growth.at_last_round - growth.at_first_round))
    return curve


def resumption_days(scenario: Scenario, sizes: Mapping[str, int], rng: Random) -> dict[str, date]:
    """The day each enterprise (by key, with its people) resumes: larger ones sooner on the whole.

    Room for newcomers runs ahead of the growth curve, less and less. Of those with 100 people, the first resumes on
    the first day of resumption and the last on the last.
    """
    calendar = scenario.calendar
    curve = targets(scenario)
    days = days_between(calendar.first_resumption, calendar.last_resumption)
    order = sorted(sizes, key=lambda key: (-(sizes[key] ** 0.5) * rng.lognormvariate(0, 1), key))
    total, reached, at = sum(sizes.values()), 0, 0
    found: dict[str, date] = {}
    for key in order:
        while at < len(days) - 1:
            full = blend(days[at], calendar.first_round, calendar.last_resumption, 0.74, 0.985)
            if reached < curve[days[at]] / full - total * 0.005:
                break
            at += 1
        found[key] = days[at]
        reached += sizes[key]
    large = [key for key in order if sizes[key] >= 100]
    found[large[0]], found[large[-1]] = days[0], days[-1]
    return found


def joining_days(scenario: Scenario, sizes: Mapping[str, int], resumed: Mapping[str, date]) -> dict[str, list[date]]:
    """For each enterprise, the day each of its people comes on post, sorted.

    Day by day the park takes in as many as the growth curve asks, from all enterprises that have resumed, in
    proportion to whom they still wait for; everybody is in on the last day.
    """
    curve = targets(scenario)
    waiting = dict(sizes)
    joined: dict[str, list[date]] = {key: [] for key in sizes}
    last = max(curve)
    for day, target in curve.items():
        open_keys = [key for key in sizes if resumed[key] <= day and waiting[key]]
        for key in open_keys:
            if resumed[key] == day:
                _take(joined[key], waiting, key, day, max(1, round(sizes[key] * FIRST_DAY_SHARE)))
        pending = [waiting[key] for key in open_keys]
        here = sum(len(days) for days in joined.values())
        need = sum(pending) if day == last else min(sum(pending), max(0, target - here))
        for key, number in zip(open_keys, share_out(need, [max(p, 1e-9) for p in pending]), strict=True):
            _take(joined[key], waiting, key, day, number)
    return joined


def _take(days: list[date], waiting: dict[str, int], key: str, day: date, number: int) -> None:
    number = min(number, waiting[key])
    days += [day] * number
    waiting[key] -= number
