"""Pool sizes: the closed form against tubes filled by chance, and the advice against the published crossing."""

import random

import pytest

from parkkeeper.planning.pooling import SIZES, advise, estimate_positivity
from parkkeeper.planning.pooling import tests_a_person as cost


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("positivity", [0.0, 0.001, 0.01, 0.05])
def test_the_closed_form_is_what_tubes_filled_by_chance_cost(size: int, positivity: float) -> None:
    seed = 20220519
    print(f"seed {seed}")
    chance = random.Random(seed)
    pools = 20_000 // size
    tests = 0
    for _ in range(pools):
        positive = any(chance.random() < positivity for _ in range(size))
        tests += 1 + (size if positive and size > 1 else 0)
    assert tests / (pools * size) == pytest.approx(cost(size, positivity), abs=0.03)


def test_twenty_loses_against_ten_above_the_published_crossing() -> None:
    assert cost(20, 0.0053) < cost(10, 0.0053)
    assert cost(20, 0.0055) > cost(10, 0.0055)


def test_one_to_a_tube_wins_when_many_are_positive() -> None:
    assert advise({1: (100, 45)}).size == 1


@pytest.mark.parametrize("positivity", [0.0005, 0.004, 0.02])
def test_the_estimate_finds_the_positivity_that_made_the_pools(positivity: float) -> None:
    pools = {size: (100_000, round(100_000 * (1 - (1 - positivity) ** size))) for size in (1, 10, 20)}
    assert estimate_positivity(pools) == pytest.approx(positivity, rel=0.01)


def test_a_few_clean_pools_do_not_advise_bigger_ones() -> None:
    assert advise({10: (4, 0)}).size == 10
    assert advise({10: (1500, 0)}).size == 20


def test_without_any_pools_the_advice_is_one_to_a_tube() -> None:
    advice = advise({})
    assert (advice.size, advice.pools, advice.positive) == (1, 0, 0)


def test_the_advice_shows_what_it_rests_on() -> None:
    advice = advise({10: (1568, 9), 1: (90, 1)})
    assert (advice.pools, advice.positive) == (1658, 10)
    assert advice.costs[advice.size] == min(advice.costs.values())


@pytest.mark.parametrize("pools", [{0: (1, 0)}, {10: (1, 2)}, {10: (5, -1)}])
def test_counts_that_cannot_be_are_an_error(pools: dict[int, tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        advise(pools)


@pytest.mark.parametrize(("size", "positivity"), [(0, 0.1), (10, 1.1), (10, -0.1)])
def test_a_cost_needs_a_pool_and_a_share(size: int, positivity: float) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        cost(size, positivity)
