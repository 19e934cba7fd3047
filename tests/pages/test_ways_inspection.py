"""What an enterprise and a leader do about inspections in a real browser, each on a phone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from parkkeeper.config.field_build import WALL
from parkkeeper.inspection.actions import cases, lookbacks
from parkkeeper.inspection.actions.deadlines import tell_deadlines
from parkkeeper.inspection.models import CaseReading, Finding, GoodPractice, Notice, Photo
from parkkeeper.kernel import clock
from tests.inspection.evening import inspected_evening
from tests.inspection.kit import Inspector
from tests.inspection.pictures import png
from tests.pages.conftest import NARROW, LogIn, too_wide, until, violations
from tests.pages.evening import sampled_evening
from tests.pages.test_ways_office import reads, saved
from tests.world import later

pytestmark = pytest.mark.django_db(transaction=True)
SOON, OVERDUE = later(22 * 60), later(25 * 60)  # the notice was served at half past six


@pytest.fixture
def w(w: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The day after: a notice is about to be due, one of its two problems was reported."""
    settings.FILES_DIR = tmp_path / "kept"
    monkeypatch.setattr(clock, "now", lambda: SOON)
    sampled_evening(w)
    inspected_evening(w)
    return w


def seen_pictures(page: Page) -> int:
    """How many pictures of the page have arrived."""
    until(page, "[...document.querySelectorAll('img.photo')].every(one => one.complete)")
    found: int = page.evaluate("[...document.querySelectorAll('img.photo')].filter(one => one.naturalWidth > 0).length")
    return found


def test_a_liaison_is_told_of_a_notice_reports_with_pictures_and_reads_the_answer(
    w: Any, log_in: LogIn, tmp_path: Path
) -> None:
    tell_deadlines(at=SOON)
    page = log_in(w.mei, NARROW)
    page.goto("/messages")
    page.click("main a:has-text('园整改〔2022〕1号')")
    reads(page, "通知事项")
    assert (violations(page), too_wide(page)) == ([], 0)
    page.click("main a:has-text('C6')")
    page.click("main a:has-text('自报已整改')")
    page.fill("[name=note]", "出口已打开")
    pictures = [saved(tmp_path, f"{n}.png", png(note=b"%d" % n)) for n in range(2)]
    page.set_input_files("[name=pictures]", pictures)
    page.click("main button.main")
    reads(page, "已自报，待复查")
    reads(page, "出口已打开")
    danger = Finding.objects.get(item__code="C6")
    assert Photo.objects.filter(finding=danger, of="reported").count() == seen_pictures(page) == 2
    assert (violations(page), too_wide(page)) == ([], 0)
    lookbacks.look_back(danger, "partly", note="标识还缺一处", by=w.cai, at=SOON)
    page.reload()
    reads(page, "复查：部分整改")
    reads(page, "标识还缺一处")
    page.goto("/notices")
    assert page.locator("section.list tbody tr").count() == 1


def test_a_liaison_reads_the_case_that_was_offered_for_the_own_open_item(w: Any, log_in: LogIn) -> None:
    case, team = GoodPractice.objects.get(), Inspector(w, w.ann)
    visit = team.visit(100, enterprise=w.lotus.credit_code)
    team.say(visit, team.note(visit, "D2", 101), team.end(visit, minutes=110))
    cases.answer_case(case, agreed=True, by=w.mei, at=later(120))
    cases.publish_case(case, by=w.office, at=later(130))
    assert cases.offer_case(case, by=w.office, at=later(140)) == 1
    page = log_in(w.bo, NARROW)
    page.goto("/messages")
    page.click("main a:has-text('隔板')")
    reads(page, "加装隔板")
    assert seen_pictures(page) == 2 and (violations(page), too_wide(page)) == ([], 0)
    assert CaseReading.objects.get(person=w.bo).enterprise == w.lotus
    assert "张" not in page.inner_text("main") and "查看问题" not in page.inner_text("main")


def test_a_leader_goes_from_five_numbers_to_the_notice_behind_one_and_to_the_bulletin(
    w: Any, log_in: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: OVERDUE)
    page, number = log_in(w.leader, NARROW), Notice.objects.get().number
    page.goto("/brief")
    assert page.locator(".stat").count() == 5 and (violations(page), too_wide(page)) == ([], 0)
    page.click("a.stat:has-text('逾期通知书')")
    page.click(f"section.list a:has-text('{number}')")
    reads(page, "通知事项")
    assert page.locator("main a:has-text('撤回')").count() == 0  # a leader reads
    page.goto("/brief")
    page.click("main a:has-text('今天的日报')")
    reads(page, "按期整改率")
    assert too_wide(page) == 0
    page.click("main a[href$='/overdue']")
    reads(page, number)


@pytest.mark.skipif(not WALL.built.is_dir(), reason="the big screen is not built: ./run serve builds it")
def test_a_leader_opens_the_big_screen(w: Any, log_in: LogIn) -> None:
    page = log_in(w.leader, {"width": 1920, "height": 1080})
    page.goto("/screen")
    until(page, "Number(stage.dataset.turns) > 0")
    assert page.locator(".numbers .number").count() == 5 and page.locator(".grid").count() == 3
