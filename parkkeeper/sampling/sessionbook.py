"""Sessions by the ids that phones made: a row is made when one is first mentioned, perhaps before it was told."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from parkkeeper.sampling.arrays import moments, plain
from parkkeeper.sampling.field import Source
from parkkeeper.sampling.timing import days_of, rounds_on


def mention_sessions(mentioned: Mapping[UUID, datetime], source: Source) -> set[UUID]:
    """Make sure that these sessions exist at the source's point; the moment is that of the first mention.

    A session that is only mentioned has no `opened_by` until its own word comes. Without a point nothing can be made:
    returns the ids that exist now.
    """
    if not mentioned:
        return set()
    day_of = days_of(set(mentioned.values()))
    rounds = rounds_on(day_of.values())
    ordered = sorted(mentioned)
    with connection.cursor() as cursor:
        if source.point is not None:
            cursor.execute(
                "INSERT INTO sampling_session (id, point_id, round_id, opened_at, received_at) "
                "SELECT s.id, %s, s.round_id, s.at, %s "
                "FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[]) AS s(id, round_id, at) "
                "ON CONFLICT (id) DO NOTHING",
                [
                    source.point.pk,
                    source.received_at,
                    plain(ordered),
                    plain(r.id if (r := rounds.get(day_of[mentioned[i]])) else None for i in ordered),
                    moments(mentioned[i] for i in ordered),
                ],
            )
        cursor.execute("SELECT id FROM sampling_session WHERE id = ANY(%s::uuid[])", [plain(ordered)])
        return {row[0] for row in cursor.fetchall()}
