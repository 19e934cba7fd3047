"""What `./run bench growth` copies from evening to evening refers to the copies, not to the evening that was copied."""

import pytest

from parkkeeper.demo.bench.growth_fill import _refers, _told

pytestmark = pytest.mark.django_db


def test_a_reference_without_a_constraint_is_followed_as_well() -> None:
    refers = _refers("sampling_scan")
    assert refers["round_id"] == "sampling_round", "the database itself holds no constraint on it"
    assert _told("round_id", "bigint", refers["round_id"], {"sampling_round": 7}) == '"round_id" + %(days)s * 7::bigint'


def test_a_reference_to_what_stays_is_left_as_it_is() -> None:
    refers = _refers("sampling_scan")
    assert _told("person_id", "bigint", refers["person_id"], {}) == '"person_id" + %(days)s * 0::bigint'
