"""Conditions of field-survey forms (XLSForm: relevant, constraint): a small subset of XPath, parsed and worked out.

Nothing is ever evaluated as code: a text becomes a tree of plain lists (JSON), which a server and a phone walk alike:
["num", 3], ["str", "a"], ["ref", "name"], ["self"], ["op", "and", left, right], ["call", "selected", [arguments]].
What a tree means, step by step, is also in phone/src/inspect/conditions.ts; tests/kernel/conditions.json holds both.
"""

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

Tree = list[Any]
Value = str | float | bool
LONGEST, DEEPEST = 2000, 40
FUNCTIONS = {
    "not": (1, 1), "true": (0, 0), "false": (0, 0), "selected": (2, 2), "count-selected": (1, 1), "today": (0, 0),
    "string-length": (0, 1), "if": (3, 3), "int": (1, 1), "number": (1, 1), "round": (1, 2), "coalesce": (2, 2),
    "min": (1, 9), "max": (1, 9),
}  # fmt: skip
"""How many arguments each function takes, at least and at most."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<num>\d{1,15}(?:\.\d{1,15})?(?!\d))|(?P<str>'[^']*'|"[^"]*")|\$\{\s*(?P<ref>[A-Za-z_][\w.-]*)\s*\}
    |(?P<op>!=|<=|>=|[=<>()+*,-])|(?P<word>[A-Za-z][\w-]*)|(?P<self>\.))""",
    re.X | re.A,
)
_LEVELS = (("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"))


class BadExpression(ValueError):
    """A text is no expression that is known here; the message quotes where it goes wrong."""


def parse(text: str) -> Tree:
    """The tree of an expression. Raises BadExpression."""
    if len(text) > LONGEST:
        raise BadExpression(f"longer than {LONGEST} characters")
    reader = _Reader(text)
    tree = reader.level(0, 0)
    if reader.tokens[reader.at][0] != "end":
        raise BadExpression(f"“{reader.rest()}”")
    return tree


def names_in(tree: Tree) -> set[str]:
    """The questions that a tree asks about."""
    if tree[0] == "ref":
        return {tree[1]}
    inner = tree[2] if tree[0] == "call" else tree[2:] if tree[0] == "op" else []
    return {name for part in inner for name in names_in(part)}


class _Reader:
    """Goes through the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise BadExpression(f"“{text[place:].strip()[:20]}”")
            kind = found.lastgroup or ""
            self.tokens.append((kind, found[kind], found.start(kind)))
            place = found.end()
        self.tokens.append(("end", "", len(text)))

    def rest(self) -> str:
        """What stands at the present place, for a message."""
        return self.text[self.tokens[self.at][2] :].strip()[:20] or "…"

    def take(self, *wanted: str) -> str:
        """The next operator or word when it is one of these, else ""."""
        kind, text, _place = self.tokens[self.at]
        if kind in ("op", "word") and text in wanted:
            self.at += 1
            return text
        return ""

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise BadExpression(f"“{wanted}” is missing before “{self.rest()}”")

    def level(self, number: int, depth: int) -> Tree:
        if depth > DEEPEST:
            raise BadExpression("nested too deeply")
        if number == len(_LEVELS):
            return self.single(depth)
        left = self.level(number + 1, depth)
        while operator := self.take(*_LEVELS[number]):
            left = ["op", operator, left, self.level(number + 1, depth)]
        return left

    def single(self, depth: int) -> Tree:
        if self.take("-"):
            return ["op", "-", ["num", 0], self.single(depth + 1)] if depth < DEEPEST else self.level(0, depth + 1)
        if self.take("("):
            inner = self.level(0, depth + 1)
            self.need(")")
            return inner
        kind, text, _place = self.tokens[self.at]
        if kind == "word":
            return self.call(text, depth)
        leaves: dict[str, Tree] = {"str": ["str", text[1:-1]], "ref": ["ref", text], "self": ["self"]}
        made = ["num", float(text)] if kind == "num" else leaves.get(kind)
        if made is None:
            raise BadExpression(f"“{self.rest()}”")
        self.at += 1
        return made

    def call(self, name: str, depth: int) -> Tree:
        known = FUNCTIONS.get(name)
        if known is None:
            raise BadExpression(f"{name}()")
        self.at += 1
        self.need("(")
        arguments: list[Tree] = []
        while not self.take(")"):
            if arguments:
                self.need(",")
            arguments.append(self.level(0, depth + 1))
        if not known[0] <= len(arguments) <= known[1]:
            raise BadExpression(f"{name}(): {len(arguments)}")
        return ["call", name, arguments]


def holds(tree: Tree, answers: Mapping[str, Any], *, own: Any = "", today: date) -> bool:
    """Whether a condition holds for these answers (by name; a choice of several is a text with spaces between)."""
    return _truth(_value(tree, answers, _plain(own), today))


def _plain(value: Any) -> Value:
    if value is None:
        return ""
    if isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        return float(value)
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _value(tree: Tree, answers: Mapping[str, Any], own: Value, today: date) -> Value:
    kind = tree[0]
    if kind in ("num", "str"):
        return float(tree[1]) if kind == "num" else str(tree[1])
    if kind == "ref":
        return _plain(answers.get(tree[1]))
    if kind == "self":
        return own
    if kind == "call":
        return _called(tree[1], tree[2], answers, own, today)
    operator = tree[1]
    left = _value(tree[2], answers, own, today)
    if operator in ("and", "or"):  # the second is asked only when it matters
        if _truth(left) == (operator == "or"):
            return bool(operator == "or")
        return _truth(_value(tree[3], answers, own, today))
    right = _value(tree[3], answers, own, today)
    if operator in ("=", "!="):
        return bool(_same(left, right) == (operator == "="))
    return _reckoned(operator, left, right)


def _reckoned(operator: str, left: Value, right: Value) -> Value:
    if operator in ("<", "<=", ">", ">="):
        if isinstance(left, str) and isinstance(right, str) and not (_is_number(left) and _is_number(right)):
            a: Any = left  # days as 2022-05-10: their order is that of their letters
            b: Any = right
            if not (left and right):
                return False
        else:
            a, b = _number(left), _number(right)
        return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator])
    a, b = _number(left), _number(right)
    if operator in ("div", "mod"):
        if b == 0 or not (math.isfinite(a) and math.isfinite(b)):
            return math.nan
        return a / b if operator == "div" else math.fmod(a, b)
    return float({"+": a + b, "-": a - b, "*": a * b}[operator])


def _called(name: str, parts: list[Tree], answers: Mapping[str, Any], own: Value, today: date) -> Value:
    if name == "if":
        return _value(parts[1 if _truth(_value(parts[0], answers, own, today)) else 2], answers, own, today)
    told = [_value(part, answers, own, today) for part in parts]
    if name in ("true", "false", "today"):
        return today.isoformat() if name == "today" else name == "true"
    if name == "not":
        return not _truth(told[0])
    if name == "selected":
        return _text(told[1]) in _text(told[0]).split()
    if name == "count-selected":
        return float(len(_text(told[0]).split()))
    if name == "string-length":
        return float(len(_text(told[0] if told else own)))
    if name == "coalesce":
        return told[0] if _text(told[0]) else told[1]
    numbers = [_number(one) for one in told]
    if name in ("min", "max"):
        least_or_most = min(numbers) if name == "min" else max(numbers)
        return math.nan if any(map(math.isnan, numbers)) else least_or_most
    digits = numbers[1] if numbers[1:] else 0.0
    if name == "number" or not (math.isfinite(numbers[0]) and math.isfinite(digits)):
        return numbers[0]
    return float(int(numbers[0])) if name == "int" else _rounded(numbers[0], int(max(-15.0, min(15.0, digits))))


def _rounded(value: float, digits: int) -> float:
    """To so many decimal places (negative: tens, hundreds …); a half goes up, as XPath says."""
    scale = float(f"1e{abs(digits)}")
    moved = value * scale if digits >= 0 else value / scale
    if not math.isfinite(moved):
        return value
    whole = math.floor(moved)
    up = float(whole + 1 if moved - whole >= 0.5 else whole)
    return up / scale if digits >= 0 else up * scale


def _is_number(value: Value) -> bool:
    return not math.isnan(_number(value))


def _number(value: Value) -> float:
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"\s*-?\d{1,15}(\.\d{1,15})?\s*", value, re.A) else math.nan
    return float(value)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value.is_integer() else repr(value)


def _same(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return _truth(left) == _truth(right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return _number(left) == _number(right)


def _truth(value: Value) -> bool:
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value)
