"""What the facts of inspection's journal entries are called; park.facts learns it at start-up."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.inspection.models import Basis, Cause, Item, Notice, Service, Step, StopWork, Visit
from parkkeeper.park.facts import SHOWN, Say, choice
from parkkeeper.park.words import joined

LABELS: dict[str, Promise | str] = {
    "agreed": _("同意"),
    "amount": _("延长"),
    "approved": _("批准"),
    "authorised": _("在授权内"),
    "basis": _("检查依据"),
    "cap": _("7 天上限（次）"),
    "checklist": _("检查表"),
    "counts": _("计入复查"),
    "decision": _("决定"),
    "decisions": _("决定数"),
    "document": _("文件名称"),
    "done": _("完成情况"),
    "due_at": _("到期"),
    "due_on": _("完成期限"),
    "enterprises": _("企业数"),
    "extent": _("范围"),
    "finding": _("问题"),
    "findings": _("问题"),
    "follows": _("上一份通知书"),
    "granted": _("准许"),
    "grid": _("网格"),
    "happened": _("发生时间"),
    "holds": _("停工在执行"),
    "item": _("检查项"),
    "items": _("检查项数"),
    "looked_at": _("已看检查项"),
    "measures": _("措施数"),
    "mismatches": _("不符项"),
    "notice": _("整改通知书"),
    "outcome": _("复查结果"),
    "photo": _("照片"),
    "photos": _("照片数"),
    "place": _("位置"),
    "proposed_by": _("提出人"),
    "refused": _("拒签"),
    "review_due_at": _("复核期限"),
    "severity": _("严重程度"),
    "signed": _("已签名"),
    "stop_work": _("可以责令停工"),
    "version": _("版本"),
    "visits": _("近 7 天检查（次）"),
    "wording": _("文书"),
    "finding.cause_named cause": _("原因"),
    "finding.fixed_on_spot counts": _("计为整改"),
}
NOUNS: dict[str, tuple[Promise | str, str]] = {
    "authorisation": (_("授权"), ""),
    "checklist": (_("检查表"), "checklist"),
    "complaint": (_("投诉"), ""),
    "debrief": (_("例会"), "debrief"),
    "finding": (_("问题"), "finding"),
    "goodpractice": (_("优秀案例"), "case"),
    "gridday": (_("片区当日"), ""),
    "measure": (_("措施"), "measure"),
    "notice": (_("整改通知书"), "notice"),
    "selfcheck": (_("自查"), ""),
    "stopwork": (_("停工"), "stop_work"),
    "visit": (_("检查"), "visit"),
}
PAGES = {
    "checklist": "checklist", "finding": "finding", "findings": "finding", "follows": "notice", "notice": "notice",
    "proposed_by": "person",
}  # fmt: skip


def _hashes(by_photo: dict[str, str]) -> str:
    """Of each photo the beginning of its hash."""
    told = list(by_photo.values())
    return joined(one[:12] for one in told[:SHOWN]) + ("…" if len(told) > SHOWN else "")


SAYS: dict[str, Say] = {
    "photos.taken sha256": _hashes,
    "finding.reported sha256": _hashes,
    "basis": choice(Basis.choices),
    "extent": choice(StopWork.Extent.choices),
    "finding.cause_named cause": choice(Cause.Kind.choices),
    "outcome": choice(Step.Kind.choices),
    "severity": choice(Item.Severity.choices),
    "wording": choice(Notice.Wording.choices),
    "notice.served how": choice(Service.choices),
    "stop_work.served how": choice(Service.choices),
    "visit.begun kind": choice(Visit.Kind.choices),
    "visit.ended how": choice(Visit.End.choices),
}
