"""Conditions of survey forms: what they mean, that what is unknown is told, and that nothing is ever run as code."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkkeeper.kernel.expressions import DEEPEST, LONGEST, BadExpression, holds, names_in, parse

TODAY = date(2022, 5, 10)


def true(text: str, own: Any = "", **answers: Any) -> bool:
    return holds(json.loads(json.dumps(parse(text))), answers, own=own, today=TODAY)


CASES = json.loads(Path(__file__).with_name("conditions.json").read_text(encoding="utf-8"))
"""What conditions mean here and on the phone (phone/tests/conditions.test.ts): text, tree, answers, and the outcome."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_what_a_condition_means(case: dict[str, Any]) -> None:
    assert parse(case["text"]) == case["tree"]
    assert holds(case["tree"], case["answers"], own=case["own"], today=TODAY) is case["holds"]


@pytest.mark.parametrize(
    ("text", "answers", "own", "holds_"),
    [
        (". >= 0 and . <= 100", {}, 101, False),
        ("selected(${a}, 'b')", {"a": ["a", "bb"]}, "", False),
        ("${a} = 1", {"a": 1}, "", True),
        ("${a} = ''", {"a": None}, "", True),
        ("${ok}", {"ok": False}, "", False),
    ],
)
def test_answers_may_be_numbers_lists_or_nothing(text: str, answers: dict[str, Any], own: Any, holds_: bool) -> None:
    assert true(text, own, **answers) is holds_


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "…"), ("${a", "\\${a"), ("1 +", "…"), ("pulldata('x', 'y')", "pulldata"), ("(1", "“\\)” is missing"),
        ("selected(1)", "selected\\(\\): 1"), ("a = 1", "a\\(\\)"), ("1 1", "“1”"), ("__import__('os')", "__import__"),
        ("'a", "'a"), ("(" * (DEEPEST + 2) + "1" + ")" * (DEEPEST + 2), "deeply"), ("-" * 900 + "1", "deeply"),
        ("1" * (LONGEST + 1), "longer"),
        ("1" * 16, "“1111"), ("0." + "1" * 16, "“1111"),
        ("regex(., '(a+)+$')", "regex"), ("if(1, 2)", "if"), (")", "“\\)”"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_told(text: str, told: str) -> None:
    with pytest.raises(BadExpression, match=told):
        parse(text)


def test_the_questions_that_it_asks_about_are_known() -> None:
    assert names_in(parse("selected(${a}, 'x') and not(${b} > ${c} + 1)")) == {"a", "b", "c"}


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("${}ab.'=<>!()+-* ,1andorivmt\n"), max_size=60))
def test_any_text_is_an_expression_or_told_and_an_expression_gives_an_answer(text: str) -> None:
    try:
        tree = parse(text)
    except BadExpression:
        return
    assert holds(tree, {"a": "1", "b": ""}, own="2", today=TODAY) in (True, False)
