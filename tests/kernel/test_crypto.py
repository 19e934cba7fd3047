"""What is sealed opens with its key and its context only; keys are made once and read by nobody else."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkkeeper.kernel import crypto

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_again(plain: str, context: str) -> None:
    assert crypto.unseal(crypto.seal(plain, KEY, context=context), KEY, context=context) == plain


def test_a_seal_shows_nothing_and_never_repeats() -> None:
    one, two = (crypto.seal("31011519900101001X", KEY, context="person.document") for _ in range(2))
    assert one != two
    assert b"310115" not in one
    assert one[0] == 1
    assert len(one) == 1 + 12 + 18 + 16


def test_another_key_or_context_does_not_open() -> None:
    sealed = crypto.seal("31011519900101001X", KEY, context="person.document:1")
    with pytest.raises(crypto.BadSeal):
        crypto.unseal(sealed, OTHER_KEY, context="person.document:1")
    with pytest.raises(crypto.BadSeal):
        crypto.unseal(sealed, KEY, context="person.document:2")


@given(st.data())
def test_any_changed_bit_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(crypto.seal("浦东 001X", KEY, context="c"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(crypto.BadSeal):
        crypto.unseal(bytes(sealed), KEY, context="c")


@given(st.binary(max_size=80))
def test_garbage_is_a_bad_seal_and_nothing_else(garbage: bytes) -> None:
    with pytest.raises(crypto.BadSeal):
        crypto.unseal(garbage, KEY, context="c")


def test_a_databases_memoryview_opens_too() -> None:
    sealed = memoryview(crypto.seal("x", KEY, context="c"))
    assert crypto.unseal(sealed, KEY, context="c") == "x"  # type: ignore[arg-type]


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        crypto.seal("x", KEY[:16], context="c")


def test_a_data_key_comes_back_from_its_wrapping_and_is_not_a_value() -> None:
    data_key = crypto.new_data_key()
    wrapped = crypto.wrap_key(data_key, KEY)
    assert len(data_key) == 32
    assert data_key not in wrapped
    assert crypto.unwrap_key(wrapped, KEY) == data_key
    with pytest.raises(crypto.BadSeal):
        crypto.unwrap_key(wrapped, OTHER_KEY)
    with pytest.raises(crypto.BadSeal):
        crypto.unseal(wrapped, KEY, context="person.document")
    with pytest.raises(ValueError, match="32 bytes"):
        crypto.wrap_key(b"short", KEY)


def test_a_blind_index_is_equal_for_equal_values_of_one_purpose_only() -> None:
    index = crypto.blind_index("13800138000", KEY, purpose="phone")
    assert len(index) == 16
    assert index == crypto.blind_index("13800138000", KEY, purpose="phone")
    assert index != crypto.blind_index("13800138001", KEY, purpose="phone")
    assert index != crypto.blind_index("13800138000", KEY, purpose="document")
    assert index != crypto.blind_index("13800138000", OTHER_KEY, purpose="phone")


def test_purpose_and_value_do_not_run_into_each_other() -> None:
    assert crypto.blind_index("bc", KEY, purpose="a") != crypto.blind_index("c", KEY, purpose="ab")


@pytest.mark.parametrize("nothing", ["", " ", "\u3000"])
def test_blank_never_equals_blank(nothing: str) -> None:
    with pytest.raises(ValueError, match="blank never equals blank"):
        crypto.blind_index(nothing, KEY, purpose="document")
    with pytest.raises(ValueError, match="blank never equals blank"):
        crypto.device_hash(nothing, KEY)


def test_a_device_hash_differs_by_enrolment() -> None:
    one = crypto.device_hash("31011519900101001X", b"a" * 16)
    assert len(one) == 32
    assert set(one) <= set("0123456789abcdef")
    assert one != crypto.device_hash("31011519900101001X", b"b" * 16)
    with pytest.raises(ValueError, match="16 bytes"):
        crypto.device_hash("31011519900101001X", b"salt")


def test_the_first_start_makes_the_keys_and_the_second_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secrets.json"
    made = crypto.load_or_make_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (len(made.data), len(made.blind), len(made.secret) >= 50) == (32, 32, True)
    assert made.data != made.blind
    assert crypto.load_or_make_keys(path) == made
    assert list(path.parent.iterdir()) == [path]


def test_keys_never_show_in_a_log(tmp_path: Path) -> None:
    keys = crypto.load_or_make_keys(tmp_path / "secrets.json")
    assert repr(keys) == "Keys()"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_keys_that_others_may_read_are_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secrets.json"
    crypto.load_or_make_keys(path)
    path.chmod(mode)
    with pytest.raises(crypto.KeyFileError, match="chmod 600"):
        crypto.load_or_make_keys(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{}",
        b"[]",
        json.dumps({"version": 1, "secret": "x" * 60, "data": "AAAA", "blind": "AAAA"}).encode(),
        json.dumps({"version": 1, "secret": "x" * 60, "data": "?", "blind": "?"}).encode(),
        json.dumps({"version": 1, "secret": "short"}).encode(),
    ],
)
def test_damaged_keys_are_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secrets.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(crypto.KeyFileError, match="backup"):
        crypto.load_or_make_keys(path)
    assert path.read_bytes() == content


def test_processes_that_start_at_once_get_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    program = (
        "import sys, hashlib, pathlib\n"
        "from parkkeeper.kernel.crypto import load_or_make_keys\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "keys = load_or_make_keys(pathlib.Path(sys.argv[1]))\n"
        "print(hashlib.sha256(keys.data + keys.blind + keys.secret.encode()).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )
        for _ in range(4)
    ]  # fmt: skip
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
    answers = set()
    for child in children:
        assert child.stdin
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        answers.add(child.communicate(timeout=30)[0])
        assert child.returncode == 0
    assert len(answers) == 1
    assert list(tmp_path.iterdir()) == [path]
