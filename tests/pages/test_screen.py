"""The big screen in a browser: with WebGL and without, scaled, cut off, and as small after hours as before."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from parkkeeper.config.field_build import WALL
from parkkeeper.kernel import clock
from parkkeeper.park.models import Road
from tests.inspection.evening import inspected_evening
from tests.pages.conftest import LogIn, until
from tests.pages.evening import NIGHT, sampled_evening

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not WALL.built.is_dir(), reason="the big screen is not built: ./run serve builds it"),
]
WALL_SIZE = {"width": 1920, "height": 1080}
# software drawing, which a machine without a graphics card has to be told to use
WITH_WEBGL = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
NO_WEBGL = (
    "HTMLCanvasElement.prototype.getContext = ((old) => function (kind, ...more) {"
    " return kind.startsWith('webgl') ? null : old.call(this, kind, ...more) })(HTMLCanvasElement.prototype.getContext)"
)
HOURS = int(os.environ.get("PARKKEEPER_REFRESHES", "0"))  # 2880 makes it twelve hours, for both maps
EVERY = 15_000
# Instead of the park: other numbers at each turn, as many rows as a wall has.
VARYING = """
  const real = window.fetch; let turns = 0, told;
  window.fetch = async (address, more) => {
    if (!String(address).endsWith('data.json')) return real(address, more);
    told ??= await (await real(address, more)).json();
    turns += 1;
    const rows = (count, make) => Array.from({length: count}, (_, n) => make(n));
    return new Response(JSON.stringify({...told,
      grids: rows(9, n => ({pk: n + 1, name: `第${n + 1}网格`, due: 1200, sampled: 400 + turns % 90 * n,
        missing: turns, open: 7, overdue: n % 3, visits: 31})),
      points: rows(79, n => [121.6 + n * 37 % 30 / 1000, 31.2 + n * 53 % 10 / 1000, 200, turns * n % 190]),
      round: {...told.round, due: 3600, sampled: 3000,
        curve: rows(200, n => [told.round.opens + 70000 * n, 15 * n + turns % 90])},
      clocks: rows(turns % 11, n => ({...told.clocks[0], number: `园整改〔2022〕${turns + n}号`})),
    }));
  };
"""


@pytest.fixture
def evening(w: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(clock, "now", lambda: NIGHT)
    settings.FILES_DIR = tmp_path
    for n, road in enumerate(([[121.6, 31.2], [121.63, 31.2]], [[121.61, 31.2], [121.61, 31.21]])):
        Road.objects.create(name=f"大道{n}", arterial=True, line={"type": "LineString", "coordinates": road})
    sampled_evening(w)
    inspected_evening(w)
    w.wall = w.post(w.person("大厅屏幕", w.body, state="away"), "screen")
    return w


@pytest.fixture
def drawing(browser: Browser) -> Iterator[Browser]:
    """A browser that has WebGL."""
    found = browser.browser_type.launch(executable_path="/usr/bin/chromium", args=WITH_WEBGL)
    yield found
    found.close()


def shown(page: Page, map: str) -> None:
    page.goto("/screen")
    until(page, f"document.querySelector('[data-map={map}]') && Number(stage.dataset.turns) > 0")
    if folder := os.environ.get("PARKKEEPER_PICTURES"):
        page.wait_for_timeout(1500)
        page.screenshot(path=f"{folder}/screen-{map}-{page.viewport_size['width']}.png")  # type: ignore[index]


def test_without_webgl_the_map_is_drawn_on_a_canvas_and_everything_is_there(evening: Any, log_in: LogIn) -> None:
    page = log_in(evening.wall, WALL_SIZE)
    page.add_init_script(NO_WEBGL)
    shown(page, "canvas")
    assert page.locator(".numbers .number").count() == 5 and page.locator(".grid").count() == 3
    assert page.locator(".clock").count() == 1 and "园整改〔2022〕1号" in page.locator(".clock").inner_text()
    assert "3/9" in page.locator(".numbers .number").first.inner_text()
    page.set_viewport_size({"width": 960, "height": 540})
    box = page.locator("#stage").bounding_box()
    assert box is not None and (round(box["width"]), round(box["height"])) == (960, 540)


def test_when_it_is_cut_off_it_says_of_when_its_numbers_are_and_goes_on_afterwards(evening: Any, log_in: LogIn) -> None:
    page = log_in(evening.wall, WALL_SIZE)
    page.add_init_script(NO_WEBGL)
    page.clock.install()
    shown(page, "canvas")
    page.route("**/data.json", lambda route: route.abort())
    page.clock.fast_forward(EVERY)
    until(page, "document.querySelector('.stale').textContent.includes('连接中断')")
    assert "3/9" in page.locator(".numbers .number").first.inner_text()
    page.unroute("**/data.json")
    page.clock.fast_forward(EVERY)
    until(page, "document.querySelector('.stale').textContent === ''")


@pytest.fixture
def wall_page(evening: Any, drawing: Browser, live_server: Any) -> Iterator[Page]:
    """The wall's own page in the browser that has WebGL; what its content policy forbids fails the test."""
    cookie = {"name": "sessionid", "value": evening.login(Client(), evening.wall).cookies["sessionid"].value}
    context = drawing.new_context(viewport=WALL_SIZE, base_url=live_server.url, locale="zh-CN")  # type: ignore[arg-type]
    context.add_cookies([{**cookie, "url": live_server.url}])  # type: ignore[list-item]
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert faults == []


def test_with_webgl_the_map_is_maplibres_and_the_content_policy_holds(wall_page: Page) -> None:
    shown(wall_page, "webgl")
    assert wall_page.locator(".place").count() == 3


def test_hours_of_refreshing_leave_no_more_behind_than_the_first_minutes(evening: Any, log_in: LogIn) -> None:
    page = log_in(evening.wall, WALL_SIZE)
    page.add_init_script(NO_WEBGL)
    _stays_small(page, "canvas", HOURS or 300)


def test_with_webgl_hours_of_refreshing_leave_no_more_behind_either(wall_page: Page) -> None:
    """What grows at first is the code that V8 has compiled."""
    _stays_small(wall_page, "webgl", HOURS or 90)


def _stays_small(page: Page, map: str, refreshes: int) -> None:
    """Refresh so often on a clock that is wound on: heap, nodes and listeners are those of the first forty."""
    page.add_init_script(VARYING)
    page.clock.install()
    page.goto("/screen")
    for _turn in range(400):
        page.clock.run_for(100)
        if page.evaluate(f"!!document.querySelector('[data-map={map}]') && Number(stage.dataset.turns) > 0"):
            break
        page.wait_for_timeout(50)
    sizes = [_refresh(page, page.context, since, count) for since, count in ((0, 40), (40, refreshes - 40))]
    if folder := os.environ.get("PARKKEEPER_PICTURES"):
        page.screenshot(path=f"{folder}/screen-{map}-busy.png")
    (heap, nodes, listeners), (heap_after, nodes_after, listeners_after) = sizes
    assert nodes_after <= nodes + 50 and listeners_after <= listeners + 20, sizes
    assert heap_after < heap * 1.15 + 1_000_000, sizes
    assert page.locator(f"[data-map={map}]").count() == 1  # it is still the map that was asked for


def _refresh(page: Page, context: Any, since: int, count: int) -> tuple[float, float, float]:
    """Let that many refreshes pass; gives bytes of heap, nodes and listeners after the garbage is gone."""
    for _turn in range(2 * count):
        if page.evaluate("Number(stage.dataset.turns)") >= since + count:
            break
        page.clock.fast_forward(EVERY)
    assert page.evaluate("Number(stage.dataset.turns)") >= since + count
    asked = context.new_cdp_session(page)
    for _turn in range(3):
        asked.send("HeapProfiler.collectGarbage")
    asked.send("Performance.enable")
    found = {one["name"]: one["value"] for one in asked.send("Performance.getMetrics")["metrics"]}
    asked.detach()
    return found["JSHeapUsedSize"], found["Nodes"], found["JSEventListeners"]
