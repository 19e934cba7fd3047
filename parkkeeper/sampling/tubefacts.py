"""What the consequences of a tube depend on: its standing words and who is in it, read at once for many tubes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from parkkeeper.sampling.tubewords import TUBE_WORDS

_FACTS = f"""
WITH asked_tube AS (SELECT unnest(%(ids)s::bigint[]) AS tube_id), {TUBE_WORDS}, member AS (
    SELECT s.tube_id, count(DISTINCT s.person_id) AS people, count(*) FILTER (WHERE s.person_id IS NULL) AS nameless,
           bool_and(coalesce(r.rehearsal, false)) AS rehearsal
      FROM sampling_scan s JOIN asked_tube USING (tube_id) LEFT JOIN sampling_round r ON r.id = s.round_id
     WHERE s.undone_at IS NULL GROUP BY s.tube_id
), said AS (
    SELECT tube_id, count(*) FILTER (WHERE struck_at IS NOT NULL) AS struck,
           array_agg(DISTINCT value) FILTER (WHERE struck_at IS NULL) AS values,
           array_agg(id ORDER BY id) FILTER (WHERE struck_at IS NULL) AS results
      FROM sampling_result JOIN asked_tube USING (tube_id) GROUP BY tube_id
)
SELECT t.id, t.code, t.pool_size, t.point_id, point.code, point.site_id, w.ruling, w.outcome_at,
       coalesce(m.people, 0), coalesce(m.nameless, 0), coalesce(m.rehearsal, round.rehearsal, false),
       coalesce(said.struck, 0), coalesce(said.values, '{{}}'), coalesce(said.results, '{{}}')
  FROM sampling_tube t JOIN tube_word w ON w.tube_id = t.id
  LEFT JOIN sampling_point point ON point.id = t.point_id
  LEFT JOIN sampling_round round ON round.id = t.round_id
  LEFT JOIN member m ON m.tube_id = t.id
  LEFT JOIN said ON said.tube_id = t.id
 ORDER BY t.id
"""

_MEMBERS = """
SELECT DISTINCT s.tube_id, s.person_id, p.employer_id
  FROM sampling_scan s JOIN park_person p ON p.id = s.person_id LEFT JOIN sampling_round r ON r.id = s.round_id
 WHERE s.tube_id = ANY(%(ids)s) AND s.undone_at IS NULL AND NOT coalesce(r.rehearsal, false)
 ORDER BY s.tube_id, s.person_id
"""


@dataclass(frozen=True)
class TubeFacts:
    """A tube with results, and who is in it: live scans only; a rehearsal's tube has no consequences."""

    id: int
    code: str
    pool_size: int
    point_id: int | None
    point_code: str | None
    site_id: int | None
    ruling: str | None
    tested_at: datetime | None
    people: int
    nameless: int
    rehearsal: bool
    struck: int
    values: list[str]
    results: list[int]

    @property
    def single(self) -> bool:
        """Whether its result speaks of one known person only."""
        return self.pool_size == 1 and self.people == 1 and self.nameless == 0


@dataclass(frozen=True)
class Member:
    """Somebody whose live scan is in a tube."""

    tube: TubeFacts
    person_id: int
    enterprise_id: int


def facts_of(tube_ids: list[int]) -> list[TubeFacts]:
    """These tubes, in the order of their ids, as everything that has arrived until now says."""
    return [TubeFacts(*row) for row in query(_FACTS, ids=tube_ids, at="infinity")]


def members_of(tubes: dict[int, TubeFacts]) -> list[Member]:
    """Everybody with a live scan in one of these tubes (by id), rehearsals left out, each once a tube."""
    return [Member(tubes[tube], person, enterprise) for tube, person, enterprise in query(_MEMBERS, ids=list(tubes))]


def query(sql: str, **params: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement with named parameters."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
