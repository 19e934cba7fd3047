"""What the phone forgets and when: locked after a rest, the list after the round; what waits stays."""

from typing import Any

from playwright.sync_api import expect

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sampling.models import Scan
from parkkeeper.sync.models import Batch, Phone
from tests.phone.conftest import Hand, Phones, code_for
from tests.phone.test_shift import scanned

TUBE = tube_code("YQ", 7)


def begun(phones: Phones, w: Any) -> Hand:
    phone = phones()
    phone.page.clock.install()
    phone.page.reload()
    phone.begin(code_for(w))
    phone.take(TUBE)
    phone.says(TUBE, "tube")
    phone.waits(0)
    return phone


def test_a_phone_that_nobody_touches_locks_itself_and_shows_no_names(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    phone.waits(0)
    phone.page.clock.fast_forward("09:00")
    expect(phone.page.locator("nav.tabs")).to_be_visible()
    phone.page.clock.fast_forward("01:30")
    expect(phone.page.get_by_text("已锁定")).to_be_visible()
    assert "李娜" not in phone.page.content()
    phone.unlock()
    expect(phone.page.get_by_text("李娜")).to_be_visible()


def test_after_the_round_the_list_goes_and_what_waits_stays(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    phone.waits(0)
    phone.page.route("**/phone/v1/**", lambda route: route.abort())
    phone.take(w.workers[3].staff_number)
    phone.says("王喆", "ok")
    phone.page.clock.fast_forward("07:00:00")  # 18:00 + 7 h: two hours after the round's end at 22:00 are over
    expect(phone.page.get_by_text("已锁定")).to_be_visible()
    phone.unlock()
    phone.tab("名单")
    expect(phone.page.get_by_text("还没有名单")).to_be_visible()
    phone.tab("我的")
    phone.page.get_by_role("button", name="也看已送达").click()
    expect(phone.page.locator(".items li")).to_have_count(1)
    phone.page.unroute("**/phone/v1/**")
    phone.page.get_by_role("button", name="立即发送").click()
    phone.waits(0)
    assert scanned(TUBE) == [worker.staff_number for worker in w.workers[2:4]]


def test_a_park_restored_from_a_backup_gets_everything_again(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    for worker in w.workers[2:4]:
        phone.take(worker.staff_number)
        phone.says(worker.name, "ok")
    phone.waits(0)
    Scan.objects.all().delete()  # the backup is older than these
    Batch.objects.all().delete()
    phone.page.clock.fast_forward("01:05")
    for _turn in range(100):
        if len(scanned(TUBE)) == 2:
            break
        phone.page.wait_for_timeout(200)
    phone.waits(0)
    assert scanned(TUBE) == [worker.staff_number for worker in w.workers[2:4]]


def test_a_phone_that_the_park_forgot_enrols_again_and_sends_what_it_holds(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    Phone.objects.update(token_hash=b"\0" * 32)
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    phone.tab("我的")
    phone.page.get_by_role("button", name="重新登记").click()
    phone.page.get_by_label("登记码", exact=True).fill(code_for(w))
    phone.page.get_by_role("button", name="登记这台手机").click()
    phone.waits(0)
    assert scanned(TUBE) == [w.workers[2].staff_number]
