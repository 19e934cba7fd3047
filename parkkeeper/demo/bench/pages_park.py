"""What the pages of a measured park show beyond its evening: a morning's antigen, doubts, positives, a map.

All in proportion to the park's people and written straight into the tables: only for measurements.
"""

from datetime import datetime
from typing import Any

from parkkeeper.demo.bench.reconcile_park import FOR_EVER, LONG_AGO, enter_pack, load
from parkkeeper.park.journal import record
from parkkeeper.park.models import Account, Emergency, Grid, Person, Post, Road
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Programme, Round

_REGISTER = """
UPDATE park_site SET longitude = 121.6 + (id * 37 %% 300) / 10000.0, latitude = 31.2 + (id * 53 %% 300) / 10000.0;
UPDATE park_enterprise SET resumed_on = '2022-04-28' WHERE kind <> 'body';
INSERT INTO park_post (person_id, role, enterprise_id, during)
SELECT id, 'prevention_specialist', employer_id, '[2022-04-01,)' FROM park_person WHERE category = 'production'
  AND id %% 100 = 1;
INSERT INTO park_certificate (person_id, role, number, issuer, during, revoked_reason)
SELECT person_id, role, 'C' || id, '测速', '[2022-04-01,2022-06-01)', '' FROM park_post WHERE enterprise_id IS NOT NULL;
INSERT INTO sampling_tube_roll (point_id, prefix, serials, issued_at, issued_by_id)
SELECT id, 'YQ', int8range(id * 1000, id * 1000 + 1000), %(long_ago)s, %(office)s FROM sampling_point
"""
_FACTS = """
INSERT INTO sampling_session (id, point_id, round_id, opened_at, opened_by_id, received_at)
SELECT gen_random_uuid(), id, %(round)s, %(opens)s, %(office)s, %(opens)s FROM sampling_point;
INSERT INTO sampling_duty (id, session_id, person_id, role, began_at, received_at)
SELECT gen_random_uuid(), s.id, p.id, 'prevention_specialist', s.opened_at, s.received_at
FROM (SELECT id, row_number() OVER (ORDER BY point_id) AS n, opened_at, received_at FROM sampling_session) s
JOIN (SELECT person_id AS id, row_number() OVER (ORDER BY id) AS n FROM park_post WHERE enterprise_id IS NOT NULL) p
  ON p.n = s.n;
UPDATE sampling_tube t SET session_id = s.id FROM sampling_session s WHERE s.point_id = t.point_id;
INSERT INTO sampling_antigen_test (id, person_id, day, value, taken_at, received_at, source)
SELECT gen_random_uuid(), person_id, '2022-05-19', CASE WHEN person_id %% 9000 = 1 THEN 'positive' ELSE 'negative' END,
  %(morning)s, %(morning)s, 'list' FROM sampling_due WHERE round_id = %(antigen)s AND standing = 'due'
  AND person_id %% 40 <> 0;
INSERT INTO park_anomaly (key, kind, raised_at, happened_at, person_id, enterprise_id, noun, noun_id, evidence,
  owner_role, settled_how, settled_reason)
SELECT 'bench:' || id, (ARRAY['walk_in', 'late_scan', 'not_due', 'unknown_tube', 'over_full'])[1 + id %% 5], %(told)s,
  %(opens)s, id, employer_id, '', '', '{}', 'office', '', ''
FROM park_person WHERE category = 'production' AND id %% 120 = 3;
INSERT INTO sampling_obligation (id, person_id, kind, cause, tube_id, opened_at, due_at, isolate, closed_reason)
SELECT gen_random_uuid(), s.person_id, 'single_retest', 'tube:' || t.code, t.id, %(told)s, %(morning)s, true, ''
FROM sampling_result r JOIN sampling_tube t ON t.id = r.tube_id
JOIN sampling_scan s ON s.tube_id = t.id AND s.undone_at IS NULL WHERE r.value = 'positive' ON CONFLICT DO NOTHING;
INSERT INTO sampling_flag (tube_id, point_id, raised_at, lowered_reason)
SELECT t.id, t.point_id, %(told)s, '' FROM sampling_result r JOIN sampling_tube t ON t.id = r.tube_id
WHERE r.value = 'positive';
INSERT INTO park_message (kind, params, to_id, link, sent_at)
SELECT 'gap_told', '{"enterprise": "企业", "day": "2022-05-18", "count": 3}', %(office)s, '/missing', %(told)s
FROM generate_series(1, 80)
"""
_JOURNAL_LINES = 300


def furnish_register(office: Person) -> None:
    """Add to the active park what has stood in its register for weeks, so that the planner knows it."""
    _draw()
    enter_pack()
    load(_REGISTER, {"office": office.pk, "long_ago": LONG_AGO})


def furnish(round: Round, office: Person, at: datetime) -> dict[str, Account]:
    """Add the rest to the active park, whose evening was played; `at`: the morning after.

    Gives the accounts of the office and of a liaison.
    """
    programme = Programme.objects.create(
        name="晨间抗原", test="antigen", every_days={"sealed": 1, "controlled": 1, "other": 1}, pool_size=1, opens=300,
        closes=720, during=FOR_EVER, source="测速",
    )  # fmt: skip
    antigen = open_round(programme, round.day.replace(day=round.day.day + 1), by=office, at=at)
    facts: dict[str, Any] = {
        "round": round.pk, "antigen": antigen.pk, "office": office.pk, "opens": round.opens_at, "morning": at,
        "told": at,
    }  # fmt: skip
    load(_FACTS, facts, tidy=False)
    for n in range(_JOURNAL_LINES):
        record("round.opened", round, by=office, at=at, line=n)
    Emergency.objects.update(pack="shanghai-2022")
    liaison = Post.objects.filter(enterprise__isnull=False).order_by("pk").select_related("person").first()
    assert liaison is not None
    who = {"office": office, "liaison": liaison.person}
    return {name: Account.objects.create(person=one, username=name, password="") for name, one in who.items()}


def _draw() -> None:
    """Nine squares side by side, and the roads between them."""
    for n, grid in enumerate(Grid.objects.order_by("pk")):
        west, south = 121.6 + (n % 3) / 100, 31.2 + (n // 3) / 100
        ring = [[west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south + 0.01], [west, south]]
        grid.polygon = {"type": "Polygon", "coordinates": [ring]}
        grid.save()
    for n in range(4):
        across = [[121.6, 31.2 + n / 100], [121.63, 31.2 + n / 100]]
        Road.objects.create(name=f"横{n}路", line={"type": "LineString", "coordinates": across}, arterial=True)
