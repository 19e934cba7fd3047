"""Taking the laboratory's word: every row that can be kept is kept, once, and what is wrong with others is named."""

from datetime import timedelta

import pytest

from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import Anomaly, JournalEntry
from parkkeeper.sampling.actions.results import ResultIn, report_results, strike_result
from parkkeeper.sampling.models import LabReport, Obligation, Result
from tests.sampling.results_world import code, later, make_round, owing, report, tube
from tests.world import world

pytestmark = pytest.mark.django_db


def test_the_same_results_twice_are_known_and_change_nothing() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    tube(w, 2, w.workers[1])
    first = report(w, (1, "positive"), (2, "negative"))
    again = report(w, (1, "positive"), (2, "negative"), minutes=400, tested=later(290))
    assert first.counts["new"] == 2
    assert (again.counts["new"], again.counts["known"]) == (0, 2)
    assert Result.objects.count() == 2
    assert Obligation.objects.count() == 1


def test_a_repeated_row_inside_one_report_is_taken_once() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    said = report(w, (1, "negative"), (1, "negative"), (1, "negative"))
    assert (said.counts["rows"], said.counts["new"], said.counts["known"]) == (3, 1, 2)


def test_a_result_without_a_time_is_known_by_tube_and_value() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    for minutes in (300, 400):
        rows = [ResultIn(code(1), "negative", None)]
        report_results(rows, laboratory=w.laboratory, kind="table", by=w.lab, at=later(minutes))
    assert Result.objects.get().tested_at == later(300)


def test_a_result_for_an_unknown_tube_is_kept_and_raises_a_doubt() -> None:
    w = world()
    said = report(w, (77, "positive"))
    kept = Result.objects.get()
    assert (kept.tube, kept.tube_code) == (None, code(77))
    assert said.counts["unknown_tube"] == 1
    assert said.problems[0]["code"] == "unknown_tube"
    assert said.problems[0]["stored"] is True
    doubt = Anomaly.objects.get(kind="result_unknown_tube")
    assert doubt.evidence["value"] == "positive"
    report(w, (77, "positive"), minutes=400, tested=later(290))
    assert Anomaly.objects.count() == 1


def test_an_unknown_word_takes_nothing_and_is_named_with_row_and_value() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    rows = [ResultIn(code(1), "阳?", later(200), 7), ResultIn(code(2), "negative", later(200), 8)]
    said = report_results(rows, laboratory=w.laboratory, kind="table", by=w.lab, at=later(300))
    assert said.problems[0] == {"row": 7, "column": "value", "value": "阳?", "code": "unknown_value", "stored": False}
    assert [r.tube_code for r in Result.objects.all()] == [code(2)]


@pytest.mark.parametrize(("typed", "why"), [("", "blank"), ("T" * 60, "too_long")])
def test_a_code_that_cannot_be_kept_is_named(typed: str, why: str) -> None:
    w = world()
    rows = [ResultIn(typed, "negative", later(200), 3)]
    said = report_results(rows, laboratory=w.laboratory, kind="table", by=w.lab, at=later(300))
    assert [p["code"] for p in said.problems] == [why]
    assert not Result.objects.exists()


def test_a_code_in_small_full_width_letters_with_spaces_is_the_same_tube() -> None:
    w = world()
    made = tube(w, 1, w.workers[0])
    wide = "".join(chr(ord(c) + 0xFEE0) if c != "*" else "＊" for c in code(1).lower())
    rows = [ResultIn(f" {wide[:4]} {wide[4:]}", "negative", later(200))]
    report_results(rows, laboratory=w.laboratory, kind="table", by=w.lab, at=later(300))
    assert Result.objects.get().tube == made


def test_hand_entry_needs_the_check_character() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    for typed in (code(1)[:-1], code(1)[:-1] + "#", code(1).replace("0001", "0010")):
        with pytest.raises(Refused, match="校验字符"):
            report_results(
                [ResultIn(typed, "negative", later(200))], laboratory=w.laboratory, kind="hand", by=w.lab, at=later(300)
            )
    assert not LabReport.objects.exists()
    good = [ResultIn(code(1), "negative", later(200))]
    assert report_results(good, laboratory=None, kind="hand", by=w.office, at=later(300)).counts["new"] == 1


def test_a_result_dated_in_the_future_is_taken_and_named() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    said = report(w, (1, "positive"), tested=later(300) + timedelta(days=3))
    assert said.problems[0]["code"] == "in_the_future"
    assert owing(w.workers[0])


def test_results_of_a_closed_round_have_their_consequences() -> None:
    w = world()
    evening = make_round(w, w.workers[0], closed_at=later(240), closed_by=w.office)
    tube(w, 1, w.workers[0], round=evening)
    report(w, (1, "positive"), minutes=2000)
    assert owing(w.workers[0])


def test_only_laboratory_and_office_report_results() -> None:
    w = world()
    for person in (w.mei, w.courier, w.leader, w.workers[0]):
        with pytest.raises(Forbidden):
            report_results(
                [ResultIn(code(1), "negative", later(1))], laboratory=None, kind="hand", by=person, at=later(2)
            )


def test_striking_needs_a_reason_and_the_office() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "negative"))
    with pytest.raises(Refused, match="理由"):
        strike_result(Result.objects.get(), reason="  ", by=w.office, at=later(400))
    with pytest.raises(Forbidden):
        strike_result(Result.objects.get(), reason="错", by=w.lab, at=later(400))
    assert Result.objects.standing().count() == 1


def test_the_second_who_strikes_is_told_who_was_first() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "negative"))
    result = Result.objects.get()
    strike_result(result, reason="错", by=w.office, at=later(400))
    with pytest.raises(Refused, match=r"办公室甲 于 05-11 00:40"):
        strike_result(result, reason="错", by=w.office, at=later(401))
    assert JournalEntry.objects.filter(verb="result.struck").count() == 1


def test_striking_the_last_word_on_an_unknown_tube_settles_that_it_is_unknown() -> None:
    w = world()
    report(w, (77, "positive"), (77, "negative"))
    for value, still_open in (("positive", 1), ("negative", 0)):
        strike_result(Result.objects.get(value=value), reason="不是本园区的试管", by=w.office, at=later(400))
        assert Anomaly.objects.open().filter(kind="result_unknown_tube").count() == still_open


def test_a_struck_result_sent_again_stays_struck() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "negative"))
    strike_result(Result.objects.get(), reason="错", by=w.office, at=later(400))
    report(w, (1, "negative"), minutes=500, tested=later(290))
    assert not Result.objects.standing().exists()


def test_a_report_is_one_journal_line_with_counts() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "negative"), (2, "negative"))
    line = JournalEntry.objects.get(verb="results.reported")
    assert (line.facts["new"], line.facts["unknown_tube"]) == (2, 1)
    assert line.by_id == w.lab.pk
