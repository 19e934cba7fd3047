"""Open notices by the thousand, with visits, findings and steps, written straight into the tables: only to measure."""

from datetime import datetime, timedelta

from parkkeeper.demo.bench.reconcile_park import FOR_EVER, enter_pack, load
from parkkeeper.inspection.actions.setup import put_checklist_in_force
from parkkeeper.inspection.checklistfiles import read_checklist
from parkkeeper.park.models import Grid, Person, Post

# Three findings a notice; a tenth of the notices come due at the very moment, a third is overdue (half of these were
# looked at in time), the others are due within two days.
_NOTICES = """
CREATE TEMPORARY TABLE made ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS visit, e.id AS enterprise,
  %(now)s::timestamptz - (30 + n %% 20) * interval '1 hour' AS at,
  CASE WHEN n %% 10 = 0 THEN %(now)s::timestamptz
       WHEN n %% 3 = 0 THEN %(now)s::timestamptz - (n %% 40) * interval '10 minutes' - interval '1 minute'
       ELSE %(now)s::timestamptz + (n %% 2880) * interval '1 minute' + interval '1 minute' END AS due
FROM generate_series(1, %(notices)s) n
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS all FROM park_enterprise
      WHERE kind <> 'body') e ON e.place = n %% e.all;
INSERT INTO inspection_visit (id, enterprise_id, checklist_id, kind, basis, by_id, second_id, began_at, received_at,
  ended_at, ended_how, end_received_at, answers, signed_by, signature, refusal, placeless)
SELECT visit, enterprise, %(checklist)s, 'full', 'emergency', %(one)s, %(other)s, at - interval '1 hour', at, at,
  'finished', at, '{}', '', '', '拒签', '' FROM made;
INSERT INTO inspection_finding (id, visit_id, enterprise_id, item_id, area, note, noted_at, received_at, by_id)
SELECT gen_random_uuid(), m.visit, m.enterprise, i.id, '一号楼', '', m.at, m.at, %(one)s
FROM made m JOIN LATERAL (SELECT id FROM inspection_item WHERE checklist_id = %(checklist)s
  ORDER BY (position * 7 + m.n) %% 59 LIMIT 3) i ON true;
INSERT INTO inspection_notice (year, serial, code, enterprise_id, visit_id, wording, unit, amount, issued_at,
  issued_by_id, second_id, due_at, served_at, served_by_id, served_how, served_to, served_place, receipt_refused,
  withdrawn_reason, talked_with, talk_minutes)
SELECT 2022, n, 'bench' || n, enterprise, visit, 'order', 'hours', 24, at, %(one)s, %(other)s, due, at, %(one)s,
  'in_person', '联络人', '门卫', '', '', '', '' FROM made;
INSERT INTO inspection_notice_line (notice_id, finding_id, todo, lapsed)
SELECT n.id, f.id, '整改', false FROM inspection_finding f JOIN inspection_notice n ON n.visit_id = f.visit_id;
INSERT INTO inspection_step (id, finding_id, kind, at, received_at, by_id, note, counts)
SELECT gen_random_uuid(), l.finding_id, CASE WHEN n.serial %% 2 = 0 THEN 'reported' ELSE 'partly' END,
  n.issued_at + interval '20 hours', n.issued_at + interval '20 hours', %(other)s, '', true
FROM inspection_notice_line l JOIN inspection_notice n ON n.id = l.notice_id WHERE n.serial %% 6 < 3;
"""


def fill_notices(notices: int, office: Person, at: datetime) -> int:
    """Add that many open notices to the active park; returns the id of a grid; the planner is told."""
    enter_pack()
    first = (at - timedelta(days=60)).date()
    checklist = put_checklist_in_force(
        "nine-grids", "九宫格检查表", read_checklist(), start=first, source="测速", by=office, at=at
    )
    one, other = list(Person.objects.exclude(pk=office.pk).order_by("pk")[:2])
    grid = Grid.objects.order_by("pk")[:1].get()
    for person, role in ((one, Post.Role.TEAM_LEADER), (other, Post.Role.TEAM_MEMBER)):
        Post.objects.create(person=person, role=role, grid=grid, during=FOR_EVER)
    facts = {"now": at, "notices": notices, "checklist": checklist.pk, "one": one.pk, "other": other.pk}
    load(_NOTICES, facts)
    return grid.pk
