"""A shift on the phone: what is done there reaches the park, whether the park answers just then or not."""

from typing import Any

from playwright.sync_api import expect

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sampling.models import Scan, Tube
from tests.phone.conftest import Hand, Phones, Server, code_for

TUBE = tube_code("YQ", 7)


def scanned(tube: str) -> list[str]:
    """Staff numbers of the live scans that the park has of the tube, in the phone's order."""
    scans = Scan.objects.filter(tube__code=tube, undone_at=None).order_by("sequence")
    return [scan.person.staff_number if scan.person else scan.claimed for scan in scans]


def test_a_scan_is_saved_on_the_phone_and_reaches_the_park(phones: Phones, w: Any) -> None:
    phone = phones()
    phone.begin(code_for(w))
    for text, told, tone in ((TUBE, TUBE, "tube"), (w.workers[2].staff_number, "李娜", "ok")):
        phone.page.keyboard.type(text)  # a scanner types wherever the focus is: nobody touches the glass between
        phone.page.keyboard.press("Enter")
        phone.says(told, tone)
    phone.waits(0)
    assert scanned(TUBE) == [w.workers[2].staff_number]
    assert Tube.objects.get(code=TUBE).session is not None


def test_without_a_server_scanning_goes_on_and_drains_later(phones: Phones, server: Server, w: Any) -> None:
    phone = phones()
    phone.begin(code_for(w))
    phone.take(TUBE)
    phone.says(TUBE, "tube")
    phone.waits(0)
    server.stop()
    for worker in w.workers[2:]:
        phone.take(worker.staff_number)
        phone.says(worker.name, "ok")
    phone.waits(4)
    the_list_knows(phone, w)
    phone.page.reload()  # the shell comes from the phone itself
    phone.unlock()
    phone.waits(4)
    assert scanned(TUBE) == []
    server.start()
    phone.waits(0, by_itself=True)
    assert scanned(TUBE) == [worker.staff_number for worker in w.workers[2:]]


def the_list_knows(phone: Hand, w: Any) -> None:
    """Who is due, done and missing, found by the initials of a name; all of it without a server."""
    phone.tab("名单")
    sums = {name: phone.page.locator(f"[data-sum={name}]").inner_text() for name in ("due", "done", "missing")}
    assert sums == {"due": str(len(w.workers)), "done": "4", "missing": str(len(w.workers) - 4)}
    rows = phone.page.locator(".rows li")
    expect(rows).to_have_count(len(w.workers) - 4)
    phone.page.get_by_role("button", name="已采").click()
    expect(rows.filter(has_text="李娜")).to_have_count(1)
    phone.page.locator("#find").fill("zw")
    expect(rows).to_have_count(2)
    phone.tab("采样")
