"""The camera: a tube, then people one after the other, as a film before the browser's pretended camera."""

import time
from pathlib import Path
from typing import Any

import segno
from playwright.sync_api import Browser, expect

from parkkeeper.kernel.tubes import tube_code
from tests.phone.conftest import Phones, Server, code_for, profile
from tests.phone.film import film
from tests.phone.test_shift import scanned

TUBE = tube_code("YQ", 7)


def test_a_tube_and_its_people_are_read_turned_blurred_and_in_the_sun(
    browser: Browser, server: Server, w: Any, tmp_path: Path
) -> None:
    people = [worker.staff_number for worker in w.workers]
    lasts = film(tmp_path / "film.y4m", [TUBE, *people])
    camera = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}")
    with profile(browser, server, tmp_path / "profile", *camera) as phone:
        phone.begin(code_for(w))
        server.stop()  # the whole of it without network
        phone.page.get_by_role("button", name="相机").click()
        began = time.monotonic()
        expect(phone.page.locator(".count b")).to_have_text(str(len(people)), timeout=round(lasts * 4000))
        took = time.monotonic() - began
        phone.page.get_by_role("button", name="关相机").click()
        server.start()
        phone.waits(0)
    assert sorted(scanned(TUBE)) == sorted(people)
    print(f"{len(people) + 1} codes in {took:.1f} s of a film of {lasts:.1f} s")


def test_a_photo_is_read_as_well(phones: Phones, w: Any, tmp_path: Path) -> None:
    phone = phones()
    phone.begin(code_for(w))
    for text, name, tone in ((TUBE, TUBE, "tube"), (w.workers[2].staff_number, "李娜", "ok")):
        segno.make(text, micro=False).save(str(tmp_path / "photo.png"), scale=9, border=6)
        phone.page.locator("input[type=file]").set_input_files(tmp_path / "photo.png")
        phone.says(name, tone)
    phone.waits(0)
    assert scanned(TUBE) == [w.workers[2].staff_number]


def test_a_queue_goes_from_screen_to_camera(
    browser: Browser, phones: Phones, server: Server, w: Any, tmp_path: Path
) -> None:
    giver = phones()
    giver.begin(code_for(w))
    giver.waits(0)
    giver.page.route("**/phone/v1/**", lambda route: route.abort())
    giver.take(TUBE)
    for worker in w.workers[2:]:
        giver.take(worker.staff_number)
        giver.says(worker.name, "ok")
    giver.tab("我的")
    giver.page.get_by_role("button", name="交出").click()
    secret = giver.page.locator("[data-code]").get_attribute("data-code") or ""
    giver.page.get_by_role("button", name="显示二维码").click()
    pictures: set[str] = set()
    expect(giver.page.get_by_text("自动轮换")).to_be_visible()
    number = int(giver.page.get_by_text("自动轮换").inner_text().split("/")[1].split()[0])
    for _turn in range(100):
        pictures.add(giver.page.locator(".qr").get_attribute("data-text") or "")
        if len(pictures) == number:
            break
        giver.page.wait_for_timeout(200)
    film(tmp_path / "film.y4m", sorted(pictures), seconds=1.4, clear=True)
    camera = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}")
    with profile(browser, server, tmp_path / "profile", *camera) as taker:
        taker.enrol(code_for(w))
        taker.tab("我的")
        taker.page.get_by_role("button", name="接收").click()
        taker.page.get_by_role("button", name="用相机扫二维码").click()
        taker.page.locator("#transfer-code").fill(secret)
        expect(taker.page.get_by_text("已接收 5 条")).to_be_visible(timeout=40_000)
        taker.waits(0)
    assert len(scanned(TUBE)) == 4
