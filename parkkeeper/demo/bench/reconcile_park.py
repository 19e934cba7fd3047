"""A park of any size and one evening in it, written straight into the tables: only for measurements."""

import time
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from parkkeeper.park.models import Emergency, Enterprise, Grid, Person, Post, Rule, Site
from parkkeeper.park.packs import read_pack
from parkkeeper.park.turns import take_turns
from parkkeeper.sampling.models import Laboratory, LabReport, Programme, Round

LONG_AGO = datetime.fromisoformat("2022-04-01T00:00+08:00")
FOR_EVER = (date(2022, 4, 1), None)
GRIDS = 9
PEOPLE_AN_ENTERPRISE = 86
PEOPLE_A_POINT = 240
POOL = 10

_REGISTER = """
INSERT INTO park_enterprise (credit_code, name, short_name, pinyin, kind, industry, address, grid_id, head_count)
SELECT 'B' || lpad(i::text, 17, '0'), '企业' || i, '企业' || i, 'qi ye ' || i, 'enterprise', '', '',
  %(grid)s + i %% {grids}, {per_enterprise} FROM generate_series(0, %(enterprises)s - 1) AS i;
INSERT INTO park_site (code, name, kind, grid_id, address, longitude, latitude)
SELECT 'S' || i, '采样点' || i, 'nearby', %(grid)s + i %% {grids}, '', 121.6, 31.2
FROM generate_series(0, %(points)s - 1) AS i;
INSERT INTO sampling_point (code, site_id, kind, desks, hours, in_service)
SELECT 'P' || id, id, 'nearby', 2, '[1020,1260)', '[2022-04-01,)' FROM park_site WHERE kind = 'nearby';
INSERT INTO sampling_slot (point_id, enterprise_id, shift, minutes, by_shuttle, during)
SELECT point, id, '', int4range(1020 + place * 20, 1040 + place * 20), false, '[2022-04-01,)'
FROM (SELECT e.id, p.id AS point, (e.n / %(points)s)::int AS place
      FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM park_enterprise WHERE kind <> 'body') e
      JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM sampling_point) p ON p.n = e.n %% %(points)s) a;
INSERT INTO park_person (uuid, name, pinyin, document_kind, document_tail, phone, staff_number, employer_id, category,
  shift, registered_at)
SELECT gen_random_uuid(), '人' || i, 'ren ' || i, '', '', '', 'W' || i,
  %(enterprise)s + i %% %(enterprises)s, 'production', '', %(long_ago)s
FROM generate_series(0, %(people)s - 1) AS i;
INSERT INTO park_presence (person_id, state, during, reason, source)
SELECT id, CASE WHEN id %% 50 = 0 THEN 'away' WHEN id %% 97 = 0 THEN 'silent' ELSE 'on_post' END,
  tstzrange(%(long_ago)s, NULL), '', '' FROM park_person WHERE category = 'production';
"""

# Three in a hundred of the due are missed, one in 300 is scanned twice, one scan in 200 is undone; one tube in twelve
# has no result yet, a few are spoiled or positive.
_EVENING = """
CREATE TEMPORARY TABLE swab ON COMMIT DROP AS
SELECT person_id, point_id, (row_number() OVER (ORDER BY point_id, person_id) - 1) / {pool} AS tube, false AS again
FROM sampling_due WHERE round_id = %(round)s AND standing = 'due' AND person_id %% 33 <> 0;
INSERT INTO swab SELECT person_id, point_id, tube + 1, true FROM swab WHERE person_id %% 300 = 1;
INSERT INTO sampling_tube (code, point_id, round_id, pool_size, opening, opened_at, sealing, sealed_at, first_heard_at)
SELECT 'B' || %(round)s || '-' || n, min(point_id), %(round)s, {pool}, gen_random_uuid(), %(swabbed)s,
  gen_random_uuid(), %(swabbed)s, %(swabbed)s
FROM (SELECT tube AS n, point_id FROM swab) t GROUP BY n;
INSERT INTO sampling_scan (id, tube_id, person_id, round_id, point_id, how, claimed, scanned_at, device_at, received_at,
  sequence, undone_at, undone_received_at)
SELECT gen_random_uuid(), t.id, s.person_id, %(round)s, s.point_id, 'code', '', w.at, w.at, w.at, 0,
  CASE WHEN s.person_id %% 200 = 7 THEN w.at END, CASE WHEN s.person_id %% 200 = 7 THEN w.at END
FROM swab s JOIN sampling_tube t ON t.code = 'B' || %(round)s || '-' || s.tube
CROSS JOIN LATERAL (SELECT %(swabbed)s::timestamptz + (s.person_id %% 7200) * interval '1 second' AS at) w
ORDER BY w.at;
INSERT INTO sampling_box (id, code, point_id, round_id, sealed_at, received_at)
SELECT gen_random_uuid(), 'X' || %(round)s || '-' || n, NULL, %(round)s, %(swabbed)s, %(swabbed)s
FROM (SELECT DISTINCT id / 50 AS n FROM sampling_tube WHERE round_id = %(round)s) b;
INSERT INTO sampling_box_tube (box_id, tube_id)
SELECT b.id, t.id FROM sampling_tube t JOIN sampling_box b ON b.code = 'X' || %(round)s || '-' || t.id / 50
WHERE t.round_id = %(round)s;
INSERT INTO sampling_reception (id, tube_id, laboratory_id, condition, at, received_at)
SELECT gen_random_uuid(), id, %(laboratory)s, CASE WHEN id %% 400 = 0 THEN 'leaked' ELSE 'good' END, %(received)s,
  %(received)s FROM sampling_tube WHERE round_id = %(round)s AND id %% 100 <> 0;
INSERT INTO sampling_result (tube_id, tube_code, value, tested_at, received_at, report_id, struck_reason)
SELECT id, code, CASE WHEN id %% 5000 = 1 THEN 'positive' WHEN id %% 900 = 1 THEN 'invalid' ELSE 'negative' END,
  %(told)s, %(told)s, %(report)s, '' FROM sampling_tube WHERE round_id = %(round)s AND id %% 100 <> 0 AND id %% 12 <> 0;
INSERT INTO sampling_disposition (uuid, round_id, test, person_id, kind, at, by_id, reason, place, result)
SELECT gen_random_uuid(), %(round)s, '', person_id, 'excused', %(told)s, %(office)s, '高烧', '', ''
FROM sampling_due WHERE round_id = %(round)s AND standing = 'due' AND person_id %% 330 = 0;
"""


def fill_park(people: int, at: datetime, *, points: int = 0) -> Person:
    """Fill the active park with grids, enterprises, points (0: one for 240 people), slots and people.

    Returns somebody of its office.
    """
    enterprises = max(1, people // PEOPLE_AN_ENTERPRISE)
    points = points or max(1, people // PEOPLE_A_POINT)
    grids = Grid.objects.bulk_create(Grid(code=str(n), name=f"第{n}网格", polygon={}) for n in range(1, GRIDS + 1))
    body = Enterprise.objects.create(credit_code="BODY", name="园区办公室", short_name="园区办", kind="body")
    office = Person.objects.create(name="办公室", employer=body, category="office_staff", registered_at=LONG_AGO)
    Post.objects.create(person=office, role=Post.Role.OFFICE, during=FOR_EVER)
    Emergency.objects.create(name="测速", basis="测速", pack="bench", during=(LONG_AGO, None))
    Rule.objects.bulk_create(
        Rule(key=key, value=value, during=(LONG_AGO, None), source="测速")
        for key, value in (("tube_to_lab_hours", 4), ("result_hours", 24))
    )
    Programme.objects.create(
        name="测速", test="pcr", every_days={"sealed": 1, "controlled": 1, "other": 1}, pool_size=POOL, opens=1020,
        closes=1320, during=FOR_EVER, source="测速",
    )  # fmt: skip
    facts = {
        "grid": grids[0].pk, "enterprise": body.pk + 1, "enterprises": enterprises, "points": points,
        "people": people, "long_ago": LONG_AGO,
    }  # fmt: skip
    load(_REGISTER.format(grids=GRIDS, per_enterprise=PEOPLE_AN_ENTERPRISE), facts)
    return office


def play_evening(round: Round, office: Person, at: datetime) -> None:
    """Write the round's scans, tubes, boxes, receptions and results, all known at `at`, the next morning.

    Nobody tells the planner but the product's own worker.
    """
    laboratory = Laboratory.objects.filter(code="LAB").first() or _laboratory()
    report = LabReport.objects.create(kind="table", received_at=at)
    facts = {
        "round": round.pk, "laboratory": laboratory.pk, "report": report.pk, "office": office.pk,
        "swabbed": round.opens_at, "received": round.opens_at + timedelta(hours=3.5),
        "told": round.opens_at + timedelta(hours=9),
    }  # fmt: skip
    load(_EVENING.format(pool=POOL), facts, tidy=False)


def _laboratory() -> Laboratory:
    site = Site.objects.create(code="LAB", name="检测机构", kind="laboratory", longitude=121.6, latitude=31.2)
    return Laboratory.objects.create(code="LAB", name="检测机构", site=site)


def as_the_worker(at: datetime) -> None:
    """Do what the worker does every two seconds: count what has grown, keep the counts of large rounds ready."""
    time.sleep(32)  # what was counted half a minute ago is not counted again
    take_turns(at)


def enter_pack() -> None:
    """Add to the active park's rulebook every rule of the sample pack that it lacks."""
    known = set(Rule.objects.values_list("key", flat=True))
    rules = {row.key: row.value for row in read_pack("shanghai-2022").rules if row.key not in known}
    Rule.objects.bulk_create(
        Rule(key=key, value=value, during=(LONG_AGO, None), source="测速") for key, value in rules.items()
    )


def load(script: str, facts: dict[str, Any], *, tidy: bool = True) -> None:
    """Run the statements without the checks of foreign keys, which hold by construction; then tell the planner."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL work_mem = '256MB'")
        for statement in script.strip().split(";\n"):
            if statement.strip():
                cursor.execute(statement, facts)
    if tidy:
        tell_the_planner("VACUUM ANALYZE")


def tell_the_planner(how: str = "ANALYZE") -> None:
    """Count the tables of this park anew, and of no other: a bare ANALYZE reads those of every park."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
        for (table,) in cursor.fetchall():
            cursor.execute(f'{how} "{table}"')
