"""The camera: a tube, then people one after the other, as a film before the browser's pretended camera."""

import json
import os
import re
import signal
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

import segno
from playwright.sync_api import Browser, expect

from parkkeeper.codes.signing import sign_codes
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Person
from parkkeeper.sampling.models import Duty, Scan, Session, Tube
from tests.pages.conftest import too_wide, violations
from tests.phone.a_server import server_process
from tests.phone.conftest import Hand, Phones, Server, code_for, profile
from tests.phone.film import film
from tests.phone.test_queue import browsers, until_gone
from tests.phone.test_shift import scanned
from tests.sync.test_roster import due
from tests.world import EVENING

TUBE = tube_code("YQ", 7)
SMALL = {"width": 360, "height": 740}

# What the app tells of its own speed, from now on.
LISTEN = """() => {
  globalThis.told = [];
  const tell = (all) => told.push(...all.getEntries().map((one) => [one.name, one.duration, one.detail.codes ?? 0]));
  new PerformanceObserver(tell).observe({ entryTypes: ["measure"] });
}"""


def ten_people(w: Any) -> tuple[list[Person], list[str]]:
    """Ten of the point's list, and what each holds before the camera: signed codes, once a plain staff number."""
    more = [w.person(name, w.rainbow) for name in ("刘洋", "黄磊", "吴敏", "郑爽")]
    for person in more:
        due(w, w.round, person, w.point)
    people = [*w.workers, *more]
    codes = sign_codes(people, at=EVENING)
    shown = [codes[person.pk][0] for person in people]
    shown[4] = people[4].staff_number
    assert all(segno.make(text, error="m").version >= 6 for text in shown if text.startswith("PK1:"))  # type: ignore[operator]
    return people, shown


def test_a_whole_session_survives_that_its_server_and_its_browser_are_killed(
    browser: Browser, server: Server, w: Any, tmp_path: Path
) -> None:
    """Filmed, turned, out of focus and in the sun: a tube and ten people; sealed; then the park has it, each once."""
    people, shown = ten_people(w)
    lasts = film(tmp_path / "film.y4m", [TUBE, *shown])
    camera = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}")
    with server_process(time.time()) as park:
        with profile(browser, park, tmp_path / "profile", *camera) as phone:
            phone.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
            phone.begin(code_for(w))
            phone.waits(0)
            park.kill()
            names = filmed(phone, len(people), lasts)
            sealed(phone)
            phone.waits(len(people) + 2)
            killed = browsers(tmp_path / "profile")
            assert killed
            for process in killed:
                os.kill(process, signal.SIGKILL)
            until_gone(killed)
        with profile(browser, park, tmp_path / "profile") as phone:  # the park is still away
            phone.unlock()
            phone.waits(len(people) + 2)
            assert not Scan.objects.exists()
            park.start()
            phone.waits(0)
            delivered = on_the_phone(phone)
    scans = list(Scan.objects.filter(undone_at=None).order_by("sequence").select_related("person"))
    assert [scan.person.name for scan in scans if scan.person] == names
    assert {scan.person for scan in scans} == set(people) and len(scans) == len(people) == Scan.objects.count()
    assert [scan.how for scan in scans if scan.person != people[4]] == ["code"] * 9
    tube = Tube.objects.get()
    assert (tube.code, tube.swabs, tube.sealed_at is not None) == (TUBE, len(people), True)
    assert delivered == Session.objects.count() + Duty.objects.count() + len(scans) + 2  # opened and sealed


def filmed(phone: Hand, people: int, lasts: float) -> list[str]:
    """Let the camera see the film until all are in the tube; whose names stand there, the first one first."""
    phone.page.evaluate(LISTEN)
    phone.page.get_by_role("button", name="相机").click()
    began = time.monotonic()
    expect(phone.page.locator(".count b")).to_have_text(str(people), timeout=round(lasts * 4000))
    took = time.monotonic() - began
    phone.page.set_viewport_size(SMALL)  # type: ignore[arg-type]
    assert (violations(phone.page), too_wide(phone.page)) == ([], 0)
    phone.page.get_by_role("button", name="关相机").click()
    report(people + 1, lasts, took, phone.page.evaluate("() => told"))
    return list(reversed(phone.page.locator(".scans .who b").all_inner_texts()))


def report(codes: int, lasts: float, took: float, told: list[tuple[str, float, int]]) -> None:
    """What the app told of its speed, printed and, for `./run bench camera`, added to the file PHONE_TIMES."""
    frames = [found for name, _ms, found in told if name == "frame"]
    saved = sorted(ms for name, ms, _found in told if name == "saved")
    assert len(saved) == codes and sum(frames) >= codes * 2  # each needs two equal reads
    facts = {
        "codes": codes, "film_seconds": lasts, "took_seconds": took, "frames": len(frames), "frames_read": sum(frames),
        "frame_ms": [ms for name, ms, _found in told if name == "frame"], "saved_ms": saved,
    }  # fmt: skip
    print(f"{codes} codes in {took:.1f} s of a film of {lasts:.1f} s; read {sum(frames)} of {len(frames)} frames;")
    print(f"milliseconds from the second read to the disk: {', '.join(f'{ms:.0f}' for ms in quantiles(saved))}")
    if into := os.environ.get("PHONE_TIMES"):
        with Path(into).open("a", encoding="utf-8") as out:
            out.write(json.dumps(facts) + "\n")


def sealed(phone: Hand) -> None:
    """Seal the tube; the phone proposes as many swabs as there are names."""
    phone.page.get_by_role("button", name="封管").first.click()
    phone.page.locator(".question").get_by_role("button", name="封管").click()
    phone.says("已封管", "sealed")


def on_the_phone(phone: Hand) -> int:
    """How many operations the phone holds; every one has arrived."""
    phone.tab("我的")
    phone.page.get_by_role("button", name="也看已送达").click()
    expect(phone.page.locator(".items li:not([data-state=settled])")).to_have_count(0)
    return phone.page.locator(".items li").count()


def test_a_photo_is_read_as_well(phones: Phones, w: Any, tmp_path: Path) -> None:
    signed = sign_codes([w.workers[3]], at=EVENING)[w.workers[3].pk][0]
    phone = phones()
    phone.begin(code_for(w))
    shots = ((TUBE, TUBE, "tube"), (w.workers[2].staff_number, "李娜", "ok"), (signed, "王喆", "ok"))
    for text, name, tone in shots:
        segno.make(text, micro=False).save(str(tmp_path / "photo.png"), scale=9, border=6)
        phone.page.locator("input[type=file]").set_input_files(tmp_path / "photo.png")
        phone.says(name, tone)
    phone.waits(0)
    assert scanned(TUBE) == [worker.staff_number for worker in w.workers[2:4]]


def test_a_queue_goes_from_screen_to_camera(
    browser: Browser, phones: Phones, server: Server, w: Any, tmp_path: Path
) -> None:
    giver = phones(SMALL)
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
    assert (violations(giver.page), too_wide(giver.page)) == ([], 0)
    giver.page.get_by_role("button", name="显示二维码").click()
    pictures: set[str] = set()
    expect(giver.page.get_by_text("自动轮换")).to_be_visible()
    assert (violations(giver.page), too_wide(giver.page)) == ([], 0)
    number = int(re.findall(r"/ (\d+)", giver.page.get_by_text("自动轮换").inner_text())[0])
    for _turn in range(100):
        pictures.add(giver.page.locator(".qr").get_attribute("data-text") or "")
        if len(pictures) == number:
            break
        giver.page.wait_for_timeout(200)
    film(tmp_path / "film.y4m", sorted(pictures), seconds=1.4, clear=True)
    camera = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}")
    with profile(browser, server, tmp_path / "profile", *camera) as taker:
        taker.enrol(code_for(w))
        taker.page.set_viewport_size(SMALL)  # type: ignore[arg-type]
        taker.tab("我的")
        taker.page.get_by_role("button", name="接收").click()
        taker.page.get_by_role("button", name="用相机扫二维码").click()
        assert (violations(taker.page), too_wide(taker.page)) == ([], 0)
        taker.page.locator("#transfer-code").fill(secret)
        expect(taker.page.get_by_text("已接收 5 条")).to_be_visible(timeout=40_000)
        taker.waits(0)
    assert len(scanned(TUBE)) == 4
