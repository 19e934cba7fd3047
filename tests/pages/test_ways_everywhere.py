"""Every page that the office may open: nothing for axe to find, nothing wider than a desktop's or a phone's screen."""

from typing import Any

import pytest
from django.urls import NoReverseMatch, reverse

from parkkeeper.kernel import clock
from parkkeeper.park import access
from tests.pages.conftest import NARROW, WIDE, LogIn, too_wide, until, violations
from tests.pages.evening import NIGHT, full_evening

pytestmark = pytest.mark.django_db(transaction=True)

# Addresses that only take a form's post or give a file: there is no page to look at.
NO_PAGES = {
    "anomaly_settle", "anomaly_reopen", "person_document", "import_template", "import_columns", "import_apply",
    "import_step", "import_abandon", "import_problems", "import_settle", "export", "file", "journal_verify",
    "round_close", "gap_withdraw", "workbook_file", "tube_receive", "box_receive", "box_lost", "session_open",
    "session_close", "duty_end", "duty_resume", "retention_approve", "retention_withdraw", "retention_lift",
    "finding_photo", "visit_photo", "notice_paper", "stop_paper", "screen", "screen_data", "screen_map", "case_drop",
    "case_photo", "debrief_minutes", "checklist_file", "gate_card",
}  # fmt: skip


@pytest.fixture
def pages(w: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """(name, address) of every page, each that names a thing with one that is there."""
    settings.FILES_DIR = tmp_path
    monkeypatch.setattr(clock, "now", lambda: NIGHT)
    there = full_evening(w)
    found = []
    for name in access.PAGES:
        if name in NO_PAGES:
            continue
        try:
            found.append((name, reverse(name, args=there.get(name, []))))
        except NoReverseMatch:
            pytest.fail(f"the page {name} names a thing: put one into full_evening(), or the page into NO_PAGES")
    return found


def test_axe_finds_nothing_anywhere_and_no_page_is_wider_than_its_screen(w: Any, pages: Any, log_in: LogIn) -> None:
    page, wrong = log_in(w.office), []
    asked = {"gap_work": f"?round={w.round.pk}&people={w.workers[3].pk}",
             "lab_file_check": f"?laboratory={w.laboratory.pk}", "antigen_file_check": "?day=2022-05-10"}  # fmt: skip
    for name, address in pages:
        page.set_viewport_size(WIDE)
        address += asked.get(name, "")
        answer = page.goto(address)
        status = answer.status if answer else 0
        wide, found = too_wide(page), violations(page)
        page.set_viewport_size(NARROW)
        narrow = too_wide(page)
        if (status, wide, narrow, found) != (200, 0, 0, []):
            wrong.append((name, status, wide, narrow, found))
    assert wrong == []


def test_on_a_phone_in_the_dark_the_busiest_pages_leave_axe_nothing(w: Any, pages: Any, log_in: LogIn) -> None:
    busiest = {"today", "starfield", "missing", "round", "point", "tube", "box", "positives", "enterprise", "person"}
    page = log_in(w.office, NARROW, color_scheme="dark")
    wrong = {}
    for name, address in pages:
        if name in busiest:
            page.goto(address)
            if found := violations(page):
                wrong[name] = found
    assert wrong == {}


def test_the_language_is_changed_on_the_spot_and_stays(w: Any, log_in: LogIn) -> None:
    page = log_in(w.office)
    page.goto("/people?q=zw")
    for label, language in (("EN", "en"), ("繁", "zh-hant"), ("简", "zh-hans")):
        page.click(f".languages button:has-text('{label}')")
        until(page, f"document.documentElement.lang.toLowerCase() === '{language}'")
        assert page.url.endswith("/people?q=zw")
        page.goto("/enterprises")
        assert page.evaluate("document.documentElement.lang").lower() == language
        page.goto("/people?q=zw")


def test_a_list_is_searched_opened_and_left_by_keyboard_alone(w: Any, log_in: LogIn) -> None:
    page = log_in(w.office)
    page.goto("/people")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    page.keyboard.type("王喆")
    until(page, "document.querySelectorAll('tbody tr').length === 1")
    page.focus("tbody tr a")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.keyboard.press("Enter")
    until(page, "document.querySelector('h1').textContent.includes('王喆')")


def test_the_way_by_tab_goes_down_the_page_and_never_gets_stuck(w: Any, log_in: LogIn) -> None:
    page = log_in(w.office)
    page.goto("/enterprises")
    seen: list[str] = []
    for _turn in range(60):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "(e => e === document.body ? '' : [...document.querySelectorAll('*')].indexOf(e).toString())"
            "(document.activeElement)"
        )
        if not here:
            break
        seen.append(here)
    places = [int(one) for one in seen]
    assert len(places) > 20 and places == sorted(set(places))
