"""Conditions of survey forms: what they mean, that what is unknown is told, and that nothing is ever run as code."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkkeeper.kernel.expressions import DEEPEST, LONGEST, BadExpression, holds, names_in, parse

TODAY = date(2022, 5, 10)


def true(text: str, own: Any = "", **answers: Any) -> bool:
    return holds(json.loads(json.dumps(parse(text))), answers, own=own, today=TODAY)


@pytest.mark.parametrize(
    ("text", "answers", "own", "holds_"),
    [
        ("${a} = 'yes'", {"a": "yes"}, "", True),
        ("${a} = 'yes'", {}, "", False),
        ("${a} != 'yes'", {}, "", True),
        (". >= 0 and . <= 100", {}, "37", True),
        (". >= 0 and . <= 100", {}, 101, False),
        (". > 3", {}, "", False),
        (". < 3", {}, "", False),
        ("selected(${a}, 'b')", {"a": "a b c"}, "", True),
        ("selected(${a}, 'b')", {"a": ["a", "bb"]}, "", False),
        ("count-selected(.) <= 2", {}, "a b c", False),
        ("not(selected(., 'none') and count-selected(.) > 1)", {}, "none a", False),
        ("1 + 2 * 3 = 7", {}, "", True),
        ("(1 + 2) * 3 = 9", {}, "", True),
        ("10 - 2 - 3 = 5", {}, "", True),
        ("-2 + 3 = 1", {}, "", True),
        ("7 mod 3 = 1 and 7 div 2 = 3.5", {}, "", True),
        ("1 div 0 = 1", {}, "", False),
        ("${a} = 1 or ${b} = 1 and ${c} = 1", {"a": 1}, "", True),
        (". <= today()", {}, "2022-05-10", True),
        (". <= today()", {}, "2022-05-11", False),
        ("string-length(.) <= 3", {}, "四个字了", False),
        ("if(${a} > 5, true(), false())", {"a": "6"}, "", True),
        ("coalesce(${a}, 4) = 4", {}, "", True),
        ("round(2.6) = 3 and int(2.6) = 2 and max(1, 3, 2) = 3", {}, "", True),
        ("${found} <= ${roster}", {"found": "9", "roster": "10"}, "", True),
        ("${ok}", {"ok": False}, "", False),
        ('. = "a"', {}, "a", True),
    ],
)
def test_what_a_condition_means(text: str, answers: dict[str, Any], own: Any, holds_: bool) -> None:
    assert true(text, own, **answers) is holds_


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "…"), ("${a", "\\${a"), ("1 +", "…"), ("pulldata('x', 'y')", "pulldata"), ("(1", "“\\)” is missing"),
        ("selected(1)", "selected\\(\\): 1"), ("a = 1", "a\\(\\)"), ("1 1", "“1”"), ("__import__('os')", "__import__"),
        ("'a", "'a"), ("(" * (DEEPEST + 2) + "1" + ")" * (DEEPEST + 2), "deeply"), ("-" * 900 + "1", "deeply"),
        ("1" * (LONGEST + 1), "longer"), ("regex(., '(a+)+$')", "regex"), ("if(1, 2)", "if"), (")", "“\\)”"),
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
