"""Signed person codes on the phone: verified without network; whatever is wrong with one, its swab is recorded."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Route

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sampling.models import Scan
from tests.harness.source import ROOT
from tests.phone.conftest import Hand, Phones, code_for

TUBE = tube_code("YQ", 7)
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
CODES = json.loads("{" + re.findall(r'^"codes": .*$', PROTOCOL, re.M)[0] + "}")["codes"]
VECTORS = [json.loads(line) for line in re.findall(r'^\{"state": .*\}$', PROTOCOL, re.M)]


def vector(state: str) -> dict[str, str]:
    return next(v for v in VECTORS if v["state"] == state and v["day"] == "2022-05-10")


@pytest.fixture
def phone(phones: Phones, w: Any) -> Hand:
    """A phone whose roster brings the keys of the protocol's vectors; the third worker is the person of those."""
    w.workers[2].uuid = vector("good")["person"]
    w.workers[2].save()
    found = phones()

    def with_keys(route: Route) -> None:
        answer = route.fetch()
        if answer.status == 304:
            route.fulfill(response=answer)
        else:
            route.fulfill(response=answer, json={**answer.json(), "codes": CODES})

    found.page.route("**/phone/v1/roster", with_keys)
    found.begin(code_for(w))
    found.take(TUBE)
    found.says(TUBE, "tube")
    return found


def test_a_good_code_names_its_person(phone: Hand, w: Any) -> None:
    phone.take(vector("good")["text"])
    phone.says("李娜", "ok")
    phone.waits(0)
    scan = Scan.objects.get()
    assert (scan.person, scan.how) == (w.workers[2], "code")


@pytest.mark.parametrize("state", ["tampered", "unknown_key", "foreign_park", "newer_version"])
def test_nothing_is_told_of_a_code_that_does_not_hold(phone: Hand, state: str) -> None:
    phone.take(vector(state)["text"])
    phone.says("已照原样记录", "unproven")
    assert "李娜" not in phone.page.locator(".outcome").inner_text()
    assert "1" in phone.page.locator(".count").inner_text()
    phone.waits(0)


def test_a_damaged_code_is_read_once_more_and_then_recorded(phone: Hand) -> None:
    text = vector("damaged")["text"]
    phone.take(text)
    phone.says("没读全", "stop")
    phone.take(text)
    phone.says("人员码残缺", "unproven")
