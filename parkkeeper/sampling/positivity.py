"""What pool size the last days' tubes advise."""

from datetime import datetime, timedelta

from parkkeeper.planning.pooling import Advice, advise
from parkkeeper.sampling.asknown import results_of
from parkkeeper.sampling.tubefacts import query

# Single retests after a positive pool would count its members twice, so a tube counts only when nobody in it owed one.
# Those who owe are few: their tubes are looked up, not the people of every tube.
_POOLS = f"""
WITH asked_tube AS MATERIALIZED (
    SELECT DISTINCT r.tube_id FROM sampling_result r
     WHERE r.received_at <= %(at)s AND r.received_at > %(since)s AND r.tube_id IS NOT NULL
), ruling AS (
    SELECT r.tube_id, bool_or(r.value = 'positive') AS positive, bool_and(r.value IN ('negative', 'positive')) AS plain
      FROM {results_of("asked_tube")} r
     GROUP BY r.tube_id
), owed_tube AS MATERIALIZED (
    SELECT DISTINCT s.tube_id FROM sampling_obligation o JOIN sampling_scan s ON s.person_id = o.person_id
     WHERE o.opened_at < s.scanned_at AND (o.closed_at IS NULL OR o.closed_at > s.scanned_at)
)
SELECT t.pool_size, count(*), count(*) FILTER (WHERE r.positive)
  FROM ruling r JOIN sampling_tube t ON t.id = r.tube_id
  LEFT JOIN sampling_round round ON round.id = t.round_id
 WHERE (r.positive OR r.plain) AND NOT coalesce(round.rehearsal, false)
   AND t.id NOT IN (SELECT tube_id FROM owed_tube WHERE tube_id IS NOT NULL)
 GROUP BY t.pool_size ORDER BY t.pool_size
"""


def advise_pool_size(at: datetime, *, days: int = 7) -> Advice:
    """The pool size that the results of the `days` before `at` advise, as known then; one to a tube without any."""
    rows = query(_POOLS, at=at, since=at - timedelta(days=days))
    return advise({size: (pools, positive) for size, pools, positive in rows if size >= 1})
