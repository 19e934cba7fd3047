"""How often each of many findings is the same problem again (Finding.objects.same_problem asks for one)."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

_REPEATS = """
SELECT f.id, count(*) FROM inspection_finding f JOIN inspection_item i ON i.id = f.item_id
JOIN inspection_finding e ON e.enterprise_id = f.enterprise_id AND e.area = f.area AND e.id <> f.id
  AND e.noted_at >= f.noted_at - %(days)s * interval '1 day' AND e.noted_at < f.noted_at
JOIN inspection_item j ON j.id = e.item_id AND j.code = i.code
WHERE f.id = ANY(%(findings)s) AND (
  EXISTS (SELECT FROM inspection_step s
          WHERE s.finding_id = e.id AND s.kind = 'fixed' AND s.counts AND s.at <= f.noted_at)
  OR EXISTS (SELECT FROM inspection_notice_line l JOIN inspection_notice n ON n.id = l.notice_id
             WHERE l.finding_id = e.id AND l.lapsed AND n.lapsed_at <= f.noted_at))
GROUP BY f.id, f.noted_at ORDER BY f.noted_at, f.id
"""


def repeats_of(findings: Sequence[UUID], days: float) -> dict[UUID, int]:
    """How often each that was there before within that many days was, in the order in which they were noted."""
    with connection.cursor() as cursor:
        cursor.execute(_REPEATS, {"findings": list(findings), "days": days})
        return dict(cursor.fetchall())
