"""What the office arranges: accounts, posts, certificates, areas, the emergency, the park's own data."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from parkkeeper.kernel import clock
from parkkeeper.park.access import may
from parkkeeper.park.actions import posts
from parkkeeper.park.actions.areas import set_area_level
from parkkeeper.park.actions.emergency import declare_emergency, end_emergency
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.keys import key_file, key_of
from parkkeeper.park.models import Account, AreaLevel, Certificate, Emergency, JournalEntry, Message, Post, Rule
from parkkeeper.park.rulebook import rule
from tests.world import EVENING, LONG_AGO, resident_id, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w(client: Client) -> Any:
    found = world()
    found.login(client, found.office)
    with clock.at(EVENING):
        yield found


def test_a_new_account_shows_its_password_once_and_keeps_only_the_hash(w: Any, client: Client) -> None:
    response = client.post("/settings/accounts/new", {"person": resident_id(3), "username": "mei"})
    shown = re.search(r'<code id="secret">([^<]+)</code>', response.content.decode())
    account = Account.objects.get(username="mei")
    assert shown and account.check_password(shown[1]) and account.must_change_password
    assert account.password.startswith("argon2")
    assert shown[1] not in client.get(f"/settings/accounts/{account.pk}").content.decode()
    assert shown[1] not in str(list(JournalEntry.objects.values_list("facts", flat=True)))


def test_a_name_that_two_people_have_is_asked_again_with_both_named(w: Any, client: Client) -> None:
    response = client.post("/settings/accounts/new", {"person": "张伟", "username": "zhangwei"})
    html = response.content.decode()
    assert response.status_code == 422
    assert w.workers[0].staff_number in html and w.workers[1].staff_number in html
    ok = client.post("/settings/accounts/new", {"person": w.workers[1].staff_number, "username": "zhangwei"})
    assert ok.status_code == 200
    assert Account.objects.get(username="zhangwei").person == w.workers[1]


def test_a_log_in_name_in_use_and_a_second_account_are_refused(w: Any, client: Client) -> None:
    client.post("/settings/accounts/new", {"person": w.mei.staff_number, "username": "one"})
    taken = client.post("/settings/accounts/new", {"person": w.bo.staff_number, "username": "ONE"})
    second = client.post("/settings/accounts/new", {"person": w.mei.staff_number, "username": "two"})
    assert "已被使用" in taken.content.decode()
    assert "已有账号" in second.content.decode()


def test_locking_and_unlocking_by_the_page(w: Any, client: Client) -> None:
    client.post("/settings/accounts/new", {"person": w.mei.staff_number, "username": "mei"})
    account = Account.objects.get(username="mei")
    for what, active in (("lock", False), ("unlock", True)):
        assert client.post(f"/settings/accounts/{account.pk}", {"do": what}).status_code == 302
        account.refresh_from_db()
        assert account.is_active is active


def test_a_post_needs_the_place_of_its_role(w: Any) -> None:
    with pytest.raises(Refused, match="企业"):
        posts.appoint_post(w.workers[0], "prevention_specialist", start=date(2022, 5, 1), by=w.office, at=EVENING)
    with pytest.raises(Refused, match="留空"):
        posts.appoint_post(w.workers[0], "courier", start=date(2022, 5, 1), grid=w.grids[0], by=w.office, at=EVENING)


def test_rights_begin_and_end_with_the_posts_days(w: Any, client: Client) -> None:
    person = w.workers[2]
    form = {
        "person": person.staff_number,
        "role": "prevention_specialist",
        "enterprise": "彩虹生物",
        "start": "2022-05-11",
        "last_day": "2022-05-12",
    }
    assert client.post("/settings/posts/new", form).status_code == 302

    def allowed(days: int) -> bool:
        person.__dict__.pop("_posts_by_day", None)
        return may(person, "work_gaps", at=EVENING + timedelta(days=days), on=w.workers[3])

    assert [allowed(n) for n in range(4)] == [False, True, True, False]
    again = client.post("/settings/posts/new", form)
    assert again.status_code == 422
    assert "日期重叠" in again.content.decode()


def test_the_last_office_post_cannot_be_ended(w: Any) -> None:
    post = Post.objects.get(role="office")
    with pytest.raises(Refused, match="最后一个"):
        posts.end_post(post, last_day=date(2022, 5, 10), by=w.office, at=EVENING)


def test_a_certificate_number_is_used_once_and_revoked_once_with_a_reason(w: Any, client: Client) -> None:
    form = {
        "person": w.mei.staff_number,
        "role": "scanning_specialist",
        "number": "A-1",
        "issuer": "区卫健委",
        "start": "2022-05-01",
        "last_day": "2022-12-31",
    }
    assert client.post("/settings/certificates/new", form).status_code == 302
    twice = client.post("/settings/certificates/new", {**form, "person": w.bo.staff_number})
    assert "已登记过" in twice.content.decode()
    certificate = Certificate.objects.get(number="A-1")
    assert certificate.during.upper == date(2023, 1, 1)
    assert client.post(f"/settings/certificates/{certificate.pk}", {"reason": " "}).status_code == 422
    assert client.post(f"/settings/certificates/{certificate.pk}", {"reason": "考核未通过"}).status_code == 302
    again = client.post(f"/settings/certificates/{certificate.pk}", {"reason": "重复"})
    assert w.office.name in again.content.decode() and again.status_code == 422
    assert not Post.objects.filter(person=w.mei).certified_on(date(2022, 5, 11)).exists()


def test_an_area_level_replaces_the_one_before_and_other_ends_it(w: Any, client: Client) -> None:
    set_area_level("sealed", grid=w.grids[0], source="通告1", by=w.office, at=EVENING)
    later = EVENING + timedelta(days=2)
    set_area_level("controlled", grid=w.grids[0], source="通告2", by=w.office, at=later)
    assert [row.level for row in AreaLevel.objects.at(EVENING)] == ["sealed"]
    assert [row.level for row in AreaLevel.objects.at(later)] == ["controlled"]
    set_area_level("other", grid=w.grids[0], source="通告3", by=w.office, at=later + timedelta(days=1))
    assert not AreaLevel.objects.at(later + timedelta(days=1)).exists()
    with pytest.raises(Refused, match="只选其一"):
        set_area_level("sealed", source="通告4", by=w.office, at=EVENING)
    assert client.get("/settings/areas").status_code == 200


def test_declaring_an_emergency_makes_its_key_and_puts_the_pack_in_force(w: Any, client: Client) -> None:
    Emergency.objects.all().delete()
    Rule.objects.all().delete()
    form = {"name": "春季应急", "basis": "园区防控办 1 号", "starts_at": "2022-05-10T08:00", "pack": "shanghai-2022"}
    assert client.post("/settings/emergency", form).status_code == 302
    found = Emergency.objects.get()
    assert found.during.lower == EVENING.replace(hour=0) and found.during.upper is None
    assert len(key_of(found.pk) or b"") == 32
    assert key_file(bytes(found.data_key_sealed)).stat().st_mode & 0o777 == 0o600
    assert rule("result_hours", EVENING) == 24
    assert rule("test_every_days", EVENING)["pcr"]["controlled"] == 2
    assert "规则包" in client.get("/settings/emergency").content.decode()
    second = client.post("/settings/emergency", {**form, "name": "另一个"})
    assert second.status_code == 422 and "春季应急" in second.content.decode()


def test_a_pack_loaded_again_changes_nothing_and_never_the_past(w: Any) -> None:
    Emergency.objects.all().delete()
    Rule.objects.all().delete()
    first = declare_emergency("一", basis="甲", pack="shanghai-2022", starts_at=LONG_AGO, by=w.office, at=LONG_AGO)
    before = list(Rule.objects.order_by("pk").values())
    end_emergency(first, reason="乙", by=w.office, at=EVENING)
    later = EVENING + timedelta(days=30)
    Rule.objects.filter(key="result_hours").update(value=12)
    declare_emergency("二", basis="丙", pack="shanghai-2022", starts_at=later, by=w.office, at=later)
    assert Rule.objects.count() == len(before) + 1
    assert (rule("result_hours", EVENING), rule("result_hours", later)) == (12, 24)


def test_an_emergency_ends_once_with_a_reason(w: Any, client: Client) -> None:
    found = Emergency.objects.get()
    url = f"/settings/emergency/{found.pk}/end"
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "通告：终止"}).status_code == 302
    found.refresh_from_db()
    assert found.during.upper == EVENING
    assert "已经结束" in client.post(url, {"reason": "再次"}).content.decode()


def test_the_parks_names_and_zone_are_checked(w: Any, client: Client) -> None:
    form = {"name": "东方工业园", "name_en": "East", "time_zone": "Asia/Atlantis"}
    assert "Asia/Atlantis" in client.post("/settings/park", form).content.decode()
    assert client.post("/settings/park", {**form, "time_zone": "Asia/Urumqi"}).status_code == 302


def test_each_verb_of_the_office_refuses_others(w: Any) -> None:
    for act in (
        lambda: declare_emergency("x", basis="y", pack="shanghai-2022", starts_at=EVENING, by=w.mei, at=EVENING),
        lambda: set_area_level("sealed", grid=w.grids[0], source="s", by=w.leader, at=EVENING),
        lambda: posts.appoint_post(w.mei, "office", start=date(2022, 5, 1), by=w.mei, at=EVENING),
    ):
        with pytest.raises(Forbidden):
            act()


def test_messages_are_read_by_whom_they_were_sent_to_only(w: Any, client: Client) -> None:
    mine = Message.objects.create(kind="a", params={"n": 1}, to=w.office, sent_at=EVENING)
    other = Message.objects.create(kind="a", params={"n": 2}, to=w.mei, sent_at=EVENING)
    assert '<span class="count">' in client.get("/messages").content.decode()
    client.post("/messages", {"message": other.pk})
    client.post("/messages", {"message": mine.pk})
    mine.refresh_from_db(), other.refresh_from_db()
    assert mine.read_at == EVENING and other.read_at is None
    assert '<span class="count">' not in client.get("/messages").content.decode()
