"""The morning's self-tests on the phone: the list of the point's enterprises, a result and a photo, without network."""

from pathlib import Path
from typing import Any

import segno
from playwright.sync_api import expect

from parkkeeper.sampling.models import AntigenTest, Obligation, Round
from tests.phone.conftest import Hand, Phones, Server, code_for

VALUES = {"阴性": "negative", "阳性": "positive", "可疑": "indeterminate"}


def tell(phone: Hand, name: str, value: str) -> None:
    phone.page.locator(".rows").get_by_text(name, exact=True).click()
    phone.page.locator(".values").get_by_role("button", name=value).click()
    expect(phone.page.get_by_text(f"{name}：{value}，已存本机")).to_be_visible()


def test_self_tests_are_taken_down_without_network_and_reach_the_park(
    phones: Phones, server: Server, morning: Round, w: Any, tmp_path: Path
) -> None:
    phone = phones()
    phone.enrol(code_for(w))
    phone.waits(0)
    server.stop()
    phone.tab("名单")
    phone.page.get_by_role("button", name="抗原自测").click()
    expect(phone.page.locator("[data-sum=untold]")).to_have_text(str(len(w.workers)))
    named = dict(zip(VALUES, w.workers[2:5], strict=True))
    for value, worker in list(named.items())[:2]:
        tell(phone, worker.name, value)
    one = named["可疑"]
    phone.page.get_by_label("查找").fill(one.staff_number)
    phone.page.get_by_label("查找").press("Enter")
    photo = tmp_path / "test.png"
    segno.make("self-test").save(str(photo), scale=70)  # 2,030 pixels: more than is kept
    phone.page.locator(".question input[type=file]").set_input_files(photo)
    expect(phone.page.get_by_text("已拍照")).to_be_visible()
    phone.page.locator(".values").get_by_role("button", name="可疑").click()
    phone.waits(3)
    expect(phone.page.locator("[data-sum=told]")).to_have_text("3")
    phone.page.reload()
    phone.unlock()
    server.start()
    phone.waits(0)
    told = {test.person: test for test in AntigenTest.objects.all()}
    assert {person: test.value for person, test in told.items()} == {p: VALUES[v] for v, p in named.items()}
    assert [p for p, test in told.items() if test.photo] == [one]
    assert Obligation.objects.get().person == named["阳性"]
