"""At the laboratory's door: a box is opened by its code and taken tube by tube, with no network, each once."""

from typing import Any

from playwright.sync_api import expect

from parkkeeper.kernel.tubes import box_code, tube_code
from parkkeeper.sampling.models import Box, BoxTube, HandOver, Reception, Tube
from parkkeeper.sync.actions import issue_enrolment
from tests.pages.conftest import too_wide, violations
from tests.phone.conftest import PIN, Hand, Phones
from tests.phone.test_boxes import cut, joined, sign
from tests.phone.test_looks import SMALL
from tests.world import EVENING, MORNING

TUBES = [tube_code("YQ", serial) for serial in (7, 8, 9)]
ELSEWHERE, NOWHERE = tube_code("YQ", 10), tube_code("YQ", 11)
BOX, OTHER = box_code("YQ", 1), box_code("YQ", 2)


def a_box(w: Any, code: str, tubes: list[str]) -> Box:
    box = Box.objects.create(code=code, point=w.point, sealed_at=EVENING, received_at=EVENING)
    for tube in tubes:
        BoxTube.objects.create(box=box, tube=Tube.objects.create(code=tube, first_heard_at=EVENING), heard_at=EVENING)
    return box


def laboratory(phones: Phones, w: Any, **more: Any) -> Hand:
    """The laboratory's phone: boxes, what is in them, and nobody's name."""
    phone = phones(SMALL, **more)
    phone.page.locator("#code").fill(issue_enrolment(w.point, w.lab, "lab_member", by=w.office, at=MORNING)[1])
    phone.page.locator("#pin").fill(PIN)
    phone.page.locator("#again").fill(PIN)
    phone.page.locator("form button.primary").click()
    expect(phone.page.locator("nav.tabs a")).to_have_count(2)
    return phone


def scan(phone: Hand, code: str, says: str, tone: str) -> None:
    phone.page.locator("#tube-code").fill(code)
    phone.page.locator("#tube-code").press("Enter")
    expect(phone.page.locator(f".outcome[data-tone={tone}]")).to_contain_text(says)
    expect(phone.page.locator("#tube-code")).to_be_focused()  # for the next one


def open_box(phone: Hand) -> None:
    phone.page.locator("#carried-code").fill(BOX)
    phone.page.locator("#carried-code").press("Enter")
    expect(phone.page.locator("reception-view .holder")).to_contain_text(BOX)


def test_a_laboratory_takes_a_box_tube_by_tube_without_network_and_the_park_has_the_same(
    phones: Phones, w: Any
) -> None:
    box, other = a_box(w, BOX, TUBES), a_box(w, OTHER, [ELSEWHERE])
    HandOver.objects.create(box=box, leg="to_lab", at=EVENING, received_at=EVENING)
    phone = laboratory(phones, w)
    page = phone.page
    expect(page.get_by_role("button", name=BOX)).to_contain_text("0 / 3")
    cut(phone)
    open_box(phone)
    scan(phone, TUBES[0], TUBES[0], "ok")
    scan(phone, TUBES[0], "没有重复记录", "again")
    scan(phone, ELSEWHERE, f"清单上它在箱 {OTHER}", "twice")
    scan(phone, NOWHERE, "不在任何箱的清单上", "unproven")
    scan(phone, TUBES[1][:-1], "只读到一部分", "stop")
    scan(phone, OTHER, "这不是试管码", "stop")
    expect(page.locator("[data-left='2']")).to_contain_text("已到 1 / 3 管，还差 2 管")
    page.locator(f"[data-tube='{TUBES[1]}'] button").click()
    assert (violations(page), too_wide(page)) == ([], 0)
    page.locator("[data-say=leaked]").click()
    expect(page.locator(f"[data-tube='{TUBES[1]}']")).to_have_attribute("data-condition", "leaked")
    page.get_by_role("button", name="其余 1 管记为缺失").click()
    page.get_by_role("button", name="1 管记为缺失", exact=True).click()
    expect(page.locator("[data-left='0']")).to_contain_text("已到 2 / 3 管，缺失 1 管")
    page.get_by_role("button", name="完成").click()
    page.reload()
    phone.unlock()
    expect(page.get_by_role("button", name=BOX)).to_contain_text("2 / 3")  # it is on the disk
    phone.waits(5)
    joined(phone)
    phone.waits(0)
    said = Reception.objects.order_by("tube__code").values_list("tube__code", "condition", "box", "laboratory__code")
    assert list(said) == [
        (TUBES[0], "good", box.pk, "LAB1"), (TUBES[1], "leaked", box.pk, "LAB1"), (TUBES[2], "missing", box.pk, "LAB1"),
        (ELSEWHERE, "good", box.pk, "LAB1"), (NOWHERE, "good", box.pk, "LAB1")]  # fmt: skip
    assert {row.by for row in Reception.objects.all()} == {w.lab} and other.receptions.count() == 0
    colleague = laboratory(phones, w)
    expect(colleague.page.get_by_role("button", name=BOX)).to_contain_text("2 / 3")
    open_box(colleague)
    scan(colleague, TUBES[0], "没有重复记录", "again")


def test_a_box_that_nobody_told_of_is_taken_all_the_same(phones: Phones, w: Any) -> None:
    phone = laboratory(phones, w, locale="en-GB")
    cut(phone)
    phone.page.locator("#carried-code").fill(BOX)
    phone.page.locator("#carried-code").press("Enter")
    sign(phone, "Confirm")
    expect(phone.page.locator("reception-view .note")).to_contain_text("has not sent the list")
    scan(phone, TUBES[0], "compared when the list has come", "unproven")
    expect(phone.page.locator(f"[data-tube='{TUBES[0]}']")).to_have_attribute("data-condition", "good")
    assert (violations(phone.page), too_wide(phone.page)) == ([], 0)
    joined(phone)
    phone.waits(0)
    seen = Reception.objects.get()
    assert (seen.box, seen.box_code, HandOver.objects.get().leg) == (None, BOX, "to_lab")
