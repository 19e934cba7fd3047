"""Good practice: from a finding put right, with redacted pictures and the enterprise's word, to those who need it."""

import hashlib
from typing import Any

import pytest

from parkkeeper.inspection.actions import cases, lookbacks
from parkkeeper.inspection.casebook import to_be_offered
from parkkeeper.inspection.models import CaseReading, Finding, GoodPractice, Photo
from parkkeeper.papers.redacted import WIDEST, BadDrawing, redacted
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.files import read_file, store_file
from parkkeeper.park.models import Message, StoredFile
from tests.inspection.kit import again, found, inspected_world, later
from tests.inspection.pictures import QUARTERS, pixels, png

AT = later(300)
SECRET = b"GPS 31.2 121.6"


def test_a_redacted_copy_is_black_where_it_was_marked_and_carries_nothing_else_of_the_file() -> None:
    copy = redacted(png(note=SECRET), [(0.0, 0.0, 0.5, 0.5), (0.75, 0.75, 0.25, 0.25)])
    wide, high, at = pixels(copy)
    assert (wide, high) == (80, 60) and SECRET not in copy
    assert at(0.25, 0.25) == (0, 0, 0) and at(0.9, 0.9) == (0, 0, 0)
    for (x, y), colour in zip([(0.75, 0.25), (0.25, 0.75), (0.6, 0.6)], QUARTERS[1:], strict=True):
        assert max(abs(a - b) for a, b in zip(at(x, y), colour, strict=True)) < 3


def test_a_large_picture_becomes_smaller_and_a_broken_one_is_refused() -> None:
    wide, high, _at = pixels(redacted(png(WIDEST * 2, 30), []))
    assert (wide, high) == (WIDEST, 15)
    with pytest.raises(BadDrawing):
        redacted(png()[:60], [])


pytest_db = pytest.mark.django_db


@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    settings.FILES_DIR = tmp_path
    made = inspected_world()
    (made.finding,) = found(made, "B3")
    made.before = shown(made, "found", png(note=SECRET))
    return made


def shown(w: Any, of: str, data: bytes) -> Photo:
    store_file(data, name="a.png", media_type="image/png", by=w.ann, at=later(30))
    op = w.team.photo(w.finding, of, minutes=30, sha256=hashlib.sha256(data).hexdigest())
    w.team.say(op)
    return Photo.objects.get(pk=op.id)


def fixed(w: Any) -> GoodPractice:
    lookbacks.report_fixed(w.finding, note="加装隔板", pictures=[(png(60, 60), "b.png", "image/png")], by=w.mei,
                           at=later(60))  # fmt: skip
    w.after = Photo.objects.get(of="reported")
    lookbacks.look_back(w.finding, "fixed", by=w.cai, at=later(90))
    return cases.draft_case(w.finding, title="分区隔离", text="加装隔板，设专人。", by=w.ann, at=later(100))


def with_pictures(w: Any) -> GoodPractice:
    case = fixed(w)
    cases.publish_photo(case, w.before, side="before", areas=[(0, 0, 0.5, 0.5)], by=w.ann, at=later(110))
    cases.publish_photo(case, w.after, side="after", areas=[], by=w.ann, at=later(111))
    return again(case)


def published(w: Any) -> GoodPractice:
    case = with_pictures(w)
    cases.answer_case(case, agreed=True, by=w.mei, at=later(120))
    cases.publish_case(case, by=w.office, at=later(130))
    return again(case)


@pytest_db
def test_only_what_was_put_right_becomes_a_case_and_once(w: Any) -> None:
    with pytest.raises(Refused, match="复查合格"):
        cases.draft_case(w.finding, title="x", text="y", by=w.ann, at=AT)
    case = fixed(w)
    with pytest.raises(Refused, match="已经写成"):
        cases.draft_case(w.finding, title="x", text="y", by=w.ann, at=AT)
    cases.withdraw_case(case, reason="改写", by=w.office, at=AT)
    assert cases.draft_case(w.finding, title="x", text="y", by=w.ann, at=AT).pk != case.pk
    with pytest.raises(Forbidden):
        cases.edit_case(case, title="x", text="y", by=w.mei, at=AT)


@pytest_db
def test_the_copy_that_is_shown_has_no_metadata_and_the_original_stays(w: Any) -> None:
    case = with_pictures(w)
    copy = read_file(StoredFile.objects.get(sha256=case.photos.get(photo=w.before).sha256))
    assert SECRET not in copy and pixels(copy)[2](0.2, 0.2) == (0, 0, 0)
    assert read_file(StoredFile.objects.filter(sha256=w.before.sha256)[0]) == png(note=SECRET)
    with pytest.raises(Refused, match="百分数"):
        cases.publish_photo(case, w.before, side="before", areas=[(0.8, 0, 0.5, 0.5)], by=w.ann, at=AT)
    lost = Photo.objects.create(id=w.before.id.__class__(int=7), finding=w.finding, of="found", sha256="9" * 64,
                                taken_at=AT, received_at=AT, by=w.ann)  # fmt: skip
    with pytest.raises(Refused, match="没有传到"):
        cases.publish_photo(case, lost, side="before", areas=[], by=w.ann, at=AT)
    broken = shown(w, "look_back", png()[:-30])
    with pytest.raises(Refused, match="损坏"):
        cases.publish_photo(case, broken, side="before", areas=[], by=w.ann, at=AT)


@pytest_db
def test_nothing_is_published_without_the_enterprises_word_about_these_words_and_pictures(w: Any) -> None:
    case = with_pictures(w)
    with pytest.raises(Refused, match="同意后"):
        cases.publish_case(case, by=w.office, at=AT)
    with pytest.raises(Forbidden):
        cases.answer_case(case, agreed=True, by=w.bo, at=AT)
    with pytest.raises(Forbidden):
        cases.answer_case(case, agreed=True, by=w.office, at=AT)
    with pytest.raises(Refused, match="理由"):
        cases.answer_case(case, agreed=False, by=w.mei, at=AT)
    cases.answer_case(case, agreed=True, by=w.mei, at=AT)
    cases.edit_case(case, title="别的话", text="别的", by=w.ann, at=AT)
    assert again(case).agreed is None
    cases.answer_case(case, agreed=True, by=w.mei, at=AT)
    cases.drop_photo(case, w.after, by=w.ann, at=AT)
    assert again(case).agreed is None
    cases.answer_case(case, agreed=True, by=w.mei, at=AT)
    with pytest.raises(Refused, match="整改后"):
        cases.publish_case(case, by=w.office, at=AT)
    cases.publish_photo(case, w.after, side="after", areas=[], by=w.ann, at=AT)
    cases.answer_case(case, agreed=True, by=w.mei, at=AT)
    cases.publish_case(case, by=w.office, at=AT)
    with pytest.raises(Refused, match="已经发布"):
        cases.edit_case(case, title="又", text="又", by=w.ann, at=AT)


@pytest_db
def test_one_tap_offers_it_to_each_enterprise_with_the_same_item_open_and_says_who_has_read_it(w: Any) -> None:
    case = with_pictures(w)
    with pytest.raises(Refused, match="发布后"):
        cases.offer_case(case, by=w.office, at=AT)
    assert not cases.read_case(case, by=w.bo, at=AT)
    w.team.w.rainbow, own = w.lotus, w.rainbow
    found(w, "B3", "B3", minutes=140)
    w.team.w.rainbow = w.builders
    (settled,) = found(w, "B3", minutes=170)
    w.team.say(w.team.fix(settled, 175))
    w.team.w.rainbow = own
    cases.answer_case(case, agreed=True, by=w.mei, at=later(200))
    cases.publish_case(case, by=w.office, at=later(201))
    case = again(case)
    assert [one.enterprise for one in to_be_offered(case)] == [w.lotus]
    assert cases.offer_case(case, by=w.office, at=AT) == 1
    message = Message.objects.get(kind="case_offered")
    assert message.to == w.bo and message.link == f"/cases/{case.pk}"
    with pytest.raises(Refused, match="已推送"):
        cases.offer_case(case, by=w.office, at=AT)
    assert cases.read_case(case, by=w.bo, at=AT) and not cases.read_case(case, by=w.bo, at=later(400))
    read = CaseReading.objects.get()
    assert (read.person, read.enterprise, read.at) == (w.bo, w.lotus, AT)


@pytest_db
def test_a_case_is_seen_by_all_once_published_and_before_by_those_who_work_on_it(w: Any) -> None:
    case = with_pictures(w)
    seen = {who: GoodPractice.objects.visible([place.scope()]).exists()
            for who, place in (("mei", w.rainbow), ("bo", w.lotus), ("ann", w.grids[0]))}  # fmt: skip
    assert seen == {"mei": True, "bo": False, "ann": True}
    cases.answer_case(case, agreed=True, by=w.mei, at=AT)
    cases.publish_case(case, by=w.office, at=AT)
    assert GoodPractice.objects.visible([w.lotus.scope()]).exists()
    cases.withdraw_case(case, reason="企业要求", by=w.office, at=AT)
    assert not GoodPractice.objects.visible([w.lotus.scope()]).exists() and not cases.read_case(
        again(case), by=w.bo, at=AT
    )
    assert Finding.objects.filter(cases=case).exists()
