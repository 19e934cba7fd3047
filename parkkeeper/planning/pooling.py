"""How many people to a tube: the fewest tests a person at the positivity that was lately seen.

A pool of k costs 1/k of a test a person, and one test more for everybody in it when it is positive: 1/k + 1-(1-p)^k
(Dorfman's two-stage pooling). At p = 0.54 % pools of 20 and of 10 cost the same; above it 20 loses.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SIZES = (1, 5, 10, 20)
_STEPS = 60


@dataclass(frozen=True)
class Advice:
    """The advised pool size, the positivity it rests on, and what each size would cost in tests a person."""

    size: int
    positivity: float
    """Share of people, 0 to 1, estimated from the pools."""
    costs: dict[int, float]
    pools: int
    positive: int


def tests_a_person(size: int, positivity: float) -> float:
    """Expected tests a person when `size` people share a tube and each is positive with that probability (0 to 1).

    A single tube is one test. Raises ValueError for a size below 1 or a positivity outside 0 to 1.
    """
    if size < 1 or not 0 <= positivity <= 1:
        raise ValueError(f"A pool of {size} at positivity {positivity} does not exist.")
    return 1.0 if size == 1 else 1 / size + 1 - (1 - positivity) ** size


def estimate_positivity(pools: Mapping[int, tuple[int, int]]) -> float:
    """The share of positive people that explains what was seen: pool size to (pools, positive among them).

    The positivity at which as many positive pools are expected as were seen, plus half a one: so little evidence never
    looks like none, and a few clean pools do not advise bigger ones. 1.0 without any pools. Raises ValueError for
    counts that cannot be.
    """
    if any(size < 1 or positive < 0 or positive > total for size, (total, positive) in pools.items()):
        raise ValueError(f"These pools cannot be: {dict(pools)}")
    seen = sum(positive for _, positive in pools.values()) + 0.5
    if seen >= sum(total for total, _ in pools.values()):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        expected = sum(total * (1 - (1 - middle) ** size) for size, (total, _) in pools.items())
        low, high = (middle, high) if expected < seen else (low, middle)
    return (low + high) / 2


def advise(pools: Mapping[int, tuple[int, int]]) -> Advice:
    """The size with the fewest tests a person at these pools' positivity; the smaller one when two cost alike."""
    positivity = estimate_positivity(pools)
    costs = {size: tests_a_person(size, positivity) for size in SIZES}
    best = min(SIZES, key=lambda size: (round(costs[size], 12), size))
    totals = [sum(column) for column in zip(*pools.values(), strict=True)] or [0, 0]
    return Advice(best, positivity, costs, totals[0], totals[1])
