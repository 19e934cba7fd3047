"""Files from phones, whole or in parts: a part is kept as it comes, so that a cut costs only what was under way."""

import re
import time
from datetime import datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db.models import QuerySet
from django.http import HttpRequest, UnreadablePostError
from django.utils.translation import gettext as _

from parkkeeper.park.models import StoredFile
from parkkeeper.park.parts import Full, Gap, Parts, make_room, parts_of
from parkkeeper.sync.envelope import MOST_BYTES, body_of, cut_off, drain, too_big
from parkkeeper.sync.models import Phone
from parkkeeper.sync.problems import Problem, disk_full, hash_mismatch, wrong_media_type
from parkkeeper.sync.signatures import MEDIA_TYPES, take_file

LEAST_PART = 1024  # bytes; the last part of a file may be smaller
_READ = 128 * 1024
_RANGE = re.compile(r"bytes (\d{1,9})-(\d{1,9})/(\d{1,9})", re.ASCII)


def put_file(request: HttpRequest, phone: Phone, sha256: str, *, at: datetime) -> tuple[dict[str, Any], int]:
    """Take a whole file, or the part that Content-Range tells; the answer of docs/protocol.md and its status."""
    media_type = request.content_type or ""
    if media_type not in MEDIA_TYPES:
        raise wrong_media_type(media_type)
    told = request.headers.get("Content-Range")
    if told is None:
        return take_file(phone, body_of(request), sha256, media_type, at=at), 200
    first, last, size = _range_of(told, request)
    if _stored(sha256).exists():
        drain(request)
        return {"sha256": sha256, "size": size, "known": True}, 200
    parts = Parts(phone.pk, sha256, size)
    there = _take_part(request, parts, first, last)
    if there < size:
        return {"sha256": sha256, "size": size, "received": there}, 202
    return _finish(phone, parts, media_type, at), 200


def what_is_there(phone: Phone, sha256: str) -> dict[str, str]:
    """Headers that tell how much of the file is there: Upload-Offset, Upload-Complete, Upload-Length if known."""
    stored = _stored(sha256).values_list("size", flat=True).first()
    if stored is not None:
        return {"Upload-Offset": str(stored), "Upload-Length": str(stored), "Upload-Complete": "?1"}
    found = parts_of(phone.pk, sha256)
    length = {"Upload-Length": str(found[0].size)} if found else {}
    return {"Upload-Offset": str(found[0].received() if found else 0), "Upload-Complete": "?0", **length}


def _stored(sha256: str) -> QuerySet[StoredFile]:
    return StoredFile.objects.filter(sha256=sha256, destroyed_at__isnull=True)


def _range_of(told: str, request: HttpRequest) -> tuple[int, int, int]:
    match = _RANGE.fullmatch(told.strip())
    first, last, size = (int(part) for part in match.groups()) if match else (1, 0, 0)
    length, encoding = request.META.get("CONTENT_LENGTH") or "", request.headers.get("Content-Encoding", "")
    if size > MOST_BYTES:
        drain(request)
        raise too_big()
    whole_part = last - first + 1 >= LEAST_PART or last + 1 == size
    if not (first <= last < size and whole_part and length == str(last - first + 1)) or encoding:
        raise Problem(
            400,
            "bad_range",
            _("Content-Range“%(range)s”与内容不符：应为 bytes 起-止/总长，不压缩，除最后一段外至少 %(least)s 字节。")
            % {"range": told[:60], "least": LEAST_PART},
        )
    return first, last, size


def _take_part(request: HttpRequest, parts: Parts, first: int, last: int) -> int:
    """Keep the part as it comes in; what came before a cut stays. Returns how many bytes are there."""
    at, there, waiting = first, parts.received(), b""
    if first > there or last < there:
        drain(request)
        if first > there:
            raise _gap(there)
        return there
    _make_room(request, parts, last + 1 - there)
    while at <= last:
        piece = _piece(request)
        waiting += piece
        at += len(piece)
        cut = not piece
        if len(waiting) >= _READ or at > last or (cut and len(waiting) >= LEAST_PART):
            there = _add(parts, at - len(waiting), waiting)
            waiting = b""
        if cut:
            break
    if at <= last:
        raise cut_off()
    return there


def _make_room(request: HttpRequest, parts: Parts, fresh: int) -> None:
    try:
        make_room(parts, fresh, now=time.time())
    except Full as full:
        drain(request)
        text = _("这台手机已有 %(files)s 个文件只传了一部分。请先传完其中一个，或稍后再试；照片仍在手机上。")
        raise Problem(
            429, "too_many_unfinished", text % {"files": full.files}, retry_after=60, files=full.files
        ) from full


def _piece(request: HttpRequest) -> bytes:
    try:
        return request.read(_READ)
    except (UnreadablePostError, RequestDataTooBig, OSError):
        return b""


def _add(parts: Parts, offset: int, data: bytes) -> int:
    try:
        return parts.add(offset, data)
    except Gap as gap:  # another request has finished or forgotten the file meanwhile
        raise _gap(gap.received) from gap
    except OSError as error:
        raise disk_full(error.strerror or str(error)) from error


def _gap(there: int) -> Problem:
    return Problem(
        409, "wrong_offset", _("文件目前收到 %(bytes)s 字节，请从那里继续。") % {"bytes": there}, received=there
    )


def _finish(phone: Phone, parts: Parts, media_type: str, at: datetime) -> dict[str, Any]:
    """All is there: keep it as a file. When the disk is full the parts stay; when it is another file they go."""
    try:
        told = take_file(phone, parts.whole(), parts.sha256, media_type, at=at)
    except FileNotFoundError:  # another request has finished it
        return {"sha256": parts.sha256, "size": parts.size, "known": True}
    except (Problem, ValueError) as problem:
        if isinstance(problem, ValueError) or problem.code == "hash_mismatch":
            parts.forget()
        if isinstance(problem, ValueError):
            raise hash_mismatch() from problem
        raise
    parts.forget()
    return told
