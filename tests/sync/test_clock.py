"""A phone's clock that was set while it was offline: what it told before and after is stored in its true time."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sampling.models import Scan
from parkkeeper.sync.actions import retake_kept
from parkkeeper.sync.models import Batch, PoisonOperation
from tests.sync.handset import Handset, enrolled, json_of, verdicts
from tests.world import later, world

pytestmark = pytest.mark.django_db
AHEAD = timedelta(hours=3)
TUBE = tube_code("YQ", 7)
HUGE = [{"until": 10**40, "by": 1}]


def shift(w: Any, phone: Handset) -> list[dict[str, Any]]:
    """A tube and two scans by the right clock, then two by one that is three hours ahead."""
    operations = [phone.op("open_tube", tube=TUBE, pool_size=10)]
    for n, worker in enumerate(w.workers[:4]):
        at = later(n) + (AHEAD if n >= 2 else timedelta(0))
        operations.append(phone.op("scan", tube=TUBE, person=worker.uuid, how="code", at=at))
    return operations


def told(phone: Handset, operations: list[Any], jumps: Any, number: str = "") -> Any:
    sent = {"id": number or str(uuid4()), "sent_at": (later(5) + AHEAD).isoformat(), "operations": operations,
            "jumps": jumps}  # fmt: skip
    return phone.ask("POST", "batches", at=later(5), data=json.dumps(sent).encode())


def test_what_was_told_before_the_clock_was_set_is_stored_in_its_true_time() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    operations, number = shift(w, phone), str(uuid4())
    jumps = [{"until": operations[2]["seq"], "by": int(AHEAD.total_seconds() * 1000)}]
    answer = told(phone, operations, jumps, number)
    assert verdicts(answer) == ["stored"] * 5
    scans = list(Scan.objects.order_by("sequence"))
    assert [scan.scanned_at for scan in scans] == [later(n) for n in range(4)]
    assert [scan.device_at for scan in scans] == [later(0), later(1), later(2) + AHEAD, later(3) + AHEAD]
    assert [scan.person for scan in scans] == w.workers[:4]
    marked = ["clock_far_off" in verdict.get("doubts", ()) for verdict in json_of(answer)["verdicts"]]
    assert marked == [False, False, False, True, True]  # the clock at sending is wrong, that of before was right
    again = told(phone, operations, [*jumps, {"until": operations[-1]["seq"], "by": -1000}], number)
    assert again["Parkkeeper-Repeated"] == "1"  # it may be set again before the answer arrives


def test_what_is_taken_after_all_keeps_its_true_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from parkkeeper.sync import inbox

    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    operations = shift(w, phone)
    verb = inbox.VERBS["scan"]

    def failing(*_given: Any, **_more: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setitem(inbox.VERBS, "scan", failing)
    told(phone, operations, [{"until": operations[2]["seq"], "by": int(AHEAD.total_seconds() * 1000)}])
    monkeypatch.setitem(inbox.VERBS, "scan", verb)
    for poison in PoisonOperation.objects.order_by("position"):
        retake_kept(poison, by=w.office, at=later(60))
    assert [scan.scanned_at for scan in Scan.objects.order_by("sequence")] == [later(n) for n in range(4)]


def test_a_jump_after_the_greatest_number_that_a_phone_can_count_to_is_taken() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    answer = told(phone, shift(w, phone), [{"until": 2**53, "by": int(AHEAD.total_seconds() * 1000)}])
    assert verdicts(answer) == ["stored"] * 5


@pytest.mark.parametrize(
    "jumps",
    ["3", 3, [3], [{"until": 1}], [{"until": 1, "by": True}], [{"until": 1, "by": 10**14}], [{}] * 101,
     [{"until": -1, "by": 1}], [{"until": 2**53 + 1, "by": 1}], [{"until": 2**64 - 1, "by": 1}], HUGE],
)  # fmt: skip
def test_jumps_that_nobody_understands_are_told_and_nothing_is_stored_in_a_wrong_time(jumps: Any) -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    answer = told(phone, shift(w, phone), jumps)
    assert answer.status_code == 400
    error = json.loads(answer.content)["error"]
    assert (error["code"], error["field"], error["kept"]) == ("bad_batch", "jumps", True)
    assert not Batch.objects.exists()
