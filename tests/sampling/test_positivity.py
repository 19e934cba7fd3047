"""The advice on pool size rests on the last days' tubes and on nothing that was counted before."""

import pytest

from parkkeeper.sampling.positivity import advise_pool_size
from tests.sampling.results_world import later, make_round, report, tube
from tests.world import world

pytestmark = pytest.mark.django_db


def test_pools_of_the_last_days_are_counted_by_their_size() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    tube(w, 2, w.workers[1])
    tube(w, 3, w.workers[2], size=1)
    report(w, (1, "positive"), (2, "negative"), (3, "negative"))
    advice = advise_pool_size(later(400))
    assert (advice.pools, advice.positive) == (3, 1)
    assert advise_pool_size(later(200)).pools == 0
    assert advise_pool_size(later(400 + 8 * 1440)).pools == 0


def test_the_retests_of_a_positive_pool_are_not_counted_again() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "positive"))
    tube(w, 2, w.workers[0], size=1, minutes=400)
    report(w, (2, "positive"), minutes=600)
    advice = advise_pool_size(later(700))
    assert (advice.pools, advice.positive) == (1, 1)


def test_unsure_words_and_rehearsals_are_not_counted() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    tube(w, 2, w.workers[0], round=make_round(w, rehearsal=True))
    report(w, (1, "invalid"), (2, "positive"))
    assert advise_pool_size(later(400)).pools == 0
