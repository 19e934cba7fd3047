"""A person's own page in a real browser: opened by the link, shown without network, in three languages."""

import re
from collections.abc import Iterator
from typing import Any

import numpy
import pytest
import zxingcpp
from playwright.sync_api import Browser, BrowserContext, Page

from parkkeeper.codes.actions import issue_own_link, revoke_own_links
from parkkeeper.codes.signing import read_codes
from tests.pages.conftest import NARROW, LogIn, too_wide, until, violations
from tests.pages.evening import sampled_evening
from tests.world import DAY, EVENING

pytestmark = pytest.mark.django_db(transaction=True)
SHOWN = "!!document.querySelector('.code svg')"
KEPT = "navigator.serviceWorker.ready.then(() => !!navigator.serviceWorker.controller)"
RUN = re.compile(r"M(\d+) (\d+)h(\d+)v1h-\d+z")


@pytest.fixture
def own_phone(browser: Browser, live_server: Any) -> Iterator[BrowserContext]:
    """A phone of 360 pixels without any log-in; errors of scripts fail the test."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN", base_url=live_server.url)
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    yield context
    context.close()
    assert faults == []


def opened(context: BrowserContext, w: Any) -> Page:
    page = context.new_page()
    code = issue_own_link(w.workers[0], by=w.office, at=EVENING)[1]
    page.goto(f"/me/#link={code}")
    until(page, SHOWN)
    assert code not in page.url
    return page


def code_on(page: Page) -> str:
    """The code as a camera reads the picture that the page has drawn."""
    drawn, size = page.evaluate(
        "[document.querySelector('.code svg path').getAttribute('d'),"
        " Number(document.querySelector('.code svg').getAttribute('viewBox').split(' ')[2])]"
    )
    picture = numpy.full((size, size), 255, dtype=numpy.uint8)
    for x, y, run in RUN.findall(drawn):
        picture[int(y), int(x) : int(x) + int(run)] = 0
    [found] = zxingcpp.read_barcodes(numpy.kron(picture, numpy.ones((4, 4), dtype=numpy.uint8)))
    return str(found.text)


def whose(page: Page) -> Any:
    [reading] = read_codes([(code_on(page), DAY)])
    assert reading.state == "good" and reading.code
    return reading.code.person


def test_the_code_is_shown_with_and_without_network_and_ends_when_the_link_does(
    own_phone: BrowserContext, w: Any
) -> None:
    sampled_evening(w)
    page = opened(own_phone, w)
    assert whose(page) == w.workers[0].uuid
    until(page, KEPT)
    own_phone.set_offline(True)
    try:
        page.reload()
        until(page, SHOWN)
        assert whose(page) == w.workers[0].uuid
        until(page, "document.body.innerText.includes('没有网络')")
        again = own_phone.new_page()  # as from the home screen
        again.goto("/me/")
        until(again, SHOWN)
        again.select_option("#language", "en")
        until(again, "document.body.innerText.includes('No network')")
        again.close()
    finally:
        own_phone.set_offline(False)
    until(page, "!document.body.innerText.includes('没有网络') && !document.body.innerText.includes('No network')")
    revoke_own_links(w.workers[0], by=w.office, at=EVENING)
    page.reload()
    until(page, "!!document.querySelector('input#code') && !document.querySelector('.code')")
    assert page.evaluate("localStorage.getItem('own.data') || localStorage.getItem('own.token')") is None
    assert w.workers[0].name not in page.evaluate("document.body.innerText")


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_the_page_reads_well_for_everybody_and_fits_a_narrow_phone(
    own_phone: BrowserContext, w: Any, language: str
) -> None:
    sampled_evening(w)
    page = opened(own_phone, w)
    page.select_option("#language", language)
    until(page, f"document.documentElement.lang.toLowerCase() === '{language}'")
    assert violations(page) == [] and too_wide(page) == 0
    text = page.evaluate("document.body.innerText")
    assert not re.search(r"\w+\.\w+_|\{\w+\}|undefined|null|NaN", text), text
    if language == "en":
        own = {w.workers[0].name, "彩虹生物", "彩虹厂区", "简体中文", "繁體中文"}
        assert not re.search(r"[\u4e00-\u9fff]", re.sub("|".join(own), "", text)), text
    small = page.evaluate(
        "[...document.querySelectorAll('main button, main a, select')].filter(e => e.offsetHeight < 40).length"
    )
    assert small == 0, "thumb-sized"


def test_a_wrong_code_is_told_and_a_typed_one_opens(own_phone: BrowserContext, w: Any) -> None:
    page = own_phone.new_page()
    page.goto("/me/")
    until(page, "!!document.querySelector('input#code')")
    assert violations(page) == [] and too_wide(page) == 0
    page.fill("#code", "WRONGWRONG22")
    page.click("button.main")
    until(page, "document.body.innerText.includes('链接无效')")
    page.fill("#code", issue_own_link(w.workers[0], by=w.office, at=EVENING)[1].lower())
    page.click("button.main")
    until(page, SHOWN)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("footer button:last-child")
    until(page, "!!document.querySelector('input#code')")
    page.reload()
    until(page, "!!document.querySelector('input#code') && !document.querySelector('.code')")


def test_whoever_is_logged_in_needs_no_link(log_in: LogIn, w: Any) -> None:
    page = log_in(w.mei, NARROW)
    page.goto("/me/")
    until(page, SHOWN)
    assert whose(page) == w.mei.uuid


def test_the_office_prints_twice_from_one_page_and_shows_a_link_that_a_camera_reads(log_in: LogIn, w: Any) -> None:
    page = log_in(w.office)
    page.goto("/cards")
    page.select_option("select[name=enterprise]", str(w.lotus.pk))
    for _time in range(2):
        with page.expect_download() as got:
            page.click("button.main")
        assert got.value.suggested_filename == "采样卡 莲花电子.pdf"
    page.goto(f"/people/{w.workers[0].pk}/link")
    page.click("button[value=issue]")
    until(page, "!!document.getElementById('secret')")
    wide: int = page.evaluate("document.querySelector('.secret svg').getBoundingClientRect().width")
    assert 150 < wide < 300
