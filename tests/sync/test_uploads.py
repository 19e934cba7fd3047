"""Files in parts: nothing is lost by a cut, a full disk or a second sending, and nothing is stored twice."""

import errno
import hashlib
import io
import os
import random
import time
from typing import Any

import orjson
import pytest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django_pgschemas.schema import Schema, activate, get_current_schema

from parkkeeper.park.files import read_file
from parkkeeper.park.management.commands.worker import go_round
from parkkeeper.park.models import StoredFile
from parkkeeper.park.parts import KEPT_FOR, MOST_FILES, MOST_TOTAL, RESTING, Gap, Parts, forget_parts, parts_of
from parkkeeper.sync import uploads
from tests.sync.handset import REHEARSAL, Handset, enrolled, json_of
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db
PHOTO = random.Random(7).randbytes(300_001)
SHA = hashlib.sha256(PHOTO).hexdigest()
PATH = f"files/{SHA}"


@pytest.fixture
def phone(settings: Any, tmp_path: Any) -> Handset:
    settings.FILES_DIR = tmp_path
    w = world()
    return enrolled(w.scanner, w.point, by=w.office)


def part(phone: Handset, first: int, last: int, *, of: bytes = PHOTO, path: str = PATH, **more: str) -> Any:
    told = f"bytes {first}-{last}/{len(of)}"
    data = of[first : last + 1]
    return phone.ask("PUT", path, data=data, **{"Content_Type": "image/jpeg", "Content_Range": told, **more})


def there(phone: Handset) -> tuple[int, bool]:
    answer = phone.ask("HEAD", PATH)
    assert answer.status_code == 200 and answer.content == b""
    return int(answer["Upload-Offset"]), answer["Upload-Complete"] == "?1"


def test_parts_make_the_whole_and_head_tells_how_much_is_there(phone: Handset) -> None:
    assert there(phone) == (0, False)
    first = part(phone, 0, 99_999)
    assert (first.status_code, json_of(first)["received"], there(phone)) == (202, 100_000, (100_000, False))
    assert phone.ask("HEAD", PATH)["Upload-Length"] == str(len(PHOTO))
    part(phone, 100_000, 299_999)
    done = part(phone, 300_000, 300_000)
    assert (done.status_code, json_of(done)) == (200, {"sha256": SHA, "size": len(PHOTO), "known": False})
    assert there(phone) == (len(PHOTO), True)
    assert read_file(StoredFile.objects.get()) == PHOTO
    assert parts_of(phone.row.pk, SHA) == []


def test_any_order_overlap_and_repetition_of_parts_ends_in_one_file(phone: Handset) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    for _try in range(400):
        offset, complete = there(phone)
        if complete:
            break
        first = max(0, min(offset + chance.randrange(-60_000, 20_000), len(PHOTO) - 2000))
        last = min(first + chance.randrange(1024, 90_000), len(PHOTO) - 1)
        answer = part(phone, first, last)
        if first > offset:
            assert (answer.status_code, json_of(answer)["error"]["received"]) == (409, offset)
        else:
            assert answer.status_code in (200, 202)
            assert json_of(answer).get("received", len(PHOTO)) == max(offset, last + 1)
    assert [read_file(stored) == PHOTO for stored in StoredFile.objects.all()] == [True]
    assert json_of(part(phone, 0, 50_000)) == {"sha256": SHA, "size": len(PHOTO), "known": True}
    whole = phone.ask("PUT", PATH, data=PHOTO, Content_Type="image/jpeg")
    assert json_of(whole)["known"] is True and StoredFile.objects.count() == 1


def through_wsgi(phone: Handset, first: int, last: int, arrived: bytes) -> tuple[int, Any, dict[str, str]]:
    """A part of which only `arrived` gets through before the line is cut."""
    environ = {
        "REQUEST_METHOD": "PUT", "PATH_INFO": f"/phone/v1/{PATH}", "SERVER_NAME": "testserver", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(arrived), "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(), "CONTENT_LENGTH": str(last - first + 1), "CONTENT_TYPE": "image/jpeg",
        "HTTP_HOST": "testserver", "HTTP_AUTHORIZATION": f"Bearer {phone.token}", "HTTP_ACCEPT_LANGUAGE": "zh-hans",
        "HTTP_CONTENT_RANGE": f"bytes {first}-{last}/{len(PHOTO)}", "HTTP_PARKKEEPER_REHEARSAL_TOKEN": REHEARSAL,
        "HTTP_PARKKEEPER_REHEARSAL_TIME": EVENING.isoformat(),
    }  # fmt: skip
    here = get_current_schema().schema_name
    try:
        response = WSGIHandler().get_response(WSGIRequest(environ))
    finally:
        activate(Schema.create(here))
    return response.status_code, orjson.loads(response.content), dict(response.headers)


@pytest.mark.parametrize(("arrived", "kept"), [(0, 0), (700, 0), (1024, 1024), (140_000, 140_000), (299_999, 299_999)])
def test_what_came_before_a_cut_is_there_and_the_rest_is_enough(phone: Handset, arrived: int, kept: int) -> None:
    status, told, headers = through_wsgi(phone, 0, len(PHOTO) - 1, PHOTO[:arrived])
    assert (status, told["error"]["code"], headers["Retry-After"]) == (400, "cut_off", "1")
    assert there(phone) == (kept, False)
    assert part(phone, kept, len(PHOTO) - 1).status_code == 200
    assert read_file(StoredFile.objects.get()) == PHOTO


def test_a_full_disk_loses_nothing_of_what_was_there(phone: Handset, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    part(phone, 0, 99_999)
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        answer = part(phone, 100_000, 200_000)
        assert (answer.status_code, answer["Retry-After"], json_of(answer)["error"]["code"]) == (
            507,
            "300",
            "disk_full",
        )
        assert there(phone) == (100_000, False)
    part(phone, 100_000, 200_000)
    with monkeypatch.context() as disk:  # the parts are all there, but the file itself does not fit any more
        disk.setattr(os, "fsync", _full_after(1, full))
        assert part(phone, 200_001, 300_000).status_code == 507
    assert there(phone) == (len(PHOTO), False)
    assert part(phone, 299_000, 300_000).status_code == 200  # the last part again is enough
    assert read_file(StoredFile.objects.get()) == PHOTO


def _full_after(good: int, full: Any) -> Any:
    left = [good]
    real = os.fsync

    def fsync(descriptor: int) -> None:
        left[0] -= 1
        return real(descriptor) if left[0] >= 0 else full(descriptor)

    return fsync


def test_bytes_of_another_file_are_told_and_begun_anew(phone: Handset) -> None:
    wrong = b"x" * len(PHOTO)
    answer = part(phone, 0, len(PHOTO) - 1, of=wrong)
    assert (answer.status_code, json_of(answer)["error"]["code"], there(phone)) == (422, "hash_mismatch", (0, False))
    assert part(phone, 0, len(PHOTO) - 1).status_code == 200


@pytest.mark.parametrize(
    "told",
    ["bytes 0-9/300001", "bytes 5-4/300001", "bytes 0-300001/300001", "bytes 0-99999/*", "0-99999", "bytes 1-100000/1"],
)
def test_a_range_that_does_not_fit_is_told_and_keeps_nothing(phone: Handset, told: str) -> None:
    answer = part(phone, 0, 99_999, Content_Range=told)
    assert (answer.status_code, json_of(answer)["error"]["code"], there(phone)) == (400, "bad_range", (0, False))


def test_a_file_is_at_most_as_big_as_a_batch_and_a_picture(phone: Handset) -> None:
    big = part(phone, 0, 99_999, Content_Range=f"bytes 0-99999/{9 * 1024 * 1024}")
    assert (big.status_code, json_of(big)["error"]["code"]) == (413, "too_big")
    script = part(phone, 0, 99_999, Content_Type="text/html")
    assert (script.status_code, json_of(script)["error"]["code"]) == (415, "wrong_media_type")


def test_parts_of_one_phone_are_not_those_of_another_and_are_sealed_on_disk(phone: Handset) -> None:
    w_point = phone.row.point
    other = enrolled(phone.row.holder, w_point, by=phone.row.enrolment.issued_by)
    part(phone, 0, 99_999)
    assert there(other) == (0, False)
    assert PHOTO[:64] not in Parts(phone.row.pk, SHA, len(PHOTO)).path.read_bytes()


def test_a_revoked_phone_may_still_send_what_it_has(phone: Handset) -> None:
    row = phone.row
    row.revoked_at, row.revoked_by = EVENING, row.holder
    row.save()
    part(phone, 0, 99_999)
    assert part(phone, 100_000, 300_000).status_code == 200


def test_parts_that_nobody_comes_back_for_are_cleaned_up_after_a_week(phone: Handset) -> None:
    part(phone, 0, 99_999)
    assert forget_parts(before=time.time() - KEPT_FOR) == 0 and there(phone)[0] == 100_000
    path = Parts(phone.row.pk, SHA, len(PHOTO)).path
    os.utime(path, (0, time.time() - KEPT_FOR - 60))
    assert forget_parts(before=time.time() - KEPT_FOR) == 1 and there(phone) == (0, False)


def test_a_frame_that_a_kill_has_cut_short_is_written_over(phone: Handset) -> None:
    parts = Parts(1, SHA, len(PHOTO))
    parts.add(0, PHOTO[:5000])
    whole = parts.path.read_bytes()
    for cut in (1, 3, 4, 17, 600):
        parts.path.write_bytes(whole + whole[:cut])
        assert parts.received() == 5000
    assert parts.add(4000, PHOTO[4000:9000]) == 9000
    with pytest.raises(Gap) as gap:
        parts.add(9001, b"x")
    assert gap.value.received == 9000 and parts.whole() == PHOTO[:9000]
    changed = bytearray(parts.path.read_bytes())
    changed[40] ^= 1
    parts.path.write_bytes(bytes(changed))
    with pytest.raises(ValueError, match="open"):
        parts.whole()


def test_the_protocol_names_the_numbers_of_parts() -> None:
    from tests.sync.test_protocol import TEXT

    assert f"{uploads.LEAST_PART:,} bytes" in TEXT and "Upload-Offset" in TEXT
    told = f"{MOST_FILES} files unfinished, of {MOST_TOTAL // 1024**2} MB together"
    assert told in TEXT and f"rested for {RESTING / 60:.0f} minutes" in TEXT


def test_the_worker_removes_what_nobody_came_back_for(phone: Handset) -> None:
    part(phone, 0, 99_999)
    path = Parts(phone.row.pk, SHA, len(PHOTO)).path
    here = get_current_schema().schema_name
    go_round(clean=True)
    assert path.exists()
    os.utime(path, (0, time.time() - KEPT_FOR - 60))
    try:
        go_round(clean=True)
    finally:
        activate(Schema.create(here))
    assert not path.exists()


def begun(phone: Handset, number: int, *, size: int = 5000, there: int = 2000, rested: float = 0.0) -> Parts:
    """An unfinished file of the phone, its last part so many seconds ago."""
    parts = Parts(phone.row.pk, f"{number:064x}", size)
    parts.add(0, bytes(there))
    os.utime(parts.path, (0, time.time() - rested))
    return parts


def test_the_unfinished_file_that_rests_the_longest_makes_room_for_another(phone: Handset) -> None:
    others = [begun(phone, n, rested=RESTING * 2 - n) for n in range(MOST_FILES)]
    foreign = begun(
        enrolled(phone.row.holder, phone.row.point, by=phone.row.enrolment.issued_by), 0, rested=RESTING * 3
    )
    assert part(phone, 0, 99_999).status_code == 202
    assert [other.received() for other in others] == [0] + [2000] * (MOST_FILES - 1)
    assert foreign.received() == 2000
    path = f"files/{others[0].sha256}"
    assert phone.ask("HEAD", path)["Upload-Offset"] == "0"
    answer = part(phone, 2000, 4999, of=bytes(5000), path=path)
    assert (answer.status_code, json_of(answer)["error"]["received"]) == (409, 0)
    assert part(phone, 100_000, 300_000).status_code == 200
    assert StoredFile.objects.count() == 1


def test_files_under_way_do_not_drive_each_other_out(phone: Handset) -> None:
    others = [begun(phone, n, rested=RESTING - 60) for n in range(MOST_FILES)]
    answer = part(phone, 0, 99_999)
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert json_of(answer)["error"]["code"] == "too_many_unfinished"
    assert json_of(answer)["error"]["files"] == MOST_FILES
    assert there(phone) == (0, False)
    assert {other.received() for other in others} == {2000}
    assert part(phone, 2000, 3999, of=bytes(5000), path=f"files/{others[5].sha256}").status_code == 202
    assert phone.ask("PUT", PATH, data=PHOTO, Content_Type="image/jpeg").status_code == 200


def test_bytes_are_counted_as_well_and_what_is_there_to_its_end_stays(
    phone: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parkkeeper.park.parts.MOST_TOTAL", len(PHOTO) + 8000)
    whole = begun(phone, 1, size=3000, there=3000, rested=RESTING * 3)
    resting = [begun(phone, n, there=4000, rested=RESTING * 2 - n) for n in (2, 3)]
    assert part(phone, 0, 200_000).status_code == 202
    assert [other.received() for other in (whole, *resting)] == [3000, 4000, 4000]
    assert part(phone, 200_001, 299_999).status_code == 202  # now the three of them are too many
    assert [other.received() for other in (whole, *resting)] == [3000, 0, 4000]
    monkeypatch.setattr("parkkeeper.park.parts.MOST_TOTAL", len(PHOTO))
    os.utime(resting[1].path, (0, time.time()))
    assert part(phone, 300_000, 300_000).status_code == 429
    assert [other.received() for other in (whole, *resting)] == [3000, 0, 4000]
    os.utime(resting[1].path, (0, 0))
    whole.forget()
    assert part(phone, 300_000, 300_000).status_code == 200
    assert read_file(StoredFile.objects.get()) == PHOTO
