"""Small real pictures for tests: each quarter of one colour, so that a test sees where something was drawn over."""

import struct
import zlib
from collections.abc import Callable
from typing import Any

QUARTERS = ((200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30))


def png(width: int = 80, height: int = 60, note: bytes = b"") -> bytes:
    """A PNG whose quarters (from the upper left, line by line) have the colours QUARTERS, with a note."""
    rows = b""
    for y in range(height):
        left, right = (0, 1) if y < height // 2 else (2, 3)
        rows += b"\0" + bytes(QUARTERS[left]) * (width // 2) + bytes(QUARTERS[right]) * (width - width // 2)
    return _file(width, height, 2, rows, _chunk(b"tEXt", b"Comment\0" + note) if note else b"")


def grey(picture: Any) -> bytes:
    """A PNG of a numpy array of bytes, rows by columns: a page as it comes out of the printer."""
    height, width = picture.shape[:2]
    return _file(width, height, 0, b"".join(b"\0" + row.tobytes() for row in picture.reshape(height, width)))


def _file(width: int, height: int, kind: int, rows: bytes, told: bytes = b"") -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + told + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pixels(data: bytes) -> tuple[int, int, Callable[[float, float], tuple[int, int, int]]]:
    """Width, height and the colour at shares of both of an 8-bit RGB or RGBA PNG."""
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert depth == 8 and kind in (2, 6)
    size, at, packed = {2: 3, 6: 4}[kind], 8, b""
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    rows = _unfiltered(zlib.decompress(packed), width * size, height, size)
    return width, height, lambda x, y: _colour(rows[int(y * height)], int(x * width) * size)


def _colour(row: bytes, at: int) -> tuple[int, int, int]:
    return row[at], row[at + 1], row[at + 2]


def _unfiltered(raw: bytes, width: int, height: int, size: int) -> list[bytes]:
    rows, before = [], bytes(width)
    for y in range(height):
        how, line = raw[y * (width + 1)], bytearray(raw[y * (width + 1) + 1 : (y + 1) * (width + 1)])
        for x in range(width):
            a, c = (line[x - size], before[x - size]) if x >= size else (0, 0)
            b = before[x]
            nearest = min((a, b, c), key=lambda one: abs(a + b - c - one))
            line[x] = (line[x] + (0, a, b, (a + b) // 2, nearest)[how]) & 255
        before = bytes(line)
        rows.append(before)
    return rows
