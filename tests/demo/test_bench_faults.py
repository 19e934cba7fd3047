"""The faults bench: a kill that cut nothing does not count, what counts as cut, and what tests in a browser tell."""

import math
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from parkkeeper.demo.bench import faults, faults_browser, phone_tests
from parkkeeper.demo.bench.faults import Round, killed, most_repeats
from parkkeeper.demo.bench.faults_browser import IN_BROWSER, in_browser
from parkkeeper.demo.bench.faults_phones import FieldPhone
from parkkeeper.demo.bench.ingest_park import Desk

SITE: Any = SimpleNamespace(park=None, port=0, until=math.inf)
AWAY = b'{"error": {"code": "database_away"}}'


@pytest.fixture
def falls(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says what each kill is to meet: (in flight, cut)."""

    def says(*rounds: tuple[int, int]) -> None:
        waiting: Iterator[tuple[int, int]] = iter(rounds)
        monkeypatch.setattr(faults, "phones_of", lambda park, port, **troubles: [])
        monkeypatch.setattr(faults, "judged", lambda site, phones: {})
        monkeypatch.setattr(faults, "_a_round", lambda site, phones, what: Round(*next(waiting)))

    return says


def test_a_kill_that_cut_nothing_is_done_again_and_told(falls: Callable[..., None], capsys: Any) -> None:
    falls((8, 0), (5, 3), (0, 0), (4, 1))
    found = killed("kill_web")(SITE, 2)
    assert found == {"rounds": 2, "rounds_done_again": 2, "in_flight": 9, "cut": 4, "fewest_cut": 1}
    assert capsys.readouterr().err.count("cut nothing") == 2


def test_kills_that_go_on_cutting_nothing_end_the_bench(falls: Callable[..., None]) -> None:
    falls((8, 1), *[(8, 0)] * (most_repeats(2) + 1))
    with pytest.raises(AssertionError, match="kill_web: 3 of 4 rounds cut nothing"):
        killed("kill_web")(SITE, 2)


def test_kills_for_which_there_is_no_time_are_told_as_fewer(falls: Callable[..., None], capsys: Any) -> None:
    falls((8, 2), (8, 2))
    late: Any = SimpleNamespace(park=None, port=0, until=-math.inf)
    assert killed("kill_web")(late, 50)["rounds"] == 1
    assert "no time for more than 1 rounds" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "content", "cut"),
    [("", b"", 1), ("503 Away", AWAY, 1), ("503 Busy", b"{}", 0), ("429 Busy", b"{}", 0), ("200 OK", b"{}", 0)],
)
def test_a_request_is_cut_when_it_was_under_way_and_nobody_answered(status: str, content: bytes, cut: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        phone = FieldPhone(Desk("token", 1, [], 0), listening.getsockname(), "park")

        def answer() -> None:
            line, _from = listening.accept()
            with line:
                line.recv(65_536)
                while not phone.strike():
                    pass
                if status:
                    line.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)

        server = threading.Thread(target=answer)
        server.start()
        phone._ask(b"{}")
        server.join()
    assert phone.cut == cut
    assert not phone.strike() and phone._ask(b"{}") is None  # nobody is there to connect to
    assert phone.cut == cut


def test_what_tests_in_a_browser_tell_is_added_up_and_one_that_failed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    clean = {"acknowledged_and_lost": 0, "stored_twice": 0, "shown_wrongly": 0, "told": 9, "acknowledged": 9}
    runs = iter([(True, [clean]), (False, [{**clean, "stored_twice": 2}]), (True, []), (False, [])])

    def told(tests: Sequence[str], variable: str) -> tuple[bool, list[dict[str, Any]]]:
        assert (tests, variable) == (("a",), "PHONE_COUNTS")
        return next(runs)

    monkeypatch.setattr(faults_browser, "lacking", lambda: "")
    monkeypatch.setattr(faults_browser, "told_by", told)
    assert in_browser(("a",), 4) == {
        "acknowledged_and_lost": 0, "stored_twice": 2, "shown_wrongly": 0, "told": 18, "acknowledged": 18, "rounds": 4,
        "failed": 3}  # fmt: skip


def test_without_a_browser_its_faults_are_told_as_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    for tests in IN_BROWSER.values():
        assert in_browser(tests, 1) == {"not_tried": f"no browser: {phone_tests.BROWSER}"}
