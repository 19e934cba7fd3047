"""How it looks and reads: three languages, 360 pixels, for everybody; installable; the same shell for all."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from parkkeeper.kernel.tubes import box_code, tube_code
from parkkeeper.sampling.models import Round
from tests.pages.conftest import too_small, too_wide, violations
from tests.phone.conftest import PIN, Hand, Phones, Server, code_for, profile

SMALL = {"width": 360, "height": 740}
MAIN = ("enrol", "scan", "roster", "boxes", "my")
"""Screens that axe sees in each language; the others are the same in other words."""


Look = Callable[[str], None]


@pytest.mark.parametrize("language", ["zh-CN", "zh-HK", "en-GB"])
def test_every_screen_is_for_everybody_at_360_pixels(phones: Phones, w: Any, morning: Round, language: str) -> None:
    phone = phones(SMALL, locale=language)
    seen = []

    def look(name: str) -> None:
        if pictures := os.environ.get("PHONE_PICTURES"):  # a folder: what a person should have a look at
            phone.page.screenshot(path=f"{pictures}/{language}-{len(seen):02d}-{name}.png")
        if language == "zh-CN" or name in MAIN:
            assert violations(phone.page) == [], name
        assert (too_wide(phone.page), too_small(phone.page)) == (0, []), name
        seen.append(phone.page.inner_text("body"))

    begin(phone, w, look)
    a_tube(phone, w, look)
    self_tests(phone.page, look)
    a_box(phone.page, look)
    ours = "".join(seen).replace(w.point.site.name, "")
    if language == "en-GB":
        assert [word for word in ("已", "请", "管", "条", "登记") if word in ours] == []
    if language == "zh-HK":
        assert "已鎖定" in ours and "已锁定" not in ours


def begin(phone: Hand, w: Any, look: Look) -> None:
    page = phone.page
    expect(page.locator("#code")).to_be_visible()
    look("enrol")
    page.locator("#code").fill(code_for(w))
    page.locator("#pin").fill(PIN)
    page.locator("#again").fill(PIN)
    page.locator("form button.primary").click()
    expect(page.get_by_text("采样戊")).to_be_visible()
    look("begin")
    page.locator(".card button.primary").click()


def a_tube(phone: Hand, w: Any, look: Look) -> None:
    page = phone.page
    phone.take(tube_code("YQ", 7))
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    look("scan")
    phone.take("zw")
    expect(page.locator(".people button")).to_have_count(2)
    look("pick")
    page.locator(".question button.quiet").click()
    page.locator(".holder button").click()
    look("seal")
    page.locator(".question button.primary").click()
    expect(page.locator(".outcome.sealed")).to_be_visible()
    for place, name in enumerate(("scan", "roster", "boxes", "my")):
        page.locator("nav.tabs a").nth(place).click()
        look(name)


def self_tests(page: Page, look: Look) -> None:
    page.locator("nav.tabs a").nth(1).click()
    page.locator(".tests button").nth(1).click()
    look("self-tests")
    page.locator(".rows .line").first.click()
    look("self-test")
    page.locator(".question button.quiet").click()


def a_box(page: Page, look: Look) -> None:
    page.locator("nav.tabs a").nth(2).click()
    page.locator("#carried-code").fill(box_code("YQ", 2))
    page.locator("#carried-code").press("Enter")
    expect(page.locator(".sheet")).to_be_visible()
    look("signing-for-a-strange-box")
    page.locator(".sheet button.quiet").last.click()
    page.locator("#box-code").fill(box_code("YQ", 1))
    page.locator("form button.primary").click()
    page.locator("article button.primary").click()
    expect(page.locator(".sheet")).to_be_visible()
    look("signing")
    page.reload()
    expect(page.locator("lock-view #pin")).to_be_visible()
    look("locked")


def test_it_can_be_installed_and_its_shell_knows_nobody(
    browser: Browser, server: Server, w: Any, tmp_path: Path
) -> None:
    with profile(browser, server, tmp_path) as phone:
        phone.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        found = phone.page.context.new_cdp_session(phone.page).send("Page.getInstallabilityErrors")
        cached = phone.page.evaluate(
            "async () => (await (await caches.open((await caches.keys())[0])).keys()).map((r) => r.url)"
        )
    assert found["installabilityErrors"] == []
    assert cached and all("/field/" in address for address in cached)
    assert any(address.endswith(".wasm") for address in cached)
