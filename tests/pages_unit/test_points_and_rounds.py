"""Pages of the day: today, starfield, rounds, points: what each role sees, and that numbers lead to their lists."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from parkkeeper.kernel import clock
from parkkeeper.park.models import Site
from parkkeeper.park.words import aside, joined, labelled
from parkkeeper.sampling.actions.rounds import join_round, open_round
from parkkeeper.sampling.actions.sessions import close_session, open_session, set_duty
from parkkeeper.sampling.models import Duty, Point, Programme, Round, Session, Slot, TubeRoll
from tests.world import DAY, EVENING, MORNING, later, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> Any:
    """The small park with its round of the day open, at 18:00."""
    small: Any = world()
    small.round = open_round(small.programme, DAY, by=small.office, at=MORNING)
    return small


def get(w: Any, who: Any, address: str, at: Any = EVENING, **headers: str) -> Any:
    with clock.at(at):
        return w.login(Client(), who).get(address, headers=headers)


def post(w: Any, who: Any, address: str, data: dict[str, Any] | None = None, at: Any = EVENING) -> Any:
    with clock.at(at):
        return w.login(Client(), who).post(address, data or {})


PAGES = ["/", "/starfield", "/rounds", "/rounds/open", "/programmes", "/programmes/new", "/points", "/points/new"]


@pytest.mark.parametrize("page", PAGES)
def test_the_office_opens_every_page(w: Any, page: str) -> None:
    assert get(w, w.office, page).status_code == 200


@pytest.mark.parametrize("name", ["point", "point_change", "point_close", "slot_new", "roll_new"])
def test_the_office_opens_every_page_of_a_point(w: Any, name: str) -> None:
    assert get(w, w.office, reverse(name, args=[w.point.pk])).status_code == 200


@pytest.mark.parametrize("by", ["grid", "enterprise", "point", "slot"])
def test_a_round_is_told_by_every_grouping(w: Any, by: str) -> None:
    response = get(w, w.office, f"/rounds/{w.round.pk}?by={by}")
    assert response.status_code == 200
    assert "冻结名单" in response.content.decode()


@pytest.mark.parametrize("who", ["office", "leader", "mei", "sampler", "scanner", "lab", "courier"])
def test_everybody_has_a_page_of_today(w: Any, who: str) -> None:
    response = get(w, getattr(w, who), "/")
    assert response.status_code == 200
    assert "状态截至" in response.content.decode()


def test_today_counts_who_is_missing(w: Any) -> None:
    due = w.round.dues.due().count()
    text = get(w, w.office, "/").content.decode()
    assert f"0/{due}" in text


def test_a_sampler_sees_the_own_point_only(w: Any) -> None:
    text = get(w, w.sampler, "/").content.decode()
    assert "P01" in text
    assert "P02" not in text


def test_a_liaison_sees_no_foreign_point(w: Any) -> None:
    assert get(w, w.mei, reverse("point", args=[w.point.pk])).status_code == 200
    assert get(w, w.mei, reverse("point", args=[w.nearby.pk])).status_code == 404


def test_a_liaison_sees_only_the_own_people_counted_in_a_round(w: Any) -> None:
    text = get(w, w.mei, f"/rounds/{w.round.pk}?by=enterprise").content.decode()
    assert "彩虹生物" in text
    assert "莲花电子" not in text


def test_a_past_moment_is_shown_as_it_was_known_then(w: Any) -> None:
    open_session(w.point, by=w.office, at=EVENING)
    now = get(w, w.office, "/starfield", later(30)).content.decode()
    then = get(w, w.office, "/starfield?at=2022-05-10T17:30", later(30)).content.decode()
    assert "之后收到的都不算在内" in then
    assert "之后收到的都不算在内" not in now


def test_a_moment_that_cannot_be_read_is_told(w: Any) -> None:
    text = get(w, w.office, f"/rounds/{w.round.pk}?at=gestern").content.decode()
    assert "无法识别" in text


def test_a_moment_to_come_is_told(w: Any) -> None:
    assert "还没有到" in get(w, w.office, f"/rounds/{w.round.pk}?at=2030-01-01T00:00").content.decode()


def test_the_head_of_a_round_refreshes_alone(w: Any) -> None:
    response = get(w, w.office, f"/rounds/{w.round.pk}", HX_Request="true", HX_Target="section#live")
    assert "<html" not in response.content.decode()
    assert 'id="live"' in response.content.decode()


def test_a_round_is_opened_from_its_page_and_opening_it_again_is_refused_with_the_reason(w: Any) -> None:
    data = {"programme": w.antigen.pk, "day": DAY.isoformat()}
    assert post(w, w.office, "/rounds/open", data, MORNING).status_code == 302
    assert Round.objects.filter(test="antigen", day=DAY).exists()
    again = post(w, w.office, "/rounds/open", data, MORNING)
    assert again.status_code == 422
    assert "一天一类检测只有一轮" in again.content.decode()


def test_a_round_is_closed_once(w: Any) -> None:
    assert post(w, w.office, f"/rounds/{w.round.pk}/close").status_code == 302
    assert Round.objects.get(pk=w.round.pk).closed_by == w.office
    assert post(w, w.office, f"/rounds/{w.round.pk}/close").status_code == 422


def test_a_programme_is_made_and_ended(w: Any) -> None:
    data = {
        "name": "夜间核酸", "test": "pcr", "sealed": 1, "controlled": 2, "other": 5, "pool_size": 10, "opens": "17:00",
        "closes": "00:00", "first": DAY.isoformat(), "source": "第二版方案",
    }  # fmt: skip
    assert post(w, w.office, "/programmes/new", data).status_code == 302
    made = Programme.objects.get(name="夜间核酸")
    assert (made.opens, made.closes, made.every_days["other"]) == (1020, 1440, 5)
    assert post(w, w.office, f"/programmes/{made.pk}/end", {"last_day": "2022-05-20"}).status_code == 302
    made.refresh_from_db()
    assert made.during.upper.isoformat() == "2022-05-21"


def test_a_slot_that_would_mix_enterprises_is_refused_on_the_form(w: Any) -> None:
    data = {"enterprise": w.builders.credit_code, "begins": "17:30", "ends": "18:30", "first": DAY.isoformat()}
    response = post(w, w.office, reverse("slot_new", args=[w.point.pk]), data)
    assert response.status_code == 422
    assert "彩虹生物" in response.content.decode()


def test_a_slot_is_given_and_ended(w: Any) -> None:
    data = {
        "enterprise": w.rainbow.credit_code, "begins": "19:00", "ends": "20:00", "shift": "夜班",
        "first": DAY.isoformat(),
    }  # fmt: skip
    assert post(w, w.office, reverse("slot_new", args=[w.point.pk]), data).status_code == 302
    slot = Slot.objects.get(shift="夜班")
    assert (slot.minutes.lower, slot.minutes.upper) == (1140, 1200)
    assert post(w, w.office, reverse("slot_end", args=[slot.pk]), {"last_day": "2022-05-12"}).status_code == 302


def test_tubes_are_issued_after_those_issued_before(w: Any) -> None:
    text = get(w, w.office, reverse("roll_new", args=[w.point.pk])).content.decode()
    assert 'value="2000"' in text
    assert post(
        w, w.office, reverse("roll_new", args=[w.point.pk]), {"prefix": "YQ", "first": 2000, "count": 50}
    ).status_code == 302  # fmt: skip
    assert TubeRoll.objects.filter(point=w.point).count() == 2


def test_a_point_is_set_up_and_changed(w: Any) -> None:
    Site.objects.create(code="S9", name="南门", kind="nearby", grid=w.grids[2], longitude=121.62, latitude=31.2)
    data = {"code": "P09", "site": "S9", "desks": 2, "opens": "17:00", "closes": "21:00", "first": DAY.isoformat()}
    assert post(w, w.office, "/points/new", data).status_code == 302
    made = Point.objects.get(code="P09")
    changed = {"desks": 4, "opens": "16:00", "closes": "22:00"}
    assert post(w, w.office, reverse("point_change", args=[made.pk]), changed).status_code == 302
    made.refresh_from_db()
    assert (made.desks, made.hours.lower) == (4, 960)


def test_a_sampler_opens_staffs_and_closes_the_own_point_on_a_page(w: Any) -> None:
    assert post(w, w.sampler, reverse("session_open", args=[w.point.pk])).status_code == 302
    session = Session.objects.get(point=w.point)
    page = reverse("duty_new", args=[session.pk])
    assert w.scanner.name in get(w, w.sampler, page).content.decode()
    who = {"who": f"{w.scanner.pk}:scanning_specialist"}
    assert post(w, w.sampler, page, who, later(1)).status_code == 302
    duty = Duty.objects.get(session=session)
    assert post(w, w.sampler, reverse("duty_end", args=[duty.pk]), at=later(5)).status_code == 302
    assert post(w, w.sampler, reverse("session_close", args=[session.pk]), at=later(9)).status_code == 302
    session.refresh_from_db()
    assert session.closed_at == EVENING + timedelta(minutes=9)


def test_a_duty_is_ended_and_taken_up_again_where_it_is_shown(w: Any) -> None:
    session = open_session(w.point, by=w.office, at=EVENING)
    duty = set_duty(session, w.scanner, "scanning_specialist", by=w.office, at=EVENING)
    point, end, resume = (reverse(*one) for one in (("point", None, [w.point.pk]), ("duty_end", None, [duty.pk]),
                                                    ("duty_resume", None, [duty.pk])))  # fmt: skip
    for person, page in ((w.office, point), (w.sampler, "/")):  # a sampler has no point page but a card on the own one
        shown = get(w, person, page, later(1)).content.decode()
        assert f'action="{end}" data-confirm="确定 {w.scanner.name} 下岗' in shown and resume not in shown, page
    assert post(w, w.office, end, at=later(2)).status_code == 302
    for person, page in ((w.office, point), (w.sampler, "/")):
        shown = get(w, person, page, later(3)).content.decode()
        assert f'action="{resume}"' in shown and end not in shown, page
    assert post(w, w.office, resume, at=later(4)).status_code == 302
    duty.refresh_from_db()
    assert duty.ended_at is None
    close_session(session, by=w.office, at=later(5))
    shown = get(w, w.office, point, later(6)).content.decode()
    assert w.scanner.name in shown and end not in shown and resume not in shown
    assert post(w, w.office, resume, at=later(7)).status_code == 422


def test_a_sampler_does_not_open_a_foreign_point(w: Any) -> None:
    assert post(w, w.sampler, reverse("session_open", args=[w.nearby.pk])).status_code == 404


def test_marks_between_words_and_the_parks_name_follow_the_readers_language(w: Any) -> None:
    with translation.override("en"):
        assert joined(["甲", "乙"]) == "甲, 乙" and joined("ab", "；") == "a; b"
        assert labelled("Reason", "出差") == "Reason: 出差" and aside("甲", "乙") == "甲 (乙)"
    assert (
        joined(["甲", "乙"]) == "甲、乙"
        and labelled("理由", "出差") == "理由：出差"
        and aside("甲", "乙") == "甲（乙）"
    )
    assert "测试园区" in get(w, w.office, "/points").content.decode()
    assert "Test Park" in get(w, w.office, "/points", Accept_Language="en").content.decode()


def test_a_point_that_has_not_opened_in_its_time_is_shown_late(w: Any) -> None:
    assert "到点未开场" in get(w, w.office, reverse("point", args=[w.point.pk])).content.decode()
    open_session(w.point, by=w.office, at=EVENING)
    assert "采样中" in get(w, w.office, reverse("point", args=[w.point.pk]), later(1)).content.decode()


def test_the_map_draws_every_point_as_a_link(w: Any) -> None:
    text = get(w, w.office, "/starfield").content.decode()
    assert text.count('class="mark ') == 2
    assert f'href="{reverse("point", args=[w.point.pk])}" class="mark' in text


def test_the_starfield_narrows_by_state_and_grid(w: Any) -> None:
    open_session(w.point, by=w.office, at=EVENING)
    rows = get(w, w.office, "/starfield?state=open", later(1), HX_Request="true", HX_Target="section#list-starfield")
    assert "P01" in rows.content.decode()
    assert "P02" not in rows.content.decode()
    zoomed = get(w, w.office, f"/starfield?grid={w.grids[1].pk}", later(1)).content.decode()
    assert zoomed.count("faint") >= 1


def test_the_tables_of_a_round_are_exported(w: Any) -> None:
    response = get(w, w.office, f"/rounds/{w.round.pk}?by=enterprise&export=csv")
    assert response["Content-Type"].startswith("text/csv")
    assert "彩虹生物" in response.content.decode("utf-8-sig")


@pytest.mark.parametrize("page", ["/", "/starfield", "/rounds", "/points", "round", "point"])
def test_a_page_asks_as_often_with_more_points_and_people(w: Any, page: str) -> None:
    address = {"round": f"/rounds/{w.round.pk}", "point": reverse("point", args=[w.point.pk])}.get(page, page)
    client = w.login(Client(), w.office)
    counts = []
    for turn in range(3):  # the first opens the session
        with clock.at(EVENING), CaptureQueriesContext(connection) as questions:
            assert client.get(address).status_code == 200
        counts.append(len(questions))
        if turn == 1:
            _more(w)
    assert counts[1] == counts[2]


def _more(w: Any) -> None:
    for n in range(4):
        site = Site.objects.create(
            code=f"M{n}", name=f"新点{n}", kind="nearby", grid=w.grids[n % 3], longitude=121.6, latitude=31.2
        )
        point = Point.objects.create(
            code=f"M{n}", site=site, kind="nearby", desks=1, hours=(1020, 1260), in_service=w.point.in_service
        )
        open_session(point, by=w.office, at=EVENING)
        for person in (w.person(f"新人{n}{i}", w.lotus) for i in range(3)):
            join_round(w.round, person, point=point, by=w.office, at=EVENING)


def test_a_grid_team_sees_only_its_own_grid_on_the_day(w: Any) -> None:
    team = w.post(w.person("组长庚", w.body, state="away", category="office_staff"), "team_leader", grid=w.grids[1])
    text = get(w, team, "/").content.decode()
    assert "第2网格" in text
    assert "第1网格" not in text
    assert "共 1 个启用" in text


def test_states_that_a_page_counts_together_have_one_list(w: Any) -> None:
    for state in ("waiting", "overdue", "again", "met", "away", "due", "listed"):
        response = get(w, w.office, f"/missing?round={w.round.pk}&state={state}")
        assert response.status_code == 200
        assert "无效" not in response.content.decode().split('id="list-missing"')[1].split("<table")[0]


def test_a_page_does_not_refresh_away_what_a_liaison_has_ticked(w: Any) -> None:
    assert "every 30s" in get(w, w.office, "/").content.decode()
    assert "every 30s" not in get(w, w.mei, "/").content.decode()


def test_a_leader_gets_numbers_without_links_to_people(w: Any) -> None:
    text = get(w, w.leader, "/").content.decode()
    assert "未采样" in text
    assert 'href="/missing' not in text
