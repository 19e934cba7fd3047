"""Gaps are worked by those whose people they are; of two at one line the second hears who was first."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import JournalEntry, Message, Post
from parkkeeper.park.words import say_message
from parkkeeper.sampling.actions.gaps import (
    arrange_ahead,
    excuse,
    order_retest,
    record_elsewhere,
    tell_liaison,
    withdraw,
)
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Disposition, Obligation, Round
from tests.world import DAY, EVENING, MORNING, later, world

pytestmark = pytest.mark.django_db


def opened(w: Any, **more: Any) -> Round:
    return open_round(w.programme, DAY, by=w.office, at=MORNING, **more)


def test_each_enterprises_liaisons_are_told_once_with_the_count_and_the_way_to_the_list() -> None:
    w = world()
    round = opened(w)
    second = w.post(w.person("副联络", w.rainbow), "prevention_specialist", enterprise=w.rainbow)
    w.post(w.mei, "prevention_specialist", enterprise=w.rainbow, site=w.point.site)
    told = tell_liaison(round, [*w.workers[:3], *w.lotus_workers[:1]], by=w.office, at=later(60))
    assert (told.people, told.messages, told.without_liaison) == (4, 3, [])
    sent = {message.to_id: message for message in Message.objects.order_by("pk")}
    assert set(sent) == {w.mei.pk, second.pk, w.bo.pk}
    assert sent[w.mei.pk].params["count"] == 3
    assert sent[w.bo.pk].params == {
        "round": round.pk, "day": "2022-05-10", "test": "pcr", "count": 1, "enterprise": "莲花电子",
    }  # fmt: skip
    assert f"enterprise={w.lotus.pk}" in sent[w.bo.pk].link
    assert Disposition.objects.filter(kind="told", round=round).count() == 4
    tell_liaison(round, w.workers[:1], by=w.office, at=later(90))
    assert Disposition.objects.filter(kind="told", person=w.workers[0]).count() == 2


def test_the_office_is_told_where_an_enterprise_has_no_liaison_in_office_that_day() -> None:
    w = world()
    round = opened(w)
    Post.objects.filter(person=w.bo).update(during=(DAY - timedelta(days=9), DAY))
    told = tell_liaison(round, w.lotus_workers, by=w.office, at=later(60))
    assert told.without_liaison == ["莲花电子"]
    assert list(Message.objects.values_list("to", flat=True)) == [w.office.pk]


def test_telling_of_people_who_are_not_on_the_list_is_refused() -> None:
    w = world()
    with pytest.raises(Refused, match="名单"):
        tell_liaison(opened(w), [w.office], by=w.office, at=later(60))


def test_a_liaison_works_the_own_enterprises_gaps_only() -> None:
    w = world()
    round, other = opened(w), w.lotus_workers[0]
    with pytest.raises(Forbidden):
        excuse(round, other, reason="高烧", by=w.mei, at=later(1))
    with pytest.raises(Forbidden):
        tell_liaison(round, [w.workers[0], other], by=w.mei, at=later(1))
    with pytest.raises(Forbidden):
        record_elsewhere(round, other, place="医院", sampled_at=EVENING, by=w.mei, at=later(1))
    with pytest.raises(Forbidden):
        order_retest(round, other, reason="渗漏", by=w.mei, at=later(1))
    with pytest.raises(Forbidden):
        arrange_ahead(other, kind="excused", test="pcr", first=DAY, reason="手术", by=w.mei, at=later(1))
    theirs = excuse(round, other, reason="高烧", by=w.bo, at=later(1))
    with pytest.raises(Forbidden):
        withdraw(theirs, by=w.mei, at=later(2))
    for nobody in (w.leader, w.sampler, w.lab):
        with pytest.raises(Forbidden):
            excuse(round, w.workers[0], reason="高烧", by=nobody, at=later(1))
    assert not Message.objects.exists()


def test_of_two_who_excuse_one_line_the_second_hears_who_was_first_and_when() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    excuse(round, one, reason="高烧", by=w.mei, at=later(1))
    with pytest.raises(Refused, match=r"梅联络 已于 05-10 18:01 为 张伟 登记“说明理由”"):
        excuse(round, one, reason="请假", by=w.office, at=later(2))
    assert Disposition.objects.get(round=round).reason == "高烧"
    record_elsewhere(round, one, place="医院", sampled_at=EVENING, by=w.office, at=later(3))


def test_an_excuse_can_be_taken_back_once_and_given_again() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    said = excuse(round, one, reason="高烧", by=w.mei, at=later(1))
    withdraw(said, by=w.office, at=later(2))
    with pytest.raises(Refused, match="办公室甲 已于 05-10 18:02"):
        withdraw(said, by=w.mei, at=later(3))
    excuse(round, one, reason="确实高烧", by=w.mei, at=later(4))
    verbs = list(JournalEntry.objects.filter(person_id=one.pk).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["gap.excused", "gap.withdrawn", "gap.excused"]


def test_an_excuse_needs_a_reason_and_a_sampling_elsewhere_a_place_and_a_past_time() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    with pytest.raises(Refused, match="理由"):
        excuse(round, one, reason="  ", by=w.mei, at=later(1))
    with pytest.raises(Refused, match="哪里"):
        record_elsewhere(round, one, place="", sampled_at=EVENING, by=w.mei, at=later(1))
    with pytest.raises(Refused, match=r"05-11 18:00.*05-10 18:01"):
        record_elsewhere(
            round, one, place="医院", sampled_at=EVENING + timedelta(days=1), by=w.mei, at=later(1)
        )  # fmt: skip
    with pytest.raises(Refused, match="fine"):
        record_elsewhere(round, one, place="医院", sampled_at=EVENING, result="fine", by=w.mei, at=later(1))
    assert not Disposition.objects.exists()


def test_who_is_not_on_the_list_cannot_be_excused_from_it() -> None:
    w = world()
    round = opened(w)
    with pytest.raises(Refused, match="新来的"):
        excuse(round, w.person("新来的", w.rainbow), reason="高烧", by=w.mei, at=later(1))


def test_a_positive_elsewhere_makes_the_person_owe_a_single_retest_and_isolate() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    said = record_elsewhere(
        round, one, place="医院", sampled_at=EVENING, result="positive", by=w.mei, at=later(1)
    )  # fmt: skip
    owed = Obligation.objects.get(person=one)
    assert (owed.kind, owed.isolate, owed.due_at) == ("single_retest", True, later(12 * 60 + 1))
    told = {(message.to_id, message.kind) for message in Message.objects.order_by("pk")}
    assert told == {(one.pk, "isolate"), (w.mei.pk, "positive_elsewhere"), (w.office.pk, "positive_elsewhere")}
    assert all(not say_message(m.kind, m.params).startswith(m.kind) for m in Message.objects.order_by("pk"))
    with pytest.raises(Refused, match="单管结果"):
        withdraw(said, by=w.mei, at=later(2))


def test_an_ordered_retest_is_owed_but_isolates_nobody_and_is_not_taken_back() -> None:
    w = world()
    round, one = opened(w), w.workers[0]
    ordered = order_retest(round, one, reason="试管渗漏", by=w.mei, at=later(1))
    owed = Obligation.objects.get(person=one)
    assert (owed.cause, owed.isolate) == (f"order:{ordered.uuid}", False)
    assert Message.objects.get().kind == "retest_ordered"
    with pytest.raises(Refused, match="梅联络"):
        order_retest(round, one, reason="再来", by=w.office, at=later(2))
    with pytest.raises(Refused, match="单管结果"):
        withdraw(ordered, by=w.mei, at=later(2))
    assert Obligation.objects.count() == 1


def test_a_rehearsal_makes_nobody_owe_anything() -> None:
    w = world()
    round = opened(w, rehearsal=True)
    order_retest(round, w.workers[0], reason="演练", by=w.mei, at=later(1))
    record_elsewhere(round, w.workers[1], place="医院", sampled_at=EVENING, result="positive", by=w.mei, at=later(1))
    assert not Obligation.objects.exists()


def test_what_was_told_cannot_be_untold() -> None:
    w = world()
    round = opened(w)
    tell_liaison(round, w.workers[:1], by=w.office, at=later(1))
    with pytest.raises(Refused, match="已经发出"):
        withdraw(Disposition.objects.get(), by=w.office, at=later(2))


def test_the_database_itself_holds_what_a_disposition_must_say() -> None:
    w = world()
    round = opened(w)
    good: dict[str, Any] = {"person": w.workers[0], "at": MORNING, "by": w.office}
    for broken, bad in (
        ("disposition_excuse_has_reason", {"round": round, "kind": "excused"}),
        ("disposition_elsewhere_says_where_and_when", {"round": round, "kind": "elsewhere", "place": "医院"}),
        ("disposition_of_a_round_or_of_days", {"kind": "excused", "reason": "x"}),
        ("disposition_of_a_round_or_of_days", {"kind": "told", "test": "pcr", "days": (DAY, None)}),
        ("disposition_of_a_round_or_of_days", {"round": round, "kind": "excused", "reason": "x", "test": "pcr"}),
    ):
        with pytest.raises(IntegrityError, match=broken), transaction.atomic():
            Disposition.objects.create(**good, **bad)
    Disposition.objects.create(**good, kind="excused", reason="x", test="pcr", days=(DAY, None))
    with pytest.raises(IntegrityError, match="disposition_ahead_once_a_day"), transaction.atomic():
        Disposition.objects.create(**good, kind="excused", reason="y", test="pcr", days=(DAY, DAY + timedelta(days=1)))
    Disposition.objects.create(**good, kind="excused", reason="y", test="antigen", days=(DAY, None))
