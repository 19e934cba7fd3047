"""Whether the database is away is asked by one at a time; nobody waits where another has waited in vain."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from parkkeeper.park.tenancy.postgresql.base import QUICK, Silence


def test_while_one_knocks_at_a_silent_network_the_others_do_not_wait() -> None:
    silence, knocked, answer = Silence(), threading.Event(), threading.Event()
    silence.holds = True

    def knock() -> bool:
        knocked.set()
        return answer.wait(10) and False

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(silence.over, knock)
        assert knocked.wait(10)
        begun = time.monotonic()
        assert not silence.over(lambda: True)
        assert time.monotonic() - begun < QUICK + 1
        answer.set()
        assert not first.result(10)
    assert not silence.over(lambda: True), "a knock that nobody answered is not repeated at once"


def test_who_is_refused_at_once_asks_again_at_once_and_an_answer_ends_it() -> None:
    silence = Silence()
    silence.holds = True
    assert not silence.over(lambda: False)
    assert silence.over(lambda: True)
    assert not silence.holds
