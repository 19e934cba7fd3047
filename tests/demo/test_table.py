"""The table compares as the report means it, and says plainly what is not built."""

import json

import pytest

from parkkeeper.demo.table import Line, as_json, rendered, verdict


@pytest.mark.parametrize(
    ("op", "computed", "source", "expected"),
    [
        ("==", 79, 79, "ok"),
        ("==", 78, 79, "differs"),
        ("==", "2022-04-27", "2022-04-27", "ok"),
        (">=", 316, 300, "ok"),
        (">=", 299, 300, "differs"),
        (">", 300, 300, "differs"),
        ("round2", 0.8299, 0.83, "ok"),
        ("round2", 0.8349, 0.84, "differs"),
        ("in", 0.35, [0.3, 0.4], "ok"),
        ("in", 0.41, [0.3, 0.4], "differs"),
        ("about", 596, 600, "ok"),
        ("about", 560, 600, "differs"),
        ("==", None, 79, "not yet built"),
    ],
)
def test_a_figure_is_compared_by_its_operator(op: str, computed: object, source: object, expected: str) -> None:
    assert verdict(op, computed, source) == expected  # type: ignore[arg-type]


def test_an_operator_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="operator"):
        verdict("~", 1, 1)


def test_columns_are_aligned_though_chinese_is_twice_as_wide() -> None:
    wide, narrow = Line("a", "采样点", 15681, 15681, "ok"), Line("b", "x", None, 0.83, "not yet built")
    lines = rendered([wide, narrow]).splitlines()
    assert lines[1].endswith("ok") and "15,681" in lines[1]
    assert lines[2].index("-") == lines[1].index("15,681") + 3  # three wide characters stand for six columns


def test_the_json_has_every_figure_with_null_for_what_is_missing() -> None:
    text = as_json([Line("a", "", 1, 1, "ok"), Line("b", "", None, 2, "not yet built")])
    assert json.loads(text) == {"figures": {"a": 1, "b": None}}
