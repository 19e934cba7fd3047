"""Scans: stored whatever they say, doubted once, answered the same when sent again."""

import random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import Anomaly, JournalEntry
from parkkeeper.sampling.identify import claimed_of
from parkkeeper.sampling.models import Obligation, Scan, Tube, Undo
from tests.sampling.fieldkit import FieldPhone, at_work, moved, open_kinds
from tests.world import later, resident_id, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> Any:
    return at_work(world())


def test_a_scan_is_stored_with_its_person_tube_round_and_point(w: Any) -> None:
    scan = w.phone.scan(w.workers[0], 1, 3)
    verdict = w.phone.say(w.phone.open(1), scan)[scan.id]
    row = Scan.objects.get(pk=scan.id)
    assert (verdict.stored, verdict.doubts) == (True, ())
    assert (row.person, row.round, row.point, row.by) == (w.workers[0], w.round, w.point, w.scanner)
    assert (row.scanned_at, row.tube.roll, row.tube.round) == (later(3), w.roll, w.round)
    assert JournalEntry.objects.get(verb="scans.taken").facts["count"] == 1


def test_a_second_sending_stores_nothing_and_hears_the_same_doubts(w: Any) -> None:
    operations = [
        w.phone.scan(w.workers[0], 1), w.phone.scan("谁也不是", 1, 2, how="search"), w.phone.scan(w.workers[0], 2, 3),
        w.phone.scan(w.workers[0], 2, 4), w.phone.scan(w.lotus_workers[0], 1500, 5),
    ]  # fmt: skip
    first = w.phone.say(*operations, heard=200)
    before = _digest()
    second = w.phone.say(*operations, heard=900)
    assert [second[op.id].doubts for op in operations] == [first[op.id].doubts for op in operations]
    assert not any(v.stored for v in second.values())
    assert _digest() == before


def test_the_same_scan_twice_in_one_call_is_stored_once(w: Any) -> None:
    scan = w.phone.scan(w.workers[0], 1)
    w.phone.say(scan, scan)
    assert Scan.objects.count() == 1


def test_somebody_of_another_point_is_a_walk_in(w: Any) -> None:
    assert w.phone.tell(w.phone.scan(w.lotus_workers[0], 1)) == [("walk_in",)]
    doubt = Anomaly.objects.get(kind="walk_in")
    assert (doubt.person, doubt.enterprise, doubt.site) == (w.lotus_workers[0], w.lotus, w.point.site)
    assert doubt.evidence["own_point"] == w.nearby.pk


def test_somebody_on_no_list_of_the_round_is_doubted(w: Any) -> None:
    newcomer = w.person("新来者", w.rainbow)
    assert w.phone.tell(w.phone.scan(newcomer, 1)) == [("not_on_round",)]


def test_somebody_who_stands_as_away_is_doubted(w: Any) -> None:
    w.round.dues.filter(person=w.workers[0]).update(standing="away")
    w.round.dues.filter(person=w.workers[1]).update(standing="not_yet")
    assert w.phone.tell(w.phone.scan(w.workers[0], 1), w.phone.scan(w.workers[1], 1)) == [("not_due",), ()]


@pytest.mark.parametrize("written", ["{}", " {} ", "{}\u3000", "'{}"])
def test_a_document_is_recognised_however_it_is_written(w: Any, written: str) -> None:
    scan = w.phone.scan(written.format(resident_id(7)), 1, how="document")
    w.phone.say(scan)
    row = Scan.objects.get(pk=scan.id)
    assert (row.person, row.claimed) == (w.workers[0], "")


def test_a_document_that_nobody_has_is_kept_sealed_and_doubted(w: Any) -> None:
    stranger = resident_id(900)
    scan = w.phone.scan(stranger, 1, how="document")
    assert w.phone.tell(scan) == [("unknown_person",)]
    row = Scan.objects.get(pk=scan.id)
    assert row.person is None
    assert stranger not in row.claimed
    assert claimed_of(row) == stranger
    assert stranger not in str(list(Anomaly.objects.values_list("evidence", flat=True)))
    assert stranger not in str(list(JournalEntry.objects.values_list("facts", flat=True)))


def test_a_staff_number_of_the_points_enterprise_outweighs_the_same_number_elsewhere(w: Any) -> None:
    w.lotus_workers[0].staff_number = w.workers[2].staff_number
    w.lotus_workers[0].save()
    scan = w.phone.scan(w.workers[2].staff_number.lower(), 1, how="staff_number")
    w.phone.say(scan)
    assert Scan.objects.get(pk=scan.id).person == w.workers[2]


def test_a_staff_number_that_two_far_enterprises_use_is_ambiguous(w: Any) -> None:
    for person, employer in ((w.person("甲", w.lotus), w.lotus), (w.person("乙", w.builders), w.builders)):
        person.staff_number, person.employer = "X77", employer
        person.save()
    assert w.phone.tell(w.phone.scan("X77", 1, how="staff_number")) == [("ambiguous_person",)]
    assert len(Anomaly.objects.get().evidence["candidates"]) == 2


def test_a_name_names_somebody_only_when_it_is_one_persons_at_the_point(w: Any) -> None:
    one, two, far = (w.phone.scan(n, 1, m, how="search") for m, n in enumerate(("李娜", "张伟", "孙一"), 1))
    assert w.phone.tell(one, two, far) == [(), ("ambiguous_person",), ("ambiguous_person",)]
    assert Scan.objects.get(pk=one.id).person == w.workers[2]
    assert Anomaly.objects.get(noun_id=str(two.id)).evidence["candidates"] == [w.workers[0].pk, w.workers[1].pk]


def test_a_roster_id_that_does_not_exist_is_kept_and_doubted(w: Any) -> None:
    scan = w.phone.scan(w.workers[0], 1)
    ghost = type(scan)(scan.id, 1, scan.device_at, scan.happened_at, scan.tube_code, "code", new_id())
    assert w.phone.tell(ghost) == [("unknown_person",)]
    assert Scan.objects.get(pk=scan.id).claimed == f"uuid:{ghost.person}"


def test_a_person_in_two_tubes_of_a_round_is_kept_in_both_and_the_later_scan_is_doubted(w: Any) -> None:
    early, late = w.phone.scan(w.workers[0], 1, 1), w.phone.scan(w.workers[0], 2, 2)
    assert w.phone.tell(late) == [()]
    assert w.phone.tell(early) == [()]
    doubt = Anomaly.objects.get(kind="double_scan_other_tube")
    assert doubt.noun_id == str(late.id)
    assert doubt.evidence["other_scan"] == str(early.id)
    assert Scan.objects.live().count() == 2


def test_a_double_that_is_taken_back_no_longer_holds_but_is_not_settled(w: Any) -> None:
    early, late = w.phone.scan(w.workers[0], 1, 1), w.phone.scan(w.workers[0], 2, 2)
    w.phone.say(early, late)
    w.phone.say(w.phone.undo(early, 3), heard=31)
    doubt = Anomaly.objects.get(kind="double_scan_other_tube")
    assert (doubt.evidence["holds"], doubt.settled_at) == (False, None)


def test_the_same_tube_again_is_told_to_the_phone_and_troubles_nobody(w: Any) -> None:
    scans = [w.phone.scan(w.workers[0], 1, 1), w.phone.scan(w.workers[0], 1, 2)]
    assert w.phone.tell(*scans) == [(), ("double_scan_same_tube",)]
    assert Scan.objects.count() == 2
    assert open_kinds() == []


def test_somebody_who_owes_a_single_retest_may_not_be_pooled(w: Any) -> None:
    Obligation.objects.create(
        person=w.workers[0], kind="single_retest", cause="order:1", opened_at=later(-600), due_at=later(100)
    )
    w.phone.say(w.phone.open(2, pool=1))
    assert w.phone.tell(w.phone.scan(w.workers[0], 1), w.phone.scan(w.workers[0], 2, 5))[0] == ("pooled_though_single",)
    assert open_kinds() == ["double_scan_other_tube", "pooled_though_single"]


def test_an_opening_that_comes_late_with_pool_size_one_takes_the_doubt_back(w: Any) -> None:
    w.round.dues.filter(person=w.workers[0]).update(standing="silent")
    assert w.phone.tell(w.phone.scan(w.workers[0], 1)) == [("pooled_though_single",)]
    w.phone.say(w.phone.open(1, 0, pool=1))
    assert open_kinds() == []


def test_a_scan_after_the_seal_is_kept_and_doubted_in_either_order(w: Any) -> None:
    w.phone.say(w.phone.seal(1, 0, 5))
    assert "scan_after_seal" in w.phone.tell(w.phone.scan(w.workers[0], 1, 6))[0]
    w.phone.say(w.phone.scan(w.workers[1], 2, 6))
    w.phone.say(w.phone.seal(2, 1, 5))
    assert Anomaly.objects.filter(kind="scan_after_seal").count() == 2


def test_an_undo_that_comes_before_its_scan_waits_for_it(w: Any) -> None:
    scan = w.phone.scan(w.lotus_workers[0], 1, 1)
    undo = w.phone.undo(scan)
    assert w.phone.tell(undo) == [("undo_unknown",)]
    w.phone.say(scan)
    assert Scan.objects.get(pk=scan.id).undone_at == later(2)
    assert open_kinds() == []
    assert not w.phone.say(undo)[undo.id].stored


def test_an_undo_after_the_seal_is_not_carried_out_in_either_order(w: Any) -> None:
    first, second = w.phone.scan(w.workers[0], 1, 1), w.phone.scan(w.workers[1], 2, 1)
    w.phone.say(first, second, w.phone.seal(1, 1, 5))
    assert w.phone.tell(w.phone.undo(first, 6)) == [("undo_after_seal",)]
    w.phone.say(w.phone.undo(second, 6))
    assert Scan.objects.get(pk=second.id).undone_at == later(6)
    w.phone.say(w.phone.seal(2, 1, 5))
    assert Scan.objects.live().count() == 2
    assert Anomaly.objects.filter(kind="undo_after_seal").count() == 2


@pytest.mark.parametrize("sealed_last", [False, True])
def test_an_undo_whose_batch_was_slower_than_the_seals_counts_when_its_phone_scanned(w: Any, sealed_last: bool) -> None:
    other = FieldPhone(w.scanner, w.point, phone_id=2)
    mine, far = w.phone.scan(w.workers[0], 1, 1), w.phone.scan(w.workers[1], 1, 1)
    undos = [w.phone.undo(mine, 5.4), w.phone.undo(far, 5.4)]  # 24 seconds after the seal, by what the server heard
    seal = w.phone.seal(1, 1, 5)
    w.phone.say(mine, far, *(() if sealed_last else (seal,)))
    w.phone.say(undos[0]), other.say(undos[1])
    if sealed_last:
        w.phone.say(seal)
    assert [scan.pk for scan in Scan.objects.live()] == [far.id]
    assert open_kinds() == ["undo_after_seal"]


@pytest.mark.parametrize("sealed_last", [False, True])
def test_an_undo_soon_after_another_phones_seal_is_not_carried_out(w: Any, sealed_last: bool) -> None:
    sealer, scan = FieldPhone(w.sampler, w.point, phone_id=2), w.phone.scan(w.workers[0], 1, 1)
    words = [(sealer, sealer.seal(1, 1, 5)), (w.phone, w.phone.undo(scan, 5.4))]
    w.phone.say(w.phone.open(1), scan)  # that its phone opened the tube does not make it the one that sealed it
    for phone, word in reversed(words) if sealed_last else words:
        phone.say(word)
    assert (Scan.objects.get().undone_at, open_kinds()) == (None, ["undo_after_seal"])


@pytest.mark.parametrize("sealed_last", [False, True])
def test_a_scan_whose_batch_was_slower_than_the_seals_is_doubted_only_when_another_phone_sealed(
    w: Any, sealed_last: bool
) -> None:
    other = FieldPhone(w.sampler, w.point, phone_id=2)
    words = [
        (w.phone, w.phone.seal(1, 2, 5)), (w.phone, w.phone.scan(w.workers[0], 1, 5.4)),
        (other, other.scan(w.workers[1], 1, 5.4)),
    ]  # fmt: skip
    for phone, word in reversed(words) if sealed_last else words:
        phone.say(word)
    assert Anomaly.objects.holding().get(kind="scan_after_seal").noun_id == str(words[2][1].id)
    w.phone.say(w.phone.scan(w.workers[2], 1, 5.6))
    assert open_kinds().count("scan_after_seal") == 2


def test_a_stranger_whose_undo_came_too_late_is_asked_for_again(w: Any) -> None:
    scan = w.phone.scan("没有此人", 1, 1, how="search")
    w.phone.say(scan, w.phone.undo(scan, 6))
    assert open_kinds() == []
    w.phone.say(w.phone.seal(1, 1, 5))
    assert open_kinds() == ["undo_after_seal", "unknown_person"]


def test_a_further_scan_of_a_person_leaves_other_doubts_about_the_earlier_ones(w: Any) -> None:
    scan = w.phone.scan(w.workers[0], 1, 1)
    w.phone.say(scan, w.phone.seal(1, 1, 5))
    w.phone.say(w.phone.undo(scan, 6))
    w.phone.say(w.phone.scan(w.workers[0], 2, 7))
    assert open_kinds() == ["double_scan_other_tube", "undo_after_seal"]


def test_an_evening_of_late_scans_is_one_doubt_about_the_phone(w: Any) -> None:
    scans = [w.phone.scan(p, 1, n) for n, p in enumerate(w.workers)]
    assert w.phone.tell(*scans, heard=90) == [("late_scan",)] * 6
    doubt = Anomaly.objects.get(kind="late_scan")
    assert (doubt.noun, doubt.noun_id, doubt.evidence["scans"]) == ("phone", "1", 6)


def test_a_scan_dated_tomorrow_counts_as_made_when_it_was_heard(w: Any) -> None:
    scan = moved(w.phone.scan(w.workers[0], 1), 24 * 60)
    assert w.phone.tell(scan) == [("clock_far_off",)]
    assert Scan.objects.get(pk=scan.id).scanned_at == later(30)
    assert Scan.objects.get(pk=scan.id).device_at == later(24 * 60)


def test_a_scan_after_the_rounds_closing_is_kept_and_doubted(w: Any) -> None:
    w.round.closed_at, w.round.closed_by = later(20), w.office
    w.round.save()
    assert w.phone.tell(w.phone.scan(w.workers[0], 1, 21), w.phone.scan(w.workers[1], 1, 19)) == [("after_close",), ()]


def test_a_scan_on_a_day_without_round_or_session_is_kept_and_doubted(w: Any) -> None:
    scan = w.phone.scan(w.workers[0], 1, 24 * 60)
    assert w.phone.tell(scan, heard=24 * 60 + 1) == [("no_round", "no_session")]
    assert Scan.objects.get(pk=scan.id).round is None
    w.phone.say(w.phone.open_session(24 * 60), heard=24 * 60 + 2)
    assert open_kinds() == ["no_round"]


def test_people_in_another_enterprises_slot_are_one_doubt_about_their_enterprise(w: Any) -> None:
    phone = FieldPhone(w.office, w.nearby, phone_id=5)
    phone.say(phone.open_session())
    # the slot of lotus ends at 18:00, that of the builders begins then; a queue may run over by a quarter of an hour
    scans = [phone.scan(p, 1500, minute) for p, minute in zip(w.lotus_workers, (14, 20, 21), strict=True)]
    assert phone.tell(*scans) == [(), ("other_enterprise_slot",), ("other_enterprise_slot",)]
    doubt = Anomaly.objects.get()
    assert (doubt.enterprise, doubt.evidence["slot_of"], doubt.evidence["scans"]) == (w.lotus, w.builders.pk, 2)


def test_a_tube_code_with_a_slip_is_kept_and_doubted(w: Any) -> None:
    assert w.phone.tell(w.phone.scan(w.workers[0], "TYQ000000019")) == [("unknown_tube",)]
    assert Tube.objects.get(code="TYQ000000019").roll is None


def test_a_tube_of_another_points_roll_is_used_where_it_is_and_doubted(w: Any) -> None:
    assert w.phone.tell(w.phone.scan(w.workers[0], 1500)) == [("foreign_tube",)]
    tube = Tube.objects.get()
    assert (tube.point, tube.roll) == (w.point, w.near_roll)


def test_a_holder_without_a_post_is_doubted_and_heard(w: Any) -> None:
    phone = FieldPhone(w.workers[5], w.point)
    phone.say(phone.scan(w.workers[0], 1), phone.scan(w.workers[1], 1))
    assert Scan.objects.count() == 2
    assert open_kinds() == ["holder_without_post"]


def test_the_number_of_statements_does_not_grow_with_the_scans(w: Any) -> None:
    people = [w.person(f"多人{n}", w.rainbow) for n in range(82)]
    counts = []
    for size in (2, 20, 60):
        scans = [w.phone.scan(people.pop(), size * 10 + n // 10, 1) for n in range(size)]
        with CaptureQueriesContext(connection) as queries:
            w.phone.say(*scans)
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2] <= 25


def test_any_order_of_messages_ends_the_same(w: Any) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    a, b, c, d = w.workers[:4]
    one, again, other, stranger, after = (
        w.phone.scan(a, 1, 1), w.phone.scan(a, 1, 2), w.phone.scan(a, 2, 3),
        w.phone.scan("没有此人", 1, 3, how="search"), w.phone.scan(d, 1, 12),
    )  # fmt: skip
    mistake, wrong = w.phone.scan(b, 1, 4), w.phone.scan(c, 2, 5)
    messages = [
        w.phone.open(1, 0), w.phone.open(2, 0, pool=1), w.phone.open(2, 1), one, again, other, stranger, mistake, wrong,
        after, w.phone.undo(mistake, 5), w.phone.undo(wrong, 30), w.phone.seal(1, 2, 10), w.phone.seal(2, 2, 11),
        w.phone.seal(2, 5, 12), w.phone.box(1, 1, 2), w.phone.box(2, 2, 3), w.phone.receive(1), w.phone.receive(4),
        w.phone.receive(1, "leaked"),
    ]  # fmt: skip
    ends = set()
    for _ in range(6):
        chance.shuffle(messages)
        before = transaction.savepoint()
        rest = list(messages)
        while rest:
            size = chance.randrange(1, 5)
            w.phone.say(*rest[:size])
            del rest[:size]
        ends.add(_digest(order_free=True))
        transaction.savepoint_rollback(before)
    assert len(ends) == 1, f"seed {seed}: {len(ends)} different ends"


def _digest(*, order_free: bool = False) -> str:
    """All that was stored, as text; order-free: without row numbers and receipts, which tell the order of arrival."""
    doubts = Anomaly.objects.all().holding() if order_free else Anomaly.objects.all()
    if order_free:
        codes = dict(Tube.objects.values_list("pk", "code"))
        told = sorted((d.kind, codes.get(int(d.noun_id), "") if d.noun == "tube" else d.noun_id) for d in doubts)
        tubes = list(
            Tube.objects.order_by("code").values_list(
                "code", "point", "round", "opening", "opened_at", "pool_size", "sealing", "sealed_at", "swabs"
            )
        )
        scans = list(
            Scan.objects.order_by("id").values_list("id", "tube__code", "person", "round", "point", "undone_at")
        )
        return repr((told, tubes, scans))
    every = [doubts, Tube.objects.all(), Scan.objects.all(), Undo.objects.all(), JournalEntry.objects.all()]
    return repr([list(rows.order_by("pk").values_list()) for rows in every])
