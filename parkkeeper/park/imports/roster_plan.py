"""What a roster's rows mean for the register: who is new, who has changed, whom a person must decide. Reads only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from parkkeeper.kernel.text import pinyin_initials, pinyin_key
from parkkeeper.park.imports.directory import Directory
from parkkeeper.park.imports.lines import Decision, Line, Plan, Verdict
from parkkeeper.park.imports.people import People, Whom, whom
from parkkeeper.park.imports.wording import gravest, wording
from parkkeeper.park.models import Person, Presence
from parkkeeper.park.vault import document_columns

_PLAIN = ("name", "phone", "staff_number", "category", "shift")
_KEPT = {Presence.State.ISOLATED, Presence.State.SILENT}


def plan_roster(lines: Sequence[Line], *, at: datetime, decision: Decision | None = None) -> list[Plan]:
    """Plan each line. With a decision (one line) its doubts are settled as decided."""
    directory = Directory.load()
    rows = [whom(line, directory.resolve(line, "employer", "employer_code")) for line in lines]
    people = People.matching(rows, [decision.candidate] if decision and decision.candidate else [])
    people.read_states(at)
    return [_plan(row, people, directory, decision) for row in rows]


def _plan(row: Whom, people: People, directory: Directory, decision: Decision | None) -> Plan:
    line = row.line
    person, candidates = _find(row, people, decision)
    _accept(row, person, decision)
    if person is None and row.employer is None and gravest(line.problems) != "error":
        line.tell("employer", "blank")
    grave = gravest(line.problems)
    if grave == "error":
        return Plan(line, "error", target=person)
    if candidates:
        return Plan(line, "ambiguous", candidates=[candidate.pk for candidate in candidates])
    if grave == "ambiguous":
        return Plan(line, "ambiguous")
    if person is None:
        return _new(row)
    if row.employer and row.employer.pk != person.employer_id:
        former = directory.by_id.get(person.employer_id, "")
        line.tell("employer", "employer_changed", old=str(former), new=str(row.employer))
    return _changed(row, person, people, decision)


def _accept(row: Whom, person: Person | None, decision: Decision | None) -> None:
    """Drop what a person has accepted: a number that the register has already, or one to be taken as it is."""
    known = person is not None and row.index is not None and _same(person.document_index, row.index)
    as_is = decision is not None
    if known or as_is:
        kept = [p for p in row.line.problems if "as_is" not in wording(p.code).settle]
        if as_is and len(kept) < len(row.line.problems):
            row.line.values["document_kind"] = row.line.values["told_kind"] = Person.DocumentKind.UNKNOWN
        row.line.problems[:] = kept
    if decision is not None and decision.how != "as_is":
        row.line.problems[:] = [p for p in row.line.problems if wording(p.code).gravity != "ambiguous"]


def _find(row: Whom, people: People, decision: Decision | None) -> tuple[Person | None, list[Person]]:
    """Who it is, and who it may be when that is not sure (the doubt is then told on the line)."""
    if decision is not None and decision.how == "same":
        return people.by_id.get(decision.candidate or 0), []
    line = row.line
    by_uuid = people.by_uuid.get(row.uuid) if row.uuid else None
    if row.uuid and by_uuid is None:
        line.tell("uuid", "uuid_unknown")
    by_index = people.by_index.get(row.index) if row.index else None
    by_staff = people.by_staff.get(row.staff_key) if row.staff_key else None
    if by_uuid is not None:
        return _checked(row, by_uuid, [by_index, by_staff])
    if by_index is not None:
        found, doubts = _checked(row, by_index, [by_staff])
        return (found, doubts) if doubts else _same_name(row, by_index)
    if by_staff is not None:
        return _by_staff(row, by_staff, decision)
    if decision is not None and decision.how == "new":
        return None, []
    namesakes = people.namesakes(row)
    if namesakes:
        line.tell("name", "same_name")
    return None, namesakes


def _checked(row: Whom, person: Person, others: Sequence[Person | None]) -> tuple[Person, list[Person]]:
    strangers = [other for other in others if other is not None and other.pk != person.pk]
    if strangers:
        row.line.tell("staff_number", "two_people")
        return person, [person, *strangers]
    return person, []


def _same_name(row: Whom, person: Person) -> tuple[Person, list[Person]]:
    if row.line.get("name") and row.line.get("name") != person.name:
        row.line.tell("name", "name_differs")
        return person, [person]
    return person, []


def _by_staff(row: Whom, person: Person, decision: Decision | None) -> tuple[Person | None, list[Person]]:
    if row.index and person.document_index is not None and not _same(person.document_index, row.index):
        row.line.tell("document", "document_differs")
        return person, [person]
    return _same_name(row, person)


def _same(stored: Any, index: bytes) -> bool:
    return stored is not None and bytes(stored) == index


def _new(row: Whom) -> Plan:
    line, employer = row.line, row.employer
    assert employer is not None
    name = line.get("name")
    changes: dict[str, Any] = {
        "name": name,
        "phone": line.get("phone"),
        "staff_number": line.get("staff_number"),
        "employer_id": employer.pk,
        "category": line.get("category") or Person.Category.OTHER,
        "shift": line.get("shift"),
        **_document(row),
    }
    if row.uuid:
        changes["uuid"] = row.uuid
    return Plan(line, "new", changes=changes, extra={"state": line.get("state") or Presence.State.ON_POST})


def sort_key(name: str) -> str:
    """The pinyin of a name and its initials, as Person.pinyin keeps them."""
    return f"{pinyin_key(name)} {pinyin_initials(name)}".strip()[:160]


def _changed(row: Whom, person: Person, people: People, decision: Decision | None) -> Plan:
    line = row.line
    changes = {name: line.get(name) for name in _PLAIN if line.get(name) and line.get(name) != getattr(person, name)}
    _move(row, person, changes)
    _redocument(row, person, changes)
    if decision is not None:
        _leave_out_what_is_anothers(row, person, people, changes)
    extra = _state(row, person, people)
    verdict: Verdict = "changed" if changes or extra else "unchanged"
    return Plan(line, verdict, target=person, changes=changes, extra=extra)


def _move(row: Whom, person: Person, changes: dict[str, Any]) -> None:
    if row.employer is None or row.employer.pk == person.employer_id:
        return
    changes["employer_id"] = row.employer.pk
    if not row.line.get("staff_number") and person.staff_number:
        changes["staff_number"] = ""  # it was the former employer's number


def _document(row: Whom) -> dict[str, Any]:
    """The document in plain: `completed` seals it, which a preview has no need of."""
    number = row.line.get("document")
    return {"document": (row.line.get("document_kind"), number)} if number else {}


def completed(changes: dict[str, Any]) -> dict[str, Any]:
    """Changes as columns of Person: the sort key of a name, the document sealed."""
    columns = {name: value for name, value in changes.items() if name != "document"}
    if "name" in changes:
        columns["pinyin"] = sort_key(changes["name"])
    if "document" in changes:
        columns |= document_columns(*changes["document"])
    return columns


def _redocument(row: Whom, person: Person, changes: dict[str, Any]) -> None:
    if row.index is None:
        return
    if not _same(person.document_index, row.index):
        changes |= _document(row)
    elif row.line.get("told_kind") and row.line.get("told_kind") != person.document_kind:
        changes["document_kind"] = row.line.get("told_kind")


def _leave_out_what_is_anothers(row: Whom, person: Person, people: People, changes: dict[str, Any]) -> None:
    """A decision says who it is; a document or staff number that is another's stays with the other."""
    owner = people.by_index.get(row.index) if row.index else None
    if owner is not None and owner.pk != person.pk:
        changes.pop("document", None)
    holder = people.by_staff.get(row.staff_key) if row.staff_key else None
    if holder is not None and holder.pk != person.pk:
        changes.pop("staff_number", None)


def _state(row: Whom, person: Person, people: People) -> dict[str, Any]:
    told = row.line.get("state")
    present = people.states.get(person.pk)
    if not told or (present and present.state == told):
        return {}
    if present and present.state in _KEPT and told != Presence.State.LEFT:
        row.line.tell("state", "state_kept", state=str(Presence.State(present.state).label))
        return {}
    return {"state": told, "present": present}


def repeated_people(lines: Sequence[Line]) -> None:
    """Tell the later of two lines of one file that say the same document, staff number or (without both) name."""
    directory = Directory.load()
    seen: dict[tuple[Any, ...], int] = {}
    for line in lines:
        probe = Line(line.number, [], line.values)
        employer = directory.resolve(probe, "employer", "employer_code")
        place = employer.pk if employer else line.get("employer_code") or line.get("employer")
        number = line.get("staff_number")
        keys: list[tuple[str, str, tuple[Any, ...]]] = []
        if line.get("document"):
            keys.append(("document", "repeated", ("document", line.get("document"))))
        if number:
            keys.append(("staff_number", "repeated", ("staff", place, number)))
        if line.get("uuid"):
            keys.append(("uuid", "repeated", ("uuid", line.get("uuid").lower())))
        if not keys and line.get("name"):
            keys.append(("name", "same_name_in_file", ("name", place, line.get("name"))))
        for column, code, key in keys:
            first = seen.setdefault(key, line.number)
            if first != line.number:
                line.tell(column, code, row=first)
                break
