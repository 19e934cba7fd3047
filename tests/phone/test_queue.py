"""What was saved is never lost and never stored twice: crashes, lost replies, other phones, revocation."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sampling.models import Scan, Tube
from parkkeeper.sync.actions import revoke_phone
from parkkeeper.sync.models import Phone
from tests.phone.conftest import PIN, Hand, Phones, Server, code_for, profile
from tests.phone.ledger import CLEAN, Ledger
from tests.phone.test_shift import scanned
from tests.world import EVENING

TUBE = tube_code("YQ", 7)


def begun(phones: Phones, w: Any, **more: Any) -> Hand:
    phone = phones(**more)
    phone.begin(code_for(w))
    phone.take(TUBE)
    phone.says(TUBE, "tube")
    phone.waits(0)
    return phone


def test_a_reply_that_gets_lost_stores_nothing_twice(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    lost: list[str] = []

    def lose(route: Route) -> None:
        route.fetch()  # the park has it; the phone never hears
        lost.append(route.request.url)
        route.abort()

    phone.page.route("**/phone/v1/batches", lose, times=2)
    for worker in w.workers[2:5]:
        phone.take(worker.staff_number)
        phone.says(worker.name, "ok")
    phone.waits(0)
    assert len(lost) == 2
    assert len(scanned(TUBE)) == 3 == Scan.objects.count()


def test_saved_outlives_the_death_of_the_browser(browser: Browser, server: Server, w: Any, tmp_path: Path) -> None:
    with profile(browser, server, tmp_path) as phone:
        phone.begin(code_for(w))
        phone.take(TUBE)
        phone.says(TUBE, "tube")
        phone.waits(0)
        server.stop()
        for worker in w.workers[2:]:
            phone.take(worker.staff_number)
            phone.says(worker.name, "ok")
        killed = browsers(tmp_path)
        assert killed
        for process in killed:
            os.kill(process, signal.SIGKILL)
        until_gone(killed)
    with profile(browser, server, tmp_path) as phone:  # the park is still away
        phone.unlock()
        phone.waits(len(w.workers[2:]))
        server.start()
        phone.waits(0)
        ledger = Ledger.of(phone)
    assert ledger.counts([(TUBE, worker) for worker in w.workers[2:]]) == CLEAN
    assert scanned(TUBE) == [worker.staff_number for worker in w.workers[2:]]


def browsers(profile: Path) -> list[int]:
    """The processes of the browser that works on this profile."""
    found = subprocess.run(["pgrep", "-f", f"user-data-dir={profile}"], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def until_gone(processes: list[int]) -> None:
    for _turn in range(200):
        if not any(Path(f"/proc/{process}/exe").exists() for process in processes):
            return
        time.sleep(0.02)
    raise AssertionError("the browser lives")


def test_a_revoked_phone_sends_everything_and_then_forgets_everything(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    phone.page.route("**/phone/v1/**", lambda route: route.abort())
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    ledger = Ledger.of(phone)
    revoke_phone(Phone.objects.get(), by=w.office, at=EVENING)
    phone.page.unroute("**/phone/v1/**")
    phone.tab("我的")
    phone.page.get_by_role("button", name="立即发送").click()
    expect(phone.page.get_by_role("button", name="登记这台手机")).to_be_visible(timeout=20_000)
    assert scanned(TUBE) == [w.workers[2].staff_number]
    assert phone.page.evaluate(EVERYTHING) == "[]"
    ledger.sent_all()
    assert ledger.counts([(TUBE, w.workers[2])]) == CLEAN


# every record of the app's database, as text; what is sealed shows as lengths only
EVERYTHING = """async () => {
  const asked = indexedDB.open("parkkeeper");
  await new Promise((done) => { asked.onsuccess = done; });
  const db = asked.result;
  const found = [];
  for (const name of db.objectStoreNames) {
    const all = db.transaction(name).objectStore(name).getAll();
    await new Promise((done) => { all.onsuccess = done; });
    found.push(...all.result);
  }
  db.close();
  const text = (bytes) => new TextDecoder("latin1").decode(bytes.slice(0, 20000));
  const plain = (_key, value) => value instanceof ArrayBuffer ? text(value) : value;
  return JSON.stringify(found, plain);
}"""


def test_nothing_on_the_phone_names_a_person_in_the_clear(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    kept = phone.page.evaluate(EVERYTHING)
    assert len(kept) > 2000
    token = Phone.objects.get()
    for secret in ("李娜", w.workers[2].staff_number, str(w.workers[2].uuid), "彩虹", bytes(token.salt).hex(), PIN):
        assert secret not in kept, secret
    phone.page.reload()
    phone.page.get_by_label("解锁密码").fill("000000")
    phone.page.get_by_role("button", name="解锁").click()
    expect(phone.page.get_by_text("密码不对")).to_be_visible()
    phone.unlock()
    phone.says("", "")
    expect(phone.page.get_by_text("李娜")).to_be_visible()


def test_what_one_phone_cannot_send_another_does_and_both_store_it_once(phones: Phones, w: Any, tmp_path: Path) -> None:
    cut_off = begun(phones, w)
    cut_off.page.route("**/phone/v1/**", lambda route: route.abort())
    for worker in w.workers[2:4]:
        cut_off.take(worker.staff_number)
        cut_off.says(worker.name, "ok")
    cut_off.tab("我的")
    cut_off.page.get_by_role("button", name="交出").click()
    secret = cut_off.page.locator("[data-code]").get_attribute("data-code") or ""
    with cut_off.page.expect_download() as download:
        cut_off.page.get_by_role("button", name="存为文件").click()
    carried = tmp_path / "queue.pkq"
    download.value.save_as(carried)
    assert b"W00" not in carried.read_bytes()

    helper = phones()
    helper.enrol(code_for(w))
    helper.tab("我的")
    helper.page.get_by_role("button", name="接收").click()
    helper.page.locator("#transfer-code").fill("AAAAAAAAAA")
    helper.page.locator("#transfer-file").set_input_files(carried)
    expect(helper.page.get_by_text("打不开")).to_be_visible()
    helper.page.locator("#transfer-code").fill(secret.lower())
    helper.page.locator("#transfer-file").set_input_files([])
    helper.page.locator("#transfer-file").set_input_files(carried)
    expect(helper.page.get_by_text("已接收 2 条")).to_be_visible()
    helper.waits(0)
    assert len(scanned(TUBE)) == 2

    cut_off.page.unroute("**/phone/v1/**")
    cut_off.page.get_by_role("button", name="立即发送").click()
    cut_off.waits(0)
    assert len(scanned(TUBE)) == 2 == Scan.objects.count()


def test_two_windows_of_one_phone_send_once_and_see_the_same(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)
    other = Hand(phone.page.context.new_page(), phone.url)
    other.open()
    other.unlock()
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    other.take(w.workers[3].staff_number)
    other.says("王喆", "ok")
    phone.waits(0)
    other.waits(0)
    expect(phone.page.locator(".scans li")).to_have_count(2)
    expect(other.page.locator(".scans li")).to_have_count(2)
    assert len(scanned(TUBE)) == 2
    sequence = list(Scan.objects.values_list("sequence", flat=True))
    assert len(set(sequence)) == 2


def test_what_the_park_cannot_understand_stays_to_be_seen(phones: Phones, w: Any) -> None:
    phone = begun(phones, w)

    def spoil(route: Route) -> None:
        sent = json.loads(route.request.post_data or "{}")
        sent["operations"][0]["kind"] = "nonsense"
        route.continue_(post_data=json.dumps(sent))

    phone.page.route("**/phone/v1/batches", spoil, times=1)
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    expect(phone.page.locator("nav.tabs .badge")).to_have_text("1")
    phone.tab("我的")
    expect(phone.page.locator("[data-state=kept]")).to_contain_text("办公室处理中")


def test_leaving_waits_until_everything_is_delivered(phones: Phones, server: Server, w: Any) -> None:
    phone = begun(phones, w)
    server.stop()
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    phone.tab("我的")
    leave = phone.page.get_by_role("button", name="退出登记并清除本机")
    expect(leave).to_be_disabled()
    server.start()
    phone.page.get_by_role("button", name="立即发送").click()
    phone.waits(0)
    leave.click()
    phone.page.get_by_role("button", name="清除并退出").click()
    expect(phone.page.get_by_role("button", name="登记这台手机")).to_be_visible()
    assert Tube.objects.get(code=TUBE)


@pytest.mark.parametrize("drift", [-3, 3])
def test_a_phone_whose_clock_is_hours_off_tells_the_right_time(phones: Phones, w: Any, drift: int) -> None:
    phone = phones()
    shift = """(() => {
      const Real = Date, now = () => Real.now() + DRIFT * 3600000;
      globalThis.Date = class extends Real {
        constructor(...given) { if (given.length) super(...given); else super(now()); }
        static now() { return now(); }
      };
    })()""".replace("DRIFT", str(drift))
    phone.page.add_init_script(shift)
    phone.page.reload()
    phone.begin(code_for(w))
    phone.take(TUBE)
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    phone.waits(0)
    assert abs((Scan.objects.get().scanned_at - EVENING).total_seconds()) < 60
