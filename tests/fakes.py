"""Stand-ins. One for a function of ours is held against the real one: it can be asked in the same ways."""

import inspect
from typing import Any

import pytest
from _pytest.monkeypatch import derive_importpath
from django.contrib.auth.hashers import Argon2PasswordHasher

OURS = ("parkkeeper", "tests")
_plain = pytest.MonkeyPatch.setattr


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 with a fraction of its work: most tests with an account have no password to protect."""

    time_cost, memory_cost, parallelism = 1, 8, 1


def unlike(real: Any, fake: Any) -> str:
    """Why the fake cannot stand for the real thing, "" when it can. What is not of our own code is not looked at."""
    if not callable(real) or str(getattr(real, "__module__", "")).split(".")[0] not in OURS:
        return ""
    if isinstance(real, type) != isinstance(fake, type):
        return f"{fake!r} stands for {real!r}, and only one of them is a class."
    try:
        wanted, given = inspect.signature(real), inspect.signature(fake)
    except (TypeError, ValueError):
        return f"{fake!r} stands for {real!r}: it cannot be called, or does not say how."
    if _ways(wanted) != _ways(given):
        return f"{fake!r} is asked as {given}, and what it stands for, {real!r}, as {wanted}."
    return ""


def _ways(signature: inspect.Signature) -> list[tuple[Any, ...]]:
    return [(one.name, one.kind, one.default is one.empty) for one in signature.parameters.values()]


def verified_setattr(self: pytest.MonkeyPatch, *target: Any, raising: bool = True) -> None:
    """`monkeypatch.setattr`, given a dotted name and a value, or a thing, a name and a value: fails the test when the
    value cannot stand for what is there."""
    owner, name, value = target[0], target[1], target[-1]
    if isinstance(owner, str):
        name, owner = derive_importpath(owner, raising)
    why = unlike(getattr(owner, name, None), value)
    if why:
        pytest.fail(f"An unverified fake: {why}")
    _plain(self, *target, raising=raising)
