"""A phone's clock that is set in mid-shift: what was done before and after reaches the park in its true time."""

from datetime import timedelta
from typing import Any

import pytest

from parkkeeper.kernel import clock
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sampling.models import Scan
from parkkeeper.sync.models import Batch
from tests.phone.conftest import Hand, Phones, code_for
from tests.phone.ledger import CLEAN, Ledger
from tests.world import EVENING

TUBE = tube_code("YQ", 7)
# A clock that can be set while the app runs, and stays set when it starts anew; the steady clock is the browser's own.
SET = """(() => {
  const Real = Date, ahead = () => Number(localStorage.getItem("ahead") ?? 0) * 3600000;
  globalThis.Date = class extends Real {
    constructor(...given) { if (given.length) super(...given); else super(Real.now() + ahead()); }
    static now() { return Real.now() + ahead(); }
  };
})()"""


def begun(phones: Phones, w: Any) -> Hand:
    phone = phones()
    phone.page.add_init_script(SET)
    phone.page.reload()
    phone.begin(code_for(w))
    phone.take(TUBE)
    phone.says(TUBE, "tube")
    phone.waits(0)
    return phone


def set_clock(phone: Hand, hours: int) -> None:
    phone.page.evaluate(f"localStorage.setItem('ahead', '{hours}')")


def scan(phone: Hand, worker: Any) -> None:
    phone.take(worker.staff_number)
    phone.says(worker.name, "ok")


def told_right(phone: Hand, w: Any, ahead: list[int]) -> None:
    """All scans are stored with their true time, in the order in which they were made, once."""
    phone.waits(0)
    scans = list(Scan.objects.order_by("sequence"))
    assert [one.person for one in scans] == w.workers[2 : 2 + len(ahead)]
    assert max(abs(one.scanned_at - EVENING) for one in scans) < timedelta(minutes=1)
    first = scans[0].device_at
    assert [round((one.device_at - first) / timedelta(hours=1)) for one in scans] == ahead
    ledger = Ledger.of(phone)
    assert ledger.counts([(TUBE, one) for one in w.workers[2 : 2 + len(ahead)]]) == CLEAN


@pytest.mark.parametrize("ahead", [[0, 3, 3], [0, -3, -3], [0, 3, 0]])
def test_a_clock_that_is_set_in_mid_shift_spoils_no_time(phones: Phones, w: Any, ahead: list[int]) -> None:
    phone = begun(phones, w)
    phone.page.route("**/phone/v1/**", lambda route: route.abort())
    for worker, hours in zip(w.workers[2:], ahead, strict=False):
        set_clock(phone, hours)
        scan(phone, worker)
    phone.page.unroute("**/phone/v1/**")
    told_right(phone, w, ahead)
    assert any(batch.jumps for batch in Batch.objects.all())


def test_a_clock_that_is_set_while_the_app_is_closed_spoils_no_time(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    phone.page.route("**/phone/v1/**", lambda route: route.abort())
    scan(phone, w.workers[2])
    set_clock(phone, 3)
    phone.page.reload()
    phone.unlock()
    scan(phone, w.workers[3])
    phone.page.unroute("**/phone/v1/**")
    told_right(phone, w, [0, 3])


def test_a_clock_that_is_set_far_forward_offline_wipes_no_list_in_mid_shift(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    phone.page.route("**/phone/v1/**", lambda route: route.abort())
    set_clock(phone, 8)  # two hours after the round's end, were it true
    scan(phone, w.workers[2])
    phone.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    phone.page.wait_for_timeout(500)
    scan(phone, w.workers[3])
    set_clock(phone, 16)
    phone.page.reload()  # set while it was closed: nobody can be sure
    phone.unlock()
    scan(phone, w.workers[4])
    phone.page.unroute("**/phone/v1/**")
    told_right(phone, w, [0, 0, 8])


def test_a_reply_that_is_given_again_an_hour_later_tells_no_clock(phones: Phones, w: Any, monkeypatch: Any) -> None:
    phone = begun(phones, w)

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    phone.page.route("**/phone/v1/batches", lose, times=1)
    before = phone.page.evaluate(OFFSET)
    scan(phone, w.workers[2])
    phone.page.wait_for_timeout(1500)
    monkeypatch.setattr(clock, "now", lambda: EVENING + timedelta(hours=1))
    phone.waits(0)
    assert abs(phone.page.evaluate(OFFSET) - before) < 60_000
    scan(phone, w.workers[3])
    phone.waits(0)
    assert abs(phone.page.evaluate(OFFSET) - before - 3_600_000) < 60_000


OFFSET = """async () => {
  const asked = indexedDB.open("parkkeeper");
  await new Promise((done) => { asked.onsuccess = done; });
  const found = asked.result.transaction("device").objectStore("device").get("offset");
  await new Promise((done) => { found.onsuccess = done; });
  asked.result.close();
  return found.result;
}"""
