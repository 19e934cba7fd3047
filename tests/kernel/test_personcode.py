"""Person codes: the vectors of docs/protocol.md, what is forgiven, and that nothing unproven passes."""

import random
import re
from datetime import date
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
import segno

from parkkeeper.kernel.personcode import (
    BELIEVED,
    LABEL_BYTES,
    PREFIX,
    PersonCode,
    from_base45,
    label_of,
    new_key,
    public_of,
    read,
    sign,
    to_base45,
)

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
VECTORS = [orjson.loads(line) for line in TEXT.splitlines() if line.startswith('{"state": "')]
PRIVATE = {1: bytes(range(32)), 2: bytes(range(32, 64))}
[CODES] = re.findall(r'^"codes": (\{.*\})$', TEXT, re.MULTILINE)
DAY = date(2022, 5, 10)


def _keys() -> tuple[bytes, dict[int, bytes]]:
    facts = orjson.loads(CODES)
    return bytes.fromhex(facts["park"]), {key["number"]: bytes.fromhex(key["public"]) for key in facts["keys"]}


def _code(label: str = "彩虹生物 W0007", key: int = 1) -> PersonCode:
    return PersonCode(b"park", key, uuid4(), date(2022, 5, 1), date(2022, 10, 31), label)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["state"])
def test_the_vectors_of_the_protocol_are_read_as_it_says(vector: dict[str, str]) -> None:
    park, keys = _keys()
    reading = read(vector["text"], park=park, keys=keys, day=date.fromisoformat(vector["day"]))
    assert reading.state == vector["state"]
    assert (reading.code is not None) == ("person" in vector) == (reading.state in BELIEVED)
    if reading.code is not None:
        told = {"person": str(reading.code.person), "label": reading.code.label, "key": reading.code.key}
        assert told == {name: vector[name] for name in told}
        assert (reading.code.first.isoformat(), reading.code.last.isoformat()) == (vector["first"], vector["last"])
        assert sign(reading.code, PRIVATE[reading.code.key]) == vector["text"].strip().upper()


def test_every_state_has_a_vector_and_the_keys_are_those_named() -> None:
    assert {v["state"] for v in VECTORS} == {
        "good", "expired", "not_yet", "tampered", "unknown_key", "foreign_park", "damaged", "newer_version", "no_code",
    }  # fmt: skip
    assert _keys()[1] == {number: public_of(private) for number, private in PRIVATE.items()}
    for state in {v["state"] for v in VECTORS}:
        assert f"`{state}`" in TEXT


def test_no_changed_byte_passes() -> None:
    code = _code()
    data = from_base45(sign(code, PRIVATE[1]).removeprefix(PREFIX))
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        reading = read(PREFIX + to_base45(changed), park=code.park, keys={1: public_of(PRIVATE[1])}, day=DAY)
        assert reading.code is None and reading.state not in BELIEVED, at


def test_a_signature_is_of_its_own_kind_only() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    code = _code()
    body = from_base45(sign(code, PRIVATE[1]).removeprefix(PREFIX))[:-64]
    other = Ed25519PrivateKey.from_private_bytes(PRIVATE[1]).sign(body)  # without the words "PK1:" before it
    forged = PREFIX + to_base45(body + other)
    assert read(forged, park=code.park, keys={1: public_of(PRIVATE[1])}, day=DAY).state == "tampered"


def test_nothing_that_comes_from_a_camera_raises() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:张\0\ud800"
    for _try in range(3000):
        text = "".join(chance.choice(alphabet) for _place in range(chance.randrange(200)))
        for shown in (text, PREFIX + text):
            assert read(shown, park=b"park", keys={1: public_of(PRIVATE[1])}, day=DAY).code is None


def test_a_label_is_never_a_staff_number_cut_short_nor_half_a_character() -> None:
    assert label_of("彩虹生物", "W0007") == "彩虹生物 W0007"
    assert label_of("一二三四五六七八九", "") == "一二三四五六七八"
    assert label_of("彩虹生物", "9" * 13) == "彩虹生物"
    assert label_of("", "W1") == "W1"
    for enterprise in ("一二三四五六七八九", "Rainbow Biologics Shanghai", "喆🐼喆🐼喆🐼喆"):
        for number in ("", "7", "W0007", "A-1234567890"):
            label = label_of(enterprise, number)
            assert len(label.encode()) <= LABEL_BYTES and label.endswith(number)


@pytest.mark.parametrize(
    "change",
    [
        {"park": b"abc"}, {"key": 0}, {"key": 256}, {"label": "九" * 9}, {"last": date(2022, 4, 30)},
        {"first": date(2019, 12, 31)}, {"last": date(2200, 1, 1)},
    ],
)  # fmt: skip
def test_what_has_no_place_in_a_code_is_not_signed(change: dict[str, object]) -> None:
    fields = {"park": b"park", "key": 1, "person": uuid4(), "first": DAY, "last": DAY, "label": ""}
    with pytest.raises(ValueError, match=r"\w"):
        sign(PersonCode(**(fields | change)), PRIVATE[1])  # type: ignore[arg-type]


def test_the_fullest_code_fits_a_picture_of_version_7() -> None:
    text = sign(_code(label="九" * 8), new_key()[0])
    assert segno.make(text, error="m", boost_error=False).version <= 7


def test_base45_is_that_of_the_standard() -> None:
    assert (
        to_base45(b"AB") == "BB8" and to_base45(b"Hello!!") == "%69 VD92EX0" and to_base45(b"base-45") == "UJCLQE7W581"
    )
    assert from_base45("QED8WEX0") == b"ietf!"
    for wrong in ("GGW", "A", "::", "a", "BB8:"):
        with pytest.raises(ValueError, match="base45"):
            from_base45(wrong)
