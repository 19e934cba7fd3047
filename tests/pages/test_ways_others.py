"""What liaisons, the laboratory and leaders do and see in a real browser, and what they do not see."""

from pathlib import Path
from typing import Any

import pytest

from parkkeeper.kernel import clock
from parkkeeper.sampling.models import Disposition, Reception, Result
from tests.pages.conftest import NARROW, LogIn, too_wide, violations
from tests.pages.evening import sampled_evening
from tests.pages.test_ways_office import reads, saved
from tests.park.importkit import csv
from tests.sampling.fieldkit import the_tube
from tests.sampling.results_world import code
from tests.world import later

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def w(w: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """20:00, three are sampled and six are missing."""
    settings.FILES_DIR = tmp_path / "kept"
    monkeypatch.setattr(clock, "now", lambda: later(120))
    return sampled_evening(w)


def test_on_her_phone_a_liaison_excuses_the_own_missing_from_her_day(w: Any, log_in: LogIn) -> None:
    page = log_in(w.bo, NARROW)
    page.goto("/")
    assert "0/3" in page.inner_text(".stats")
    assert (violations(page), too_wide(page)) == ([], 0)
    page.check("[aria-label*='孙一']")
    page.click("main button:has-text('说明理由')")
    page.fill("[name=reason]", "发热门诊隔离")
    page.click("main button.main")
    reads(page, "已登记 1 人")
    assert page.evaluate("location.pathname") == "/"
    assert Disposition.objects.get().person == w.lotus_workers[0]
    assert "孙一" not in page.inner_text(f"section[aria-labelledby=missing-{w.lotus.pk}]")


def test_a_liaison_sees_nothing_of_other_enterprises(w: Any, log_in: LogIn) -> None:
    page = log_in(w.bo)
    own = ("/", "/missing", "/people", "/enterprises", "/anomalies", "/positives", "/missing/groups?by=enterprise")
    for path in own:
        page.goto(path)
        seen = page.inner_text("main")
        assert not any(name in seen for name in ("彩虹生物", "张伟", "李娜", "王喆")), path
    foreign = (f"/people/{w.workers[0].pk}", f"/enterprises/{w.rainbow.pk}", "/tubes", "/journal", "/settings",
               f"/tubes/{the_tube(code(1)).pk}", "/imports", f"/antigen/enterprises/{w.rainbow.pk}")  # fmt: skip
    for path in foreign:
        answer = page.goto(path)
        assert answer and answer.status in (403, 404), path


def test_the_laboratory_receives_a_box_and_hands_in_its_results(w: Any, log_in: LogIn, tmp_path: Path) -> None:
    page = log_in(w.lab)
    page.goto("/boxes")
    page.click("section.list tbody a >> nth=0")
    page.select_option(f"[name=c_{the_tube(code(2)).pk}]", "leaked")
    page.select_option("[name=rest]", "good")
    page.click("button:has-text('登记签收')")
    reads(page, "2/2")
    said = dict(Reception.objects.values_list("tube__code", "condition"))
    assert said == {code(1): "good", code(2): "leaked"}
    page.goto("/results/file")
    table = csv(["管号", "结果"], [code(1), "阴性"])
    page.set_input_files("[name=file]", saved(tmp_path, "lab.csv", table))
    page.click("main button.main")
    page.click("button:has-text('确认导入')")
    reads(page, "已导入")
    assert Result.objects.get().value == "negative"
    page.goto(f"/tubes/{the_tube(code(1)).pk}")
    assert "张伟" not in page.inner_text("main")


def test_a_leader_reads_counts_and_finds_no_names(w: Any, log_in: LogIn) -> None:
    page = log_in(w.leader)
    page.goto("/")
    assert "3/9" in page.inner_text(".stats")
    names = [one.name for one in [*w.workers, *w.lotus_workers, w.mei, w.bo, w.sampler, w.scanner]]
    shown = ("/", "/starfield", "/rounds", f"/rounds/{w.round.pk}", "/points", f"/points/{w.point.pk}",
             "/enterprises", f"/enterprises/{w.rainbow.pk}", "/rulebook")  # fmt: skip
    for path in shown:
        answer = page.goto(path)
        assert answer and answer.status == 200, path
        assert [name for name in names if name in page.inner_text("main")] == [], path
    for path in ("/people", "/missing", "/positives", "/tubes", "/anomalies", f"/people/{w.workers[0].pk}"):
        answer = page.goto(path)
        assert answer and answer.status in (403, 404), path
