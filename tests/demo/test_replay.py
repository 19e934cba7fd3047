"""The replay end to end: a small park's last days through a real server, then what its tables say."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from parkkeeper.demo.invent import SourcePark, invent
from parkkeeper.demo.invent.scenario import read_scenario
from parkkeeper.demo.register import person_uuid
from parkkeeper.park.models import Post

CHECKOUT = Path(__file__).resolve().parents[2]
SCENARIO = Path(__file__).with_name("small_park.toml")
SEED, DAYS = 7, 5  # from the evening of a positive pool on, through its retests


@dataclass
class Replayed:
    """A finished replay: its park, database, figures, and what it said."""

    park: SourcePark
    env: dict[str, str]
    figures: dict[str, Any]
    said: str
    table: str

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.env["DATABASE_URL"], options="-csearch_path=demo,public") as connection:
            return connection.execute(statement, values).fetchall()

    def count(self, statement: str, *values: Any) -> int:
        return int(self.ask(statement, *values)[0][0])


def demo(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "parkkeeper.demo", "--scenario", str(SCENARIO), "--seed", str(SEED), "--no-serve",
         *arguments],
        env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=400,
    )  # fmt: skip


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    """The small park's last days, replayed once for all tests of this file, in a database of its own."""
    home, name = tmp_path_factory.mktemp("demo"), f"demo_test_{os.getpid()}"
    plain = os.environ["DATABASE_URL"]
    url = urlsplit(plain)._replace(path=f"/{name}").geturl()
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    env = os.environ | {
        "DATABASE_URL": url, "PARKKEEPER_DATA": str(home), "PYTHONPATH": str(CHECKOUT),
        "DJANGO_SETTINGS_MODULE": "parkkeeper.config.settings",
    }  # fmt: skip
    env.pop("PARKKEEPER_CLOCK", None)
    try:
        subprocess.run([sys.executable, "-m", "parkkeeper.config.prepare"], env=env, cwd=CHECKOUT, check=True)
        ended = demo(env, "--days", str(DAYS), "--json", str(home / "figures.json"))
        assert ended.returncode == 0, ended.stderr + ended.stdout
        figures = json.loads((home / "figures.json").read_text(encoding="utf-8"))["figures"]
        yield Replayed(invent(SEED, read_scenario(SCENARIO)), env, figures, ended.stderr, ended.stdout)
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]


LOG_INS = """
import django
django.setup()
from parkkeeper.demo.build import demo_password
from parkkeeper.demo.register import SCHEMA
from parkkeeper.demo.serving import logins
from parkkeeper.park.models import Account
from parkkeeper.park.tenancy.parks import in_park
with in_park(SCHEMA):
    for account in Account.objects.order_by("pk"):
        opens = account.check_password(demo_password(account.username)) and demo_password(account.username) in logins()
        print(account.username, opens, *account.person.posts.order_by("pk").values_list("role", flat=True).distinct())
"""


def test_every_role_has_a_log_in_that_is_printed_and_opens(replayed: Replayed) -> None:
    said = subprocess.run(
        [sys.executable, "-c", LOG_INS], env=replayed.env, cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in said.stdout.splitlines()]
    assert {role for _name, _opens, *roles in lines for role in roles} == set(Post.Role.values)
    assert {opens for _name, opens, *_roles in lines} == {"True"}


def test_the_figures_are_those_of_the_story(replayed: Replayed) -> None:
    park, figures = replayed.park, replayed.figures
    last = park.last_day
    kinds = {point.key: str(point.kind) for point in park.points}
    assert figures["points_total"] == len(park.points)
    assert figures["grids"] == len(park.grids)
    assert figures["sampled_people"] == len(park.evening(last).sampled(kinds, "enterprise"))
    assert figures["sampled_share"] == pytest.approx(figures["sampled_people"] / len(park.in_state(last)))
    assert figures["specialists_prevention"] == sum(post.role == "prevention" for post in park.posts)
    assert figures["mode_running_since"] == park.days()[-DAYS].isoformat()
    assert figures["passes_city"] is None
    assert figures["teams"] == len(park.grids)
    assert figures["rectification_notices"] == park.scenario.inspections.notices
    assert "not yet built" in replayed.table


def test_every_scan_of_the_plan_is_stored_once_though_phones_repeat_themselves(replayed: Replayed) -> None:
    days = replayed.park.days()[-DAYS:]
    planned = sum(len(p.arrivals) + len(p.silent) for day in days for p in replayed.park.evening(day).points)
    single = replayed.count("SELECT count(*) FROM sampling_scan WHERE scanned_at::time < '06:00'::time")  # UTC: retests
    assert replayed.count("SELECT count(*) FROM sampling_scan") == planned + single
    assert single > 0
    repeated = replayed.count("SELECT count(*) FROM sync_batch") - replayed.count(
        "SELECT count(DISTINCT digest) FROM sync_batch"
    )
    assert repeated > 0, "no phone sent its operations again in a new batch"


def test_the_frozen_list_expects_people_where_the_story_does(replayed: Replayed) -> None:
    park = replayed.park
    for day in park.days()[-DAYS:]:
        rows = replayed.ask(
            "SELECT p.uuid, t.code FROM sampling_due d JOIN park_person p ON p.id = d.person_id"
            " JOIN sampling_round r ON r.id = d.round_id LEFT JOIN sampling_point t ON t.id = d.point_id"
            " WHERE r.test = 'pcr' AND r.day = %s AND d.on_post",
            day,
        )
        assert dict(rows) == {person_uuid(SEED, key): park.point_of(key, day) for key in park.in_state(day)}, day


def test_a_positive_pool_is_followed_by_single_retests_that_close(replayed: Replayed) -> None:
    days = replayed.park.days()[-DAYS:]
    incident = next(i for i in replayed.park.incidents if i.day in days and i.truly_positive)
    opened = replayed.ask(
        "SELECT p.uuid, o.kind, o.closed_at FROM sampling_obligation o JOIN park_person p ON p.id = o.person_id"
    )
    retests = {uuid for uuid, kind, _closed in opened if kind == "single_retest"}
    assert len(retests) >= 9
    assert person_uuid(SEED, incident.person) in retests
    open_still = {uuid for uuid, _kind, closed in opened if closed is None}
    assert open_still == {person_uuid(SEED, incident.truly_positive or "")}, "only the real case stays open"
    state = "SELECT s.state FROM park_presence s JOIN park_person p ON p.id = s.person_id WHERE p.uuid = %s"
    states = replayed.ask(f"{state} ORDER BY s.during DESC LIMIT 1", person_uuid(SEED, incident.truly_positive or ""))
    assert states == [("isolated",)]


def test_doubts_are_those_that_the_story_causes(replayed: Replayed) -> None:
    kinds = dict(replayed.ask("SELECT kind, count(*) FROM park_anomaly GROUP BY kind ORDER BY kind"))
    caused = {"walk_in", "unknown_person", "double_scan_other_tube", "over_full", "clock_far_off", "foreign_tube"}
    assert caused <= kinds.keys()
    # what no story tells would be a fault of the replay or of the doors
    assert not {"no_session", "no_round", "holder_without_post", "unknown_tube", "poison_operation", "unreadable_batch",
                "tube_opened_twice", "tube_sealed_twice", "tube_in_two_boxes", "hand_over_unsigned", "unknown_box",
                "bad_box_code", "result_unknown_tube", "antigen_unknown_person"} & kinds.keys()  # fmt: skip


def test_the_office_settles_most_of_what_was_in_doubt_the_morning_after(replayed: Replayed) -> None:
    last = replayed.park.last_day
    settled, waiting = replayed.ask(
        "SELECT count(*) FILTER (WHERE settled_at IS NOT NULL), count(*) FILTER (WHERE settled_at IS NULL)"
        " FROM park_anomaly WHERE happened_at < %s AND NOT evidence ? 'holds'",
        f"{last.isoformat()} 00:00+08",
    )[0]
    assert settled > 5 * waiting


def test_self_tests_arrive_by_list_file_and_phone(replayed: Replayed) -> None:
    rows = replayed.ask("SELECT source, count(*) FROM sampling_antigen_test GROUP BY source ORDER BY source")
    assert [source for source, _count in rows] == ["file", "list", "phone"]
    days = replayed.park.days()[-DAYS:]
    mornings = [replayed.park.morning(day) for day in days]
    planned = sum(len(one.negative) + len(one.positive) for morning in mornings for one in morning.enterprises)
    assert sum(count for _source, count in rows) == planned


def test_results_come_as_tables_and_as_messages(replayed: Replayed) -> None:
    kinds = replayed.ask("SELECT kind, sum((counts->>'problems')::int) FROM sampling_lab_report GROUP BY 1 ORDER BY 1")
    assert kinds == [("hl7", 0), ("table", 0)]


def test_a_second_run_finds_the_replay_done(replayed: Replayed) -> None:
    ended = demo(replayed.env, "--days", str(DAYS))
    assert ended.returncode == 0, ended.stderr
    assert "here from before" in ended.stderr
    assert "Building" not in ended.stderr
    assert ended.stdout == replayed.table


def test_the_teams_weeks_came_through_the_door_whole(replayed: Replayed) -> None:
    plan, days = replayed.park.inspections, replayed.park.story()[-DAYS:]
    visits = [visit for visit in plan.visits if visit.day in days]
    problems = {problem.key for visit in visits for problem in visit.problems}
    assert replayed.count("SELECT count(*) FROM inspection_visit WHERE ended_at IS NOT NULL") == len(visits)
    assert replayed.count("SELECT count(*) FROM inspection_finding") == len(problems)
    files = "SELECT count(*) FROM inspection_photo WHERE sha256 NOT IN (SELECT sha256 FROM park_stored_file)"
    assert replayed.count("SELECT count(*) FROM inspection_photo") > 0
    assert replayed.count(files) == 0, "a photo's file did not arrive"
    assert replayed.count("SELECT count(*) FROM inspection_step WHERE NOT counts") == 0, "somebody judged the own work"


def test_every_night_is_debriefed_and_signed_but_the_last(replayed: Replayed) -> None:
    nights, grids = DAYS - 1, len(replayed.park.grids)
    assert replayed.count("SELECT count(*) FROM inspection_debrief WHERE closed_at IS NOT NULL") == nights
    assert replayed.count("SELECT count(*) FROM inspection_grid_day WHERE signed_at IS NOT NULL") == nights * grids
    began = [case for case in replayed.park.inspections.cases.values() if case.day < replayed.park.last_day]
    assert replayed.count("SELECT count(*) FROM inspection_measure") == len(began)
    assert replayed.count("SELECT count(*) FROM inspection_cause") == len(began)


def test_each_notice_ends_as_its_case_says(replayed: Replayed) -> None:
    plan, last = replayed.park.inspections, replayed.park.last_day
    lapsed = sum(case.fate == "lapsed" and case.looks[0][0] <= last for case in plan.cases.values())
    assert replayed.count("SELECT count(*) FROM inspection_notice WHERE lapsed_at IS NOT NULL") >= lapsed > 0
    seconds = sum(case.fate in ("second", "stopped") and case.looks[0][0] <= last for case in plan.cases.values())
    assert replayed.count("SELECT count(*) FROM inspection_notice WHERE follows_id IS NOT NULL") == seconds
    assert replayed.count("SELECT count(*) FROM inspection_notice WHERE talked_at IS NOT NULL") == seconds > 0
    closed = sum(any(o == "fixed" and day <= last for day, o in case.looks) for case in plan.cases.values())
    assert replayed.count("SELECT count(*) FROM inspection_notice WHERE closed_at IS NOT NULL") >= closed
    assert replayed.count("SELECT count(*) FROM inspection_stop_work WHERE in_force_at IS NOT NULL") == 1
    told = "SELECT count(*) FROM inspection_deadline WHERE told_at - due_at > interval '1 hour'"
    assert replayed.count(told) == 0, "a deadline was told late"
