"""Antigen mornings: from phones, lists and files; every positive is owed a retest, and nobody is guessed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from parkkeeper.kernel.ids import new_id
from parkkeeper.kernel.tables import Sheet, write_xlsx
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.files import read_file, store_file
from parkkeeper.park.models import Anomaly, JournalEntry, Message, Person
from parkkeeper.sampling.actions.antigen import report_antigen_list, take_antigen_file, take_antigens
from parkkeeper.sampling.antigenfiles import preview_antigen_file
from parkkeeper.sampling.field import Source, TakeAntigen
from parkkeeper.sampling.labwords import say
from parkkeeper.sampling.models import AntigenTest, Due, Obligation, Result, Round
from tests.sampling.results_world import heard, later, owing, report, tube
from tests.world import DAY, MORNING, resident_id, world

pytestmark = pytest.mark.django_db
NINE = later(30, MORNING)


def op(person: Any, value: str, *, minutes: float = 0) -> TakeAntigen:
    when = later(minutes, MORNING)
    return TakeAntigen(new_id(), 1, when, when, getattr(person, "uuid", person), value)


def source(w: Any) -> Source:
    return Source(w.mei, w.point, 1, NINE)


def owes(person: Person) -> list[str]:
    return [cause.partition(":")[0] for _, cause in owing(person)]


def test_a_positive_self_test_is_owed_a_single_retest_and_told() -> None:
    w = world()
    verdicts = take_antigens([op(w.workers[0], "positive"), op(w.workers[1], "negative")], source(w), by=w.mei, at=NINE)
    assert [v.stored for v in verdicts] == [True, True]
    assert owes(w.workers[0]) == ["antigen"]
    assert owes(w.workers[1]) == []
    told = sorted(Message.objects.filter(kind="positive_antigen").values_list("to__name", flat=True))
    assert told == ["办公室甲", "梅联络"]
    assert Message.objects.filter(kind="isolate", to=w.workers[0]).count() == 1
    assert JournalEntry.objects.filter(verb="obligation.opened", person_id=w.workers[0].pk).count() == 1


def test_a_photo_of_the_self_test_is_kept_with_it_and_a_missing_one_holds_nothing_up() -> None:
    w = world()
    photo = store_file(b"photo", name="自测.jpg", by=w.scanner, at=MORNING)
    with_photo, without = op(w.workers[0], "negative"), op(w.workers[1], "negative")
    told = [replace(with_photo, photo=photo.sha256), replace(without, photo="0" * 64)]
    assert all(v.stored for v in take_antigens(told, source(w), by=w.mei, at=NINE))
    assert [AntigenTest.objects.get(pk=one.id).photo for one in told] == [photo, None]


@pytest.mark.parametrize("value", ["indeterminate", "invalid"])
def test_an_unsure_self_test_is_stored_and_owes_nothing_more(value: str) -> None:
    w = world()
    take_antigens([op(w.workers[0], value)], source(w), by=w.mei, at=NINE)
    assert AntigenTest.objects.get().value == value
    assert owing(w.workers[0]) == []


def test_the_same_operation_twice_changes_nothing() -> None:
    w = world()
    said = [op(w.workers[0], "positive")]
    take_antigens(said, source(w), by=w.mei, at=NINE)
    again = take_antigens(said + said, source(w), by=w.mei, at=later(60, MORNING))
    assert [v.stored for v in again] == [False, False]
    assert (AntigenTest.objects.count(), Obligation.objects.count()) == (1, 1)


def test_a_self_test_of_nobody_known_is_a_doubt_and_holds_no_other() -> None:
    w = world()
    said = [op(new_id(), "positive"), op(w.workers[1], "negative")]
    for first in (True, False):
        verdicts = take_antigens(said, source(w), by=w.mei, at=NINE)
        assert [v.stored for v in verdicts] == [first, first]
        assert verdicts[0].doubts == ("antigen_unknown_person",)
    assert Anomaly.objects.get(kind="antigen_unknown_person").evidence["value"] == "positive"
    assert AntigenTest.objects.count() == 1


def test_a_self_test_dated_tomorrow_counts_as_taken_when_it_was_heard() -> None:
    w = world()
    take_antigens([op(w.workers[0], "positive", minutes=3000)], source(w), by=w.mei, at=NINE)
    test = AntigenTest.objects.get()
    assert (test.taken_at, test.day) == (NINE, DAY)


def test_a_later_single_tube_closes_what_the_self_test_opened_and_an_earlier_one_does_not() -> None:
    w = world()
    early = tube(w, 1, w.workers[0], size=1, minutes=-700)
    take_antigens([op(w.workers[0], "positive")], source(w), by=w.mei, at=NINE)
    report(w, (1, "negative"), minutes=-400)
    heard(early, minutes=-390)
    assert owes(w.workers[0]) == ["antigen"]
    tube(w, 2, w.workers[0], size=1, minutes=0)
    report(w, (2, "negative"), minutes=300)
    assert owes(w.workers[0]) == []
    assert Obligation.objects.get().closed_by_result == Result.objects.get(tube__pool_size=1, received_at=later(300))


def test_a_rehearsals_positive_self_test_owes_nothing() -> None:
    w = world()
    Round.objects.create(
        programme=w.antigen, test="antigen", day=DAY, opens_at=MORNING, closes_at=later(200, MORNING),
        frozen_at=MORNING, rehearsal=True,
    )  # fmt: skip
    take_antigens([op(w.workers[0], "positive")], source(w), by=w.mei, at=NINE)
    assert owing(w.workers[0]) == []


def test_the_liaisons_list_makes_everybody_negative_except_those_named() -> None:
    w = world()
    exceptions = {w.workers[0].pk: "positive", w.workers[1].pk: ""}
    said = report_antigen_list(w.rainbow, DAY, except_people=exceptions, by=w.mei, at=NINE)
    on_post = Person.objects.filter(employer=w.rainbow).count()
    assert said.counts["negative"] == on_post - 2
    assert owes(w.workers[0]) == ["antigen"]
    assert not AntigenTest.objects.filter(person=w.workers[1]).exists()
    again = report_antigen_list(w.rainbow, DAY, except_people=exceptions, by=w.mei, at=later(60, MORNING))
    assert (again.counts["new"], again.counts["known"]) == (0, on_post - 1)


def test_the_list_is_of_the_days_round_where_there_is_one() -> None:
    w = world()
    morning = Round.objects.create(
        programme=w.antigen, test="antigen", day=DAY, opens_at=MORNING, closes_at=later(200, MORNING), frozen_at=MORNING
    )
    for person, standing in ((w.workers[0], "due"), (w.workers[1], "away")):
        Due.objects.create(round=morning, person=person, standing=standing, on_post=True, enterprise=w.rainbow)
    report_antigen_list(w.rainbow, DAY, except_people={}, by=w.mei, at=NINE)
    assert [test.person for test in AntigenTest.objects.all()] == [w.workers[0]]


def test_a_liaison_reports_only_the_own_enterprise() -> None:
    w = world()
    with pytest.raises(Forbidden):
        report_antigen_list(w.lotus, DAY, except_people={}, by=w.mei, at=NINE)
    with pytest.raises(Refused, match="1 人不属于"):
        report_antigen_list(w.rainbow, DAY, except_people={w.lotus_workers[0].pk: "positive"}, by=w.mei, at=NINE)
    assert not AntigenTest.objects.exists()


def test_a_day_to_come_is_refused() -> None:
    w = world()
    with pytest.raises(Refused, match="还没有到"):
        report_antigen_list(w.rainbow, DAY + timedelta(days=1), except_people={}, by=w.mei, at=NINE)


def sheet(*rows: list[str], headings: tuple[str, ...] = ("姓名", "工号", "抗原结果")) -> bytes:
    return write_xlsx([Sheet("抗原", list(headings), list(rows))])


def test_a_file_names_people_by_staff_number_or_document() -> None:
    w = world()
    data = sheet(
        ["张伟", w.workers[0].staff_number.lower(), "", "阳性"], ["李娜", "", resident_id(9), "阴性"],
        headings=("姓名", "工号", "身份证号", "结果"),
    )  # fmt: skip
    said = take_antigen_file(data, "抗原.xlsx", DAY, by=w.office, at=NINE)
    assert said.problems == []
    assert owes(w.workers[0]) == ["antigen"]
    assert set(AntigenTest.objects.values_list("person", "value")) == {
        (w.workers[0].pk, "positive"), (w.workers[2].pk, "negative")
    }  # fmt: skip
    assert said.file is not None
    assert read_file(said.file) == data


def test_a_file_after_the_list_says_nothing_new() -> None:
    w = world()
    report_antigen_list(w.rainbow, DAY, except_people={w.workers[0].pk: "positive"}, by=w.mei, at=NINE)
    data = sheet(["张伟", w.workers[0].staff_number, "阳性"], ["李娜", w.workers[2].staff_number, "阴性"])
    said = take_antigen_file(data, "抗原.xlsx", DAY, by=w.mei, at=later(60, MORNING))
    assert (said.counts["new"], said.counts["known"]) == (0, 2)
    assert Obligation.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "number", "value", "code"),
    [
        ("张伟", "", "阳性", "no_number"),
        ("张伟", "X999", "阳性", "unknown_person"),
        ("李四", "W0007", "阳性", "name_differs"),
        ("孙一", "W0013", "阳性", "not_yours"),
        ("张伟", "W0007", "", "no_value"),
        ("张伟", "W0007", "-", "unknown_value"),
    ],
)
def test_a_row_that_is_not_sure_is_listed_and_not_taken(name: str, number: str, value: str, code: str) -> None:
    w = world()
    assert (w.workers[0].staff_number, w.lotus_workers[0].staff_number) == ("W0007", "W0013")
    said = take_antigen_file(sheet([name, number, value]), "抗原.xlsx", DAY, by=w.mei, at=NINE)
    assert [(p.row, p.code, p.stored) for p in said.problems] == [(2, code, False)]
    assert say(said.problems[0].as_json()).remedy
    assert not AntigenTest.objects.exists()
    assert Anomaly.objects.filter(kind="antigen_unknown_person").exists() == (value == "阳性")


def test_the_same_number_at_two_enterprises_needs_the_name_or_the_enterprise() -> None:
    w = world()
    for person, name in ((w.workers[2], "甲乙"), (w.lotus_workers[1], "丙丁")):
        Person.objects.filter(pk=person.pk).update(staff_number="A1", name=name)
    ambiguous = preview_antigen_file(sheet(["", "A1", "阴性"]), "a.xlsx")
    assert [p.code for p in ambiguous.problems] == ["ambiguous"]
    by_name = preview_antigen_file(sheet(["丙丁", "A1", "阴性"]), "a.xlsx")
    assert [who.id for who, _ in by_name.told] == [w.lotus_workers[1].pk]
    headings = ("企业", "工号", "结果")
    by_enterprise = preview_antigen_file(sheet(["彩虹生物", "A1", "阴性"], headings=headings), "a.xlsx")
    assert [who.id for who, _ in by_enterprise.told] == [w.workers[2].pk]
    own = preview_antigen_file(sheet(["", "A1", "阴性"]), "a.xlsx", enterprises={w.lotus.pk})
    assert [who.id for who, _ in own.told] == [w.lotus_workers[1].pk]


def test_two_values_of_one_person_are_both_kept_and_named() -> None:
    w = world()
    number = w.workers[0].staff_number
    said = take_antigen_file(
        sheet(["张伟", number, "阴性"], ["张伟", number, "阳性"]), "抗原.xlsx", DAY, by=w.office, at=NINE
    )
    assert [(p.code, p.stored) for p in said.problems] == [("said_twice", True)]
    assert owes(w.workers[0]) == ["antigen"]


def test_a_file_without_a_column_for_who_is_refused() -> None:
    w = world()
    with pytest.raises(Refused, match="工号"):
        take_antigen_file(sheet(["张伟", "阴性"], headings=("姓名", "结果")), "a.xlsx", DAY, by=w.office, at=NINE)


def test_a_park_wide_file_takes_few_statements() -> None:
    w = world()
    people = [w.person(f"工人{n}", w.rainbow) for n in range(40)]
    rows = [[p.name, p.staff_number, "阴性"] for p in people]
    counting = Counting()
    with connection.execute_wrapper(counting):
        take_antigen_file(sheet(*rows), "抗原.xlsx", date(2022, 5, 10), by=w.office, at=NINE)
    assert counting.count < 15
    assert AntigenTest.objects.count() == 40


class Counting:
    """Counts statements; several values in one are one."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.count += 1
        return execute(sql, params, many, context)
