"""案例: drafted from a closed finding, its pictures redacted, allowed by the enterprise, published, offered, read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.casebook import to_be_offered
from parkkeeper.inspection.models import CaseOffer, CasePhoto, CaseReading, Finding, GoodPractice, Photo, Step
from parkkeeper.inspection.steps import state_kind
from parkkeeper.kernel.pictures import BadPicture, without_metadata
from parkkeeper.kernel.text import blank, tidy
from parkkeeper.papers.redacted import Area, BadDrawing, redacted
from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import read_file, store_file
from parkkeeper.park.journal import record
from parkkeeper.park.models import Message, Person, Post, StoredFile

GOOD = (Step.Kind.FIXED, Step.Kind.ON_THE_SPOT)
_MOST_AREAS = 40


@transaction.atomic
def draft_case(finding: Finding, *, title: str, text: str, by: Person, at: datetime) -> GoodPractice:
    """Begin a case from a finding that was put right. Raises Refused for another one, without words, or twice."""
    require(by, "write_case", at=at, on=finding)
    if state_kind(finding) not in GOOD:
        raise Refused(_("只有当场整改或复查合格的问题才能写成案例。"))
    if blank(title) or blank(text):
        raise Refused(_("请填写案例的标题和正文。"))
    with refusing({"case_one_a_finding": lambda: _("这个问题已经写成案例。")}):
        made = GoodPractice.objects.create(
            finding=finding, enterprise=finding.enterprise, title=tidy(title)[:80], text=text.strip()[:2000],
            drafted_at=at, drafted_by=by,
        )  # fmt: skip
    record("case.drafted", made, by=by, at=at, enterprise=made.enterprise_id, finding=str(finding.pk))
    return made


@transaction.atomic
def edit_case(case: GoodPractice, *, title: str, text: str, by: Person, at: datetime) -> None:
    """Change the words of a case that is not published; what the enterprise said before was about other words."""
    require(by, "write_case", at=at, on=case)
    case = _unpublished(case)
    if blank(title) or blank(text):
        raise Refused(_("请填写案例的标题和正文。"))
    case.title, case.text = tidy(title)[:80], text.strip()[:2000]
    _ask_again(case)
    case.save()
    record("case.edited", case, by=by, at=at, enterprise=case.enterprise_id)


@transaction.atomic
def publish_photo(
    case: GoodPractice, photo: Photo, *, side: str, areas: Sequence[Area], by: Person, at: datetime
) -> CasePhoto:
    """Make the copy of a photo that the case shows, with these areas in black; again: in place of the former copy.

    Raises Refused for a photo of another finding, one whose file is not there or damaged, or areas outside of it.
    """
    require(by, "write_case", at=at, on=case)
    case = _unpublished(case)
    if photo.finding_id != case.finding_id or side not in CasePhoto.Side.values:
        raise Refused(_("请选择这个问题的照片，并说明是整改前还是整改后。"))
    stored = store_file(_copy(photo, areas), name=f"{case.pk}-{photo.pk}.png", media_type="image/png", by=by, at=at)
    _ask_again(case)
    case.save()
    facts = {"side": side, "areas": [list(a) for a in areas], "sha256": stored.sha256, "made_at": at, "made_by": by}
    made, _new = CasePhoto.objects.update_or_create(case=case, photo=photo, defaults=facts)
    record("case.photo_chosen", case, by=by, at=at, enterprise=case.enterprise_id, photo=str(photo.pk),
           areas=len(areas), sha256=stored.sha256)  # fmt: skip
    return made


def _copy(photo: Photo, areas: Sequence[Area]) -> bytes:
    wrong = [a for a in areas if min(a) < 0 or min(a[2:]) <= 0 or a[0] + a[2] > 1.001 or a[1] + a[3] > 1.001]
    if wrong or len(areas) > _MOST_AREAS:
        raise Refused(
            _("遮盖区域须在照片之内，每行“左 上 宽 高”四个百分数，最多 %(most)s 块。") % {"most": _MOST_AREAS}
        )
    original = StoredFile.objects.filter(sha256=photo.sha256, destroyed_at=None).order_by("pk").first()
    if original is None:
        raise Refused(_("照片的文件还没有传到，暂不能用于案例。"))
    try:
        return redacted(without_metadata(read_file(original)), areas)
    except (BadPicture, BadDrawing) as error:
        raise Refused(_("照片已损坏，不能用于案例。请换一张。")) from error


@transaction.atomic
def drop_photo(case: GoodPractice, photo: Photo, *, by: Person, at: datetime) -> None:
    """Leave a photo out of the case. Raises Refused when the case is published."""
    require(by, "write_case", at=at, on=case)
    case = _unpublished(case)
    _ask_again(case)
    case.save()
    case.photos.filter(photo=photo).delete()
    record("case.photo_dropped", case, by=by, at=at, enterprise=case.enterprise_id, photo=str(photo.pk))


@transaction.atomic
def answer_case(case: GoodPractice, *, agreed: bool, note: str = "", by: Person, at: datetime) -> None:
    """The enterprise says whether the case may be published as it stands. Raises Refused once it is published, or for
    a no without words."""
    require(by, "answer_case", at=at, on=case)
    case = _unpublished(case)
    if not agreed and blank(note):
        raise Refused(_("不同意的，请写明理由或需要修改之处。"))
    case.answered_at, case.answered_by, case.agreed, case.answer_note = at, by, agreed, tidy(note)[:300]
    case.save()
    record("case.answered", case, by=by, at=at, enterprise=case.enterprise_id, agreed=agreed)


@transaction.atomic
def publish_case(case: GoodPractice, *, by: Person, at: datetime) -> None:
    """Let everybody read it. Raises Refused without consent, or without a picture of before and one of after."""
    require(by, "publish_case", at=at, on=case)
    case = _unpublished(case)
    if not case.agreed:
        raise Refused(_("企业同意后才能发布。"))
    if {CasePhoto.Side.BEFORE.value, CasePhoto.Side.AFTER.value} - set(case.photos.values_list("side", flat=True)):
        raise Refused(_("请至少选一张整改前和一张整改后的照片。"))
    case.published_at, case.published_by = at, by
    case.save()
    record("case.published", case, by=by, at=at, enterprise=case.enterprise_id)


@transaction.atomic
def withdraw_case(case: GoodPractice, *, reason: str, by: Person, at: datetime) -> None:
    """Take a case back, drafted or published; the enterprise may ask for it. Raises Refused without a reason, twice."""
    require(by, "publish_case", at=at, on=case)
    case = _locked(case)
    if case.withdrawn_at is not None:
        raise Refused(_("案例已经撤回。"))
    if blank(reason):
        raise Refused(_("请写明撤回理由。"))
    case.withdrawn_at, case.withdrawn_by, case.withdrawn_reason = at, by, tidy(reason)[:300]
    case.save()
    record("case.withdrawn", case, by=by, at=at, enterprise=case.enterprise_id)


@transaction.atomic
def offer_case(case: GoodPractice, *, by: Person, at: datetime) -> int:
    """Put a published case before the liaisons of all enterprises that have the same item open; returns how many
    enterprises. Raises Refused when it is not published, or nobody is left."""
    require(by, "publish_case", at=at, on=case)
    case = _locked(case)
    if case.published_at is None or case.withdrawn_at is not None:
        raise Refused(_("案例发布后才能推送。"))
    found = to_be_offered(case)
    if not found:
        raise Refused(_("没有其他企业有同一检查项的未结问题，或都已推送。"))
    CaseOffer.objects.bulk_create(
        CaseOffer(case=case, enterprise=one.enterprise, finding=one, at=at, by=by) for one in found
    )
    by_enterprise = {one.enterprise_id: one for one in found}
    posts = Post.objects.on(timezone.localdate(at)).filter(role=Post.Role.PREVENTION, enterprise__in=by_enterprise)
    Message.objects.bulk_create(
        Message(kind="case_offered", to_id=person, sent_at=at, link=f"/cases/{case.pk}",
                params={"title": case.title, "item": by_enterprise[enterprise].item.code})
        for person, enterprise in sorted(set(posts.values_list("person", "enterprise")))
    )  # fmt: skip
    record("case.offered", case, by=by, at=at, enterprises=len(found))
    return len(found)


@transaction.atomic
def read_case(case: GoodPractice, *, by: Person, at: datetime) -> bool:
    """Note that somebody has opened a published case; the first time counts. Returns whether this was the first."""
    require(by, "see_inspections", at=at)
    if case.published_at is None or case.withdrawn_at is not None:
        return False
    _row, new = CaseReading.objects.get_or_create(
        case=case, person=by, defaults={"enterprise_id": by.employer_id, "at": at}
    )
    if new:
        record("case.read", case, by=by, at=at, person=by.pk, enterprise=by.employer_id)
    return new


def _locked(case: GoodPractice) -> GoodPractice:
    rows: Any = GoodPractice.objects.select_for_update(of=("self",))
    found: GoodPractice = rows.select_related("enterprise", "finding__item__checklist").get(pk=case.pk)
    return found


def _unpublished(case: GoodPractice) -> GoodPractice:
    found = _locked(case)
    if found.published_at is not None or found.withdrawn_at is not None:
        raise Refused(_("案例已经发布或撤回，不能再改。需要修改的，请撤回后重新起草。"))
    return found


def _ask_again(case: GoodPractice) -> None:
    # consent is given to words and pictures as they were seen
    case.answered_at, case.answered_by, case.agreed, case.answer_note = None, None, None, ""
