"""Boxes on the phone: sealed tubes go in, both sides sign on the glass, the park has list, times and signatures."""

import hashlib
from typing import Any

from playwright.sync_api import expect

from parkkeeper.kernel.tubes import box_code, tube_code
from parkkeeper.park.models import StoredFile
from parkkeeper.sampling.models import Box, HandOver
from tests.phone.conftest import Hand, Phones, Server, code_for

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
    phone.page.locator("#box").fill(TUBES[0])
    phone.page.get_by_role("button", name="2 管装箱").click()
    expect(phone.page.get_by_text("这不是有效的箱码")).to_be_visible()
    phone.page.locator("#box").fill(BOX)
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
