"""Boxes: sealed lists, hand-overs with two signatures, reception tube by tube, in whatever order it is told."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from parkkeeper.kernel.ids import new_id
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.files import store_file
from parkkeeper.sampling.actions.boxes import find_box, mark_box_lost
from parkkeeper.sampling.models import Box, BoxTube, HandOver, Reception
from tests.sampling.fieldkit import FieldPhone, open_kinds, pcr_round, the_tube
from tests.world import later, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> Any:
    w = world()
    w.round = pcr_round(w.programme, [(p, "due", w.point) for p in w.workers])
    w.phone, w.lab_phone = FieldPhone(w.scanner, w.point), FieldPhone(w.lab, None, phone_id=9)
    w.phone.say(w.phone.open_session())
    for tube in (1, 2):
        w.phone.say(w.phone.open(tube), w.phone.scan(w.workers[tube], tube, tube), w.phone.seal(tube, 1))
    return w


def state(box: Any, minutes: float) -> str:
    return Box.objects.with_state(later(minutes)).get(pk=box.id).state


def test_a_box_goes_from_sealed_to_reconciled_by_what_is_told(w: Any) -> None:
    box = w.phone.box(1, 1, 2)
    w.phone.say(box)
    assert (state(box, 30), BoxTube.objects.count()) == ("sealed", 2)
    w.phone.say(w.phone.hand_over(box, minutes=32), heard=33)
    assert (state(box, 32), state(box, 33)) == ("sealed", "with_courier")
    w.lab_phone.say(w.lab_phone.receive(1, minutes=40), heard=41)
    assert state(box, 41) == "at_lab"
    w.lab_phone.say(w.lab_phone.receive(2, "leaked", minutes=42), heard=43)
    assert (state(box, 43), state(box, 41)) == ("reconciled", "at_lab")


def test_a_second_sending_of_boxes_hand_overs_and_receptions_changes_nothing(w: Any) -> None:
    box = w.phone.box(1, 1, 2)
    words = [box, w.phone.hand_over(box)]
    heard = w.lab_phone.receive(1)
    w.phone.say(*words), w.lab_phone.say(heard)
    again = {**w.phone.say(*words, heard=99), **w.lab_phone.say(heard, heard=99)}
    assert not any(verdict.stored for verdict in again.values())
    assert (Box.objects.count(), HandOver.objects.count(), Reception.objects.count()) == (1, 1, 1)
    assert Box.objects.get().received_at == later(30)


def test_a_hand_over_that_comes_before_the_box_waits_for_it(w: Any) -> None:
    box = w.phone.box(1, 1, 2)
    over = w.phone.hand_over(box)
    assert "unknown_box" in w.phone.tell(over)[0]
    assert state(box, 30) == "with_courier"
    w.phone.say(box)
    assert "unknown_box" not in open_kinds()
    assert (Box.objects.get().code, HandOver.objects.get().box_id) == (box.box_code, box.id)


def test_a_phone_that_did_not_seal_a_box_hands_it_over_by_its_printed_code(w: Any) -> None:
    box, courier = w.phone.box(1, 1, 2), FieldPhone(w.courier, w.nearby, phone_id=8)
    w.phone.say(box)
    assert "unknown_box" not in courier.tell(courier.hand_over_by_code(f" {box.box_code.lower()} "), heard=31)[0]
    assert state(box, 31) == "with_courier"


def test_a_hand_over_by_code_that_comes_before_the_box_waits_for_it(w: Any) -> None:
    box, courier = w.phone.box(1, 1, 2), FieldPhone(w.courier, w.nearby, phone_id=8)
    over = courier.hand_over_by_code(box.box_code)
    assert "unknown_box" in courier.tell(over)[0]
    assert (Box.objects.count(), HandOver.objects.get().box) == (0, None)
    w.phone.say(box, heard=40)
    assert HandOver.objects.get().box_id == box.id
    assert "unknown_box" not in open_kinds()
    assert (state(box, 40), Box.objects.count()) == ("with_courier", 1)
    assert not courier.say(over, heard=50)[over.id].stored


def test_a_tube_out_of_a_box_by_code_is_that_boxs_whichever_word_comes_first(w: Any) -> None:
    early, late = w.phone.box(1, 1), w.phone.box(2, 2)
    w.phone.say(early)
    words = [w.phone.receive(n, box_code=f" {box.box_code.lower()} ") for n, box in ((1, early), (2, late), (3, late))]
    for word in words:
        assert "unknown_box" not in w.phone.tell(word)[0]  # who handed it over was told that already
    assert [r.box_id for r in Reception.objects.order_by("tube__code")] == [early.id, None, None]
    w.phone.say(late, heard=40)
    assert [r.box_id for r in Reception.objects.order_by("tube__code")] == [early.id, late.id, late.id]
    assert {r.box_code for r in Reception.objects.all()} == {early.box_code, late.box_code}
    assert not w.phone.say(words[1], heard=50)[words[1].id].stored


@pytest.mark.parametrize(("sealed", "mine"), [(-5 * 24 * 60, False), (-60, True), (90, True), (180, False)])
def test_the_same_code_on_another_day_is_another_box(w: Any, sealed: float, mine: bool) -> None:
    box = w.phone.box(1, 1, minutes=sealed)
    w.phone.say(box, heard=300)
    doubts = w.phone.tell(w.phone.hand_over_by_code(box.box_code, minutes=0), heard=300)[0]
    assert ("unknown_box" in doubts, HandOver.objects.get().box_id) == ((False, box.id) if mine else (True, None))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_of_two_boxes_of_one_code_the_one_that_was_sealed_last_is_meant(w: Any, order: tuple[int, ...]) -> None:
    first, second = w.phone.box(1, 1, minutes=-600), w.phone.box(1, 2, minutes=10)
    overs = [w.phone.hand_over_by_code(first.box_code, minutes=at) for at in (-500, 20)]
    told: list[list[Any]] = [[first], [second], overs]
    for n in order:
        w.phone.say(*told[n])
    assert [h.box_id for h in HandOver.objects.order_by("at")] == [first.id, second.id]
    assert "unknown_box" not in open_kinds()


def test_a_hand_over_says_which_name_or_signature_is_missing(w: Any) -> None:
    box = w.phone.box(1, 1, 2)
    signed = [store_file(text, name="签名.png", by=w.scanner, at=later(0)).sha256 for text in (b"one", b"two")]
    full = {"given_by": w.scanner.uuid, "taken_by": w.courier.uuid}
    good = w.phone.hand_over(box, **full, given_signature=signed[0], taken_signature=signed[1])
    half = w.phone.hand_over(box, "to_lab", given_by=w.courier.uuid, given_signature="0" * 64)
    verdicts = w.phone.say(box, good, half)
    assert (verdicts[good.id].doubts, verdicts[half.id].doubts) == ((), ("hand_over_unsigned",))
    row = HandOver.objects.get(pk=good.id)
    assert (row.given_by, row.taken_by, row.given_signature.size) == (w.scanner, w.courier, 3)


def test_a_tube_in_two_boxes_is_kept_in_both_and_doubted(w: Any) -> None:
    first, second = w.phone.box(1, 1, 2), w.phone.box(2, 2)
    verdicts = w.phone.say(first, second)
    assert verdicts[second.id].doubts == ("tube_in_two_boxes",)
    assert BoxTube.objects.count() == 3


def test_an_unsealed_or_unheard_tube_in_a_box_is_doubted_until_its_word_comes(w: Any) -> None:
    box = w.phone.box(1, 3, 4)
    w.phone.say(w.phone.open(3))
    assert w.phone.tell(box) == [("box_unknown_tube", "tube_unsealed_in_box")]
    w.phone.say(w.phone.open(4, 1), w.phone.seal(3, 0), w.phone.seal(4, 0))
    assert open_kinds() == []


@pytest.mark.parametrize("code", ["", "TYQ000000017", "BYQ0000"])
def test_a_bad_box_code_is_kept_and_doubted(w: Any, code: str) -> None:
    box = w.phone.box(code, 1)
    assert w.phone.tell(box) == [("bad_box_code",)]
    assert Box.objects.get().code


def test_the_laboratorys_word_on_an_unknown_tube_is_kept_and_doubted(w: Any) -> None:
    assert w.lab_phone.tell(w.lab_phone.receive(9)) == [("received_unknown_tube",)]
    w.phone.say(w.phone.open(9))
    assert open_kinds() == []


def test_an_unknown_laboratory_or_box_does_not_lose_the_reception(w: Any) -> None:
    heard = w.lab_phone.receive(1, lab="别处", box=new_id())
    assert w.lab_phone.tell(heard) == [("unknown_box", "unknown_laboratory")]
    assert Reception.objects.get().laboratory is None


def test_contradicting_receptions_are_both_kept_and_doubted(w: Any) -> None:
    w.lab_phone.say(w.lab_phone.receive(1), w.lab_phone.receive(1, "damaged"))
    assert open_kinds() == ["reception_contradicts"]
    assert the_tube(tube_code("YQ", 1)).receptions.count() == 2


def test_the_same_word_on_a_tube_by_the_same_laboratory_is_one_word(w: Any) -> None:
    w.lab_phone.say(w.lab_phone.receive(1), w.lab_phone.receive(1))
    assert Reception.objects.count() == 1


def test_a_box_is_late_when_it_is_not_at_the_laboratory_in_time(w: Any) -> None:
    early, late = w.phone.box(1, 1), w.phone.box(2, 2)
    w.phone.say(early, late)
    w.lab_phone.say(w.lab_phone.receive(1, minutes=60), heard=61)
    limit = timedelta(hours=4)
    assert list(Box.objects.late(later(255), limit)) == []
    assert [b.pk for b in Box.objects.late(later(256), limit)] == [late.id]


def test_a_box_is_declared_lost_once_and_can_be_found(w: Any) -> None:
    box = w.phone.box(1, 1, 2)
    w.phone.say(box)
    row = Box.objects.get()
    mark_box_lost(row, by=w.courier, at=later(50))
    assert (state(box, 49), state(box, 50)) == ("sealed", "lost")
    with pytest.raises(Refused, match="转运丁"):
        mark_box_lost(row, by=w.office, at=later(51))
    find_box(row, by=w.office, at=later(52))
    assert state(box, 60) == "sealed"
    with pytest.raises(Refused):
        find_box(row, by=w.office, at=later(53))


def test_who_does_not_carry_boxes_cannot_declare_one_lost(w: Any) -> None:
    w.phone.say(w.phone.box(1, 1))
    with pytest.raises(Forbidden):
        mark_box_lost(Box.objects.get(), by=w.leader, at=later(50))
