"""Bodies that cannot be read: each has its code and its remedy, and what was sent is kept for a person."""

import errno
import gzip
import io
import os
from datetime import timedelta
from uuid import uuid4

import orjson
import pytest
from django.core.handlers.wsgi import WSGIRequest

from parkkeeper.park.files import read_file
from parkkeeper.park.models import Anomaly, StoredFile
from parkkeeper.sync.envelope import received
from parkkeeper.sync.models import Batch
from parkkeeper.sync.problems import Problem
from tests.sync.handset import batch, enrolled, json_of
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db

GOOD = batch([{"id": str(uuid4()), "seq": 1, "at": EVENING.isoformat(), "kind": "open_session"}])
UNREADABLE = {
    "truncated": (GOOD[:-20], "bad_json"),
    "not_json": (b"<html>captive portal</html>", "bad_json"),
    "not_utf8": ('{"id": "张伟"}'.encode("gbk"), "not_utf8"),
    "a_list": (b"[1, 2]", "bad_batch"),
    "deep": (b"[" * 100_000, "bad_json"),
    "nan": (GOOD.replace(b'"seq":1', b'"seq":NaN'), "bad_json"),
    "no_id": (GOOD.replace(b'{"id":"', b'{"no":"', 1), "bad_batch"),
    "id_no_uuid": (orjson.dumps({"id": "7", "sent_at": EVENING.isoformat(), "operations": [1]}), "bad_batch"),
    "sent_at_naive": (
        orjson.dumps({"id": str(uuid4()), "sent_at": "2022-05-10T18:00:00", "operations": [1]}), "bad_batch",
    ),
    "no_operations": (batch([]), "bad_batch"),
    "operations_no_list": (
        orjson.dumps({"id": str(uuid4()), "sent_at": EVENING.isoformat(), "operations": {}}), "bad_batch",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_named_and_kept_as_it_came(case: str) -> None:
    w = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    body, code = UNREADABLE[case]
    answer = phone.ask("POST", "batches", data=body)
    told = json_of(answer)["error"]
    assert (answer.status_code, told["code"], told["kept"]) == (400, code, True)
    assert len(told["message"]) > 10
    assert Batch.objects.count() == 0
    doubt = Anomaly.objects.get(kind="unreadable_batch")
    assert read_file(StoredFile.objects.get(pk=doubt.evidence["file"])) == body


@pytest.mark.parametrize("cut", [1, 8, 40])
def test_gzip_that_was_cut_is_named_and_kept(cut: int) -> None:
    w = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    answer = phone.ask("POST", "batches", data=gzip.compress(GOOD)[:-cut], Content_Encoding="gzip")
    assert (answer.status_code, json_of(answer)["error"]["code"]) == (400, "bad_gzip")
    assert Anomaly.objects.filter(kind="unreadable_batch").count() == 1


def test_an_empty_body_leaves_nothing_behind() -> None:
    w = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    answer = phone.ask("POST", "batches")
    assert json_of(answer)["error"] == json_of(answer)["error"] | {"code": "empty_body", "kept": False}
    assert StoredFile.objects.count() == 0


def test_a_body_sent_again_is_kept_once() -> None:
    w = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    for _time in range(3):
        assert json_of(phone.ask("POST", "batches", data=GOOD[:-20]))["error"]["kept"] is True
    assert StoredFile.objects.count() == Anomaly.objects.count() == 1


def test_a_phone_gone_mad_cannot_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parkkeeper.sync.unreadable.MOST_A_DAY", 3)
    w = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    kept = [json_of(phone.ask("POST", "batches", data=b"{%d" % n))["error"]["kept"] for n in range(5)]
    assert kept == [True, True, True, False, False]
    tomorrow = phone.ask("POST", "batches", data=b"{later", at=EVENING + timedelta(days=2))
    assert json_of(tomorrow)["error"]["kept"] is True


def test_a_batch_of_10_mb_is_to_be_split() -> None:
    w = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    huge = batch([{"claimed": "x" * 10_000_000}])
    for body, headers in ((huge, {}), (gzip.compress(huge, 1), {"Content_Encoding": "gzip"})):
        answer = phone.ask("POST", "batches", data=body, **headers)
        told = json_of(answer)["error"]
        assert (answer.status_code, told["code"], told["remedy"]) == (413, "too_big", "split")
        assert told["most_operations"] == 2000
    assert StoredFile.objects.count() == 0


def test_more_than_2000_operations_are_to_be_split() -> None:
    w = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    answer = phone.send([0] * 2001)
    assert (answer.status_code, json_of(answer)["error"]["remedy"]) == (413, "split")


def test_a_full_disk_is_told_and_the_body_is_not_called_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    monkeypatch.setattr(os, "fsync", no_space)
    answer = phone.ask("POST", "batches", data=b"{" + str(uuid4()).encode())
    assert (answer.status_code, json_of(answer)["error"]["kept"]) == (400, False)
    assert StoredFile.objects.count() == 0


def no_space(_descriptor: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def request_of(body: bytes, **environ: str) -> tuple[WSGIRequest, io.BytesIO]:
    stream = io.BytesIO(body)
    facts = {"REQUEST_METHOD": "POST", "SERVER_NAME": "x", "SERVER_PORT": "80", "wsgi.input": stream, **environ}
    return WSGIRequest(facts), stream


def test_a_body_too_big_is_read_to_its_end_so_that_its_sender_hears_the_answer() -> None:
    body = b"x" * 10_000_000
    request, stream = request_of(body, CONTENT_LENGTH=str(len(body)))
    with pytest.raises(Problem) as told:
        received(request)
    assert (told.value.status, stream.tell()) == (413, len(body))


def test_a_body_that_comes_in_chunks_is_read() -> None:
    request, _stream = request_of(GOOD, HTTP_TRANSFER_ENCODING="chunked")
    assert received(request) == GOOD


def test_a_body_that_was_cut_on_its_way_is_asked_for_again_and_not_kept() -> None:
    request, _stream = request_of(GOOD[:50], CONTENT_LENGTH=str(len(GOOD)))
    with pytest.raises(Problem) as told:
        received(request)
    assert (told.value.code, told.value.retry_after) == ("cut_off", 1)
