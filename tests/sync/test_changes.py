"""The cursor of changes loses nothing, whatever order transactions commit in."""

import time
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django_pgschemas.schema import get_current_schema

from parkkeeper.park.journal import record
from parkkeeper.sampling.models import Due, Round
from parkkeeper.sync.models import Batch
from parkkeeper.sync.outbox import changes, horizon
from tests.sync.handset import Handset, enrolled, json_of
from tests.world import DAY, EVENING, later, world

_held: list[bool] = []


@pytest.fixture
def calm(transactional_db: None) -> None:
    """Nobody else writes on this server: a long transaction of another database would hold the horizon for minutes."""
    until = time.monotonic() + (0 if _held else 10)
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND datname <> current_database()"
            )
            if cursor.fetchone()[0] == 0:
                return
            if time.monotonic() >= until:
                break
            time.sleep(0.2)
    _held.append(True)
    pytest.skip("another database of this server holds a long transaction; ./run test has a server of its own")


def read_all(phone: Handset, cursor: str, *, expect: int, most: int = 500) -> tuple[list[str], str]:
    """What comes after the cursor, page by page; other databases of the server may hold the horizon for a moment."""
    seen: list[str] = []
    until = time.monotonic() + 20
    while True:
        told = changes(phone.row, cursor, most=most)
        seen += [change["id"] for change in told["changes"]]
        cursor = told["cursor"]
        if not told["more"] and (len(seen) >= expect or time.monotonic() > until):
            return seen, cursor
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("calm")
def test_a_transaction_that_commits_late_is_not_passed() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    begin = horizon()
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        late = _insert(other, "sessions.opened", w.point.site_id)  # takes the lower id, commits last
        record("sessions.closed", by=None, at=EVENING, site=w.point.site_id)
        early, middle = read_all(phone, begin, expect=0)
        other.commit()
        assert early == [], "a line above a running transaction was handed out: a cursor would pass the running one"
        seen, _end = read_all(phone, middle, expect=2)
        assert late in _ids("sessions.opened")
        assert len(seen) == 2
    finally:
        other.close()


def _insert(other: Any, verb: str, site: int) -> int:
    with other.cursor() as cursor:
        cursor.execute(f"SET search_path = {get_current_schema().schema_name}, public")
        cursor.execute(
            "INSERT INTO park_journal_entry (at, by_name, verb, noun, noun_id, site_id, facts)"
            " VALUES (%s, '', %s, 'session', 'late', %s, '{}') RETURNING id",
            [EVENING, verb, site],
        )
        number: int = cursor.fetchone()[0]
    return number


def _ids(verb: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM park_journal_entry WHERE verb = %s", [verb])
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("calm")
def test_pages_of_changes_join_without_gap_or_overlap() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    begin = horizon()
    with transaction.atomic():
        for _n in range(7):
            record("sessions.opened", w.point, by=None, at=EVENING, site=w.point.site_id)
    for _n in range(4):
        record("sessions.closed", w.point, by=None, at=EVENING, site=w.point.site_id)
    seen, end = read_all(phone, begin, expect=11, most=3)
    assert len(seen) == 11
    assert read_all(phone, end, expect=0)[0] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("calm")
def test_a_phone_hears_of_its_own_site_and_of_the_whole_park_only() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    begin = horizon()
    record("sessions.opened", w.nearby, by=None, at=EVENING, site=w.nearby.site_id)
    record("account.made", w.point, by=w.office, at=EVENING)
    record("round.opened", w.programme, by=w.office, at=EVENING, day="2022-05-10", test="pcr", people=6)
    until = time.monotonic() + 20
    while not (told := json_of(phone.ask("GET", f"changes?cursor={begin}")))["changes"] and time.monotonic() < until:
        time.sleep(0.05)
    [change] = told["changes"]
    assert (change["verb"], change["day"]) == ("round.opened", "2022-05-10")
    assert "people" not in change


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("calm")
def test_a_team_s_phone_hears_of_its_grid_s_inspections_and_of_the_whole_park_only() -> None:
    w: Any = world()
    phone = enrolled(w.post(w.person("安组长", w.body), "team_leader", grid=w.grids[0]), w.grids[0], by=w.office,
                     role="team_leader")  # fmt: skip
    begin = horizon()
    with transaction.atomic():
        record("sessions.opened", w.point, by=None, at=EVENING, site=w.point.site_id)
        record("obligation.opened", w.point, by=None, at=EVENING, person=w.mei.pk)
        record("finding.noted", w.lotus, by=w.office, at=EVENING, enterprise=w.lotus.pk)
        record("finding.noted", w.rainbow, by=w.office, at=EVENING, enterprise=w.rainbow.pk, item="B3")
        record("checklist.put_in_force", w.rainbow, by=w.office, at=EVENING)
    seen, _end = read_all(phone, begin, expect=2)
    assert seen == [str(w.rainbow.pk)] * 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("calm")
def test_a_phone_hears_what_the_people_of_its_own_lists_owe() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    run = Round.objects.create(
        programme=w.programme, test="pcr", day=DAY, opens_at=EVENING, closes_at=later(60), frozen_at=EVENING
    )
    own, foreign = w.workers[0], w.lotus_workers[0]
    for person, point in ((own, w.point), (foreign, w.nearby)):
        Due.objects.create(
            round=run, person=person, standing="due", on_post=True, enterprise=person.employer, point=point
        )
    begin = horizon()
    for person in (foreign, own):
        record("obligation.opened", person, by=None, at=EVENING, person=person.pk, kind="single_retest", cause="tube:X")
    until = time.monotonic() + 20
    while not (told := json_of(phone.ask("GET", f"changes?cursor={begin}")))["changes"] and time.monotonic() < until:
        time.sleep(0.05)
    [change] = told["changes"]
    assert (change["person"], change["kind"]) == (str(own.uuid), "single_retest")
    assert "cause" not in change


@pytest.mark.django_db
def test_without_a_cursor_the_changes_begin_now() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    told = json_of(phone.ask("GET", "changes"))
    assert (told["changes"], told["more"]) == ([], False)
    assert told["cursor"].endswith("-0")


@pytest.mark.django_db
def test_a_phone_whose_last_batch_is_gone_is_told_of_the_restore_however_late_it_asks() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    told = json_of(phone.send([phone.op("open_session")]))
    cursor, last = told["cursor"], told["batch"]
    assert phone.ask("GET", f"changes?cursor={cursor}&last={last}").status_code == 200
    Batch.objects.all().delete()  # the backup is older; others have worked since, so that the cursor tells nothing
    phone.send([phone.op("open_session")])
    answer = phone.ask("GET", f"changes?cursor={cursor}&last={last}")
    assert (answer.status_code, json_of(answer)["error"]["code"]) == (409, "cursor_ahead")
    assert phone.ask("GET", f"changes?cursor={cursor}&last=nonsense").status_code == 200
    assert phone.ask("GET", f"changes?cursor={cursor}").status_code == 200, "an app of the time before"


@pytest.mark.django_db
def test_a_cursor_from_after_the_backup_is_not_believed() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    answer = phone.ask("GET", f"changes?cursor={10**15}-0")
    assert (answer.status_code, json_of(answer)["error"]["code"]) == (409, "cursor_ahead")


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["7", "a-b", "1-2-3", "-1-0", f"{2**64}-0", "１-０", "1-0';--"])
def test_a_wrong_cursor_is_named(cursor: str) -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    answer = phone.ask("GET", "changes?cursor=" + cursor)
    assert (answer.status_code, json_of(answer)["error"]["code"]) == (400, "bad_cursor")
