"""Finding the people whom rows mean: all that a step needs in a few queries, then asked a row at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import connection

from parkkeeper.park.imports.lines import Line
from parkkeeper.park.models import Enterprise, Person, Presence
from parkkeeper.park.vault import number_index


@dataclass
class Whom:
    """A row's keys, resolved: who it says it is about."""

    line: Line
    employer: Enterprise | None
    uuid: UUID | None = None
    index: bytes | None = None

    @property
    def staff_key(self) -> tuple[int, str] | None:
        """Enterprise and staff number, None when either is blank: blank never matches blank."""
        number = self.line.get("staff_number")
        return (self.employer.pk, number) if self.employer and number else None

    @property
    def name_key(self) -> tuple[int, str] | None:
        """Enterprise and name."""
        name = self.line.get("name")
        return (self.employer.pk, name) if self.employer and name else None


def whom(line: Line, employer: Enterprise | None) -> Whom:
    """The keys of a line; a uuid that is none is told on the line."""
    found = Whom(line, employer)
    if line.get("uuid"):
        try:
            found.uuid = UUID(line.get("uuid"))
        except ValueError:
            line.tell("uuid", "uuid_unknown")
    if line.get("document"):
        found.index = number_index(line.get("document"))
    return found


_PAIRS = {
    # the constant condition lets the partial index of staff numbers serve
    "staff_number": "SELECT p.id FROM unnest(%s::bigint[], %s::text[]) AS k(employer, value) JOIN park_person p"
    " ON p.employer_id = k.employer AND p.staff_number = k.value AND p.staff_number <> ''",
    "name": "SELECT DISTINCT p.id FROM unnest(%s::bigint[], %s::text[]) AS k(employer, value) JOIN park_person p"
    " ON p.employer_id = k.employer AND p.name = k.value",
}


def _ids(column: Literal["staff_number", "name"], pairs: Sequence[tuple[int, str]]) -> list[int]:
    """People by exact pairs of enterprise and value: two IN lists would bring those whose number is used elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS[column], [[pair[0] for pair in pairs], [pair[1] for pair in pairs]])
        return [row[0] for row in cursor.fetchall()]


@dataclass
class People:
    """The people of the register that some rows may mean, by each of their keys."""

    by_uuid: dict[UUID, Person] = field(default_factory=dict)
    by_index: dict[bytes, Person] = field(default_factory=dict)
    by_staff: dict[tuple[int, str], Person] = field(default_factory=dict)
    by_name: dict[tuple[int, str], list[Person]] = field(default_factory=lambda: defaultdict(list))
    by_id: dict[int, Person] = field(default_factory=dict)
    states: dict[int, Presence] = field(default_factory=dict)

    @classmethod
    def matching(cls, rows: Sequence[Whom], ids: Iterable[int] = ()) -> "People":
        """Everybody whom the rows may mean by uuid, document or staff number; then namesakes of those not found."""
        found = cls()
        base = Person.objects.all()
        uuids = [row.uuid for row in rows if row.uuid]
        indexes = [row.index for row in rows if row.index]
        staff = [row.staff_key for row in rows if row.staff_key]
        if uuids:
            found._add(base.filter(uuid__in=uuids))
        if indexes:
            found._add(base.filter(document_index__in=indexes))
        if staff:
            # whoever the document led to stands under the own staff number already
            others = [pk for pk in _ids("staff_number", staff) if pk not in found.by_id]
            found._add(base.filter(pk__in=others) if others else [])
        chosen = list(ids)
        if chosen:
            found._add(base.filter(pk__in=chosen))
        names = [row.name_key for row in rows if row.name_key and not found.known(row)]
        if names:
            found._add_names(base.filter(pk__in=_ids("name", names)))
        return found

    def known(self, row: Whom) -> bool:
        """Whether uuid, document or staff number lead to somebody."""
        return bool(
            (row.uuid and row.uuid in self.by_uuid)
            or (row.index and row.index in self.by_index)
            or (row.staff_key and row.staff_key in self.by_staff)
        )

    def read_states(self, at: datetime) -> None:
        """Fetch the presence of everybody found, as it is at `at`."""
        for presence in Presence.objects.at(at).filter(person_id__in=list(self.by_id)):
            self.states[presence.person_id] = presence

    def _add(self, people: Iterable[Person]) -> None:
        for fetched in people:
            # one object a person, whichever key led to it
            person = self.by_id.setdefault(fetched.pk, fetched)
            self.by_uuid[person.uuid] = person
            if person.document_index is not None:
                self.by_index[bytes(person.document_index)] = person
            if person.staff_number:
                self.by_staff[(person.employer_id, person.staff_number)] = person

    def _add_names(self, people: Iterable[Person]) -> None:
        for fetched in people:
            person = self.by_id.setdefault(fetched.pk, fetched)
            self.by_name[(person.employer_id, person.name)].append(person)

    def namesakes(self, row: Whom) -> list[Person]:
        """People of that name and enterprise from whom neither document nor staff number tells the row apart."""
        if row.name_key is None:
            return []
        number = row.line.get("staff_number")
        return [
            person
            for person in self.by_name.get(row.name_key, [])
            if not (row.index and person.document_index is not None)
            and not (number and person.staff_number and number != person.staff_number)
        ]
