"""docs/protocol.md says what the door does: its examples are taken, its codes are those of the code."""

import re
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from parkkeeper.sampling.field import Operation
from parkkeeper.sync import door
from parkkeeper.sync.envelope import open_envelope
from parkkeeper.sync.gate import Gate
from parkkeeper.sync.inbox import VERBS
from parkkeeper.sync.parsing import MAKERS, parse
from tests.sync.handset import Handset, json_of
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db

HERE = Path(__file__).resolve().parents[2]
TEXT = (HERE / "docs" / "protocol.md").read_text()


def test_every_example_of_an_operation_is_understood() -> None:
    examples = [orjson.loads(line) for line in TEXT.splitlines() if line.startswith('{"id": "0b')]
    assert {example["kind"] for example in examples} == set(MAKERS) == set(VERBS)
    for example in examples:
        kind, operation = parse(example, timedelta(minutes=2))
        assert kind == example["kind"]
        assert isinstance(operation, Operation)
        assert operation.happened_at - operation.device_at == timedelta(minutes=2)


def test_the_example_of_a_rush_is_what_the_door_reads_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    example = TEXT.split("```http\n")[1].split("```")[0]
    (asked, body), (answered, told) = [
        part.split("\n\n", 1) for part in example.strip().replace("\n\nHTTP/1.1", "@HTTP/1.1").split("@")
    ]
    envelope = open_envelope(orjson.loads(body), at=EVENING)
    assert parse(envelope.operations[0], timedelta(0))[0] == "open_tube"
    narrow = Gate(1, 1, 0.0)
    monkeypatch.setattr(door, "gate", narrow)
    world()
    with narrow.passed():
        answer = Handset().ask("POST", "batches", data=body.strip().encode())
    headers = dict(line.split(": ") for line in answered.splitlines()[1:])
    assert answered.startswith(f"HTTP/1.1 {answer.status_code} ")
    assert json_of(answer) == orjson.loads(told)
    assert {name for name in headers if name in answer.headers} == set(headers)
    assert asked.startswith("POST /phone/v1/batches ")


def test_every_code_that_the_door_answers_is_written_down() -> None:
    sources = "\n".join(path.read_text() for path in (HERE / "parkkeeper" / "sync").glob("*.py"))
    codes = set(re.findall(r'(?:Problem|Unreadable)\(\s*\d{3},\s*"([a-z0-9_]+)"', sources))
    codes |= set(re.findall(r'BadOperation\("([a-z_]+)"', sources))
    assert len(codes) > 20
    missing = {code for code in codes if f"`{code}`" not in TEXT}
    assert not missing


def test_every_address_of_the_door_is_written_down() -> None:
    for word in (
        "GET hello",
        "POST enrol",
        "GET roster",
        "GET inspection",
        "POST batches",
        "PUT files/{sha256}",
        "GET changes",
    ):
        assert f"## {word}" in TEXT
