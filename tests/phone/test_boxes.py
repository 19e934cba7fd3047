"""Boxes on the phone: sealed tubes go in, both sides sign on the glass, the park has list, times and signatures."""

import hashlib
from typing import Any

from playwright.sync_api import expect

from parkkeeper.kernel.tubes import box_code, tube_code
from parkkeeper.park.models import StoredFile
from parkkeeper.sampling.models import Box, HandOver
from parkkeeper.sync.actions import issue_enrolment
from tests.phone.conftest import PIN, Hand, Phones, Server, code_for
from tests.world import MORNING

TUBES = [tube_code("YQ", serial) for serial in (7, 8)]
BOX = box_code("YQ", 1)


def write_on(phone: Hand, pad: str) -> None:
    """A name, as a finger writes it."""
    glass = phone.page.locator(f"#{pad} canvas")
    glass.scroll_into_view_if_needed()
    place = glass.bounding_box()
    assert place is not None
    mouse = phone.page.mouse
    mouse.move(place["x"] + 40, place["y"] + 40)
    mouse.down()
    for step in range(8):
        mouse.move(place["x"] + 40 + step * 25, place["y"] + 40 + (step % 2) * 45)
    mouse.up()


def cut(phone: Hand) -> None:
    """This phone alone has no network."""
    phone.page.route("**/phone/v1/**", lambda route: route.abort())


def joined(phone: Hand) -> None:
    phone.page.unroute("**/phone/v1/**")
    phone.page.evaluate("dispatchEvent(new Event('online'))")


def sealed_box(phone: Hand, w: Any) -> None:
    """One tube of one person, in a box."""
    phone.take(TUBES[0])
    phone.says(TUBES[0], "tube")
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    phone.page.get_by_role("button", name="封管").first.click()
    phone.page.locator(".question").get_by_role("button", name="封管").click()
    phone.says("已封管", "sealed")
    phone.tab("交接")
    phone.page.get_by_label("箱码").first.fill(BOX)
    phone.page.get_by_role("button", name="1 管装箱").click()
    expect(phone.page.get_by_role("button", name="交给转运员")).to_be_visible()


def courier(phones: Phones, w: Any) -> Hand:
    """The courier's own phone: it has boxes, and nobody's name."""
    phone = phones()
    _enrolment, code = issue_enrolment(w.point, w.courier, "courier", by=w.office, at=MORNING)
    phone.page.get_by_label("登记码", exact=True).fill(code)
    phone.page.get_by_label("解锁密码").fill(PIN)
    phone.page.get_by_label("再输一次").fill(PIN)
    phone.page.get_by_role("button", name="登记这台手机").click()
    expect(phone.page.get_by_role("heading", name="在途的箱")).to_be_visible()
    expect(phone.page.locator("nav.tabs a")).to_have_count(2)
    return phone


def sign(phone: Hand, name: str = "确认交接") -> None:
    write_on(phone, "given")
    write_on(phone, "taken")
    # a thumb that trembles: it is one hand-over all the same
    phone.page.get_by_role("button", name=name).evaluate("button => { button.click(); button.click(); }")


def test_a_courier_takes_a_box_by_its_printed_code_when_neither_phone_has_network(phones: Phones, w: Any) -> None:
    at_point, carrying = phones(), courier(phones, w)
    at_point.begin(code_for(w))
    at_point.waits(0)
    cut(at_point), cut(carrying)
    sealed_box(at_point, w)
    carrying.page.get_by_label("箱码").fill("BYQ000000010")
    carrying.page.get_by_label("箱码").press("Enter")
    expect(carrying.page.get_by_text("这不是有效的箱码")).to_be_visible()
    carrying.page.get_by_label("箱码").fill(BOX)
    carrying.page.get_by_label("箱码").press("Enter")
    expect(carrying.page.get_by_text("封箱记录送达后自动对上")).to_be_visible()
    sign(carrying)
    carrying.waits(1)
    expect(carrying.page.locator("article .steps .done").get_by_text("交给转运员")).to_be_visible()
    joined(carrying)
    carrying.waits(0)
    over = HandOver.objects.get()
    assert (over.box, over.box_code, over.taken_by, over.taken_signature is None) == (None, BOX, w.courier, False)
    joined(at_point)
    at_point.waits(0)
    assert HandOver.objects.get().box == Box.objects.get(code=BOX)


def test_a_box_that_the_park_knows_is_chosen_from_the_list_and_handed_to_the_laboratory(phones: Phones, w: Any) -> None:
    at_point = phones()
    at_point.begin(code_for(w))
    sealed_box(at_point, w)
    at_point.waits(0)
    carrying = courier(phones, w)
    carrying.page.get_by_role("button", name=BOX).click()
    carrying.page.get_by_role("button", name="交到实验室").click()
    sign(carrying)
    expect(carrying.page.locator("article .steps .done").get_by_text("交到实验室")).to_be_visible()
    carrying.waits(0)
    over = HandOver.objects.get()
    assert (over.box, over.leg, over.given_by) == (Box.objects.get(code=BOX), "to_lab", w.courier)


def test_tubes_go_into_a_box_and_both_sides_sign_without_network(phones: Phones, server: Server, w: Any) -> None:
    phone = phones()
    phone.begin(code_for(w))
    phone.waits(0)
    server.stop()
    for code, worker in zip(TUBES, w.workers[2:4], strict=True):
        phone.take(code)
        phone.says(code, "tube")
        phone.take(worker.staff_number)
        phone.says(worker.name, "ok")
        phone.page.get_by_role("button", name="封管").first.click()
        phone.page.locator(".question").get_by_role("button", name="封管").click()
        phone.says("已封管", "sealed")
    phone.tab("交接")
    phone.page.get_by_label("箱码").first.fill(TUBES[0])
    phone.page.get_by_role("button", name="2 管装箱").click()
    expect(phone.page.get_by_text("这不是有效的箱码")).to_be_visible()
    phone.page.get_by_label("箱码").first.fill(BOX)
    phone.page.get_by_role("button", name="2 管装箱").click()
    phone.page.get_by_role("button", name="交给转运员").click()
    write_on(phone, "given")
    phone.page.get_by_role("button", name="确认交接").click()
    expect(phone.page.get_by_text("双方都要在屏幕上签名")).to_be_visible()
    write_on(phone, "taken")
    phone.page.get_by_role("button", name="确认交接").click()
    expect(phone.page.get_by_role("button", name="交到实验室")).to_be_visible()
    server.start()
    phone.waits(0)
    box = Box.objects.get()
    assert box.code == BOX and sorted(t.tube.code for t in box.contents.all()) == TUBES
    leg = HandOver.objects.get()
    assert (leg.leg, leg.given_by) == ("to_courier", w.scanner)
    assert leg.given_signature is not None and leg.taken_signature is not None
    assert {leg.given_signature.sha256, leg.taken_signature.sha256} == set(
        StoredFile.objects.values_list("sha256", flat=True)
    )
    assert all(len(file.sha256) == len(hashlib.sha256().hexdigest()) for file in StoredFile.objects.all())
