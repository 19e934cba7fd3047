"""Specialists: reading a row; finding the person, the post and the certificate that it means. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from parkkeeper.kernel.tables import Row
from parkkeeper.park.imports.cells import word_of
from parkkeeper.park.imports.directory import Directory, Grids
from parkkeeper.park.imports.enterprises import read_day_of
from parkkeeper.park.imports.finders import find_places
from parkkeeper.park.imports.lines import Decision, Line, Plan, Verdict
from parkkeeper.park.imports.people import People, Whom, whom
from parkkeeper.park.imports.roster_lines import picked, read_identity, read_name, words
from parkkeeper.park.imports.wording import gravest, wording
from parkkeeper.park.models import Certificate, Enterprise, Person, Post

Role = Post.Role
BY_HAND = {Role.OFFICE, Role.LEADER, Role.LAB, Role.SCREEN}
ROLES = [role for role in Role if role not in BY_HAND]
_CERTIFIED = {Role.PREVENTION, Role.SAMPLING, Role.SCANNING}
_WORDS = words(Role.choices, {
    "防疫": Role.PREVENTION, "联络员": Role.PREVENTION, "采样": Role.SAMPLING, "采样员": Role.SAMPLING,
    "扫码": Role.SCANNING, "扫码员": Role.SCANNING, "店小二": Role.CONCIERGE, "组长": Role.TEAM_LEADER,
    "组员": Role.TEAM_MEMBER, "转运": Role.COURIER, "司机": Role.COURIER,
})  # fmt: skip
_LENGTHS = {"certificate": 40, "issuer": 120}

Days = tuple[date | None, date | None]
Place = tuple[int | None, int | None, int | None]
"""Ids of site, enterprise, grid: the one that a post names, the others None."""


def specialist_line(row: Row, chosen: Mapping[str, int]) -> Line:
    """Read a row: the person's keys, role, place, days of the post, certificate with issuer and validity."""
    line = picked(row, chosen)
    read_name(line)
    read_identity(line)
    role = word_of(line.get("role"), _WORDS)
    if not line.get("role"):
        line.tell("role", "blank")
    elif role is None:
        line.tell("role", "role_unknown")
    elif role in BY_HAND:
        line.tell("role", "role_by_hand")
    line.values["role"] = role or ""
    for name, limit in _LENGTHS.items():
        if len(line.get(name)) > limit:
            line.tell(name, "too_long", limit=limit)
    for begin, end in (("post_from", "post_to"), ("valid_from", "valid_to")):
        first, last = read_day_of(line, begin), read_day_of(line, end)
        if first and last and last < first:
            line.tell(end, "days_reversed")
    return line


@dataclass
class _Held:
    """What the register has of the people found: posts and certificates, and what this step has planned already."""

    day: date
    directory: Directory
    grids: Grids
    places: dict[str, int]
    posts: dict[tuple[int, str, Place], list[Post]] = field(default_factory=dict)
    certificates: dict[tuple[str, str], Certificate] = field(default_factory=dict)
    certified: set[tuple[int, str]] = field(default_factory=set)
    planned: dict[tuple[int, str, Place], int] = field(default_factory=dict)
    numbers: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    made: set[tuple[str, str]] = field(default_factory=set)

    def read(self, people: People, lines: Sequence[Line]) -> None:
        """Fetch posts and certificates: three queries."""
        ids = list(people.by_id)
        for post in Post.objects.filter(person_id__in=ids):
            place = (post.site_id, post.enterprise_id, post.grid_id)
            self.posts.setdefault((post.person_id, post.role, place), []).append(post)
        numbers = [line.get("certificate") for line in lines if line.get("certificate")]
        for certificate in Certificate.objects.filter(number__in=numbers):
            self.certificates[(certificate.issuer, certificate.number)] = certificate
        self.certified = set(Certificate.objects.filter(person_id__in=ids).values_list("person_id", "role"))


def plan_specialists(lines: Sequence[Line], *, at: datetime, decision: Decision | None = None) -> list[Plan]:
    """Plan each line. With a decision (one line) its doubts are settled as decided."""
    directory = Directory.load()
    rows = [whom(line, directory.resolve(line, "employer", "employer_code")) for line in lines]
    people = People.matching(rows, [decision.candidate] if decision and decision.candidate else [])
    places = find_places(line.get("place") for line in lines)
    held = _Held(timezone.localdate(at), directory, Grids.load(), places)
    held.read(people, lines)
    return [_plan(row, people, held, decision) for row in rows]


def _plan(row: Whom, people: People, held: _Held, decision: Decision | None) -> Plan:
    line = row.line
    person, candidates = _find(row, people, decision)
    # whether the number is well-formed matters to the roster; here it only leads to somebody
    line.problems[:] = [p for p in line.problems if "as_is" not in wording(p.code).settle or person is None]
    if person is None and not candidates:
        line.tell("name", "person_unknown")
    if gravest(line.problems) == "error":
        return Plan(line, "error", target=person)
    if candidates or person is None:
        return Plan(line, "ambiguous", candidates=[candidate.pk for candidate in candidates])
    place = _place(line, person, held)
    if gravest(line.problems) == "error":
        return Plan(line, "error", target=person)
    extra = {**_post(line, person, place, held), **_certificate(line, person, held)}
    fresh = extra.get("post", {}).get("target", ...) is None
    if fresh and not line.get("certificate") and _uncertified(line, person, held):
        line.tell("certificate", "no_certificate")
    if gravest(line.problems) == "error":
        return Plan(line, "error", target=person)
    verdict: Verdict = "unchanged"
    if "post" in extra or "certificate" in extra:
        verdict = "new" if fresh else "changed"
    return Plan(line, verdict, target=person, extra=extra)


def _find(row: Whom, people: People, decision: Decision | None) -> tuple[Person | None, list[Person]]:
    if decision is not None and decision.how == "same":
        return people.by_id.get(decision.candidate or 0), []
    keyed = [
        people.by_uuid.get(row.uuid) if row.uuid else None,
        people.by_index.get(row.index) if row.index else None,
        people.by_staff.get(row.staff_key) if row.staff_key else None,
    ]
    found = list({person.pk: person for person in keyed if person is not None}.values())
    if len(found) > 1:
        row.line.tell("staff_number", "two_people")
        return None, found
    if not found:
        found = people.namesakes(row)
        if len(found) > 1:
            row.line.tell("name", "several_people", count=len(found))
            return None, found
    elif row.line.get("name") and row.line.get("name") != found[0].name:
        row.line.tell("name", "name_differs")
        return None, found
    return (found[0], []) if found else (None, [])


def _place(line: Line, person: Person, held: _Held) -> Place:
    if line.get("place"):
        site = held.places.get(line.get("place"))
        if site is None:
            line.tell("place", "place_unknown")
        return (site, None, None)
    if line.get("grid"):
        grid = held.grids.named(line.get("grid"))
        if grid is None:
            line.tell("grid", "place_unknown")
        return (None, None, grid.pk if grid else None)
    enterprise: Enterprise | None = None
    if line.get("covers"):
        enterprise = held.directory.resolve(line, "covers")
    elif line.get("role") == Role.PREVENTION:
        enterprise = held.directory.by_id.get(person.employer_id)
    elif line.get("role") != Role.COURIER:
        line.tell("place", "no_place")
    return (None, enterprise.pk if enterprise else None, None)


def _post(line: Line, person: Person, place: Place, held: _Held) -> dict[str, Any]:
    key = (person.pk, line.get("role"), place)
    first = held.planned.setdefault(key, line.number)
    if first != line.number:
        line.tell("role", "repeated", row=first)
        return {}
    known = held.posts.get(key, [])
    begin, end = _days(line, "post_from", "post_to")
    start = begin or held.day
    overlapping = [post for post in known if _overlap((post.during.lower, post.during.upper), (start, end))]
    if len(overlapping) > 1:
        line.tell("role", "post_overlaps")
        return {}
    if not overlapping:
        return {"post": {"target": None, "place": place, "role": line.get("role"), "during": (start, end)}}
    post = overlapping[0]
    stored: Days = (post.during.lower, post.during.upper)
    wanted: Days = (begin or stored[0], end or stored[1])
    if wanted == stored:
        return {}
    if any(_overlap((o.during.lower, o.during.upper), wanted) for o in known if o.pk != post.pk):
        line.tell("role", "post_overlaps")
    return {"post": {"target": post, "during": wanted}}


def _uncertified(line: Line, person: Person, held: _Held) -> bool:
    return line.get("role") in _CERTIFIED and (person.pk, line.get("role")) not in held.certified


def _certificate(line: Line, person: Person, held: _Held) -> dict[str, Any]:
    number, issuer, role = line.get("certificate"), line.get("issuer"), line.get("role")
    if not number:
        return {}
    begin, end = _days(line, "valid_from", "valid_to")
    known = held.certificates.get((issuer, number))
    owner = (known.person_id, known.role) if known else held.numbers.setdefault((issuer, number), (person.pk, role))
    if owner[0] != person.pk:
        line.tell("certificate", "certificate_other")
    elif owner[1] != role:
        line.tell("certificate", "certificate_other_role", role=str(Role(owner[1]).label))
    elif known is None and not (issuer and begin and end):
        line.tell("certificate", "certificate_incomplete")
    elif known is None:
        if (issuer, number) in held.made:
            return {}  # somebody who serves several places is listed once a place, with the same certificate
        held.made.add((issuer, number))
        return {
            "certificate": {"target": None, "number": number, "issuer": issuer, "role": role, "during": (begin, end)}
        }
    else:
        wanted: Days = (begin or known.during.lower, end or known.during.upper)
        if wanted != (known.during.lower, known.during.upper):
            return {"certificate": {"target": known, "during": wanted}}
    return {}


def _days(line: Line, begin: str, end: str) -> Days:
    """The days of two fields as a half-open interval: the file names the last day, the register the day after it."""
    first, last = line.get(begin), line.get(end)
    after = date.fromisoformat(last) + timedelta(days=1) if last else None
    return (date.fromisoformat(first) if first else None, after)


def _overlap(first: Days, second: Days) -> bool:
    low, high = date.min, date.max
    return (first[0] or low) < (second[1] or high) and (second[0] or low) < (first[1] or high)
