"""From the bytes of a request to a batch: size, gzip, UTF-8, JSON, and the few fields around the operations."""

import contextlib
import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from django.utils.translation import gettext as _

from parkkeeper.sync.problems import Problem, Unreadable

MOST_BYTES = 8 * 1024 * 1024
MOST_OPERATIONS = 2000
MOST_DRAINED = 64 * 1024 * 1024  # bytes of a body too big that are read and dropped, so that its sender hears why
_PART = 256 * 1024
_MOST_JUMPS = 100
_LAST_SEQUENCE = 2**53  # the greatest whole number that a phone's JavaScript counts to
_LONGEST_JUMP = 10**13  # milliseconds, three centuries: a phone whose clock began anew in 1970 is none


@dataclass(frozen=True, slots=True)
class Envelope:
    """A batch as it came: operations are raw JSON values, still unjudged. `offset_ms` is server minus device time.

    `jumps` are (sequence number, milliseconds): after that operation the phone's clock was set forward by so much.
    """

    id: UUID
    sent_at: datetime
    offset_ms: int
    operations: list[Any]
    digest: bytes
    jumps: tuple[tuple[int, int], ...] = ()


def offset_of(raw: Any, offset_ms: int, jumps: Iterable[Sequence[int]]) -> timedelta:
    """Server minus device time when the operation was done: what the clock was set since then counts, too."""
    sequence = raw.get("seq") if type(raw) is dict else None
    since = sum(by for until, by in jumps if type(sequence) is int and sequence <= until)
    return timedelta(milliseconds=offset_ms + since)


def received(request: HttpRequest) -> bytes:
    """The request's body as it came. Raises Problem 413 when it is too big, 400 when it was cut off on its way."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdigit() and int(declared) > MOST_BYTES:
        drain(request)
        raise too_big()
    try:
        raw = _chunked(request) if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "") else request.body
    except RequestDataTooBig as error:
        raise too_big() from error
    except (UnreadablePostError, OSError) as error:
        raise cut_off() from error
    if declared.isdigit() and len(raw) < int(declared):
        raise cut_off()
    return raw


def drain(request: HttpRequest) -> None:
    """Read and drop what the sender is still sending, so that it hears the answer."""
    # a client that is still sending when the answer comes sees a broken connection instead of the answer
    left = MOST_DRAINED
    with contextlib.suppress(OSError):
        while left > 0 and (part := request.read(_PART)):
            left -= len(part)


def _chunked(request: HttpRequest) -> bytes:
    # Django takes a request without Content-Length for one without body
    stream = request.META.get("wsgi.input")
    if stream is None:
        return request.body
    raw: bytes = stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise too_big()
    return raw


def cut_off() -> Problem:
    """400: not all of the announced bytes arrived."""
    return Problem(400, "cut_off", _("请求在传输中断开，没有收完。手机会自动重新发送。"), retry_after=1)


def body_of(request: HttpRequest) -> bytes:
    """The request's body, received and decompressed. Raises Problem 413, 400 or Unreadable."""
    return unpacked(request, received(request))


def unpacked(request: HttpRequest, raw: bytes) -> bytes:
    """The received bytes, decompressed when the request says gzip. Raises Problem 413 or Unreadable."""
    return gunzip(raw) if request.headers.get("Content-Encoding", "").strip().lower() == "gzip" else raw


def gunzip(raw: bytes) -> bytes:
    """Decompress, never to more than MOST_BYTES. Raises Problem 413 or Unreadable."""
    machine = zlib.decompressobj(wbits=31)
    try:
        plain = machine.decompress(raw, MOST_BYTES + 1)
    except zlib.error as error:
        raise _no_gzip() from error
    if len(plain) > MOST_BYTES:
        raise too_big()
    if not machine.eof or machine.unused_data:
        raise _no_gzip()
    return plain


def too_big() -> Problem:
    return Problem(
        413,
        "too_big",
        _("一次发送的内容超过 %(megabytes)s MB 或 %(operations)s 条。请分成较小的批次重新发送；内容仍在手机上。")
        % {"megabytes": MOST_BYTES // 1024 // 1024, "operations": MOST_OPERATIONS},
        remedy="split",
        most_bytes=MOST_BYTES,
        most_operations=MOST_OPERATIONS,
    )


def _no_gzip() -> Unreadable:
    return Unreadable(400, "bad_gzip", _("内容的压缩格式已损坏，无法解开。请重新发送；若反复出现，请更新应用。"))


def decode(raw: bytes) -> Any:
    """The JSON value in `raw`. Raises Unreadable with the reason: empty, not UTF-8, cut or wrong JSON."""
    if not raw.strip():
        raise Unreadable(400, "empty_body", _("没有收到任何内容。请重新发送。"))
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _decode_leniently(raw)


def _decode_leniently(raw: bytes) -> Any:
    # half a surrogate pair in one name must not hold the whole batch: the standard library reads it
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise Unreadable(
            400, "not_utf8", _("第 %(at)s 个字节不是 UTF-8 文字。请更新应用后重新发送。") % {"at": error.start}
        ) from error
    except json.JSONDecodeError as error:
        raise Unreadable(
            400,
            "bad_json",
            _("内容不完整或不是 JSON（第 %(line)s 行第 %(column)s 列）。请重新发送；若反复出现，请更新应用。")
            % {"line": error.lineno, "column": error.colno},
        ) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(400, "bad_json", _("内容不是有效的 JSON。请更新应用后重新发送。")) from error


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def open_envelope(value: Any, *, at: datetime) -> Envelope:
    """The batch in a decoded body, heard at `at`. Raises Unreadable naming the field, Problem 413 for too many."""
    if not isinstance(value, dict):
        raise _bad_field("body", _("应为一个对象"))
    number = uuid_of(value.get("id"))
    if number is None:
        raise _bad_field("id", _("应为 36 个字符的 UUID"))
    sent_at = moment_of(value.get("sent_at"))
    if sent_at is None:
        raise _bad_field("sent_at", _("应为带时区的时间，例如 2022-05-10T18:00:00.000+08:00"))
    operations = value.get("operations")
    if not isinstance(operations, list) or not operations:
        raise _bad_field("operations", _("应为 1 至 %(most)s 条操作的列表") % {"most": MOST_OPERATIONS})
    if len(operations) > MOST_OPERATIONS:
        raise too_big()
    offset = round((at - sent_at).total_seconds() * 1000)
    return Envelope(number, sent_at, offset, operations, digest_of(operations), _jumps(value.get("jumps")))


def _jumps(told: Any) -> tuple[tuple[int, int], ...]:
    if told is None:
        return ()
    if type(told) is list and len(told) <= _MOST_JUMPS and all(type(one) is dict for one in told):
        found = tuple((one.get("until"), one.get("by")) for one in told)
        if all(_is_within(until, 0, _LAST_SEQUENCE) and _is_within(by, -_LONGEST_JUMP, _LONGEST_JUMP)
               for until, by in found):  # fmt: skip
            return found
    raise _bad_field("jumps", _("应为时钟跳变的列表，每项有 until（序号）与 by（毫秒），至多 100 项"))


def _is_within(told: Any, least: int, most: int) -> bool:
    return type(told) is int and least <= told <= most


def _bad_field(field: str, expected: str) -> Unreadable:
    return Unreadable(
        400,
        "bad_batch",
        _("批次的字段 %(field)s 无法识别：%(expected)s。请更新应用后重新发送。")
        % {"field": field, "expected": expected},
        field=field,
    )


def dump(value: Any) -> bytes:
    """Any decoded JSON value as bytes, keys sorted; also what orjson does not take (half surrogates, huge integers)."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def digest_of(operations: list[Any]) -> bytes:
    """SHA-256 of the operations alone: `sent_at` is another at each sending, and so is the compression."""
    return hashlib.sha256(dump(operations)).digest()


def uuid_of(value: Any) -> UUID | None:
    """A UUID written in its 36 characters, else None."""
    if type(value) is not str or len(value) != 36:
        return None
    try:
        # twice as fast as UUID(value), and a batch has thousands
        return UUID(bytes=bytes.fromhex(value.replace("-", "")))
    except ValueError:
        return None


def moment_of(value: Any) -> datetime | None:
    """An ISO 8601 moment with its offset to UTC, as UTC; else None."""
    if type(value) is not str or not 16 <= len(value) <= 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
