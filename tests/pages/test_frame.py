"""The office's frame in a real browser: keyboard, drawer, lists refreshed in place, nothing for axe to find."""

from typing import Any

import pytest

from parkkeeper.park.actions.accounts import make_account
from parkkeeper.park.actions.emergency import declare_emergency
from parkkeeper.park.models import Emergency, Message, Rule
from tests.pages.conftest import NARROW, WIDE, LogIn, too_wide, until, violations
from tests.world import EVENING

pytestmark = pytest.mark.django_db(transaction=True)
# Of each kind of page one; tests/pages/test_ways_everywhere.py looks at every page of the office by light.
PAGES = [
    "/messages",
    "/rulebook/result_hours",
    "/journal",
    "/settings/accounts/new",
    "/settings/posts",
    "/nothing-here",
]


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "dark"), (NARROW, "light")])
def test_axe_finds_nothing_and_no_page_is_wider_than_its_screen(w: Any, log_in: LogIn, size: Any, scheme: str) -> None:
    Emergency.objects.all().delete()
    Rule.objects.all().delete()
    declare_emergency("演练", basis="一号", pack="shanghai-2022", starts_at=EVENING, by=w.office, at=EVENING)
    make_account(w.mei, "mei", by=w.office, at=EVENING)
    Message.objects.create(kind="x", params={"n": 1}, to=w.office, sent_at=EVENING, link="/journal")
    page = log_in(w.office, size, color_scheme=scheme)
    for path in PAGES:
        page.goto(path)
        assert (path, violations(page), too_wide(page)) == (path, [], 0)


def test_searching_narrows_the_list_while_typing_and_the_address_can_be_shared(w: Any, log_in: LogIn) -> None:
    page = log_in(w.office)
    page.goto("/settings/posts")
    page.keyboard.press("/")
    page.keyboard.type("梅")
    until(page, "document.querySelectorAll('tbody tr').length === 1")
    assert page.evaluate("document.activeElement.name") == "q"
    assert page.url.endswith("?q=%E6%A2%85")
    page.reload()
    assert page.locator("tbody tr").count() == 1


def test_order_and_filter_stay_together_and_going_back_undoes_the_last(w: Any, log_in: LogIn) -> None:
    page = log_in(w.office)
    page.goto("/settings/posts")
    all_rows = page.locator("tbody tr").count()
    page.click("thead a:has-text('岗位')")
    until(page, "!!document.querySelector('th[aria-sort=ascending] a[href*=\"sort=-role\"]')")
    page.select_option("[name=role]", "courier")
    until(page, "document.querySelectorAll('tbody tr').length === 1")
    assert "sort=role" in page.url and "role=courier" in page.url
    page.go_back()
    until(page, f"document.querySelectorAll('tbody tr').length === {all_rows}")


def test_the_drawer_of_a_phone_opens_and_closes_by_button_key_and_touch_beside(w: Any, log_in: LogIn) -> None:
    page = log_in(w.office, NARROW)
    page.goto("/settings")
    assert not page.locator("#side").is_visible()
    for close in (
        lambda: page.click(".side-close"),
        lambda: page.keyboard.press("Escape"),
        lambda: page.mouse.click(380, 500),
    ):
        page.click(".menu-button")
        assert page.locator("#side").is_visible()
        assert page.locator(".menu-button").get_attribute("aria-expanded") == "true"
        close()
        assert not page.locator("#side").is_visible()


def test_a_wrong_form_takes_the_reader_to_what_is_wrong(w: Any, log_in: LogIn) -> None:
    page = log_in(w.office)
    page.goto("/settings/accounts/new")
    page.fill("[name=person]", "张伟")
    page.click("main button[type=submit]")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.click(".error-summary a >> nth=0")
    assert page.evaluate("document.activeElement.name") == "person"
    assert page.input_value("[name=person]") == "张伟"
    assert violations(page) == []


def test_a_list_can_be_carried_away(w: Any, log_in: LogIn) -> None:
    page = log_in(w.office)
    page.goto("/settings/posts")
    with page.expect_download() as taken:
        page.click(".exports a:has-text('XLSX')")
    assert taken.value.suggested_filename == "岗位 2022-05-10 1800.xlsx"


def test_the_skip_link_is_first_and_the_help_tells_the_keys(w: Any, log_in: LogIn) -> None:
    page = log_in(w.office)
    page.goto("/settings")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("?")
    assert page.locator("dialog[open] dt").count() == 5
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
