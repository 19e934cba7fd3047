"""The same facts give the same bytes, and a chain breaks when one link changes."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkkeeper.kernel.canonical import canonical_json, chain_hash

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


class Colour(StrEnum):
    RED = "red"


@given(VALUES)
def test_canonical_json_says_what_was_given(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(WORDS, VALUES, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(value: dict[str, object], random: object) -> None:
    keys = list(value)
    random.shuffle(keys)  # type: ignore[attr-defined]
    assert canonical_json({key: value[key] for key in keys}) == canonical_json(value)


def test_every_kind_has_one_form() -> None:
    moment = datetime(2022, 5, 19, 20, 40, tzinfo=timezone(timedelta(hours=8)))
    value = {
        "moment": moment, "day": date(2022, 5, 19), "id": UUID(int=1), "bytes": b"\x00\xff", "whole": 2.0,
        "part": 0.5, "money": Decimal("1.50"), "pair": (1, 2), "colour": Colour.RED, "中": "文",
    }  # fmt: skip
    assert canonical_json(value).decode() == (
        '{"bytes":"00ff","colour":"red","day":"2022-05-19","id":"00000000-0000-0000-0000-000000000001",'
        '"moment":"2022-05-19T12:40:00.000000Z","money":"1.50","pair":[1,2],"part":0.5,"whole":2,"中":"文"}'
    )
    assert canonical_json(moment) == canonical_json(moment.astimezone(UTC))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, 1e300, datetime(2022, 5, 19), Decimal("NaN")])  # noqa: DTZ001
def test_what_other_readers_would_change_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"2\*\*53|time zone|no place"):
        canonical_json({"a": [value]})


@pytest.mark.parametrize("value", [{1, 2}, object(), {1: "a"}])
def test_what_has_no_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


def test_a_link_depends_on_all_before_it() -> None:
    first = chain_hash(b"", b"one")
    assert first == hashlib.sha256(b"\x00one").digest()
    assert chain_hash(first, b"two") != chain_hash(chain_hash(b"", b"0ne"), b"two")
    assert chain_hash(first, b"two") != chain_hash(b"", first + b"two")
    with pytest.raises(ValueError, match="32 bytes"):
        chain_hash(b"short", b"two")
