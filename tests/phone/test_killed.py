"""The browser is killed at any moment of continuous scanning: whatever was called saved is there afterwards, once."""

import os
import random
import signal
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Route, expect

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sampling.models import Round
from tests.phone.conftest import Hand, Server, code_for, profile
from tests.phone.ledger import CLEAN, Ledger
from tests.phone.test_queue import browsers, until_gone
from tests.sync.test_roster import due

TUBE = tube_code("YQ", 7)
ROUNDS = 4
# A wedge scanner that never rests: the next code as soon as the last was answered. What was called saved it tells at
# once, so that it is known when the page dies.
SCAN_ON = """async ([codes, delay]) => {
  for (const [code, name] of codes) {
    const field = document.querySelector("#take");
    field.value = code;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.form.requestSubmit();
    const until = performance.now() + 5000;
    while (!document.querySelector(".outcome[data-tone=ok]")?.textContent.includes(name)) {
      const said = document.querySelector(".outcome")?.textContent;
      if (performance.now() > until) throw new Error(`no answer to ${code}: ${said}`);
      await new Promise((done) => setTimeout(done, 2));
    }
    console.log(`saved ${code}`);
    await new Promise((done) => setTimeout(done, delay * Math.random()));
  }
}"""


def many(w: Any, number: int) -> list[Any]:
    """So many more people at the point, with names that nobody else has."""
    found = [w.person(f"连采{n}号", w.rainbow) for n in range(100, 100 + number)]
    for person in found:
        due(w, Round.objects.get(), person, w.point)
    return found


def large_tubes(route: Route) -> None:
    """The roster, with tubes that hold everybody: nothing is asked between two scans."""
    answer = route.fetch()
    roster = answer.json()
    roster["round"]["pool_size"] = 100
    route.fulfill(response=answer, json=roster)


def kill_soon(folder: Path, seconds: float) -> threading.Thread:
    """SIGKILL to every process of that browser, after a while."""

    def kill() -> None:
        threading.Event().wait(seconds)
        for process in browsers(folder):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def scan_until_killed(phone: Hand, folder: Path, people: list[Any], seconds: float) -> list[Any]:
    """Scan one after the other until the browser dies; returns those who were called saved."""
    saved: list[str] = []
    phone.page.on("console", lambda said: saved.append(said.text[6:]) if said.text.startswith("saved ") else None)
    victims, killing = browsers(folder), kill_soon(folder, seconds)
    try:
        phone.page.evaluate(SCAN_ON, [[[one.staff_number, one.name] for one in people], 15])
    except Error as died:
        assert "no answer" not in str(died), died
    killing.join()
    until_gone(victims)
    by_number = {one.staff_number: one for one in people}
    return [by_number[number] for number in saved]


def test_what_was_called_saved_outlives_a_kill_at_any_moment_of_scanning(
    browser: Browser, server: Server, w: Any, tmp_path: Path
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    left, ledger, said = many(w, 90), Ledger(), list[Any]()
    saved: list[Any] = []
    for turn in range(ROUNDS + 1):
        with profile(browser, server, tmp_path) as phone:
            if turn:
                phone.unlock()
            else:
                phone.page.route("**/phone/v1/roster", large_tubes, times=1)
                phone.begin(code_for(w))
                phone.take(TUBE)
                phone.says(TUBE, "tube")
            ledger.note(phone)
            there = sum(one["kind"] == "scan" for one in ledger.told) - len(said)
            # the one under way may have reached the disk without anybody having been told
            assert len(saved) <= there <= len(saved) + 1, turn
            said, left = said + left[:there], left[there:]
            expect(phone.page.locator(".scans li")).to_have_count(len(said))
            if turn < ROUNDS:
                saved = scan_until_killed(phone, tmp_path, left, chance.uniform(0.15, 0.9))
            else:
                phone.waits(0)
                ledger.note(phone)
    assert len(said) > ROUNDS
    assert ledger.counts([(TUBE, one) for one in said]) == CLEAN
