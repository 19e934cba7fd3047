"""The desk: what each reading is answered with, and what of it the park gets."""

from typing import Any

import pytest
from playwright.sync_api import expect

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Anomaly
from parkkeeper.park.vault import document_of
from parkkeeper.sampling.models import Due, Obligation, Scan, Tube
from tests.phone.conftest import Hand, Phones, code_for
from tests.phone.test_shift import scanned
from tests.world import MORNING

FIRST, SECOND = tube_code("YQ", 7), tube_code("YQ", 8)


@pytest.fixture
def phone(phones: Phones, w: Any) -> Hand:
    found = phones()
    found.begin(code_for(w))
    found.take(FIRST)
    found.says(FIRST, "tube")
    return found


def seal(phone: Hand, more: int = 0) -> None:
    phone.page.get_by_role("button", name="封管").first.click()
    for _time in range(abs(more)):
        phone.page.get_by_role("button", name="多一支" if more > 0 else "少一支").click()
    phone.page.locator(".question").get_by_role("button", name="封管").click()
    phone.says("已封管", "sealed")


def test_a_person_is_never_taken_for_a_tube_nor_a_slip_for_either(phones: Phones, w: Any) -> None:
    phone = phones()
    phone.begin(code_for(w))
    phone.take(w.workers[2].staff_number)
    phone.says("先扫试管码", "stop")
    phone.take(FIRST[:-1] + "0")
    phone.says("试管码有误", "stop")
    phone.take(FIRST[:8])
    phone.says("位数不对", "stop")
    phone.waits(0)
    assert not Scan.objects.exists() and not Tube.objects.exists()


def test_another_point_s_tube_is_taken_and_told(phones: Phones, w: Any) -> None:
    phone = phones()
    phone.begin(code_for(w))
    phone.take(tube_code("YQ", 1500))
    phone.says("不是本点领的试管", "tube")
    phone.waits(0)
    assert Anomaly.objects.filter(kind="foreign_tube").exists()


def test_an_id_card_is_typed_with_its_check_digit(phone: Hand, w: Any) -> None:
    number = document_of(w.workers[3])
    phone.take(number[:-1] + ("0" if number[-1] != "0" else "1"))
    phone.says("证件号有误", "stop")
    phone.take(number)
    phone.says("王喆", "ok")
    phone.waits(0)
    scan = Scan.objects.get()
    assert (scan.person, scan.how) == (w.workers[3], "document")


def test_two_of_one_name_are_told_apart_by_whoever_asks(phone: Hand, w: Any) -> None:
    phone.take("zw")
    expect(phone.page.locator(".people button")).to_have_count(2)
    phone.page.locator(".people button", has_text=w.workers[1].staff_number).click()
    phone.says("张伟", "ok")
    phone.waits(0)
    assert scanned(FIRST) == [w.workers[1].staff_number]


def test_somebody_off_the_roster_is_recorded_in_another_colour(phone: Hand, w: Any) -> None:
    phone.take("路人甲")
    phone.page.get_by_role("button", name="不在名单").click()
    phone.says("路人甲", "other")
    phone.waits(0)
    assert scanned(FIRST) == ["路人甲"]


def test_somebody_of_another_enterprise_is_recorded_in_another_colour(phones: Phones, w: Any) -> None:
    guest = w.lotus_workers[0]
    Due.objects.filter(person=guest).update(point=w.point)  # on this point's list, and still of another enterprise
    phone = phones()
    phone.begin(code_for(w))
    phone.take(FIRST)
    colours = []
    for person, enterprise, tone in ((w.workers[2], "彩虹生物", "ok"), (guest, "莲花电子", "other")):
        phone.take(person.staff_number)
        phone.says(person.name, tone)
        phone.says(enterprise, tone)
        colours.append(phone.page.locator(".outcome").evaluate("(found) => getComputedStyle(found).backgroundColor"))
    assert colours[0] != colours[1]
    expect(phone.page.locator(".scans li").first).to_contain_text("莲花电子")
    phone.waits(0)
    assert scanned(FIRST) == [w.workers[2].staff_number, guest.staff_number]


def test_the_same_person_again_is_only_told(phone: Hand, w: Any) -> None:
    for tone in ("ok", "again"):
        phone.take(w.workers[2].staff_number)
        phone.says("李娜", tone)
    phone.waits(0)
    assert len(scanned(FIRST)) == 1


def test_undo_works_until_the_tube_is_sealed(phone: Hand, w: Any) -> None:
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    phone.page.get_by_role("button", name="撤销 李娜").click()
    phone.says("已撤销", "undone")
    phone.take(w.workers[3].staff_number)
    phone.says("王喆", "ok")
    seal(phone)
    expect(phone.page.get_by_role("button", name="撤销 王喆")).to_have_count(0)
    phone.waits(0)
    assert scanned(FIRST) == [w.workers[3].staff_number]
    assert Tube.objects.get(code=FIRST).swabs == 1


def test_a_full_tube_takes_nobody_more(phones: Phones, w: Any) -> None:
    w.programme.pool_size = 5
    w.programme.save()
    phone = phones()
    phone.begin(code_for(w))
    phone.take(FIRST)
    for worker in w.workers[:5]:
        phone.take(worker.staff_number)
        phone.says(worker.name, "ok")
    phone.take(w.workers[5].staff_number)
    phone.says("这管已满", "stop")
    phone.take(SECOND)  # the next tube asks to seal this one first
    phone.page.locator(".question").get_by_role("button", name="封管").click()
    phone.says(SECOND, "tube")
    phone.take(w.workers[5].staff_number)
    phone.says("陈赟", "ok")
    phone.waits(0)
    assert (len(scanned(FIRST)), len(scanned(SECOND))) == (5, 1)


def test_a_swab_too_many_is_an_exception_with_an_owner(phone: Hand, w: Any) -> None:
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    seal(phone, more=1)
    phone.says("拭子数不符", "sealed")
    phone.waits(0)
    assert Anomaly.objects.filter(kind="swab_without_name").exists()


@pytest.fixture
def retest(w: Any) -> Any:
    person = w.workers[5]
    Obligation.objects.create(person=person, kind="single_retest", cause="order:1", opened_at=MORNING, due_at=MORNING)
    return person


def test_who_owes_a_single_retest_gets_a_tube_of_their_own(retest: Any, phone: Hand, w: Any) -> None:
    phone.take(w.workers[2].staff_number)
    phone.says("李娜", "ok")
    phone.take(retest.staff_number)
    expect(phone.page.get_by_text("陈赟 不得混采")).to_be_visible()
    phone.page.get_by_role("button", name="另开单管").click()
    phone.take(SECOND)
    phone.says("陈赟", "ok")
    seal(phone)
    phone.take(w.workers[3].staff_number)  # back in the pool
    phone.says("王喆", "ok")
    phone.waits(0)
    assert Tube.objects.get(code=SECOND).pool_size == 1
    assert scanned(SECOND) == [retest.staff_number] and len(scanned(FIRST)) == 2


def test_pooling_them_all_the_same_becomes_an_exception(retest: Any, phone: Hand, w: Any) -> None:
    phone.take(retest.staff_number)
    phone.page.get_by_role("button", name="仍然混采").click()
    phone.says("陈赟", "ok")
    phone.waits(0)
    assert Anomaly.objects.filter(kind="pooled_though_single").exists()
