"""The office's evening in a real browser, from the first look at the day to the last doubt."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from parkkeeper.kernel import clock
from parkkeeper.park.models import Anomaly, Message, Person
from parkkeeper.sampling.models import Disposition, Obligation, Result
from tests.pages.conftest import LogIn, until
from tests.pages.evening import sampled_evening
from tests.park.importkit import ROSTER, csv
from tests.sampling.results_world import code, report, tube
from tests.world import later, resident_id

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def w(w: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """20:00, three are sampled and six are missing."""
    settings.FILES_DIR = tmp_path / "kept"
    monkeypatch.setattr(clock, "now", lambda: later(120))
    return sampled_evening(w)


def reads(page: Page, text: str) -> None:
    """Wait until the page's body says so."""
    until(page, f"document.querySelector('main').innerText.includes({text!r})")


def saved(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_from_the_day_to_the_missing_they_are_told_of_excused_and_taken_back(w: Any, log_in: LogIn) -> None:
    page = log_in(w.office)
    page.goto("/")
    assert "3/9" in page.inner_text(".stats")
    page.click("a.stat:has-text('采样率')")
    assert page.url.endswith(f"/rounds/{w.round.pk}")
    page.go_back()
    page.click("a.stat:has-text('未采样')")
    reads(page, "孙一")
    assert page.locator("tbody tr").count() == 6
    page.click("tbody tr:has-text('孙一') input")
    page.click("button:has-text('通知联络人')")
    page.click("main button:has-text('发送通知')")
    reads(page, "已就 1 人通知联络人")
    assert Message.objects.filter(to=w.bo).count() == 1
    page.click("tbody tr:has-text('周二') input")
    page.click("button:has-text('说明理由')")
    page.click("main button.main")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.fill("[name=reason]", "出差在外")
    page.click("main button.main")
    reads(page, "已登记 1 人")
    assert page.locator("tbody tr").count() == 5
    page.click("a.stat:has-text('已说明理由')")
    reads(page, "出差在外")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("button:has-text('撤回')")
    if page.locator("dialog[open]").count():
        page.click("dialog[open] button.main, dialog[open] button.danger")
    reads(page, "已撤回")
    assert Disposition.objects.filter(kind="excused", withdrawn_at__isnull=False).count() == 1


def test_a_laboratorys_file_is_looked_at_before_it_is_taken(w: Any, log_in: LogIn, tmp_path: Path) -> None:
    rows = ["1", code(1), "阳性", "2022-05-10 19:30"], ["2", code(2), "阴性", ""], ["3", code(9), "也许", ""]
    table = csv(["样品", "试管条码", "检测结果", "检测时间"], *rows)
    page = log_in(w.office)
    page.goto("/results")
    page.click("text=导入表格")
    page.set_input_files("[name=file]", saved(tmp_path, "结果.csv", table))
    page.click("main button.main")
    reads(page, "还没有写入任何数据")
    reads(page, "有问题的行")
    assert Result.objects.count() == 0
    page.click("button:has-text('确认导入')")
    reads(page, "已导入")
    assert sorted(Result.objects.values_list("value", flat=True)) == ["negative", "positive"]
    page.goto("/positives")
    reads(page, "张伟")
    reads(page, "0/2")


def test_a_result_by_hand_makes_a_positive_pool_and_a_single_retest_closes_it(
    w: Any, log_in: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = log_in(w.office)
    page.goto("/results/new")
    page.fill("tbody tr >> nth=0 >> input >> nth=0", code(1))
    page.select_option("tbody tr >> nth=0 >> select", "positive")
    page.click("button:has-text('保存结果')")
    page.goto("/positives")
    assert page.locator("section.list tbody tr").count() == 2
    monkeypatch.setattr(clock, "now", lambda: later(300))
    first, second = w.workers[:2]
    tube(w, 21, first, size=1, minutes=200, round=w.round)
    tube(w, 22, second, size=1, minutes=201, round=w.round)
    report(w, (21, "negative"), minutes=280)
    page.reload()
    reads(page, "1/2")
    assert page.locator("section.list tbody tr").count() == 1
    report(w, (22, "negative"), minutes=290)
    page.reload()
    assert page.locator("section.list tbody tr").count() == 0
    assert not Obligation.objects.open().exists()
    page.goto(f"/people/{first.pk}")
    reads(page, "没有待完成的检测义务")


def test_a_doubt_is_settled_with_a_reason_where_it_is_told(w: Any, log_in: LogIn) -> None:
    w.phone.say(w.phone.scan("nobody knows this", 3, 20))
    doubt = Anomaly.objects.get(kind="unknown_person")
    page = log_in(w.office)
    page.goto("/")
    page.click("a.stat:has-text('待处理异常')")
    page.click(f"a[href='/anomalies/{doubt.pk}']")
    page.click("details[open] button.main")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.click("summary:has-text('登记为差错事件')")
    opened = page.locator("details[open]:has(summary:has-text('登记为差错事件'))")
    opened.locator("[name=reason]").fill("名册外的访客，已请回")
    opened.locator("button.main").click()
    reads(page, "已处理")
    doubt.refresh_from_db()
    assert doubt.settled_by == w.office and doubt.settled_reason.startswith("名册外")
    page.goto("/anomalies")
    assert page.locator("section.list tbody tr").count() == 0


def test_a_roster_goes_from_the_file_over_columns_and_preview_into_the_register(
    w: Any, log_in: LogIn, tmp_path: Path
) -> None:
    rows = ["钱七", resident_id(501), "", "A01", "莲花电子", "", ""], ["", "", "", "A02", "莲花电子", "", ""]
    table = csv(ROSTER, *rows)
    page = log_in(w.office)
    page.goto("/imports/new/roster")
    page.set_input_files("[name=file]", saved(tmp_path, "名册.csv", table))
    page.click("main button.main")
    reads(page, "请核对每一项")
    page.click("button:has-text('预览')")
    reads(page, "将写入 1 行")
    assert not Person.objects.filter(name="钱七").exists()
    page.click("main button:has-text('导入')")
    reads(page, "等待处理")
    assert Person.objects.get(name="钱七").employer == w.lotus
