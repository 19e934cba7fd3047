"""People's documents: sealed at rest, found by blind index, opened only to be shown to somebody who may see them."""

from typing import Any

from django.conf import settings

from parkkeeper.kernel.crypto import blind_index, seal, unseal
from parkkeeper.kernel.documents import read_document, tail
from parkkeeper.park.models import Person


def document_index(raw: str) -> bytes | None:
    """The blind index of a document as somebody typed it, or None when it is blank."""
    number = read_document(raw).number
    return number_index(number) if number else None


def number_index(number: str) -> bytes:
    """The blind index of a canonical document number (as `read_document` gives it)."""
    return blind_index(number, settings.KEYS.blind, purpose="document")


def document_columns(kind: str, number: str) -> dict[str, Any]:
    """The person's document columns for a canonical number: kind, sealed, index, last four; all empty for a blank."""
    if not number:
        return {"document_kind": "", "document_sealed": None, "document_index": None, "document_tail": ""}
    return {
        "document_kind": kind,
        "document_sealed": seal(number, settings.KEYS.data, context="person.document"),
        "document_index": number_index(number),
        "document_tail": tail(number),
    }


def put_document(person: Person, raw: str) -> None:
    """Set the person's document columns (kind, sealed, index, last four) from what was typed; does not save."""
    document = read_document(raw)
    for column, value in document_columns(document.kind, document.number).items():
        setattr(person, column, value)


def document_of(person: Person) -> str:
    """The person's document in plain ("" when there is none). The caller writes who looked."""
    if person.document_sealed is None:
        return ""
    return unseal(bytes(person.document_sealed), settings.KEYS.data, context="person.document")
