"""The field app in Debian's chromium, at phone size, against a live server that a test may stop and start again."""

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, expect
from playwright.sync_api import TimeoutError as Late
from pytest_django.live_server_helper import LiveServer

from parkkeeper.config.field_build import BUILT
from parkkeeper.kernel import clock
from parkkeeper.sampling.models import Round
from parkkeeper.sync.actions import issue_enrolment
from tests.sync.test_roster import due, filled
from tests.world import EVENING, MORNING, World, world

PHONE = {"width": 390, "height": 844}
PIN = "246813"


class CutOff(ThreadedWSGIServer):
    """Remembers its connections: a browser keeps them open, and a server that is gone answers on none of them."""

    def server_bind(self) -> None:
        self.allow_reuse_address = True  # the same port again, at once
        super().server_bind()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.__dict__.setdefault("connections", []).append(request)
        super().process_request(request, client_address)

    def server_close(self) -> None:
        for connection in self.__dict__.get("connections", []):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


class Server:
    """The park's server, which comes back at the same address."""

    def __init__(self) -> None:
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        self.running = LiveServer(f"localhost:{self.port}", start=False)
        self.running.thread.server_class = CutOff
        self.running.start()
        self.port = self.running.thread.port

    def stop(self) -> None:
        self.running.stop()


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    if not BUILT.is_dir():
        pytest.skip("phone/ is not built: ./run test tests/phone builds it")
    found = Server()
    yield found
    found.stop()


@pytest.fixture
def w(server: Server, monkeypatch: pytest.MonkeyPatch) -> World:
    """The small park, at 18:00 of its day in every thread."""
    monkeypatch.setattr(clock, "now", lambda: EVENING)
    park: Any = world()
    park.round = filled(park)
    found: World = park
    return found


@pytest.fixture
def morning(w: Any) -> Round:
    """An antigen round of the day, of everybody at rainbow, beside the evening's round."""
    at = {"opens_at": EVENING, "closes_at": EVENING.replace(hour=15), "frozen_at": EVENING}
    run = Round.objects.create(programme=w.antigen, test="antigen", day=EVENING.date(), **at)
    for person in w.workers:
        due(w, run, person, None)
    return run


def soon(found: Locator, seconds: float = 5) -> None:
    """Wait until it is on the screen: `expect` looks again after 0.1, 0.35, 0.85, 1.85 s, this with every frame."""
    found.wait_for(timeout=seconds * 1000)


@dataclass
class Hand:
    """A phone in somebody's hand."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.page.goto(f"{self.url}/field/")

    def enrol(self, code: str) -> None:
        self.page.get_by_label("登记码", exact=True).fill(code)
        self.page.get_by_label("解锁密码").fill(PIN)
        self.page.get_by_label("再输一次").fill(PIN)
        self.page.get_by_role("button", name="登记这台手机").click()
        soon(self.page.get_by_text("采样戊"))  # the roster has come

    def begin(self, code: str) -> None:
        """Enrol, and begin the shift with everybody who has a post here."""
        self.enrol(code)
        self.page.get_by_role("button", name="开始采样").click()
        soon(self.page.get_by_text("未开管"))

    def tab(self, name: str) -> None:
        self.page.locator("nav.tabs").get_by_text(name, exact=True).click()

    def unlock(self) -> None:
        self.page.get_by_label("解锁密码").fill(PIN)
        self.page.get_by_role("button", name="解锁").click()
        soon(self.page.locator("nav.tabs"))

    def take(self, text: str) -> None:
        """As a wedge scanner types: the text into the field, then Enter."""
        self.page.locator("#take").fill(text)
        self.page.locator("#take").press("Enter")

    def says(self, text: str, tone: str = "") -> None:
        found = self.page.locator(f".outcome{f'[data-tone={tone}]' if tone else ''}")
        if text:
            with suppress(Late):
                soon(found.filter(has_text=text))
        expect(found).to_contain_text(text)  # says what stands there instead

    def waits(self, number: int, *, by_itself: bool = False) -> None:
        """So many operations are on the phone alone. A phone that waits for an answer hears that the network is back,
        as it does in a hand; `by_itself`: it has only its own patience, which doubles with every try."""
        chip = self.page.locator(f".chip[data-waiting='{number}']")
        for _turn in range(0 if number or by_itself else 40):
            with suppress(Late):
                chip.wait_for(timeout=500)
                break
            self.page.evaluate("dispatchEvent(new Event('online'))")
        soon(chip, 20)


Phones = Callable[..., Hand]


@pytest.fixture
def phones(browser: Browser, server: Server, w: World) -> Iterator[Phones]:
    """phones() is a new phone with the app open; errors of its scripts and of the content policy fail the test."""
    contexts: list[BrowserContext] = []
    hands: list[Hand] = []

    def opened(size: dict[str, int] = PHONE, **more: Any) -> Hand:
        settings: dict[str, Any] = {"locale": "zh-CN", "has_touch": True, "device_scale_factor": 2, **more}
        context = browser.new_context(viewport=size, **settings)  # type: ignore[arg-type]
        contexts.append(context)
        hand = Hand(context.new_page(), server.url)
        hand.page.on("pageerror", lambda error: hand.faults.append(str(error)))
        hand.page.on(
            "console", lambda said: hand.faults.append(said.text) if "Content Security Policy" in said.text else None
        )
        hands.append(hand)
        hand.open()
        return hand

    yield opened
    for context in contexts:
        context.close()
    assert [fault for hand in hands for fault in hand.faults] == []


class Reachable(Protocol):
    @property
    def url(self) -> str: ...


@contextmanager
def profile(browser: Browser, server: Reachable, folder: Path, *arguments: str) -> Iterator[Hand]:
    """A browser of its own on a profile that stays: it may be killed, and another goes on with what is there."""
    context = browser.browser_type.launch_persistent_context(
        str(folder),
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", *arguments],
        viewport=PHONE,  # type: ignore[arg-type]
        locale="zh-CN",
        permissions=["camera"],
    )
    hand = Hand(context.pages[0], server.url)
    hand.open()
    yield hand
    with suppress(Error):
        context.close()


def code_for(w: Any, role: str = "scanning_specialist") -> str:
    """A one-time code of the office for the scanning specialist at the point."""
    return issue_enrolment(w.point, w.scanner, role, by=w.office, at=MORNING)[1]
