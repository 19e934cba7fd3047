"""Settling: each way does what it says, once, with a reason, and the second person hears who was first."""

from typing import Any

import pytest

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import Anomaly, Certificate, JournalEntry
from parkkeeper.sampling.actions.settle import reopen, settle
from parkkeeper.sampling.models import Box, BoxTube, Duty, HandOver, Scan, Session, Tube
from tests.sampling.fieldkit import FieldPhone, at_work, open_kinds, pcr_round, the_tube
from tests.world import ALWAYS, LONG_AGO, later, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> Any:
    return at_work(world())


def doubt(kind: str) -> Anomaly:
    return Anomaly.objects.get(kind=kind)


def office(w: Any, kind: str, how: str, **details: Any) -> Anomaly:
    return settle(doubt(kind), how, reason="已电话核实", by=w.office, at=later(90), **details)


def test_two_people_settling_one_thing_the_second_hears_who_was_first(w: Any) -> None:
    w.phone.say(w.phone.scan(w.lotus_workers[0], 1))
    mine, theirs = doubt("walk_in"), doubt("walk_in")
    settle(mine, "accept", reason="临时支援", by=w.bo, at=later(90))
    with pytest.raises(Refused, match="柏联络"):
        settle(theirs, "undo_scan", reason="误扫", by=w.office, at=later(91))
    assert Scan.objects.live().count() == 1


def test_a_liaison_settles_only_what_concerns_the_own_enterprise(w: Any) -> None:
    w.phone.say(w.phone.scan(w.lotus_workers[0], 1))
    with pytest.raises(Forbidden):
        settle(doubt("walk_in"), "accept", reason="不归我管", by=w.mei, at=later(90))


@pytest.mark.parametrize(("how", "reason"), [("accept", "  "), ("keep_both", "理由"), ("nonsense", "理由")])
def test_settling_needs_a_reason_and_a_way_of_the_kind(w: Any, how: str, reason: str) -> None:
    w.phone.say(w.phone.scan(w.lotus_workers[0], 1))
    with pytest.raises(Refused):
        settle(doubt("walk_in"), how, reason=reason, by=w.office, at=later(90))
    assert open_kinds() == ["walk_in"]


def test_an_unknown_scan_is_given_its_person_once_and_the_counts_follow(w: Any) -> None:
    w.phone.say(w.phone.scan("没有此人", 1, how="search"), w.phone.scan(w.workers[0], 2, 2))
    office(w, "unknown_person", "assign_person", person=w.workers[0])
    scan = Scan.objects.get(tube__code=tube_code("YQ", 1))
    assert (scan.person, scan.identified_at) == (w.workers[0], later(90))
    assert open_kinds() == ["double_scan_other_tube"]
    reopen(doubt("unknown_person"), reason="再看一次", by=w.office, at=later(95))
    with pytest.raises(Refused, match="张伟"):
        office(w, "unknown_person", "assign_person", person=w.workers[1])


def test_the_office_can_undo_a_scan_of_a_sealed_tube(w: Any) -> None:
    keep, wrong = w.phone.scan(w.workers[0], 1, 1), w.phone.scan(w.workers[1], 1, 2)
    w.phone.say(w.phone.open(1), keep, wrong, w.phone.seal(1, 1))
    with pytest.raises(Refused):
        office(w, "name_without_swab", "undo_scan")
    office(w, "name_without_swab", "undo_scan", scan=Scan.objects.get(pk=wrong.id))
    assert list(Scan.objects.live().values_list("id", flat=True)) == [keep.id]
    assert open_kinds() == []


def test_a_scan_of_another_tube_cannot_be_undone_through_a_doubt(w: Any) -> None:
    other = w.phone.scan(w.workers[2], 2, 1)
    w.phone.say(w.phone.scan(w.workers[0], 1, 1), w.phone.seal(1, 0), other)
    with pytest.raises(Refused):
        office(w, "name_without_swab", "undo_scan", scan=Scan.objects.get(pk=other.id))


def test_an_undo_that_came_after_the_seal_is_carried_out_when_the_office_says_so(w: Any) -> None:
    scan = w.phone.scan(w.workers[0], 1, 1)
    w.phone.say(scan, w.phone.seal(1, 1, 5))
    w.phone.say(w.phone.undo(scan, 6))
    office(w, "undo_after_seal", "apply_undo")
    assert Scan.objects.get(pk=scan.id).undone_at == later(90)
    # a later word of the phone does not bring it back
    w.phone.say(w.phone.scan(w.workers[1], 1, 4), heard=100)
    assert Scan.objects.get(pk=scan.id).undone_at == later(90)


def test_a_newcomer_is_put_on_the_rounds_list(w: Any) -> None:
    newcomer = w.person("新来者", w.rainbow)
    w.phone.say(w.phone.scan(newcomer, 1))
    office(w, "not_on_round", "join_round")
    assert w.round.dues.get(person=newcomer).added_at == later(90)


def test_an_accepted_count_is_asked_again_when_the_count_changes(w: Any) -> None:
    w.phone.say(w.phone.open(1), w.phone.scan(w.workers[0], 1), w.phone.seal(1, 2))
    office(w, "swab_without_name", "accept_count")
    w.phone.say(w.phone.seal(2, 0))
    assert open_kinds() == []
    w.phone.say(w.phone.scan(w.workers[1], 1, 2), w.phone.scan(w.workers[2], 1, 3))
    assert open_kinds() == ["name_without_swab"]
    assert doubt("swab_without_name").settled_by == w.office


def test_a_doubt_that_was_settled_for_other_facts_is_raised_again_once(w: Any) -> None:
    w.phone.say(w.phone.open(1), w.phone.scan(w.workers[0], 1), w.phone.seal(1, 5))
    office(w, "swab_without_name", "accept_count")
    for minutes, worker in enumerate(w.workers[1:3], 1):
        w.phone.say(w.phone.scan(worker, 1, minutes))
    assert open_kinds() == ["swab_without_name"]
    assert Anomaly.objects.filter(kind="swab_without_name").count() == 3


def test_a_foreign_tube_is_given_to_the_point_that_used_it(w: Any) -> None:
    w.phone.say(w.phone.scan(w.workers[0], 1500))
    Tube.objects.update(point=w.nearby)
    office(w, "foreign_tube", "move_to_point")
    assert Tube.objects.get().point == w.point


def test_a_corrected_code_takes_everything_that_was_told_along(w: Any) -> None:
    wrong = "TYQ000000019"
    told = [w.phone.open(wrong), w.phone.scan(w.workers[0], wrong), w.phone.seal(wrong, 1), w.phone.box(1, wrong)]
    w.phone.say(*told)
    w.phone.say(w.phone.box(2, 4), w.phone.open(4), w.phone.seal(4, 0))
    lab = FieldPhone(w.lab, None)
    lab.say(lab.receive(wrong))
    for bad in (wrong, tube_code("XX", 3)):
        with pytest.raises(Refused):
            office(w, "unknown_tube", "correct_code", code=bad)
    office(w, "unknown_tube", "correct_code", code=tube_code("YQ", 3))
    w.phone.say(*told)  # the phone did not hear the answer and sends the same again
    right, old = the_tube(tube_code("YQ", 3)), the_tube(wrong)
    assert (right.scans.count(), right.boxings.count(), right.receptions.count(), right.swabs) == (1, 1, 1, 1)
    assert (old.scans.count(), old.opening, old.sealed_at) == (0, None, None)
    assert open_kinds() == []


def test_scans_without_round_are_taken_into_the_round_once_there_is_one(w: Any) -> None:
    Session.objects.all().delete()
    w.round.dues.all().delete()
    w.round.delete()
    w.phone.say(w.phone.open(1), w.phone.scan(w.workers[0], 1), w.phone.scan(w.workers[0], 2, 2))
    with pytest.raises(Refused, match="2022-05-10"):
        office(w, "no_round", "attach_round")
    late = pcr_round(w.programme, [(w.workers[0], "due", w.point)])
    office(w, "no_round", "attach_round")
    assert set(Scan.objects.values_list("round", flat=True)) == {late.pk}
    assert set(Tube.objects.values_list("round", flat=True)) == {late.pk}
    assert open_kinds() == ["double_scan_other_tube", "no_session"]


def test_a_missing_session_is_written_afterwards(w: Any) -> None:
    Session.objects.all().delete()
    w.phone.say(w.phone.scan(w.workers[0], 1))
    office(w, "no_session", "record_session")
    assert Session.objects.get().opened_by == w.office


def test_a_duty_gets_the_certificate_that_is_registered_later(w: Any) -> None:
    session = Session.objects.get()
    w.phone.say(w.phone.duty(session.pk, w.workers[0].uuid, "sampling_specialist"))
    with pytest.raises(Refused):
        office(w, "duty_without_certificate", "attach_certificate")
    made = Certificate.objects.create(
        person=w.workers[0], role="sampling_specialist", number="N1", issuer="区卫健委", during=ALWAYS
    )
    office(w, "duty_without_certificate", "attach_certificate")
    assert Duty.objects.get().certificate == made


def test_a_tube_in_two_boxes_stays_in_the_chosen_one(w: Any) -> None:
    first, second = w.phone.box(1, 1), w.phone.box(2, 1)
    w.phone.say(w.phone.open(1), w.phone.seal(1, 0), first, second)
    office(w, "tube_in_two_boxes", "choose_box", box=Box.objects.get(pk=second.id))
    assert list(BoxTube.objects.values_list("box", flat=True)) == [second.id]
    assert JournalEntry.objects.get(verb="anomaly.settled").facts["removed_from"] == [str(first.id)]


def test_a_hand_over_is_completed_with_the_missing_names(w: Any) -> None:
    box = w.phone.box(1, 1)
    w.phone.say(w.phone.open(1), w.phone.seal(1, 0), box, w.phone.hand_over(box))
    with pytest.raises(Refused):
        office(w, "hand_over_unsigned", "complete_signatures", given_by=w.scanner)
    office(w, "hand_over_unsigned", "complete_signatures", given_by=w.scanner, taken_by=w.courier)
    assert HandOver.objects.get().taken_by == w.courier


def test_an_unknown_laboratory_is_named(w: Any) -> None:
    w.phone.say(w.phone.open(1), w.phone.receive(1, lab="???"))
    office(w, "unknown_laboratory", "name_laboratory", laboratory=w.laboratory)
    assert the_tube(tube_code("YQ", 1)).receptions.get().laboratory == w.laboratory


def test_reopening_needs_a_reason_and_keeps_who_settled_in_the_journal(w: Any) -> None:
    w.phone.say(w.phone.scan(w.lotus_workers[0], 1))
    office(w, "walk_in", "accept")
    with pytest.raises(Refused):
        reopen(doubt("walk_in"), reason="", by=w.office, at=later(95))
    reopen(doubt("walk_in"), reason="弄错了", by=w.office, at=later(95))
    assert JournalEntry.objects.get(verb="anomaly.reopened").facts["before"]["settled_by"] == w.office.pk
    with pytest.raises(Refused):
        reopen(doubt("walk_in"), reason="又来", by=w.office, at=later(96))
    assert doubt("walk_in").raised_at > LONG_AGO
