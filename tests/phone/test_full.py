"""A phone that is full, by the browser's own quota: scans go on from the room that was kept for them, photos stop."""

from pathlib import Path
from typing import Any

import segno
from playwright.sync_api import Browser, CDPSession, expect

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sampling.models import AntigenTest, Round
from tests.phone.conftest import Hand, Server, code_for, profile
from tests.phone.ledger import CLEAN, Ledger
from tests.phone.test_shift import scanned

TUBE = tube_code("YQ", 7)
QUOTA = 10_000_000  # bytes: the app's files, the room that it keeps, and little else

# Writes until the browser refuses, so that not even a small record fits; removes that again.
FILL = """async () => {
  const asked = indexedDB.open("parkkeeper");
  await new Promise((done) => { asked.onsuccess = done; });
  const said = [];
  for (let [size, number] = [200_000, 0]; said.length < 5 && number < 500; number++) {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65_536)));
    const writing = asked.result.transaction("device", "readwrite", { durability: "strict" });
    writing.objectStore("device").put(bytes.buffer, `full-${number}`);
    const problem = await new Promise((done) => {
      writing.oncomplete = () => done(null);
      writing.onabort = () => done(writing.error.name);
    });
    if (problem) [size, said[said.length]] = [size / 10, problem];
  }
  asked.result.close();
  return said;
}"""
EMPTY = """async () => {
  const asked = indexedDB.open("parkkeeper");
  await new Promise((done) => { asked.onsuccess = done; });
  const writing = asked.result.transaction("device", "readwrite");
  writing.objectStore("device").delete(IDBKeyRange.bound("full-", "full-z"));
  await new Promise((done) => { writing.oncomplete = done; });
  asked.result.close();
}"""
COUNT = """async ([store, key]) => {
  const asked = indexedDB.open("parkkeeper");
  await new Promise((done) => { asked.onsuccess = done; });
  const counted = asked.result.transaction(store).objectStore(store).count(...(key ? [key] : []));
  await new Promise((done) => { counted.onsuccess = done; });
  asked.result.close();
  return counted.result;
}"""


def limited(phone: Hand, server: Server) -> CDPSession:
    """Give the app a quota before it stores anything; the browser keeps to it as long as the session lives."""
    session = phone.page.context.new_cdp_session(phone.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": server.url, "quotaSize": QUOTA})
    session.send("Storage.clearDataForOrigin", {"origin": server.url, "storageTypes": "all"})
    phone.page.reload()
    return session


def has_room_kept(phone: Hand) -> bool:
    return bool(phone.page.evaluate(COUNT, ["device", "ballast"]))


def photographed(phone: Hand, name: str, photo: Path) -> None:
    """Take down a negative self-test with a photo."""
    phone.tab("名单")
    phone.page.get_by_role("button", name="抗原自测").click()
    phone.page.locator(".rows").get_by_text(name, exact=True).click()
    phone.page.locator(".question input[type=file]").set_input_files(photo)
    expect(phone.page.get_by_text("已拍照")).to_be_visible()
    phone.page.locator(".values").get_by_role("button", name="阴性").click()
    expect(phone.page.get_by_text(f"{name}：阴性，已存本机")).to_be_visible()


def test_a_full_phone_goes_on_from_the_room_it_kept_and_says_saved_only_when_it_is(
    browser: Browser, server: Server, w: Any, morning: Round, tmp_path: Path
) -> None:
    photo = tmp_path / "test.png"
    segno.make("self-test").save(str(photo), scale=40)
    with profile(browser, server, tmp_path / "profile") as phone:
        session = limited(phone, server)
        phone.begin(code_for(w))
        phone.take(TUBE)
        phone.says(TUBE, "tube")
        phone.waits(0)
        photographed(phone, w.workers[2].name, photo)
        phone.waits(0)
        assert (has_room_kept(phone), phone.page.evaluate(COUNT, ["files", None])) == (True, 1)
        assert phone.page.evaluate(FILL) == ["QuotaExceededError"] * 5

        phone.tab("采样")
        phone.take(w.workers[2].staff_number)
        phone.says("李娜", "ok")
        assert not has_room_kept(phone)
        used = session.send("Storage.getUsageAndQuota", {"origin": server.url})["usage"]
        assert used < QUOTA - 4_000_000  # the browser gives the room back at once
        photographed(phone, w.workers[3].name, photo)  # the result counts, its photo is left out
        assert phone.page.evaluate(COUNT, ["files", None]) == 1
        phone.tab("我的")
        expect(phone.page.get_by_text("快满：不再存照片")).to_be_visible()

        phone.page.evaluate(FILL)
        phone.tab("采样")
        phone.take(w.workers[3].staff_number)
        phone.says("没有存上", "stop")
        expect(phone.page.locator(".scans li")).to_have_count(1)  # what was not saved is not shown as if it were
        phone.page.evaluate(EMPTY)
        phone.take(w.workers[3].staff_number)
        phone.says("王喆", "ok")
        phone.waits(0)
        ledger = Ledger.of(phone)
    assert ledger.counts([(TUBE, worker) for worker in w.workers[2:4]]) == CLEAN
    assert len(scanned(TUBE)) == 2
    assert sorted(bool(test.photo) for test in AntigenTest.objects.all()) == [False, True]
