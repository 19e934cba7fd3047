"""From a positive word to what people owe, and back: in any order, once, and never by less than a single tube."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.park.models import Anomaly, JournalEntry, Message, Person, Rule
from parkkeeper.park.words import say_message, say_verb
from parkkeeper.sampling.actions.results import strike_result
from parkkeeper.sampling.consequences import judge_tubes
from parkkeeper.sampling.models import Flag, Obligation, Result, Scan, Tube
from tests.sampling.results_world import code, heard, later, make_round, owing, report, scan, tube
from tests.world import RULES, World, world

pytestmark = pytest.mark.django_db


def retested(w: World, word: str, *others: Person) -> Tube:
    """The first worker is in a positive pool (tube 1); a later single tube (2), with others in it, has that word."""
    tube(w, 1, w.workers[0])
    report(w, (1, "positive"))
    single = tube(w, 2, w.workers[0], *others, size=1, minutes=400)
    report(w, (2, word), minutes=600)
    return single


def test_a_positive_pool_makes_every_member_owe_a_single_retest() -> None:
    w = world()
    tube(w, 1, *w.workers[:3], w.lotus_workers[0])
    report(w, (1, "positive"))
    for person in (*w.workers[:3], w.lotus_workers[0]):
        assert owing(person) == [("single_retest", f"tube:{code(1)}")]
    one = Obligation.objects.get(person=w.workers[0])
    assert one.isolate
    assert one.due_at == later(300 + 60 * RULES["single_retest_hours"])
    assert owing(w.workers[3]) == []


def test_a_positive_pool_flags_its_point_and_its_members_enterprises() -> None:
    w = world()
    tube(w, 1, w.workers[0], w.lotus_workers[0])
    report(w, (1, "positive"))
    assert set(Flag.objects.values_list("point", "enterprise")) == {
        (w.point.pk, None), (None, w.rainbow.pk), (None, w.lotus.pk)
    }  # fmt: skip


def test_a_positive_pool_is_told_to_liaisons_office_and_members_once() -> None:
    w = world()
    pool = tube(w, 1, w.workers[0], w.workers[1])
    report(w, (1, "positive"))
    heard(pool, minutes=301)
    assert _told(kind="positive_pool") == ["办公室甲", "梅联络"]
    assert Message.objects.filter(kind="positive_pool").first().params["people"] == 2  # type: ignore[union-attr]
    assert set(Message.objects.filter(kind="isolate").values_list("to", flat=True)) == {p.pk for p in w.workers[:2]}
    assert JournalEntry.objects.filter(verb="obligation.opened").count() == 2
    assert JournalEntry.objects.filter(verb="tube.positive").count() == 1


def test_judging_again_changes_nothing() -> None:
    w = world()
    pool = tube(w, 1, *w.workers)
    single = tube(w, 2, w.workers[0], size=1, minutes=400)
    report(w, (1, "positive"))
    report(w, (2, "negative"), minutes=600)
    before = _all()
    for minutes in (700, 800):
        heard(pool, single, minutes=minutes)
    assert _all() == before


def _told(**which: object) -> list[str]:
    return sorted(Message.objects.filter(**which).values_list("to__name", flat=True))


def _all() -> list[object]:
    models = (Obligation, Flag, Message, JournalEntry, Anomaly, Result)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_scans_before_results_and_results_before_scans_end_alike() -> None:
    w = world()
    report(w, (1, "positive"), minutes=200)
    assert Result.objects.get().tube is None
    pool = tube(w, 1, w.workers[0], minutes=10)
    heard(pool, minutes=400)
    assert Result.objects.get().tube == pool
    assert owing(w.workers[0]) == [("single_retest", f"tube:{code(1)}")]
    assert Anomaly.objects.get(kind="result_unknown_tube").evidence["holds"] is False


def test_a_scan_that_arrives_after_the_positive_word_owes_too() -> None:
    w = world()
    pool = tube(w, 1, w.workers[0])
    report(w, (1, "positive"))
    scan(pool, w.lotus_workers[0], minutes=5)
    heard(pool, minutes=400)
    assert owing(w.lotus_workers[0]) == [("single_retest", f"tube:{code(1)}")]
    assert _told(kind="positive_pool", sent_at=later(400)) == ["办公室甲", "柏联络"]
    assert Flag.objects.filter(enterprise=w.lotus).exists()


def test_an_undone_scan_makes_no_obligation_but_takes_none_away() -> None:
    w = world()
    pool = tube(w, 1, *w.workers[:2])
    Scan.objects.filter(person=w.workers[0]).update(undone_at=later(1), undone_received_at=later(1))
    report(w, (1, "positive"))
    assert owing(w.workers[0]) == []
    Scan.objects.filter(person=w.workers[1]).update(undone_at=later(2), undone_received_at=later(400))
    heard(pool, minutes=400)
    assert owing(w.workers[1]) == [("single_retest", f"tube:{code(1)}")]


def test_a_later_single_negative_closes_the_retest() -> None:
    w = world()
    retested(w, "negative")
    assert owing(w.workers[0]) == []
    closed = Obligation.objects.get()
    assert closed.closed_at == later(600)
    assert closed.closed_by_result == Result.objects.get(value="negative")
    assert Message.objects.filter(kind="isolation_over", to=w.workers[0]).count() == 1


def test_a_single_positive_turns_the_retest_into_a_case() -> None:
    w = world()
    retested(w, "positive")
    assert owing(w.workers[0]) == [("case", f"case:{code(2)}")]
    assert Message.objects.filter(kind="isolation_over").count() == 0


@pytest.mark.parametrize("word", ["indeterminate", "invalid"])
def test_an_unsure_single_word_closes_nothing(word: str) -> None:
    w = world()
    retested(w, word)
    assert owing(w.workers[0]) == [("single_retest", f"tube:{code(1)}")]


def test_a_pool_never_closes_a_retest_even_with_one_person_in_it() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "positive"))
    tube(w, 2, w.workers[0], size=10, minutes=400)
    report(w, (2, "negative"), minutes=600)
    assert owing(w.workers[0]) == [("single_retest", f"tube:{code(1)}")]


def test_a_single_tube_with_two_people_closes_nothing_until_one_scan_is_undone() -> None:
    w = world()
    single = retested(w, "negative", w.workers[1])
    assert owing(w.workers[0])
    Scan.objects.filter(tube=single, person=w.workers[1]).update(undone_at=later(401), undone_received_at=later(650))
    heard(single, minutes=650)
    assert owing(w.workers[0]) == []


def test_an_unknown_person_in_the_single_tube_keeps_the_retest_open() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "positive"))
    single = tube(w, 2, w.workers[0], size=1, minutes=400)
    scan(single, None, minutes=401)
    report(w, (2, "negative"), minutes=600)
    assert owing(w.workers[0])


def test_a_second_person_heard_of_late_opens_the_retest_again() -> None:
    w = world()
    single = retested(w, "negative")
    scan(single, w.workers[1], minutes=402)
    heard(single, minutes=700)
    assert owing(w.workers[0]) == [("single_retest", f"tube:{code(1)}")]
    assert JournalEntry.objects.filter(verb="obligation.reopened", person_id=w.workers[0].pk).count() == 1


def test_a_single_sample_older_than_the_pool_sample_closes_nothing() -> None:
    w = world()
    tube(w, 2, w.workers[0], size=1, minutes=-5)
    tube(w, 1, w.workers[0], minutes=0)
    report(w, (1, "positive"))
    report(w, (2, "negative"), minutes=600)
    assert owing(w.workers[0])


def test_a_single_sample_taken_before_the_positive_word_came_counts() -> None:
    w = world()
    tube(w, 1, w.workers[0], minutes=0)
    tube(w, 2, w.workers[0], size=1, minutes=60)
    report(w, (2, "negative"), minutes=200)
    report(w, (1, "positive"), minutes=300)
    assert owing(w.workers[0]) == []
    assert Obligation.objects.get().closed_by_result == Result.objects.get(value="negative")


def test_another_positive_stays_open_when_a_late_negative_answers_the_first() -> None:
    w = world()
    tube(w, 1, w.workers[0], minutes=0)
    tube(w, 2, w.workers[0], size=1, minutes=60)
    tube(w, 3, w.workers[0], minutes=120)
    report(w, (1, "positive"), (3, "positive"), minutes=300)
    report(w, (2, "negative"), minutes=600)
    assert owing(w.workers[0]) == [("single_retest", f"tube:{code(3)}")]


def test_striking_the_negative_that_closed_a_retest_opens_it_again() -> None:
    w = world()
    retested(w, "negative")
    strike_result(Result.objects.get(value="negative"), reason="样本调换", by=w.office, at=later(700))
    assert owing(w.workers[0]) == [("single_retest", f"tube:{code(1)}")]
    closed, again = Obligation.objects.order_by("opened_at")
    assert (closed.closed_at, again.opened_at, again.closed_at, again.follows) == (later(600), later(700), None, closed)
    assert again.due_at == closed.due_at


def test_striking_the_positive_of_a_pool_leaves_the_retests() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "positive"))
    strike_result(Result.objects.get(), reason="实验室污染", by=w.office, at=later(400))
    assert owing(w.workers[0]) == [("single_retest", f"tube:{code(1)}")]


def test_contradicting_words_raise_a_doubt_and_the_gravest_rules() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "negative"), minutes=200)
    assert owing(w.workers[0]) == []
    report(w, (1, "positive"), minutes=300)
    assert owing(w.workers[0])
    doubt = Anomaly.objects.get(kind="result_contradicts")
    assert doubt.evidence["values"] == ["negative", "positive"]
    assert doubt.owner_role == "office"


def test_a_contradicted_single_negative_no_longer_closes() -> None:
    w = world()
    retested(w, "negative")
    report(w, (2, "indeterminate"), minutes=650)
    assert owing(w.workers[0]) == [("single_retest", f"tube:{code(1)}")]


def test_striking_one_of_two_words_settles_the_contradiction() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "negative"), (1, "invalid"))
    strike_result(Result.objects.get(value="invalid"), reason="重复录入", by=w.office, at=later(400))
    doubt = Anomaly.objects.get(kind="result_contradicts")
    assert (doubt.settled_by, doubt.settled_how) == (w.office, "strike_result")
    report(w, (1, "positive"), minutes=500)
    assert Anomaly.objects.open().filter(kind="result_contradicts").count() == 1


def test_three_words_contradict_still_after_one_was_struck() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "negative"), (1, "invalid"), (1, "indeterminate"))
    strike_result(Result.objects.get(value="invalid"), reason="重复录入", by=w.office, at=later(400))
    doubt = Anomaly.objects.open().get(kind="result_contradicts")
    assert doubt.evidence["values"] == ["indeterminate", "negative"]


def test_a_rehearsals_tube_has_no_consequences() -> None:
    w = world()
    rehearsal = make_round(w, *w.workers, rehearsal=True)
    tube(w, 1, *w.workers, round=rehearsal)
    report(w, (1, "positive"))
    assert not Obligation.objects.exists()
    assert not Flag.objects.exists()


def test_a_positive_tube_without_names_is_a_doubt_until_names_come() -> None:
    w = world()
    pool = tube(w, 1)
    report(w, (1, "positive"))
    assert "holds" not in Anomaly.objects.get(kind="positive_without_names").evidence
    scan(pool, w.workers[0], minutes=3)
    heard(pool, minutes=400)
    assert Anomaly.objects.get(kind="positive_without_names").evidence["holds"] is False
    assert owing(w.workers[0])


def test_a_positive_has_its_consequences_when_the_rulebook_says_no_hours() -> None:
    w = world()
    Rule.objects.filter(key="single_retest_hours").delete()
    tube(w, 1, w.workers[0])
    report(w, (1, "positive"))
    assert Obligation.objects.get().due_at == later(300)


def test_every_message_of_a_positive_reads_as_a_whole() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "positive"))
    tube(w, 2, w.workers[0], size=1, minutes=400)
    tube(w, 3, w.workers[1], size=1, minutes=400)
    report(w, (2, "negative"), (3, "positive"), minutes=600)
    said = {(one.kind, say_message(one.kind, one.params)) for one in Message.objects.all()}
    assert {kind for kind, _ in said} == {
        "isolate", "isolate_case", "positive_pool", "positive_single", "isolation_over"
    }  # fmt: skip
    assert all("%" not in text and "{" not in text and kind not in text for kind, text in said)


def test_every_journal_verb_has_a_title() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    report(w, (1, "positive"))
    verbs = set(JournalEntry.objects.values_list("verb", flat=True))
    assert verbs == {"results.reported", "tube.positive", "obligation.opened"}
    assert all(say_verb(verb) != verb for verb in verbs)


def test_tubes_without_results_cost_two_statements() -> None:
    w = world()
    tubes = [tube(w, n, w.workers[n % 6]) for n in range(1, 8)]
    with CaptureQueriesContext(connection) as seen:
        judge_tubes([one.pk for one in tubes], at=later(10))
    assert len(seen) == 2


def test_negative_pools_cost_two_statements() -> None:
    w = world()
    tubes = [tube(w, n, w.workers[n % 6]) for n in range(1, 8)]
    report(w, *((n, "negative") for n in range(1, 8)))
    with CaptureQueriesContext(connection) as seen:
        judge_tubes([one.pk for one in tubes], at=later(400))
    assert len(seen) == 2
