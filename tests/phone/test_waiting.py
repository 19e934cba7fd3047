"""Work that is not with the park yet: what its marks are, and how a phone waits for a park with its hands full."""

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Response, Route, expect

from parkkeeper.sync import door, inbox
from parkkeeper.sync.gate import Gate
from tests.phone.conftest import Phones
from tests.phone.test_queue import TUBE, begun
from tests.phone.test_shift import scanned

Full = Callable[[pytest.MonkeyPatch, ExitStack], None]


def no_place(patch: pytest.MonkeyPatch, until: ExitStack) -> None:
    """429: as many batches as the server does at once are being done."""
    narrow = Gate(1, 1, 0.0)
    patch.setattr(door, "gate", narrow)
    until.enter_context(narrow.passed())


def in_the_way(patch: pytest.MonkeyPatch, until: ExitStack) -> None:
    """503: others were in the way too often."""
    now = until.enter_context(pytest.MonkeyPatch.context())
    now.setattr(inbox, "TRIES", 0)


@pytest.mark.parametrize(("status", "full"), [(429, no_place), (503, in_the_way)])
def test_a_park_with_its_hands_full_is_waited_for_and_nobody_sees_an_error(
    phones: Phones, w: Any, monkeypatch: pytest.MonkeyPatch, status: int, full: Full
) -> None:
    phone = begun(phones, w)
    answers: list[tuple[float, int, float]] = []

    def answered(response: Response) -> None:
        if response.url.endswith("/batches"):
            answers.append((time.monotonic(), response.status, float(response.headers.get("retry-after", 0))))

    phone.page.on("response", answered)
    with ExitStack() as until:
        full(monkeypatch, until)
        phone.take(w.workers[2].staff_number)
        phone.says("李娜", "ok")
        phone.tab("我的")
        line = phone.page.locator(".queue .link")
        expect(line).to_have_text(re.compile(r"^等候园区：\d\d:\d\d:\d\d 自动再发。采样照常进行。$"))
        expect(phone.page.locator("[data-state=sent], [data-state=saved]")).to_have_count(1)
        expect(phone.page.locator("my-tab .error, my-tab [role=alert]")).to_have_count(0)
        assert not re.search("忙|失败|错误|拒绝|暂时不收", phone.page.locator("my-tab .queue").inner_text())
    phone.waits(0, by_itself=True)
    expect(phone.page.locator(".queue")).to_contain_text("全部已送达园区")
    assert scanned(TUBE) == [w.workers[2].staff_number]
    assert [code for _at, code, _wait in answers] == [status] * (len(answers) - 1) + [200] and len(answers) > 1
    for (before, _code, wait), (after, _next, _none) in pairwise(answers):
        assert wait >= 1 and after - before >= wait - 0.1  # not sooner than it was told


def test_saved_sent_and_delivered_are_three_marks_on_one_screen(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    on_the_way: list[Route] = []
    for place, worker in enumerate(w.workers[2:5]):
        phone.take(worker.staff_number)
        phone.says(worker.name, "ok")
        if place == 0:
            phone.waits(0)
            phone.page.route("**/phone/v1/batches", lambda route: on_the_way.append(route))  # answered by nobody
        if place == 1:
            expect(phone.page.locator(".scans li").first.locator(".dot")).to_have_class("dot sent")
    for rows in (".scans li", ".items li[data-state]"):
        if rows.startswith(".items"):
            phone.tab("我的")
            phone.page.get_by_role("button", name="也看已送达").click()
        newest = phone.page.locator(rows)
        marks = [newest.nth(place).locator(".dot") for place in range(3)]
        for place, (state, word) in enumerate((("saved", "已存本机"), ("sent", "已发出"), ("settled", "已送达"))):
            expect(marks[place]).to_have_class(f"dot {state}")
            expect(newest.nth(place).locator(".state")).to_have_text(word)
        looks = [mark.evaluate(LOOK) for mark in marks]
        assert len(set(looks)) == 3, looks
    for route in on_the_way:
        route.continue_()
    phone.page.unroute("**/phone/v1/batches")
    phone.waits(0)
    assert len(scanned(TUBE)) == 3


LOOK = """(mark) => {
  const { borderTopColor, backgroundImage, backgroundColor } = getComputedStyle(mark);
  return [borderTopColor, backgroundImage, backgroundColor].join();
}"""
