"""Published copies of pictures tell nothing but the picture: no place, no camera, no time, no comment."""

import zlib
from struct import pack

import pytest

from parkkeeper.kernel.pictures import BadPicture, media_type_of, without_metadata

SECRET = b"GPS 31.2 121.6 Camera 7"


def segment(marker: int, body: bytes) -> bytes:
    return pack(">BBH", 0xFF, marker, len(body) + 2) + body


def exif(orientation: int, order: str = ">") -> bytes:
    mark = b"MM" if order == ">" else b"II"
    rows = pack(f"{order}HHII", 0x010F, 2, len(SECRET), 38) + pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0" + mark + pack(f"{order}HIH", 42, 8, 2) + rows + pack(f"{order}I", 0) + SECRET


JFIF = segment(0xE0, b"JFIF\0" + bytes(9))
PROFILE = segment(0xE2, b"ICC_PROFILE\0\x01\x01profile")
TABLES = segment(0xDB, bytes(65)) + segment(0xC2, bytes(15)) + segment(0xC4, bytes(20))
SCAN = segment(0xDA, bytes(6)) + b"\x12\xff\x00\x34\xff\xd0\x56\xff\x00"
PICTURE = TABLES + SCAN + segment(0xC4, bytes(20)) + SCAN


def jpeg(*told: bytes) -> bytes:
    return b"\xff\xd8" + JFIF + b"".join(told) + PICTURE + b"\xff\xd9"


def chunk(kind: bytes, body: bytes) -> bytes:
    return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))


def png(*told: bytes) -> bytes:
    head = chunk(b"IHDR", pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(told) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def riff(kind: bytes, body: bytes) -> bytes:
    return kind + pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp(*told: bytes, flags: int = 0x10) -> bytes:
    body = riff(b"VP8X", bytes([flags]) + bytes(9)) + riff(b"VP8L", b"picture") + b"".join(told)
    return b"RIFF" + pack("<I", len(body) + 4) + b"WEBP" + body


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        (jpeg(segment(0xE1, exif(1)), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET), PROFILE,
              segment(0xED, SECRET), segment(0xFE, SECRET), segment(0xE2, b"MPF\0" + SECRET)) + SECRET, jpeg(PROFILE)),
        (jpeg().replace(PICTURE, TABLES + SCAN + segment(0xFE, SECRET) + segment(0xC4, bytes(20)) + SCAN), jpeg()),
        (png(chunk(b"eXIf", SECRET), chunk(b"tEXt", SECRET), chunk(b"gAMA", bytes(4))) + SECRET,
         png(chunk(b"gAMA", bytes(4)))),
        (webp(riff(b"EXIF", SECRET), riff(b"XMP ", SECRET), flags=0x1C) + SECRET, webp()),
    ],
    ids=["jpeg", "jpeg with scans", "png", "webp"],
)  # fmt: skip
def test_a_copy_tells_the_picture_and_nothing_else(told: bytes, plain: bytes) -> None:
    assert SECRET in told
    assert without_metadata(told) == plain
    assert without_metadata(plain) == plain


@pytest.mark.parametrize("order", ["<", ">"])
def test_how_a_picture_is_turned_stays(order: str) -> None:
    copy = without_metadata(jpeg(segment(0xE1, exif(6, order))))
    assert SECRET not in copy and PICTURE in copy
    assert copy == jpeg(segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"))
    assert without_metadata(copy) == copy


@pytest.mark.parametrize("whole", [jpeg(segment(0xE1, exif(6))), png(), webp()], ids=["jpeg", "png", "webp"])
def test_of_what_is_cut_off_or_no_picture_no_copy_is_made(whole: bytes) -> None:
    for length in range(len(whole)):
        with pytest.raises(BadPicture):
            without_metadata(whole[:length])
    with pytest.raises(BadPicture):
        without_metadata(b"GIF89a" + SECRET)


def test_the_bytes_say_what_they_are() -> None:
    assert [media_type_of(one) for one in (jpeg(), png(), webp(), b"%PDF")] == [
        "image/jpeg",
        "image/png",
        "image/webp",
        "",
    ]
