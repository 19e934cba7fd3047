"""Page tests: Debian's chromium against a live server of the small park; without chromium they are skipped."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Error, Page

from parkkeeper.kernel import clock
from parkkeeper.park.models import Person
from tests.world import EVENING, World, world

WIDE, NARROW = {"width": 1366, "height": 900}, {"width": 390, "height": 844}
LogIn = Callable[..., Page]


@pytest.fixture
def w(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """The small park, at 18:00 of its day in every thread."""
    monkeypatch.setattr(clock, "now", lambda: EVENING)
    return world()


@pytest.fixture
def log_in(browser: Browser, live_server: Any, w: World) -> Iterator[LogIn]:
    """log_in(person, NARROW) opens a page as that person; errors of scripts and of the content policy fail the test."""
    contexts, faults = [], []

    def opened(person: Person, size: dict[str, int] = WIDE, **more: Any) -> Page:
        session = w.login(Client(), person).cookies["sessionid"].value
        context = browser.new_context(
            viewport=size,
            locale="zh-CN",
            base_url=live_server.url,
            **more,  # type: ignore[arg-type]
        )
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        plain_goto = page.goto

        def goto(address: str) -> Any:
            """htmx takes its elements over a tick after the page has loaded; a key pressed before that is lost."""
            answer = plain_goto(address)
            until(page, "!document.querySelector('[hx-get]:not([data-htmx-powered])')")
            return answer

        page.goto = goto  # type: ignore[method-assign,assignment]
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def until(page: Page, told: str) -> None:
    """Wait until the JavaScript expression is true; the content policy forbids playwright's own way."""
    for _turn in range(400):
        with suppress(Error):  # a page that is just being left has nothing to ask
            if page.evaluate(told):
                return
        page.wait_for_timeout(50)
    raise AssertionError(f"{told} never came true at {page.url}")


def violations(page: Page) -> list[tuple[str, str]]:
    """What axe finds wrong for people who read or move otherwise: (rule, first element)."""
    # what passes needs no list of its elements: that halves the time
    told = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(found["id"], found["nodes"][0]["html"][:160]) for found in told]


def too_small(page: Page) -> list[str]:
    """What is there for a thumb and is less than 44 pixels high or wide (a word in a line of text is none)."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("button, select, a, label:has(input), input:not(label input)")]
          .filter((one) => !one.disabled && one.offsetParent && !one.classList.contains("sr"))
          .map((one) => [one.offsetWidth, one.offsetHeight, one.outerHTML.slice(0, 80)])
          .filter(([width, height]) => Math.min(width, height) < 44)
          .map(String)"""
    )
    return found


def too_wide(page: Page) -> int:
    """By how many pixels the page must be scrolled sideways."""
    found: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return max(found, 0)
