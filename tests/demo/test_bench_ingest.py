"""The measurement of the door: what it measures on, whose backlog it sends, and that a missed aim is named."""

from contextlib import nullcontext
from typing import Any

import pytest

from parkkeeper.demo.bench import ingest_park
from parkkeeper.demo.bench.camera import told
from parkkeeper.demo.bench.ingest import AIMS, BACKLOG, durable_settings, missed
from parkkeeper.demo.bench.ingest_backlog import LAST_EVENING, crowds_of_the_demo
from parkkeeper.demo.bench.ingest_park import BenchPark, Desk, backlog
from parkkeeper.demo.invent import DEFAULT_SEED, invent


@pytest.mark.django_db
def test_a_postgresql_that_does_not_wait_for_its_disk_is_not_measured() -> None:
    with pytest.raises(SystemExit, match="fsync.* is not on in this PostgreSQL"):  # as the tests' own is
        durable_settings()


def test_the_backlog_is_the_demos_own() -> None:
    crowds, points = crowds_of_the_demo(BACKLOG), invent(DEFAULT_SEED).evening(LAST_EVENING).points
    assert len(crowds) == 79 and sum(map(sum, crowds)) == BACKLOG
    came = [len(point.arrivals) for point in points]
    for crowd, arrivals in zip(crowds, came, strict=True):
        assert abs(sum(crowd) - arrivals * BACKLOG / sum(came)) < 1 + len(crowd)
    assert max(map(max, crowds)) > 20 * min(map(min, crowds))  # a large host is no small point
    assert sum(map(sum, crowds_of_the_demo(200))) == 200


def test_a_phone_that_slept_says_hello_before_its_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_park, "in_park", lambda schema: nullcontext())
    monkeypatch.setattr(ingest_park, "horizon", lambda: "0-0")
    people = [(str(n), 1020) for n in range(12)]
    park = BenchPark("backlog", "backlog.localhost", [Desk("token", 1, people, 0, crowd=12)])
    (sent, asked), tubes = backlog(park, most=10)
    assert [request.split(b" HTTP")[0] for request in sent] == [b"GET /phone/v1/hello"] + [
        b"POST /phone/v1/batches"
    ] * 2
    assert (len(asked), tubes) == (2, 2)


def measured(**worse: Any) -> dict[str, Any]:
    way = {"ratio_to_floor": 0.5, "cpu_ms_a_scan": 0.08}
    return {
        "batch_200": way, "batch_500": way, "one": {"cpu_ms_a_scan": 3.0}, "backlog": {"seconds_each": [4.0, 10.0]},
        "parks": [{"rate_to_first": 1.0}, {"rate_to_first": 0.8}], **worse,
    }  # fmt: skip


def test_every_aim_that_is_missed_is_named_with_its_worst_figure() -> None:
    assert missed(measured()) == {}
    slow = {"ratio_to_floor": 0.49, "cpu_ms_a_scan": 0.09}
    assert missed(measured(
        batch_500=slow, one={"cpu_ms_a_scan": 3.1}, backlog={"seconds_each": [4.0, 10.1]},
        parks=[{"rate_to_first": 0.7}],
    )) == {**slow, "one_cpu_ms": 3.1, "backlog_seconds": 10.1, "falls_less_than": 0.3}  # fmt: skip
    assert set(missed(measured(batch_200=slow))) < set(AIMS)


def test_what_the_phone_told_of_its_speed_is_summed_up() -> None:
    one = {
        "codes": 2, "film_seconds": 2.0, "took_seconds": 2.5, "frames": 10, "frames_read": 6, "frame_ms": [5.0] * 10,
        "saved_ms": [7.0, 9.0],
    }  # fmt: skip
    found = told([one, {**one, "saved_ms": [8.0, 40.0]}])
    assert (found["rounds"], found["frames_read_share"]) == (2, 0.6)
    assert found["scan_to_saved_ms"] == {"p50": 9.0, "p95": 40.0, "p99": 40.0, "most": 40.0}
