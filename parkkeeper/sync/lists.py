"""What a phone carries besides the roster of people: the boxes under way, and the morning's list of self-tests."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from parkkeeper.park.access import posts_of
from parkkeeper.park.models import Person, Post
from parkkeeper.sampling.models import Laboratory, Point, Round, Test

# Boxes that are under way: of the point (null: of all points), sealed since then and not lost.
_BOXES = """
SELECT b.id::text AS box, b.code, p.code AS point, s.name AS place, b.sealed_at,
       (SELECT count(*) FROM sampling_box_tube t WHERE t.box_id = b.id) AS tubes,
       (SELECT min(h.at) FROM sampling_hand_over h WHERE h.box_id = b.id AND h.leg = 'to_courier') AS left_at,
       (SELECT min(h.at) FROM sampling_hand_over h WHERE h.box_id = b.id AND h.leg = 'to_lab') AS arrived_at
FROM sampling_box b
LEFT JOIN sampling_point p ON p.id = b.point_id
LEFT JOIN park_site s ON s.id = p.site_id
WHERE b.code <> '' AND b.sealed_at > %(since)s AND b.lost_at IS NULL
  AND (b.point_id = %(point)s OR %(point)s::bigint IS NULL)
ORDER BY b.sealed_at DESC, b.id LIMIT 2000
"""
# What is on the lists of boxes, each tube with the last word of a laboratory on it.
_CONTENTS = """
SELECT t.box_id::text AS box, u.code AS tube,
       (SELECT r.condition FROM sampling_reception r WHERE r.tube_id = t.tube_id ORDER BY r.at DESC, r.id DESC LIMIT 1
       ) AS condition
FROM sampling_box_tube t
JOIN sampling_tube u ON u.id = t.tube_id
WHERE t.box_id = ANY(%(boxes)s::uuid[])
ORDER BY t.box_id, u.code
"""
_BOXES_SINCE = timedelta(hours=36)

# Who owes a self-test in the round, of the enterprises that come to the point on that day or whose place it is. Of
# several tests of somebody the most serious one rules.
_PEOPLE = """
SELECT p.uuid::text AS person, p.name, split_part(p.pinyin, ' ', -1) AS initials, p.staff_number,
       e.short_name AS enterprise, p.document_tail AS tail, (
       SELECT a.value FROM sampling_antigen_test a WHERE a.person_id = d.person_id AND a.day = %(day)s
       ORDER BY array_position(ARRAY['positive', 'indeterminate', 'invalid', 'negative'], a.value::text), a.id LIMIT 1
       ) AS value
FROM sampling_due d
JOIN park_person p ON p.id = d.person_id
JOIN park_enterprise e ON e.id = d.enterprise_id
WHERE d.round_id = %(round)s AND d.standing = 'due' AND d.enterprise_id = ANY(%(enterprises)s)
ORDER BY e.short_name, p.pinyin, p.id
"""


def boxes_under_way(point: Point | None, at: datetime) -> list[dict[str, Any]]:
    """Boxes on their way from the point, or from every point for None; who is in them stays on the server."""
    rows = _rows(_BOXES, {"point": point.pk if point else None, "since": at - _BOXES_SINCE})
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in rows
    ]


def boxes_to_receive(at: datetime) -> list[dict[str, Any]]:
    """Boxes on their way from every point with the codes of their tubes, for who takes them tube by tube."""
    boxes = boxes_under_way(None, at)
    contents: dict[str, list[dict[str, Any]]] = {box["box"]: [] for box in boxes}
    for row in _rows(_CONTENTS, {"boxes": list(contents)}):
        contents[row["box"]].append({"tube": row["tube"], "condition": row["condition"]})
    return [{**box, "contents": contents[box["box"]]} for box in boxes]


def laboratories_of(holder: Person, at: datetime) -> list[dict[str, str]]:
    """Whose word the holder's phone may send: the laboratory of the own post, else every one: {"code", "name"}."""
    sites = {post.site_id for post in posts_of(holder, at) if post.role == Post.Role.LAB}
    every = Laboratory.objects.order_by("code").values_list("code", "name", "site")
    own = [row for row in every if row[2] in sites]
    return [{"code": code, "name": name} for code, name, _site in own or every]


def antigen_morning(point: Point, day: date, at: datetime) -> dict[str, Any] | None:
    """The list of self-tests of the day for the point's enterprises: {"day", "people"}; None without such a round."""
    round = Round.objects.filter(test=Test.ANTIGEN, day=day, frozen_at__lte=at).first()
    if round is None:
        return None
    slots = point.slots.filter(during__contains=day).order_by("enterprise")
    enterprises = {*slots.values_list("enterprise_id", flat=True)} | ({point.host_id} if point.host_id else set())
    return {
        "day": day.isoformat(),
        "people": _rows(_PEOPLE, {"round": round.pk, "day": day, "enterprises": sorted(enterprises)}),
    }


def _rows(statement: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
