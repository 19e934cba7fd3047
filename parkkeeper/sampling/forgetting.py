"""Rows that were given to stand-ins get new keys: the journal still knows some of the old ones beside a person.

Every statement works on the stand-ins' rows only. Foreign keys are checked when the transaction ends.
"""

from collections.abc import Collection

from django.db import connection

_DISPOSITIONS = """WITH m AS MATERIALIZED (
  SELECT id, uuid AS old, gen_random_uuid() AS new FROM sampling_disposition WHERE person_id = ANY(%(people)s)
), changed AS (
  UPDATE sampling_disposition d SET uuid = m.new, id = nextval(pg_get_serial_sequence('sampling_disposition', 'id'))
  FROM m WHERE d.id = m.id
)
UPDATE sampling_obligation o SET cause = split_part(o.cause, ':', 1) || ':' || m.new
FROM m WHERE o.person_id = ANY(%(people)s) AND o.cause IN ('order:' || m.old, 'elsewhere:' || m.old)"""
_ORDERS = """WITH m AS MATERIALIZED (
  SELECT cause AS old, 'order:' || gen_random_uuid() AS new FROM (
    SELECT DISTINCT o.cause FROM sampling_obligation o
    WHERE o.person_id = ANY(%(people)s) AND o.cause LIKE 'order:%%' AND NOT EXISTS (
      SELECT FROM sampling_disposition d WHERE d.person_id = o.person_id AND o.cause = 'order:' || d.uuid)
  ) AS ordered
)
UPDATE sampling_obligation o SET cause = m.new FROM m WHERE o.person_id = ANY(%(people)s) AND o.cause = m.old"""
_ANTIGENS = """WITH m AS MATERIALIZED (
  SELECT id AS old, gen_random_uuid() AS new FROM sampling_antigen_test WHERE person_id = ANY(%(people)s)
), changed AS (
  UPDATE sampling_antigen_test a SET id = m.new FROM m WHERE a.id = m.old
)
UPDATE sampling_obligation o SET antigen_id = m.new, cause = replace(o.cause, m.old::text, m.new::text)
FROM m WHERE o.person_id = ANY(%(people)s) AND o.antigen_id = m.old"""
_OBLIGATIONS = """WITH m AS MATERIALIZED (
  SELECT id AS old, gen_random_uuid() AS new FROM sampling_obligation WHERE person_id = ANY(%(people)s)
)
UPDATE sampling_obligation o SET id = m.new, follows_id = (SELECT f.new FROM m f WHERE f.old = o.follows_id)
FROM m WHERE o.id = m.old"""


def new_keys(people: Collection[int]) -> None:
    """Give new keys to the dispositions, self-tests and obligations of these stand-ins (ids)."""
    with connection.cursor() as cursor:
        for statement in (_DISPOSITIONS, _ORDERS, _ANTIGENS, _OBLIGATIONS):
            cursor.execute(statement, {"people": list(people)})
