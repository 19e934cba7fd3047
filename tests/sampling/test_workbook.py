"""The Excel way: the day's list goes out with an id a row and comes back filled, as often as one likes."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from parkkeeper.kernel.tables import Sheet, read_table, write_csv, write_xlsx
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import Anomaly, JournalEntry, StoredFile
from parkkeeper.sampling.actions.paper import Report, read_day_workbook
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.gaplines import states_of
from parkkeeper.sampling.models import Round, Scan
from parkkeeper.sampling.workbook import HEADINGS, day_workbook, read_moment, row_id
from tests.world import DAY, EVENING, MORNING, later, world

pytestmark = pytest.mark.django_db
CODE, OTHER = tube_code("YQ", 5), tube_code("YQ", 6)


@pytest.fixture(autouse=True)
def _files(tmp_path: Any, settings: Any) -> None:
    settings.FILES_DIR = tmp_path


def opened(w: Any, day: Any = DAY) -> Round:
    return open_round(w.programme, day, by=w.office, at=MORNING)


def rows_of(data: bytes) -> list[list[str]]:
    return [row.cells for row in read_table(data, "list.xlsx").rows]


def fill(rows: list[list[str]], said: dict[str, tuple[str, str]]) -> list[list[str]]:
    """The rows with tube and time filled in for some people, by staff number."""
    return [[*row[:7], *said.get(row[2], ("", "")), ""] for row in rows]


def book(rows: list[list[str]]) -> bytes:
    return write_xlsx([Sheet("名单", HEADINGS, rows)])


def take(w: Any, round: Round, rows: list[list[str]], *, by: Any = None, at: Any = None) -> Report:
    return read_day_workbook(round, book(rows), "名单.xlsx", by=by or w.office, at=at or later(60))


def test_the_list_of_an_enterprise_or_a_point_has_a_row_a_person_who_is_due_with_its_id() -> None:
    w = world()
    round = opened(w)
    rows = rows_of(day_workbook(round, enterprise=w.rainbow, at=EVENING))
    assert len(rows) == 9
    ids = {row[0] for row in rows}
    assert {str(row_id(round, w.workers[0].uuid)), str(row_id(round, w.mei.uuid))} <= ids
    mine = next(row for row in rows if row[2] == w.workers[0].staff_number)
    assert mine[1:7] == ["张伟", w.workers[0].staff_number, w.workers[0].document_tail, "彩虹生物", "P01", "17:00"]
    assert len(rows_of(day_workbook(round, w.nearby, at=EVENING))) == 4
    assert rows_of(day_workbook(round, at=EVENING)) == rows_of(day_workbook(round, at=later(600)))


def test_a_filled_row_becomes_a_scan_on_paper_at_the_tubes_own_point() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    rows = fill(rows_of(day_workbook(round, at=EVENING)), {one.staff_number: (CODE.lower(), "18：05")})
    report = take(w, round, rows)
    assert (report.rows, report.filled, report.stored, report.known, report.errors) == (13, 1, 1, 0, [])
    scan = Scan.objects.get()
    assert (scan.person, scan.round, scan.point, scan.how, scan.tube.code) == (one, round, w.point, "paper", CODE)
    assert scan.scanned_at == later(5)
    assert states_of(round, [one.pk], later(60))[one.pk] == "sampled"
    assert JournalEntry.objects.get(verb="workbook.read").facts["stored"] == 1
    assert StoredFile.objects.count() == 1


def test_the_same_workbook_sent_again_in_another_order_changes_nothing() -> None:
    w = world()
    round = opened(w)
    said = {person.staff_number: (CODE, f"18:{minute:02d}") for minute, person in enumerate(w.workers)}
    rows = fill(rows_of(day_workbook(round, at=EVENING)), said)
    take(w, round, rows)
    before = list(Scan.objects.order_by("pk").values())
    report = take(w, round, rows[::-1], at=later(90))
    assert (report.stored, report.known, report.errors) == (0, 6, [])
    assert list(Scan.objects.order_by("pk").values()) == before


def test_a_csv_of_it_is_as_good() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    rows = fill(rows_of(day_workbook(round, at=EVENING)), {one.staff_number: (CODE, "2022-05-10 18:05")})
    report = read_day_workbook(round, write_csv(HEADINGS, rows), "名单.csv", by=w.office, at=later(60))
    assert report.stored == 1


def test_bad_rows_are_told_with_row_column_value_and_remedy_and_the_others_go_in() -> None:
    w = world()
    round = opened(w)
    slip = CODE[:-1] + ("0" if CODE[-1] != "0" else "1")
    people = [person.staff_number for person in [*w.workers, *w.lotus_workers]]
    times = [
        (CODE, "18:05"), (slip, "18:05"), ("", "18:05"), (CODE, ""), (CODE, "傍晚"), (CODE, "23:05"),
        (CODE, "2022-05-11 18:05"), (CODE, "25:61"), (OTHER, "18:07"),
    ]  # fmt: skip
    rows = fill(rows_of(day_workbook(round, at=EVENING)), dict(zip(people, times, strict=True)))
    report = take(w, round, rows)
    assert report.stored == 2
    numbers = {row[2]: number for number, row in enumerate(rows, start=2)}
    told = {error.row: (error.column, error.value) for error in report.errors}
    assert told == {
        numbers[people[1]]: ("试管码", slip),
        numbers[people[2]]: ("试管码", ""),
        numbers[people[3]]: ("采样时间", ""),
        numbers[people[4]]: ("采样时间", "傍晚"),
        numbers[people[5]]: ("采样时间", "23:05"),
        numbers[people[6]]: ("采样时间", "2022-05-11 18:05"),
        numbers[people[7]]: ("采样时间", "25:61"),
    }
    assert all(error.what and error.remedy for error in report.errors)
    assert [error.row for error in report.errors] == sorted(told)


def test_a_changed_row_id_or_one_of_another_person_or_another_day_is_told() -> None:
    w = world()
    round = opened(w)
    tomorrow = opened(w, DAY + timedelta(days=1))
    first, second, third, fourth = (person.staff_number for person in w.workers[2:6])
    rows = fill(
        rows_of(day_workbook(round, at=EVENING)), dict.fromkeys((first, second, third, fourth), (CODE, "18:05"))
    )
    by_number = {row[2]: row for row in rows}
    by_number[first][0] = "not-an-id"
    by_number[second][0], by_number[third][0] = by_number[third][0], by_number[second][0]
    by_number[fourth][0] = str(row_id(tomorrow, w.workers[5].uuid))
    report = take(w, round, rows)
    assert report.stored == 0
    assert sorted(error.column for error in report.errors) == ["姓名", "姓名", "行编号", "行编号"]
    assert not Scan.objects.exists()


def test_a_corrected_tube_code_is_a_second_sample_that_a_person_looks_into() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    empty = rows_of(day_workbook(round, at=EVENING))
    take(w, round, fill(empty, {one.staff_number: (CODE, "18:05")}))
    report = take(w, round, fill(empty, {one.staff_number: (OTHER, "18:05")}), at=later(90))
    assert report.stored == 1
    assert Anomaly.objects.get(kind="double_scan_other_tube").person == one


def test_a_liaison_brings_the_own_people_only_and_others_need_a_right() -> None:
    w = world()
    round = opened(w)
    said = {w.workers[0].staff_number: (CODE, "18:05"), w.lotus_workers[0].staff_number: (OTHER, "18:05")}
    rows = fill(rows_of(day_workbook(round, at=EVENING)), said)
    report = take(w, round, rows, by=w.mei)
    assert report.stored == 1
    assert [(error.value, error.column) for error in report.errors] == [("孙一", "姓名")]
    assert Scan.objects.get().person == w.workers[0]
    with pytest.raises(Forbidden):
        take(w, round, rows, by=w.leader)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "没有内容"),
        (b"PK\x03\x04 broken", "打开|损坏|读"),
        (write_csv(["姓名", "工号", "电话"], [["张伟", "W1", "1"]]), "行编号"),
    ],
)
def test_a_file_that_is_no_filled_list_is_refused_and_nothing_is_written(data: bytes, told: str) -> None:
    w = world()
    round = opened(w)
    with pytest.raises(Refused, match=told):
        read_day_workbook(round, data, "名单.xlsx", by=w.office, at=later(60))
    assert not StoredFile.objects.exists()


def test_times_are_read_as_people_and_spreadsheets_write_them() -> None:
    w = world()
    round = opened(w)
    for text in ("18:05", " 18：05 ", "18时05分", "18:05:00", "2022/5/10 18:05", "2022年5月10日 18:05", "0.7534722222"):
        assert read_moment(text, round) == later(5), text
    for text in ("", "傍晚", "18", "24:00", "2022-02-30 18:05", "1.5", "18:05 pm"):
        assert read_moment(text, round) is None, text


def test_row_ids_are_the_same_for_ever() -> None:
    found = row_id(Round(uuid=UUID(int=1)), UUID(int=2))
    assert found == UUID("da7ac1ae-9501-5ca3-8e82-9fcb15224e2f")
