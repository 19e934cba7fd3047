"""A new build of the app, with another version of its database, does not touch a full queue."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from parkkeeper.config import field
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sync import door
from tests.phone.conftest import Hand, Phones, Server, code_for
from tests.phone.ledger import CLEAN, Ledger
from tests.phone.test_desk import seal
from tests.phone.test_killed import SCAN_ON, large_tubes, many

TUBES = [tube_code("YQ", serial) for serial in (7, 8)]
A_TUBE = 100


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the build that the test may change; the server has it from its start on."""
    copy = tmp_path / "field"
    shutil.copytree(field.BUILT, copy)
    monkeypatch.setattr(field, "BUILT", copy)
    return copy


def made_newer(build: Path) -> None:
    """Another build, whose database is of the next version: an older one is brought up to it when it is opened.

    It speaks the next version of the protocol, too.
    """
    changed = 0
    for file in (build / "assets").glob("app-*.js"):
        text, times = re.subn(r"(?<=.parkkeeper.,)\w+(?=,\{upgrade)", "2", file.read_text())
        text, spoken = re.subn(r'(?<="Parkkeeper-Protocol":`)\d+(?=`)', "2", text)
        file.write_text(text)
        file.with_suffix(".js.gz").unlink(missing_ok=True)
        changed += times + spoken
    assert changed == 3  # the database's version, and a request's and a file's header
    worker_file = build / "sw.js"
    worker_file.write_text(worker_file.read_text().replace('\\"build\\":\\"', '\\"build\\":\\"new-'))
    worker_file.with_suffix(".js.gz").unlink(missing_ok=True)


def filled(phone: Hand, people: list[Any]) -> None:
    """Two tubes of a hundred people each, and nothing of it has been sent."""
    phone.page.route("**/phone/v1/**", lambda route: route.abort())
    for n, tube in enumerate(TUBES):
        phone.take(tube)
        phone.says(tube, "tube")
        codes = [[one.staff_number, one.name] for one in people[n * A_TUBE : (n + 1) * A_TUBE]]
        phone.page.evaluate(SCAN_ON, [codes, 0])
        seal(phone)


def test_an_update_waits_for_a_person_and_keeps_a_full_queue(
    build: Path, server: Server, phones: Phones, w: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The park speaks the next version alone: it says so, the phone looks for the build that does, and sends by it."""
    people = many(w, 2 * A_TUBE)
    phone = phones()
    phone.page.route("**/phone/v1/roster", large_tubes, times=1)
    phone.begin(code_for(w))
    phone.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    phone.waits(0)
    filled(phone, people)
    held = len(people) + 2 * len(TUBES)
    made_newer(build)
    server.stop()
    server.start()
    for bound in ("OLDEST", "NEWEST"):
        monkeypatch.setattr(door, bound, 2)
    phone.page.unroute("**/phone/v1/**")
    phone.tab("我的")
    phone.page.get_by_role("button", name="立即发送").click()
    expect(phone.page.locator(".queue .link")).to_have_text("需要更新应用；未发送的内容会保留。")
    banner = phone.page.get_by_role("button", name="有新版本")
    expect(banner).to_be_visible(timeout=15_000)
    phone.waits(held)
    banner.click()
    expect(phone.page.get_by_label("解锁密码")).to_be_visible()
    phone.page.route("**/phone/v1/**", lambda route: route.abort())
    phone.unlock()
    phone.waits(held)
    names = phone.page.evaluate("() => caches.keys()")
    assert len(names) == 1 and "new-" in names[0]
    versions = phone.page.evaluate("async () => (await indexedDB.databases()).map((one) => one.version)")
    assert versions == [2]
    phone.page.unroute("**/phone/v1/**")
    phone.tab("我的")
    phone.page.get_by_role("button", name="立即发送").click()
    phone.waits(0)
    ledger = Ledger.of(phone)
    assert ledger.counts([(TUBES[n // A_TUBE], one) for n, one in enumerate(people)]) == CLEAN
