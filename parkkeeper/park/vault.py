"""People's documents: sealed at rest, found by blind index, opened only to be shown to somebody who may see them."""

from django.conf import settings

from parkkeeper.kernel.crypto import blind_index, seal, unseal
from parkkeeper.kernel.documents import read_document, tail
from parkkeeper.park.models import Person


def document_index(raw: str) -> bytes | None:
    """The blind index of a document as somebody typed it, or None when it is blank."""
    number = read_document(raw).number
    return blind_index(number, settings.KEYS.blind, purpose="document") if number else None


def put_document(person: Person, raw: str) -> None:
    """Set the person's document columns (kind, sealed, index, last four) from what was typed; does not save."""
    document = read_document(raw)
    if not document.number:
        person.document_kind, person.document_tail = "", ""
        person.document_sealed = person.document_index = None
        return
    person.document_kind = document.kind
    person.document_sealed = seal(document.number, settings.KEYS.data, context="person.document")
    person.document_index = blind_index(document.number, settings.KEYS.blind, purpose="document")
    person.document_tail = tail(document.number)


def document_of(person: Person) -> str:
    """The person's document in plain ("" when there is none). The caller writes who looked."""
    if person.document_sealed is None:
        return ""
    return unseal(bytes(person.document_sealed), settings.KEYS.data, context="person.document")
