"""What pool size the last days' tubes advise."""

from datetime import datetime, timedelta

from parkkeeper.planning.pooling import Advice, advise
from parkkeeper.sampling.tubefacts import query
from parkkeeper.sampling.tubewords import TUBE_WORDS

# Single retests after a positive pool would count its members twice, so a tube counts only when nobody in it owed one.
_POOLS = f"""
WITH asked_tube AS (
    SELECT DISTINCT r.tube_id FROM sampling_result r
     WHERE r.received_at <= %(at)s AND r.received_at > %(since)s AND r.tube_id IS NOT NULL
), {TUBE_WORDS}
SELECT t.pool_size, count(*), count(*) FILTER (WHERE w.ruling = 'positive')
  FROM tube_word w JOIN sampling_tube t ON t.id = w.tube_id
  LEFT JOIN sampling_round round ON round.id = t.round_id
 WHERE w.ruling IN ('negative', 'positive') AND NOT coalesce(round.rehearsal, false)
   AND NOT EXISTS (
       SELECT FROM sampling_scan s JOIN sampling_obligation o ON o.person_id = s.person_id
        WHERE s.tube_id = t.id AND o.opened_at < s.scanned_at AND (o.closed_at IS NULL OR o.closed_at > s.scanned_at))
 GROUP BY t.pool_size ORDER BY t.pool_size
"""


def advise_pool_size(at: datetime, *, days: int = 7) -> Advice:
    """The pool size that the results of the `days` before `at` advise, as known then; one to a tube without any."""
    rows = query(_POOLS, at=at, since=at - timedelta(days=days))
    return advise({size: (pools, positive) for size, pools, positive in rows if size >= 1})
