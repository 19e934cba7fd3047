"""A visit by a form of somebody else's, with its conditions; and one that begins on one phone and ends on another."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from parkkeeper.inspection.actions.setup import put_checklist_in_force
from parkkeeper.inspection.models import Photo, Visit
from parkkeeper.inspection.xlsform import read_xlsform
from parkkeeper.kernel import clock
from parkkeeper.park.models import Anomaly, StoredFile
from tests.inspection.kit import inspected_world
from tests.inspection.test_xlsform import CHOICES, book
from tests.pages.conftest import too_wide, violations
from tests.phone.conftest import Hand, Phones, Server
from tests.phone.test_boxes import cut, joined
from tests.phone.test_inspection import HERE, a_picture, enter, item, leave, of, sha, shoot
from tests.world import DAY, EVENING, MORNING

FORM = [  # type, name, label, label::English (en), hint, required, relevant, constraint, constraint_message, remedy
    ("select_one yn", "fever", "有人发热吗", "", "问门卫", "yes", "", "", "", "立即隔离"),
    ("integer", "people", "多少人", "", "", "", "${fever} = 'y'", ". >= 1 and . <= 500", "1 到 500", "逐人登记"),
    ("text", "why", "为什么没有人数", "", "", "", "${people} = 0", "", "", "补记"),
    ("date", "since", "从哪天起", "", "", "yes", "", ". <= today()", "", "更正"),
]


@pytest.fixture
def w(server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The small park with a team."""
    monkeypatch.setattr(clock, "now", lambda: EVENING)
    return inspected_world()


def test_a_form_s_conditions_are_obeyed_without_network_and_what_breaks_them_is_kept_and_marked(
    phones: Phones, server: Server, w: Any
) -> None:
    items = read_xlsform(book(FORM, CHOICES[:2]), "a.xlsx").items
    put_checklist_in_force("morning", "晨检", items, start=DAY, source="园区", by=w.office, at=EVENING)
    phone = of(w, phones({"width": 360, "height": 740}, **HERE), w.cai)
    page = phone.page
    server.stop()
    page.locator(".firms button").first.click()
    page.locator("#sheet").select_option(label="晨检 v1")
    page.get_by_role("button", name="全面检查", exact=True).click()
    page.get_by_role("button", name="进入企业").click()
    answered(page)
    page.get_by_role("button", name="结束检查，看").click()
    expect(page.locator("[data-missed]")).to_contain_text("since")
    expect(page.locator("[data-unfit]")).to_contain_text("people")
    page.get_by_role("button", name="返回检查").click()
    since = page.locator("[data-item=since]")
    for day, alerts in (("2022-05-11", 1), ("2022-05-10", 0)):
        since.get_by_label("日期").fill(day)
        since.get_by_label("日期").press("Tab")
        expect(since.get_by_role("alert")).to_have_count(alerts)
    leave(phone)
    server.start()
    phone.waits(0)
    visit = Visit.objects.get(by=w.cai)
    assert {code: (answer["ok"], answer["value"]) for code, answer in visit.answers.items()} == {
        "fever": (None, "y"), "people": (None, "900"), "why": (None, ""), "since": (None, "2022-05-10")}  # fmt: skip
    doubt = Anomaly.objects.get(kind="visit_answers_break_rules")
    assert doubt.evidence["items"] == ["people"]


def answered(page: Page) -> None:
    """Questions come and go with the answers; what is against its condition is kept when somebody insists."""
    expect(page.locator("[data-item]")).to_have_count(2)  # those of no condition
    page.locator("[data-choice=y]").click()
    people = page.locator("[data-item=people]")
    people.get_by_label("数量").fill("0")
    people.get_by_label("数量").press("Tab")
    expect(people.get_by_role("alert")).to_contain_text("1 到 500")
    assert (violations(page), too_wide(page)) == ([], 0)
    assert page.locator("[data-item=why]").count() == 0  # nothing was kept yet
    people.get_by_role("button", name="照实保存").click()
    expect(people.locator("[data-unfit]")).to_contain_text("办公室会核对")
    page.locator("[data-item=why]").get_by_label("回答").fill("没有人在场")
    page.locator("[data-choice=n]").click()
    expect(page.locator("[data-item]")).to_have_count(2)
    page.locator("[data-choice=y]").click()
    people.get_by_label("数量").fill("900")
    people.get_by_label("数量").press("Tab")
    people.get_by_role("button", name="照实保存").click()
    expect(page.locator("[data-item=why]")).to_have_count(0)


def test_an_unfinished_visit_goes_on_on_another_phone_and_is_one_when_both_send(
    phones: Phones, w: Any, tmp_path: Path
) -> None:
    first, picture = of(w, phones(**HERE), w.cai), a_picture(tmp_path, "wall", 300_000)
    enter(first, kind="全面检查")
    first.waits(0)  # the park knows that it began; the other phone does not
    cut(first)
    item(first, "住宿用餐", "C9").locator("#value-C9").fill("36.5")
    item(first, "分区管理", "B3").locator("[data-ok=false]").click()
    item(first, "分区管理", "B3").get_by_label("在哪里").fill("三号门")
    shoot(item(first, "分区管理", "B3"), "拍下问题", picture)
    expect(first.page.locator("[data-item=B3] [data-shot]")).to_have_count(1)
    secret = handed_out(first, tmp_path / "queue.pkq")
    second = of(w, phones(**HERE), w.ben)
    second.tab("我的")
    second.page.get_by_role("button", name="接收").click()
    second.page.locator("#transfer-code").fill(secret)
    second.page.locator("#transfer-file").set_input_files(tmp_path / "queue.pkq")
    expect(second.page.get_by_text("已接收 1 条")).to_be_visible()
    second.tab("检查")
    expect(item(second, "住宿用餐", "C9").locator("#value-C9")).to_have_value("36.5")
    for phone in (second, first):  # first has no network yet, and does the same
        found = item(phone, "分区管理", "B3")
        expect(found.get_by_label("在哪里")).to_have_value("三号门")
        found.get_by_role("button", name="记录问题").click()
        expect(found.locator("[data-finding]")).to_contain_text("照片 1")
        leave(phone)
    second.waits(0)
    assert Visit.objects.get(ended_at__isnull=False, began_at__gte=MORNING).by == w.cai
    joined(first)
    first.waits(0)
    visit = Visit.objects.get(began_at__gte=MORNING)
    assert (visit.answers["C9"]["value"], visit.findings.get().area) == ("36.5", "三号门")
    assert Photo.objects.get().sha256 == sha(picture) == StoredFile.objects.get(sha256=sha(picture)).sha256
    assert not Anomaly.objects.exists()


def handed_out(phone: Hand, path: Path) -> str:
    """What the phone holds as a file; returns its transfer code. The QR pictures say what they leave out."""
    phone.tab("我的")
    phone.page.get_by_role("button", name="交出").click()
    expect(phone.page.locator("[data-without='1']")).to_contain_text("二维码不带照片")
    with phone.page.expect_download() as download:
        phone.page.get_by_role("button", name="存为文件").click()
    download.value.save_as(path)
    secret = phone.page.locator("[data-code]").get_attribute("data-code") or ""
    phone.page.get_by_role("button", name="完成").click()
    phone.tab("检查")
    return secret


def test_a_sample_is_told_as_it_is_typed_and_each_code_counts_once(phones: Phones, w: Any) -> None:
    phone = of(w, phones(**HERE), w.cai)
    enter(phone, kind="全面检查")
    drawn = item(phone, "闭环管理", "A5")
    drawn.get_by_label("抽查数和不合格数").fill("２/10")  # typed on a Chinese keyboard
    drawn.locator("[data-ok=true]").click()
    counted = item(phone, "人员管理", "E4")
    counted.get_by_role("button", name="扫码").click()
    seen = "(box, codes) => codes.forEach((detail) => box.dispatchEvent(new CustomEvent('code', { detail })))"
    counted.locator("camera-box").evaluate(seen, ["one", "two", "one"])
    expect(counted.get_by_label("已扫码数")).to_have_value("2")
    counted.locator("[data-ok=true]").click()
    leave(phone)
    phone.waits(0)
    told = Visit.objects.get(by=w.cai).answers
    assert {code: one["value"] for code, one in told.items()} == {"A5": "2/10", "E4": "2"}
