"""What is kept of a reply: verdicts that are not a plain "stored"; whoever asks again brings the operations along."""

from typing import Any

from parkkeeper.sync.envelope import Envelope


def shortened(reply: dict[str, Any], envelope: Envelope) -> dict[str, Any]:
    """The reply with those of its verdicts, by position, that are not a plain "stored"."""
    told = zip(reply["verdicts"], envelope.operations, strict=True)
    return {**reply, "verdicts": {str(n): one for n, (one, raw) in enumerate(told) if one != _plainly_stored(raw)}}


def written_out(kept: dict[str, Any], envelope: Envelope) -> dict[str, Any]:
    """The whole reply again, for the same operations."""
    others = kept["verdicts"]
    if isinstance(others, list):  # kept whole, by an earlier release
        return kept
    operations = enumerate(envelope.operations)
    return {**kept, "verdicts": [others.get(str(n)) or _plainly_stored(raw) for n, raw in operations]}


def _plainly_stored(raw: Any) -> dict[str, str] | None:
    return {"id": raw["id"], "verdict": "stored"} if type(raw) is dict and "id" in raw else None
