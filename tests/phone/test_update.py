"""A new build of the app does not touch what waits."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from parkkeeper.config import field
from parkkeeper.kernel.tubes import tube_code
from tests.phone.conftest import Phones, Server, code_for
from tests.phone.test_shift import scanned

TUBE = tube_code("YQ", 7)


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the build that the test may change; the server has it from its start on."""
    copy = tmp_path / "field"
    shutil.copytree(field.BUILT, copy)
    monkeypatch.setattr(field, "BUILT", copy)
    return copy


def test_an_update_waits_for_a_person_and_keeps_a_full_queue(
    build: Path, server: Server, phones: Phones, w: Any
) -> None:
    phone = phones()
    phone.begin(code_for(w))
    phone.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    phone.take(TUBE)
    phone.says(TUBE, "tube")
    phone.waits(0)
    phone.page.route("**/phone/v1/**", lambda route: route.abort())
    for worker in w.workers[2:]:
        phone.take(worker.staff_number)
        phone.says(worker.name, "ok")
    worker_file = build / "sw.js"
    worker_file.write_text(worker_file.read_text().replace('\\"build\\":\\"', '\\"build\\":\\"new-'))
    worker_file.with_suffix(".js.gz").unlink(missing_ok=True)
    server.stop()
    server.start()
    phone.page.evaluate("async () => void (await (await navigator.serviceWorker.ready).update())")
    banner = phone.page.get_by_role("button", name="有新版本")
    expect(banner).to_be_visible(timeout=15_000)
    phone.waits(4)
    banner.click()
    expect(phone.page.get_by_label("解锁密码")).to_be_visible()
    phone.unlock()
    phone.waits(4)
    names = phone.page.evaluate("() => caches.keys()")
    assert len(names) == 1 and "new-" in names[0]
    phone.page.unroute("**/phone/v1/**")
    phone.tab("我的")
    phone.page.get_by_role("button", name="立即发送").click()
    phone.waits(0)
    assert scanned(TUBE) == [worker.staff_number for worker in w.workers[2:]]
