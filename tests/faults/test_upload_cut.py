"""A photo's line is cut by a real client before a real server, again and again: it arrives whole, and once."""

import hashlib
import random
import socket
import time
import urllib.parse

from tests.faults.test_database_stopped import House, house

__all__ = ["house"]
PHOTO = random.Random(11).randbytes(1_500_000)
PATH = f"/phone/v1/files/{hashlib.sha256(PHOTO).hexdigest()}"


def told(house: House) -> tuple[int, bool]:
    answer = house.ask("HEAD", PATH, Authorization=f"Bearer {house.bearer}")
    return int(answer.headers["Upload-Offset"]), answer.headers["Upload-Complete"] == "?1"


def send_and_cut(house: House, first: int, sent: int) -> None:
    """Announce everything from `first` on, send `sent` bytes of it, and pull the plug."""
    address = urllib.parse.urlsplit(house.address)
    head = (
        f"PUT {PATH} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {house.bearer}\r\n"
        f"Content-Type: image/jpeg\r\nContent-Length: {len(PHOTO) - first}\r\n"
        f"Content-Range: bytes {first}-{len(PHOTO) - 1}/{len(PHOTO)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as line:
        line.sendall(head.encode() + PHOTO[first : first + sent])
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, as a lost network does


def test_every_cut_costs_only_what_was_under_way(house: House) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance, before = random.Random(seed), house.count("park_stored_file")
    offsets = []
    for _cut in range(6):
        offset, complete = told(house)
        offsets.append(offset)
        assert not complete
        send_and_cut(house, offset, chance.randrange(1, 400_000))
        time.sleep(0.3)
    assert offsets == sorted(offsets)
    offset, _complete = told(house)
    print("offsets", offsets, offset)
    answer = house.ask("PUT", PATH, PHOTO[offset:], Authorization=f"Bearer {house.bearer}", Content_Type="image/jpeg",
                       Content_Range=f"bytes {offset}-{len(PHOTO) - 1}/{len(PHOTO)}")  # fmt: skip
    assert (answer.status, answer.json["known"]) == (200, False)
    assert told(house) == (len(PHOTO), True)
    assert house.count("park_stored_file") == before + 1
