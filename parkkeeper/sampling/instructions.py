"""What people are told when a result has consequences, and what the journal calls it; park.words learns both."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Kinds of messages; `due` is the park's local time, `people` a number.
MESSAGES: dict[str, Promise | str] = {
    "isolate": _(
        "请立即就地隔离：您所在的混采试管或您的抗原呈阳性。不要离开、不要聚集，等待单采单检（%(due)s 前完成）。"
    ),
    "isolate_case": _("请立即就地隔离：您的单检结果为阳性。不要离开、不要与人接触，等待转运和医护人员联系。"),
    "retest_ordered": _("请在 %(due)s 前到采样点单采单检：单独一管，不与他人混采。"),
    "isolation_over": _("单检结果已出，就地隔离解除，可以恢复在岗。"),
    "positive_pool": _(
        "%(enterprise)s：试管 %(tube)s（采样点 %(point)s）混采阳性，涉及 %(people)s 人。"
        "请立即通知他们就地隔离，%(due)s 前完成单采单检。"
    ),
    "positive_single": _(
        "%(enterprise)s：单管 %(tube)s（采样点 %(point)s）阳性，涉及 %(people)s 人。请就地隔离并按阳性个案上报。"
    ),
    "positive_antigen": _(
        "%(enterprise)s：抗原自测阳性 %(people)s 人。请立即通知他们就地隔离，%(due)s 前完成单采单检。"
    ),
}

VERBS: dict[str, Promise | str] = {
    "tube.positive": _("试管阳性"),
    "obligation.opened": _("产生待办义务"),
    "obligation.closed": _("待办义务完成"),
    "obligation.reopened": _("待办义务重新打开"),
    "case.released": _("解除阳性个案"),
    "retest.ordered": _("要求单采单检"),
    "results.reported": _("接收检测结果"),
    "results.file_taken": _("导入检测结果表格"),
    "results.hl7_taken": _("接收检测结果报文"),
    "result.struck": _("撤下检测结果"),
    "flag.lowered": _("解除标记"),
    "antigens.taken": _("接收抗原自测"),
    "antigens.reported": _("上报抗原名单"),
    "antigens.imported": _("导入抗原表格"),
}
