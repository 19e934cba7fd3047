"""What phones should not send but do, tried through the door: kept, told to the phone, and on the office's list."""

import errno
import gzip
import hashlib
import html
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.test import Client

from parkkeeper.kernel import clock
from parkkeeper.kernel.tubes import box_code, tube_code
from parkkeeper.park.files import read_file
from parkkeeper.park.models import Anomaly, Certificate, StoredFile
from parkkeeper.sampling.models import BoxTube, Duty, Obligation, Result, Scan
from tests.pages_unit.desk import Desk, filled
from tests.sampling.fieldkit import pcr_round
from tests.sync.handset import Handset, batch, enrolled, json_of, verdicts
from tests.world import later, world

pytestmark = pytest.mark.django_db
CODE = tube_code("YQ", 7)


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path


@pytest.fixture
def w() -> Any:
    w: Any = world()
    w.round = pcr_round(w.programme, [(p, "due", w.point) for p in w.workers])
    w.phone = enrolled(w.scanner, w.point, by=w.office)
    return w


def words(text: str) -> str:
    """What a reader sees of a page."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def tube(phone: Handset, people: list[Any], code: str = CODE, minutes: float = 0) -> list[dict[str, Any]]:
    """Everything about one tube: opened, filled, sealed."""
    when = later(minutes)
    scans = [phone.op("scan", tube=code, person=p.uuid, how="code", at=when) for p in people]
    return [phone.op("open_tube", tube=code, pool_size=10, at=when), *scans,
            phone.op("seal_tube", tube=code, swabs=len(people), at=when)]  # fmt: skip


def at_the_office(w: Any, kind: str) -> str:
    """The list of doubts, and the page of the one of that kind, as the office reads them the same evening."""
    with clock.at(later(300)):
        desk = Desk(w.office)
        listed = desk.get("anomalies", kind=kind).text.split("<tbody>")[1]
        return words(listed) + words(desk.get("anomaly", Anomaly.objects.get(kind=kind).pk).text)


def results(w: Any, *rows: tuple[str, str], minutes: float) -> str:
    """The laboratory brings a table by the pages; the page of its report."""
    table = [["试管条码", "检测结果", "检测时间"], *([*row, "2022-05-10 20:00"] for row in rows)]
    with clock.at(later(minutes)):
        desk = Desk(w.lab)
        desk.post("lab_file", laboratory=w.laboratory.pk, file=filled(table, f"结果{minutes}.csv"))
        kept = StoredFile.objects.latest("pk")
        done = desk.post("lab_file_check", kept.pk, laboratory=w.laboratory.pk)
        assert done.status == 302
        return words(desk.client.get(done.href).content.decode())


def test_a_result_for_a_tube_that_nobody_heard_of_is_kept_told_and_finds_its_tube_later(w: Any) -> None:
    report = results(w, (CODE, "阳性"), minutes=200)
    assert CODE in report and "未知试管" in report
    page = at_the_office(w, "result_unknown_tube")
    assert "检测结果的试管没有开管也没有扫码" in page and CODE in page and "撤下一条检测结果" in page
    assert set(verdicts(w.phone.send(tube(w.phone, w.workers[:2]), at=later(210)))) == {"stored"}
    assert Result.objects.get().tube.code == CODE
    assert Obligation.objects.open().filter(person__in=w.workers[:2], kind="single_retest").count() == 2


def test_results_before_scans_end_as_scans_before_results(w: Any) -> None:
    results(w, (CODE, "阳性"), minutes=100)
    w.phone.send(tube(w.phone, w.workers[:3]), at=later(300))
    assert Obligation.objects.open().filter(kind="single_retest").count() == 3
    other = tube_code("YQ", 8)
    w.phone.send(tube(w.phone, w.workers[3:], other), at=later(301))
    results(w, (other, "阳性"), minutes=302)
    assert Obligation.objects.open().filter(kind="single_retest").count() == 6


def test_results_that_contradict_are_both_kept_and_the_gravest_rules(w: Any) -> None:
    w.phone.send(tube(w.phone, w.workers[:2]))
    results(w, (CODE, "阴性"), minutes=200)
    results(w, (CODE, "阴性"), minutes=210)
    assert Result.objects.count() == 1
    results(w, (CODE, "阳性"), minutes=220)
    page = at_the_office(w, "result_contradicts")
    assert "同一支试管的检测结果不一致" in page and "阳性" in page and "阴性" in page and "撤下一条检测结果" in page
    assert Result.objects.standing().count() == 2
    assert Obligation.objects.open().filter(kind="single_retest").count() == 2


def test_a_tube_in_two_boxes_stays_in_both_until_somebody_says_in_which_it_is(w: Any) -> None:
    w.phone.send(tube(w.phone, w.workers[:2]))
    boxes = [w.phone.op("seal_box", box=box_code("YQ", n), tubes=[CODE], at=later(20 + n)) for n in (1, 2)]
    told = json_of(w.phone.send(boxes, at=later(30)))["verdicts"]
    assert [verdict["verdict"] for verdict in told] == ["stored", "stored"]
    assert told[1]["doubts"] == ["tube_in_two_boxes"]
    page = at_the_office(w, "tube_in_two_boxes")
    assert "同一支试管在两个箱里" in page and CODE in page and "确认试管所在的转运箱" in page
    assert BoxTube.objects.count() == 2


def test_a_scan_dated_tomorrow_is_kept_counts_as_made_when_heard_and_is_told(w: Any) -> None:
    scan = w.phone.op("scan", tube=CODE, person=w.workers[0].uuid, how="code", at=later(24 * 60))
    told = json_of(w.phone.send([w.phone.op("open_session"), scan], at=later(30)))["verdicts"][1]
    assert told["verdict"] == "stored" and "clock_far_off" in told["doubts"]
    stored = Scan.objects.get()
    assert (stored.scanned_at, stored.device_at) == (later(30), later(24 * 60))
    page = at_the_office(w, "clock_far_off")
    assert "手机时钟偏差过大" in page and f"手机时钟比服务器快（秒，负数为慢） {23 * 3600 + 1800:,}" in page


def test_a_batch_of_10_mb_is_told_to_come_in_parts_and_its_parts_are_taken(w: Any) -> None:
    huge = batch([{"claimed": "x" * 10_000_000}])
    for body, headers in ((huge, {}), (gzip.compress(huge, 1), {"Content_Encoding": "gzip"})):
        answer = w.phone.ask("POST", "batches", data=body, **headers)
        told = json_of(answer)["error"]
        assert (answer.status_code, told["code"], told["remedy"]) == (413, "too_big", "split")
        assert "8 MB" in told["message"] or "分" in told["message"]
    assert set(verdicts(w.phone.send(tube(w.phone, w.workers)))) == {"stored"}


def test_truncated_json_is_named_kept_as_it_came_and_shown_to_the_office(w: Any) -> None:
    body = batch(tube(w.phone, w.workers))
    answer = w.phone.ask("POST", "batches", data=body[:-40])
    told = json_of(answer)["error"]
    assert (answer.status_code, told["code"], told["kept"]) == (400, "bad_json", True)
    assert re.search(r"[一-鿿]{6,}", told["message"])
    kept = Anomaly.objects.get(kind="unreadable_batch")
    assert read_file(StoredFile.objects.get(pk=kept.evidence["file"])) == body[:-40]
    assert "手机发来无法读取的内容" in at_the_office(w, "unreadable_batch")
    assert set(verdicts(w.phone.ask("POST", "batches", data=body))) == {"stored"}


def test_an_unknown_phone_is_told_to_ask_for_a_new_code_and_its_queue_goes_in_after_that(w: Any) -> None:
    stranger = Handset(token="x" * 43)
    queue = tube(stranger, w.workers[:2])
    answer = stranger.send(queue)
    assert (answer.status_code, json_of(answer)["error"]["code"]) == (401, "unknown_token")
    assert "没有登记" in json_of(answer)["error"]["message"] and "登记码" in json_of(answer)["error"]["message"]
    assert not Scan.objects.exists()
    stranger.token = enrolled(w.sampler, w.point, by=w.office, role="sampling_specialist").token
    assert set(verdicts(stranger.send(queue))) == {"stored"}
    assert Scan.objects.count() == 2


def test_duty_after_the_certificate_was_revoked_is_recorded_and_told(w: Any) -> None:
    certificate = Certificate.objects.get(person=w.sampler)
    with clock.at(later(-120)):
        done = Desk(w.office).post("certificate", certificate.pk, reason="考核不合格")
    assert done.status == 302
    session = w.phone.op("open_session", at=later(-1))
    duty = w.phone.op("go_on_duty", session=session["id"], person=w.sampler.uuid, role="sampling_specialist")
    told = json_of(w.phone.send([session, duty]))["verdicts"][1]
    assert (told["verdict"], told["doubts"]) == ("stored", ["duty_without_certificate"])
    assert Duty.objects.get().certificate is None
    page = at_the_office(w, "duty_without_certificate")
    assert "无有效上岗证当班" in page and "采样戊" in page and "停止当班" in page and "补登上岗证" in page


def test_a_scan_for_a_closed_round_is_kept_and_told_and_closing_twice_names_who_closed_it(w: Any) -> None:
    with clock.at(later(20)):
        desk = Desk(w.office)
        assert desk.post("round_close", w.round.pk).status == 302
        again = desk.post("round_close", w.round.pk)
        assert again.status == 422 and "办公室甲" in again.text
    told = json_of(w.phone.send(tube(w.phone, w.workers[:1], minutes=25), at=later(26)))["verdicts"]
    assert [verdict["verdict"] for verdict in told] == ["stored"] * 3
    assert "after_close" in told[1]["doubts"]
    assert Scan.objects.get().round == w.round
    assert "在本轮时间之外扫码" in at_the_office(w, "after_close")


def test_a_full_disk_keeps_the_signature_on_the_phone_and_it_goes_in_later(
    w: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    ink = str(uuid4()).encode()
    path = f"files/{hashlib.sha256(ink).hexdigest()}"
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        answer = w.phone.ask("PUT", path, data=ink, Content_Type="image/png")
        unreadable = json_of(w.phone.ask("POST", "batches", data=b"{" + ink))["error"]
    told = json_of(answer)["error"]
    assert (answer.status_code, told["code"], int(answer["Retry-After"])) == (507, "disk_full", 300)
    assert "磁盘写入失败" in told["message"] and "腾出空间" in told["message"]
    assert unreadable["kept"] is False
    assert not StoredFile.objects.exists()
    assert w.phone.ask("PUT", path, data=ink, Content_Type="image/png", at=later(5)).status_code == 200
    assert json_of(w.phone.ask("POST", "batches", data=b"{" + ink))["error"]["kept"] is True


def test_one_bad_operation_holds_none_of_the_others_and_waits_for_the_office(w: Any) -> None:
    operations = tube(w.phone, w.workers)
    operations[3]["how"] = "telepathy"
    told = json_of(w.phone.send(operations, at=later(1)))["verdicts"]
    assert [verdict["verdict"] for verdict in told] == ["stored"] * 3 + ["kept"] + ["stored"] * 4
    assert "人工处理" in told[3]["message"] and "how" in told[3]["message"] + str(told[3].get("field"))
    assert "手机发来无法识别的操作" in at_the_office(w, "poison_operation")
    assert Scan.objects.count() == 5


def test_an_evening_that_comes_a_day_late_loses_nothing(w: Any) -> None:
    answer = w.phone.send(tube(w.phone, w.workers), at=later(0) + timedelta(days=1), clock=later(0) + timedelta(days=1))
    assert set(verdicts(answer)) == {"stored"}
    assert Scan.objects.filter(round=w.round).count() == 6
    assert "扫码很久以后才传到" in at_the_office(w, "late_scan")


@pytest.mark.parametrize(("path", "kind"), [("/phone/v1/hello", "application/json"), ("/login", "text/html")])
def test_a_server_that_never_reached_its_database_answers_each_door_in_its_own_way(
    w: Any, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    def away(*_arguments: Any) -> Any:
        raise OperationalError("connection refused")

    nothing = {"until": 0.0, "unknown_until": 0.0, "by_host": {}, "only": None}
    monkeypatch.setattr("parkkeeper.park.tenancy.middleware._remembered", nothing)
    monkeypatch.setattr("parkkeeper.park.tenancy.middleware.Park.objects.order_by", away)
    answer = Client(raise_request_exception=False).get(path, headers={"Accept-Language": "zh-hans"})
    assert (answer.status_code, answer["Content-Type"].split(";")[0], answer["Retry-After"]) == (503, kind, "10")
    told = json_of(answer)["error"]["message"] if kind == "application/json" else answer.content.decode()
    assert "尚未确认" in told or "没有丢失" in told
