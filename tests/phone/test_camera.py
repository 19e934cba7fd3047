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
