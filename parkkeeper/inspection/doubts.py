"""Doubts of inspection: what the phones' words leave open, for a person to settle (sampling.doubts writes them)."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from parkkeeper.park.models import Enterprise, Person, Post
from parkkeeper.sampling.doubts import Doubt, Kind
from parkkeeper.sampling.field import Operation

_OFFICE, _BOTH = Post.Role.OFFICE, ("accept", "incident")

KINDS: dict[str, Kind] = {
    "visit_without_authorisation": Kind(_("检查依据没有备案的授权，只能按指导走访处理"), _OFFICE, _BOTH),
    "visit_conflict_of_interest": Kind(_("检查人员受雇于被检查企业"), _OFFICE, _BOTH),
    "visit_outside_grid": Kind(_("检查人员的岗位不含这家企业"), _OFFICE, _BOTH),
    "visit_over_cap": Kind(_("企业近 7 天接受检查已达上限，仍进入检查"), _OFFICE, _BOTH),
    "visit_unsigned": Kind(_("检查结束时企业没有签字，也没有写明拒签"), _OFFICE, _BOTH),
    "visit_answers_break_rules": Kind(_("检查的答案不符合检查表的填写条件"), _OFFICE, _BOTH),
    "look_back_of_own_work": Kind(_("复查人是原检查人或本企业人员，复查不算"), _OFFICE, _BOTH),
    "spot_fix_without_photo": Kind(_("当场整改没有照片"), _OFFICE, _BOTH),
    "spot_fix_too_late": Kind(
        _("检查结束后或次日，或已有自报、复查、通知书之后才报“当场整改”，不算，须由另一人复查"), _OFFICE, _BOTH
    ),
    "photo_without_place": Kind(_("照片没有位置，也没有说明原因"), _OFFICE, _BOTH),
}


def doubt_of(kind: str, about: Operation, enterprise: Enterprise, by: Person, *, at: datetime) -> Doubt:
    """The doubt of that kind about one operation, raised once."""
    return Doubt(
        kind, f"{kind}:{about.id}", min(about.happened_at, at), at, person_id=by.pk, enterprise_id=enterprise.pk,
        noun="inspection", noun_id=str(about.id), evidence={"operation": str(about.id)},
    )  # fmt: skip
