"""Pictures without what they tell on the side: place, time, camera. For copies that are published; originals stay.

Nothing is decoded or compressed again: the parts of the file that hold the picture are copied as they are.
"""

from collections.abc import Iterator
from struct import error as TooShort
from struct import pack, unpack_from

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"

# segments of a JPEG that a viewer needs: JFIF (E0), colour profile (E2, ICC alone) and Adobe's colour transform (EE)
_APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_SCAN, _END = 0xDA, 0xD9
_BARE = {0x01, *range(0xD0, 0xD8)}
_ICC = b"ICC_PROFILE\0"
_EXIF = b"Exif\0\0"
_ORIENTATION = 0x0112
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"bKGD", b"pHYs"}
_WEBP_TOLD = {b"EXIF", b"XMP "}
_WEBP_FLAGS = 0x08 | 0x04  # of VP8X: there is EXIF, there is XMP


class BadPicture(ValueError):
    """The bytes are no JPEG, PNG or WebP, or are cut off: a copy cannot be made safe, so none is made."""


def media_type_of(data: bytes) -> str:
    """The media type that the bytes themselves tell, "" for none of the three."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(_PNG):
        return PNG
    return WEBP if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""


def without_metadata(data: bytes) -> bytes:
    """The same picture without EXIF, XMP, IPTC, comments and what follows its end; only how it is turned stays.

    Raises BadPicture.
    """
    strip = {JPEG: _jpeg, PNG: _png, WEBP: _webp}.get(media_type_of(data))
    if strip is None:
        raise BadPicture("no JPEG, PNG or WebP")
    try:
        return b"".join(strip(data))
    except (IndexError, ValueError, TooShort) as error:
        raise BadPicture("cut off") from error


def _jpeg(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    turned, at, told = 1, 2, []
    while True:
        marker = data[at + 1]
        if data[at] != 0xFF or marker == _END:
            raise BadPicture("no picture in it")
        if marker == 0xFF or marker in _BARE:  # fill bytes, restart marks
            at += 1 if marker == 0xFF else 2
            continue
        if marker == _SCAN:
            break
        segment = data[at : at + 2 + unpack_from(">H", data, at + 2)[0]]
        if marker == _APP1 and segment[4:10] == _EXIF:
            turned = _orientation(segment[10:])
        if _kept(marker, segment):
            told.append(segment)
        at += len(segment)
    first = 1 if told and told[0][1] == _APP0 else 0
    yield from told[:first]
    if turned != 1:
        yield _turned(turned)
    yield from told[first:]
    yield from _scans(data, at)


def _kept(marker: int, segment: bytes) -> bool:
    if marker == _APP2:
        return segment[4:].startswith(_ICC)
    return marker in (_APP0, _APP14) or not (_APP0 <= marker <= _APP15 or marker == _COM)


def _scans(data: bytes, at: int) -> Iterator[bytes]:
    """From the first scan to the end of the picture; between scans of a progressive one only tables stay."""
    while True:
        if data[at] != 0xFF:
            raise BadPicture("cut off")
        marker = data[at + 1]
        if marker == _END:
            yield data[at : at + 2]
            return
        end = at + 2 + unpack_from(">H", data, at + 2)[0]
        if marker == _SCAN:
            end = _after_entropy(data, end)
        if marker == _SCAN or _kept(marker, data[at:end]):
            yield data[at:end]
        at = end


def _after_entropy(data: bytes, at: int) -> int:
    """Where the compressed bytes of a scan end: at the first mark that is neither stuffing nor a restart."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] != 0 and data[at + 1] not in _BARE and data[at + 1] != 0xFF:
            return at
        at += 1 if data[at + 1] == 0xFF else 2


def _orientation(tiff: bytes) -> int:
    """1 to 8 of an EXIF block; 1 (as it lies) when it says nothing sensible."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return 1
    start = unpack_from(f"{order}I", tiff, 4)[0]
    if start + 2 > len(tiff):
        return 1
    for n in range(unpack_from(f"{order}H", tiff, start)[0]):
        entry = start + 2 + 12 * n
        if entry + 12 > len(tiff):
            return 1
        if unpack_from(f"{order}H", tiff, entry)[0] == _ORIENTATION:
            found: int = unpack_from(f"{order}H", tiff, entry + 8)[0]
            return found if 1 <= found <= 8 else 1
    return 1


def _turned(orientation: int) -> bytes:
    """An EXIF segment that says how the picture is turned, and nothing else."""
    entry = pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    body = _EXIF + b"MM" + pack(">HIH", 42, 8, 1) + entry + pack(">I", 0)
    return pack(">BBH", 0xFF, _APP1, len(body) + 2) + body


def _png(data: bytes) -> Iterator[bytes]:
    yield _PNG
    at = len(_PNG)
    while True:
        size, kind = unpack_from(">I4s", data, at)
        chunk = data[at : at + 12 + size]
        if len(chunk) != 12 + size:
            raise BadPicture("cut off")
        if kind in _PNG_KEPT:
            yield chunk
        if kind == b"IEND":
            return
        at += len(chunk)


def _webp(data: bytes) -> Iterator[bytes]:
    end = 8 + unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise BadPicture("cut off")
    kept, at = [], 12
    while at < end:
        kind, size = unpack_from("<4sI", data, at)
        chunk = data[at : at + 8 + size + size % 2]
        if len(chunk) < 8 + size:
            raise BadPicture("cut off")
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_FLAGS]) + chunk[9:]
        if kind not in _WEBP_TOLD:
            kept.append(chunk)
        at += len(chunk)
    body = b"".join(kept)
    yield b"RIFF" + pack("<I", len(body) + 4) + b"WEBP" + body
