"""One operation of a batch, from JSON to the plain dataclass that the sampling verbs take; or why it cannot be."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from parkkeeper.inspection.field import BeginVisit, EndVisit, FixOnSpot, LookBack, NoteFinding, Place, TakePhoto
from parkkeeper.inspection.models import Basis, Photo, Visit
from parkkeeper.park.models import Post
from parkkeeper.sampling import field
from parkkeeper.sampling.models import HandOver, Reception, Result, Scan
from parkkeeper.sync.envelope import moment_of, uuid_of

GREATEST = 2**63 - 1
Common = tuple[UUID, int, datetime, datetime]
Maker = Callable[[Common, dict[str, Any]], field.Operation]


class BadOperation(Exception):
    """Why an operation cannot be understood: a machine code and the field."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(code, name)
        self.code, self.name = code, name

    def reason(self) -> str:
        """Why, in the language of the request; the code itself for one that is not known."""
        reasons = {
            "not_an_object": _("操作应为一个对象"),
            "unknown_kind": _("操作种类未知"),
            "missing_field": _("缺少字段 %(field)s"),
            "bad_field": _("字段 %(field)s 的值无法识别"),
            "id_reused": _("同一编号已用于另一条操作"),
            "not_allowed": _("登记人的岗位不允许这项操作"),
            "server_error": _("服务器未能处理这条操作"),
            "refused": _("规则不允许这项操作"),
        }
        return reasons.get(self.code, self.code) % {"field": self.name}

    def message(self) -> str:
        """The reason with its remedy."""
        return _("%(reason)s。内容已原样保存，由园区办公室人工处理；不必重新发送。") % {"reason": self.reason()}


def parse(raw: Any, offset: timedelta) -> tuple[str, field.Operation]:
    """The kind and the operation in `raw`; `offset` (server minus device) corrects its time. Raises BadOperation."""
    if type(raw) is not dict:
        raise BadOperation("not_an_object")
    kind = raw.get("kind")
    make = MAKERS.get(kind) if type(kind) is str else None
    if make is None:
        raise BadOperation("unknown_kind", "kind")
    number = _uuid(raw, "id")
    device_at = moment_of(raw.get("at"))
    if device_at is None:
        raise _bad(raw, "at")
    happened_at = _corrected(raw, device_at, offset)
    return str(kind), make((number, _whole(raw, "seq", GREATEST), device_at, happened_at), raw)


def _corrected(raw: dict[str, Any], device_at: datetime, offset: timedelta) -> datetime:
    try:
        return device_at + offset
    except OverflowError:
        raise _bad(raw, "at") from None


def _bad(raw: dict[str, Any], name: str) -> BadOperation:
    return BadOperation("bad_field" if raw.get(name) is not None else "missing_field", name)


def _uuid(raw: dict[str, Any], name: str) -> UUID:
    value = uuid_of(raw.get(name))
    if value is None:
        raise _bad(raw, name)
    return value


def _maybe_uuid(raw: dict[str, Any], name: str) -> UUID | None:
    return None if raw.get(name) is None else _uuid(raw, name)


def _whole(raw: dict[str, Any], name: str, most: int, least: int = 0) -> int:
    value = raw.get(name)
    if type(value) is not int or not least <= value <= most:  # a bool is an int, too
        raise _bad(raw, name)
    return value


def _text(raw: dict[str, Any], name: str, most: int) -> str:
    value = raw.get(name)
    if type(value) is not str or not value.strip() or len(value) > most or not _storable(value):
        raise _bad(raw, name)
    return value


def _maybe_text(raw: dict[str, Any], name: str, most: int) -> str:
    return "" if raw.get(name) in (None, "") else _text(raw, name, most)


def _storable(value: str) -> bool:
    # PostgreSQL takes no NUL, UTF-8 no half surrogate pair
    if value.isascii():
        return "\0" not in value
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def _one_of(raw: dict[str, Any], name: str, values: frozenset[str]) -> str:
    value = raw.get(name)
    if type(value) is not str or value not in values:
        raise _bad(raw, name)
    return value


_HOWS = frozenset(Scan.How.values)
_ROLES = frozenset(Post.Role.values)
_LEGS = frozenset(HandOver.Leg.values)
_CONDITIONS = frozenset(Reception.Condition.values)
_VALUES = frozenset(Result.Value.values)
_CODE = 40  # characters of a tube's, a box's, or an item's code
_CLAIM = 200  # of what was read of a person: a person code as it is has at most 174
_MOST_TUBES = 1000  # in one box
_ANSWER = 500  # characters of an item's answer: several choices, a text
_REFUSED = 120  # of the words with which an item was refused
_MOST_ANSWERS = 500  # of one visit
_MOST_SHOTS = 10  # of one answer
_HALF_ROUND = 180  # degrees
_VISITS = frozenset(Visit.Kind.values)
_ENDS = frozenset(Visit.End.values)
_BASES = frozenset(Basis.values)
_PHOTOS = frozenset(Photo.Of.values)
_OUTCOMES = frozenset(("fixed", "partly", "not_fixed", "no_access"))
_HEX = frozenset("0123456789abcdef")


def _scan(common: Common, raw: dict[str, Any]) -> field.Operation:
    person, claimed = _maybe_uuid(raw, "person"), _maybe_text(raw, "claimed", _CLAIM)
    if person is None and not claimed:
        raise BadOperation("missing_field", "person")
    return field.TakeScan(
        *common, _text(raw, "tube", _CODE), _one_of(raw, "how", _HOWS), person, claimed, _maybe_uuid(raw, "by")
    )


def _seal_box(common: Common, raw: dict[str, Any]) -> field.Operation:
    codes = raw.get("tubes")
    if type(codes) is not list or not codes or len(codes) > _MOST_TUBES:
        raise _bad(raw, "tubes")
    tubes = tuple(_text({"tubes": code}, "tubes", _CODE) for code in codes)
    return field.SealBox(*common, _text(raw, "box", _CODE), tubes)


def _sha256(raw: dict[str, Any], name: str) -> str:
    value = _maybe_text(raw, name, 64)
    if value and (len(value) != 64 or not _HEX.issuperset(value)):
        raise _bad(raw, name)
    return value


def _hand_over(common: Common, raw: dict[str, Any]) -> field.Operation:
    box, code = _maybe_uuid(raw, "box"), _maybe_text(raw, "box_code", _CODE)
    if box is None and not code:
        raise BadOperation("missing_field", "box")
    return field.HandOverBox(
        *common,
        box,
        _one_of(raw, "leg", _LEGS),
        _maybe_uuid(raw, "given_by"),
        _maybe_uuid(raw, "taken_by"),
        _sha256(raw, "given_signature"),
        _sha256(raw, "taken_signature"),
        code,
    )


def _receive(common: Common, raw: dict[str, Any]) -> field.Operation:
    return field.ReceiveTube(
        *common,
        _text(raw, "tube", _CODE),
        _one_of(raw, "condition", _CONDITIONS),
        _text(raw, "laboratory", 24),
        _maybe_uuid(raw, "box"),
        _maybe_text(raw, "box_code", _CODE),
    )


def _needed_sha256(raw: dict[str, Any], name: str) -> str:
    value = _sha256(raw, name)
    if not value:
        raise BadOperation("missing_field", name)
    return value


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _place(raw: dict[str, Any]) -> Place:
    """`place` {"longitude", "latitude", "accuracy"?}, or null with `placeless`, the reason."""
    told = raw.get("place")
    if told is None:
        return Place(missing=_maybe_text(raw, "placeless", 120))
    if type(told) is not dict:
        raise _bad(raw, "place")
    longitude, latitude, accuracy = (_number(told.get(name)) for name in ("longitude", "latitude", "accuracy"))
    if longitude is None or latitude is None or abs(longitude) > _HALF_ROUND or abs(latitude) > _HALF_ROUND / 2:
        raise _bad(raw, "place")
    return Place(longitude, latitude, accuracy)


def _answers(raw: dict[str, Any], offset: timedelta) -> dict[str, Any]:
    """`answers` {"A1": {"ok": true, "value": "35.9", "photos": […]}}: by item its verdict, what was counted or
    measured, and pictures that show it, whose times `offset` (server minus device) corrects. `refused`: the enterprise
    would not show it, in its words."""
    told = raw.get("answers", {})
    if type(told) is not dict or len(told) > _MOST_ANSWERS:
        raise _bad(raw, "answers")
    found = {}
    for code, answer in told.items():
        if type(answer) is not dict or not _storable(code) or type(answer.get("ok")) not in (bool, type(None)):
            raise _bad(raw, "answers")
        found[code[:_CODE]] = {
            "ok": answer.get("ok"),
            "value": _maybe_text(answer, "value", _ANSWER),
            **_shots(answer, offset),
            **({"refused": _maybe_text(answer, "refused", _REFUSED)} if "refused" in answer else {}),
        }
    return found


def _shots(answer: dict[str, Any], offset: timedelta) -> dict[str, Any]:
    """`photos` [{"sha256", "at", "place"? or "placeless"?}] of an answer; without any, nothing."""
    told = answer.get("photos", [])
    if type(told) is not list or len(told) > _MOST_SHOTS or not all(type(one) is dict for one in told):
        raise _bad(answer, "photos")
    found = []
    for one in told:
        at, place = moment_of(one.get("at")), _place(one)
        if at is None:
            raise _bad(one, "at")
        where = {name: getattr(place, name) for name in ("longitude", "latitude", "accuracy", "missing")}
        found.append({"sha256": _needed_sha256(one, "sha256"), "at": _corrected(one, at, offset).isoformat(), **where})
    return {"photos": found} if found else {}


# In the order in which the kinds of a batch are done; inside a kind the phone's own sequence decides.
MAKERS: dict[str, Maker] = {
    "open_session": lambda common, raw: field.OpenSession(*common),
    "go_on_duty": lambda common, raw: field.GoOnDuty(
        *common, _uuid(raw, "session"), _uuid(raw, "person"), _one_of(raw, "role", _ROLES)
    ),
    "open_tube": lambda common, raw: field.OpenTube(
        *common, _text(raw, "tube", _CODE), _whole(raw, "pool_size", 100, 1), _maybe_uuid(raw, "session")
    ),
    "scan": _scan,
    "undo_scan": lambda common, raw: field.UndoScan(*common, _uuid(raw, "scan")),
    "seal_tube": lambda common, raw: field.SealTube(*common, _text(raw, "tube", _CODE), _whole(raw, "swabs", 1000)),
    "seal_box": _seal_box,
    "hand_over_box": _hand_over,
    "receive_tube": _receive,
    "antigen": lambda common, raw: field.TakeAntigen(
        *common, _uuid(raw, "person"), _one_of(raw, "value", _VALUES), _sha256(raw, "photo")
    ),
    "close_session": lambda common, raw: field.CloseSession(*common, _uuid(raw, "session")),
    "begin_visit": lambda common, raw: BeginVisit(
        *common, _text(raw, "enterprise", _CODE), _whole(raw, "checklist", GREATEST),
        _one_of(raw, "visit_kind", _VISITS), _one_of(raw, "basis", _BASES), _maybe_uuid(raw, "second"), _place(raw),
    ),
    "note_finding": lambda common, raw: NoteFinding(
        *common, _uuid(raw, "visit"), _text(raw, "item", _CODE), _maybe_text(raw, "area", 60),
        _maybe_text(raw, "note", 300),
    ),
    "photo": lambda common, raw: TakePhoto(
        *common, _uuid(raw, "finding"), _one_of(raw, "of", _PHOTOS), _needed_sha256(raw, "sha256"), _place(raw)
    ),
    "fix_on_spot": lambda common, raw: FixOnSpot(*common, _uuid(raw, "finding"), _maybe_text(raw, "note", 300)),
    "look_back": lambda common, raw: LookBack(
        *common, _uuid(raw, "finding"), _one_of(raw, "outcome", _OUTCOMES), _maybe_text(raw, "note", 300)
    ),
    "end_visit": lambda common, raw: EndVisit(
        *common, _uuid(raw, "visit"), _one_of(raw, "how", _ENDS), _answers(raw, common[3] - common[2]),
        _maybe_text(raw, "signed_by", 60), _sha256(raw, "signature"), _maybe_text(raw, "refusal", 200),
    ),
}  # fmt: skip
