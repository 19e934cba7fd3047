"""Sessions and duty: phones are believed and doubted, pages are answered."""

from datetime import date
from typing import Any

import pytest

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import Anomaly, Certificate
from parkkeeper.sampling.actions import sessions
from parkkeeper.sampling.models import Duty, Session
from tests.sampling.fieldkit import FieldPhone, open_kinds, pcr_round
from tests.world import later, world

pytestmark = pytest.mark.django_db
SAMPLING = "sampling_specialist"


@pytest.fixture
def w() -> Any:
    w = world()
    w.round = pcr_round(w.programme, [(p, "due", w.point) for p in w.workers])
    w.phone = FieldPhone(w.scanner, w.point)
    return w


def test_a_session_belongs_to_the_point_and_the_days_round(w: Any) -> None:
    opened = w.phone.open_session(-3)
    assert w.phone.say(opened)[opened.id].stored
    session = Session.objects.get(pk=opened.id)
    assert (session.point, session.round, session.opened_by, session.opened_at) == (
        w.point, w.round, w.scanner, later(-3),
    )  # fmt: skip
    assert not w.phone.say(opened)[opened.id].stored


def test_a_closing_that_comes_before_the_opening_ends_the_same(w: Any) -> None:
    opened = w.phone.open_session(-3)
    w.phone.say(w.phone.close_session(opened.id, 20))
    w.phone.say(opened)
    session = Session.objects.get()
    assert (session.opened_at, session.closed_at) == (later(-3), later(20))


def test_closing_ends_every_duty_in_either_order(w: Any) -> None:
    opened = w.phone.open_session(-3)
    w.phone.say(opened, w.phone.duty(opened.id, w.sampler.uuid, SAMPLING))
    w.phone.say(w.phone.close_session(opened.id, 20))
    w.phone.say(w.phone.duty(opened.id, w.scanner.uuid, "scanning_specialist"))
    assert set(Duty.objects.values_list("ended_at", flat=True)) == {later(20)}


def test_a_certified_specialist_goes_on_duty_without_a_doubt(w: Any) -> None:
    opened = w.phone.open_session()
    duty = w.phone.duty(opened.id, w.sampler.uuid, SAMPLING)
    verdicts = w.phone.say(opened, duty)
    assert verdicts[duty.id].doubts == ()
    assert Duty.objects.get().certificate.person == w.sampler


@pytest.mark.parametrize(
    "change",
    [
        {"during": (date(2022, 4, 1), date(2022, 5, 10))},
        {"during": (date(2022, 5, 11), date(2022, 6, 1))},
        {"revoked_at": later(-2)},
        {"role": "scanning_specialist"},
    ],
)
def test_duty_without_a_certificate_in_date_is_recorded_and_doubted(w: Any, change: dict[str, Any]) -> None:
    if "revoked_at" in change:
        change = {**change, "revoked_by": w.office}
    Certificate.objects.filter(person=w.sampler).update(**change)
    opened = w.phone.open_session()
    duty = w.phone.duty(opened.id, w.sampler.uuid, SAMPLING)
    assert w.phone.say(opened, duty)[duty.id].doubts == ("duty_without_certificate",)
    assert Duty.objects.get().certificate is None
    assert Anomaly.objects.get().person == w.sampler


def test_a_certificate_revoked_later_still_allowed_the_duty_before(w: Any) -> None:
    Certificate.objects.filter(person=w.sampler).update(revoked_at=later(5), revoked_by=w.office)
    opened = w.phone.open_session()
    duty = w.phone.duty(opened.id, w.sampler.uuid, SAMPLING)
    assert w.phone.say(opened, duty)[duty.id].doubts == ()


def test_an_unknown_person_on_duty_is_kept_as_a_doubt(w: Any) -> None:
    opened = w.phone.open_session()
    duty = w.phone.duty(opened.id, new_id(), SAMPLING)
    assert w.phone.tell(opened, duty)[1] == ("unknown_duty_person",)
    assert open_kinds() == ["unknown_duty_person"]


def test_the_same_person_twice_on_duty_is_one_duty(w: Any) -> None:
    opened = w.phone.open_session()
    duties = [w.phone.duty(opened.id, w.sampler.uuid, SAMPLING) for _ in range(2)]
    w.phone.say(opened, *duties)
    assert Duty.objects.count() == 1


def test_a_page_refuses_uncertified_duty_and_says_what_to_do(w: Any) -> None:
    session = sessions.open_session(w.point, by=w.office, at=later(0))
    with pytest.raises(Refused, match="上岗证"):
        sessions.set_duty(session, w.workers[0], SAMPLING, by=w.office, at=later(0))
    sessions.set_duty(session, w.sampler, SAMPLING, by=w.office, at=later(0))
    with pytest.raises(Refused, match="已在本场当班"):
        sessions.set_duty(session, w.sampler, SAMPLING, by=w.office, at=later(1))


def test_a_page_opens_a_point_once_and_closes_it_once(w: Any) -> None:
    session = sessions.open_session(w.point, by=w.scanner, at=later(0))
    with pytest.raises(Refused, match="扫码己"):
        sessions.open_session(w.point, by=w.office, at=later(1))
    sessions.close_session(session, by=w.scanner, at=later(2))
    with pytest.raises(Refused, match="收场"):
        sessions.close_session(session, by=w.office, at=later(3))


def test_duty_ends_once(w: Any) -> None:
    session = sessions.open_session(w.point, by=w.office, at=later(0))
    duty = sessions.set_duty(session, w.sampler, SAMPLING, by=w.office, at=later(0))
    sessions.end_duty(duty, by=w.office, at=later(9))
    with pytest.raises(Refused):
        sessions.end_duty(duty, by=w.office, at=later(10))


def test_an_ended_duty_is_resumed_only_while_it_could_begin(w: Any) -> None:
    session = sessions.open_session(w.point, by=w.office, at=later(0))
    duty = sessions.set_duty(session, w.sampler, SAMPLING, by=w.office, at=later(0))
    with pytest.raises(Refused, match="已在本场当班"):
        sessions.resume_duty(duty, by=w.office, at=later(1))
    sessions.end_duty(duty, by=w.office, at=later(2))
    with pytest.raises(Refused, match="恢复当班"):
        sessions.set_duty(session, w.sampler, SAMPLING, by=w.office, at=later(3))
    with pytest.raises(Forbidden):
        sessions.resume_duty(duty, by=w.lab, at=later(3))
    sessions.resume_duty(duty, by=w.office, at=later(3))
    sessions.end_duty(duty, by=w.office, at=later(4))
    Certificate.objects.filter(person=w.sampler).update(revoked_at=later(5), revoked_by=w.office)
    with pytest.raises(Refused, match="上岗证"):
        sessions.resume_duty(duty, by=w.office, at=later(6))
    assert Duty.objects.get().ended_at == later(4)


def test_only_who_works_at_the_point_may_open_it_on_a_page(w: Any) -> None:
    with pytest.raises(Forbidden):
        sessions.open_session(w.nearby, by=w.scanner, at=later(0))
