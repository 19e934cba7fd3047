"""Tubes: known by their code for ever, opened once, sealed with a count that is held against the names."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Anomaly
from parkkeeper.sampling.models import Tube
from tests.sampling.fieldkit import FieldPhone, open_kinds, pcr_round, the_tube
from tests.world import later, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> Any:
    w = world()
    w.round = pcr_round(w.programme, [(p, "due", w.point) for p in w.workers])
    w.phone = FieldPhone(w.scanner, w.point)
    w.phone.say(w.phone.open_session())
    return w


def test_an_opened_tube_knows_its_point_round_session_and_roll(w: Any) -> None:
    opened = w.phone.open_session(-2)
    w.phone.say(opened, w.phone.open(7, 0, pool=5, session=opened.id))
    tube = the_tube(tube_code("YQ", 7))
    assert (tube.point, tube.round, tube.session_id, tube.roll, tube.pool_size) == (
        w.point, w.round, opened.id, w.roll, 5,
    )  # fmt: skip


def test_a_code_typed_with_spaces_and_small_letters_is_the_same_tube(w: Any) -> None:
    code = tube_code("YQ", 7)
    w.phone.say(w.phone.open(7))
    w.phone.say(w.phone.scan(w.workers[0], f" {code[:6].lower()} {code[6:]} "))
    assert Tube.objects.count() == 1


@pytest.mark.parametrize("code", ["", "TYQ0000", "张伟", "TYQ000000019", "X" * 300])
def test_a_code_that_is_no_tubes_is_kept_and_doubted(w: Any, code: str) -> None:
    assert w.phone.tell(w.phone.open(code)) == [("unknown_tube",)]
    assert Tube.objects.get().code


def test_a_well_formed_code_of_no_roll_is_doubted(w: Any) -> None:
    assert w.phone.tell(w.phone.open(77_000)) == [("unknown_tube",)]


def test_of_two_openings_the_earlier_counts_whatever_order_they_come_in(w: Any) -> None:
    other = FieldPhone(w.scanner, w.nearby, phone_id=2)
    words = [(w.phone, w.phone.open(1, 0, pool=5)), (other, other.open(1, 3)), (w.phone, w.phone.open(1, 6, pool=20))]
    for n, order in enumerate(itertools.permutations(words)):
        shift = 10 * n
        sent = [(phone, replace(op, tube_code=w.phone.code(100 + shift))) for phone, op in order]
        for phone, op in sent:
            phone.say(op)
        tube = the_tube(tube_code("YQ", 100 + shift))
        assert (tube.opening, tube.pool_size, tube.point) == (words[0][1].id, 5, w.point)
        doubts = Anomaly.objects.filter(kind="tube_opened_twice", noun_id=str(tube.pk))
        assert {d.evidence["operation"] for d in doubts} == {str(words[1][1].id), str(words[2][1].id)}
        assert not any(phone.say(op)[op.id].stored for phone, op in sent)


def test_a_second_opening_tells_the_phone_that_it_is_an_incident(w: Any) -> None:
    w.phone.say(w.phone.open(1, 0))
    again = w.phone.open(1, 5)
    assert w.phone.tell(again) == [("tube_opened_twice",)]
    assert w.phone.tell(again) == [("tube_opened_twice",)]


def test_of_two_sealings_the_earlier_counts(w: Any) -> None:
    w.phone.say(w.phone.seal(1, 3, 9))
    w.phone.say(w.phone.seal(1, 4, 8))
    assert the_tube(tube_code("YQ", 1)).swabs == 4
    assert open_kinds() == ["swab_without_name", "tube_sealed_twice"]


@pytest.mark.parametrize(("swabs", "kind"), [(1, "name_without_swab"), (3, "swab_without_name"), (2, None)])
@pytest.mark.parametrize("seal_first", [True, False])
def test_the_count_of_swabs_is_held_against_the_names_in_either_order(
    w: Any, swabs: int, kind: str | None, seal_first: bool
) -> None:
    scans = [w.phone.scan(w.workers[0], 1, 1), w.phone.scan(w.workers[1], 1, 2), w.phone.scan(w.workers[1], 1, 3)]
    seal = w.phone.seal(1, swabs, 10)
    for said in ([seal], scans) if seal_first else (scans, [seal]):
        w.phone.say(*said)
    assert open_kinds() == ([kind] if kind else [])
    if kind:
        evidence = Anomaly.objects.open().holding().get().evidence
        assert (evidence["swabs"], evidence["names"]) == (swabs, 2)
        assert evidence["people"] == [w.workers[0].pk, w.workers[1].pk]


def test_somebody_unknown_is_a_name_too(w: Any) -> None:
    w.phone.say(w.phone.scan("没有此人", 1, how="search"), w.phone.seal(1, 1))
    assert open_kinds() == ["unknown_person"]


def test_more_people_than_the_pool_takes_is_doubted_and_none_is_lost(w: Any) -> None:
    w.phone.say(w.phone.open(1, pool=5), *[w.phone.scan(p, 1, n) for n, p in enumerate(w.workers, 1)])
    assert open_kinds() == ["over_full"]
    assert the_tube(tube_code("YQ", 1)).scans.count() == 6


@pytest.mark.parametrize("heard", [30, 31])
@pytest.mark.parametrize("undo_first", [False, True])
def test_an_undo_in_one_batch_with_its_scan_leaves_no_doubt_behind(w: Any, heard: float, undo_first: bool) -> None:
    scans = [w.phone.scan(p, 1, n) for n, p in enumerate(w.workers, 1)]
    undo, opened = w.phone.undo(scans[0], 1.5), w.phone.open(1, pool=5)
    first, second = ([undo], [opened, *scans]) if undo_first else ([opened, *scans], [undo])
    w.phone.say(*first, heard=30)
    w.phone.say(*second, heard=heard)
    assert open_kinds() == []
    over = Anomaly.objects.filter(kind="over_full")
    # heard a minute later, the phone's scans did stand alone for so long
    assert [one.evidence["holds"] for one in over] == ([False] if heard > 30 and not undo_first else [])


def test_a_sealed_count_beyond_reason_is_kept_within_the_column(w: Any) -> None:
    w.phone.say(w.phone.seal(1, 99_999_999), w.phone.seal(2, -4), w.phone.open(3, pool=0))
    assert the_tube(tube_code("YQ", 1)).swabs == 32_767
    assert the_tube(tube_code("YQ", 2)).swabs == 0
    assert the_tube(tube_code("YQ", 3)).pool_size == 10


def test_a_seal_dated_tomorrow_counts_as_made_when_heard(w: Any) -> None:
    w.phone.say(w.phone.seal(1, 0, 24 * 60))
    assert the_tube(tube_code("YQ", 1)).sealed_at == later(30)
