"""What sampling's messages say and what its journal verbs are called; park.words learns both at start-up."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Kinds of messages. `due` is a moment of the park's local time, `people` and `count` are numbers.
MESSAGES: dict[str, Promise | str] = {
    "isolate": _(
        "请立即就地隔离：您所在的混采试管或您的抗原呈阳性。不要离开、不要聚集，等待单采单检（%(due)s 前完成）。"
    ),
    "isolate_case": _("请立即就地隔离：您的单检结果为阳性。不要离开、不要与人接触，等待转运和医护人员联系。"),
    "retest_ordered": _("请在 %(due)s 前到采样点单采单检：单独一管，不与他人混采。"),
    "isolation_over": _("%(name)s：单检结果已出，就地隔离解除，可以恢复在岗。"),
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
    "positive_elsewhere": _(
        "%(enterprise)s：%(name)s 在 %(place)s 采样结果阳性。请立即通知本人就地隔离，%(due)s 前完成单采单检。"
    ),
    "gap_told": _("%(enterprise)s：%(day)s 这一轮还有 %(count)s 人没有完成，请尽快通知他们。"),
}

VERBS: dict[str, Promise | str] = {
    # points and rounds
    "point.opened": _("设立采样点"),
    "point.changed": _("修改采样点"),
    "point.closed": _("撤销采样点"),
    "slot.assigned": _("安排时段"),
    "slot.ended": _("取消时段"),
    "roll.issued": _("发放试管码卷"),
    "programme.made": _("制定检测方案"),
    "programme.ended": _("结束检测方案"),
    "round.opened": _("开启轮次"),
    "round.joined": _("补入本轮名单"),
    "round.closed": _("结束轮次"),
    "gap.told": _("通知联络人补采"),
    "gap.excused": _("说明未采理由"),
    "gap.elsewhere": _("登记在外采样"),
    "gap.retest": _("安排补采"),
    "gap.withdrawn": _("撤回缺口处置"),
    "workbook.read": _("导入当日名单"),
    # at the point and on the way
    "sessions.opened": _("采样点开场"),
    "sessions.closed": _("采样点收场"),
    "duties.begun": _("上岗"),
    "duty.ended": _("下岗"),
    "duty.resumed": _("恢复当班"),
    "tubes.opened": _("开管"),
    "tubes.sealed": _("封管"),
    "scans.taken": _("扫码"),
    "scans.undone": _("撤销扫码"),
    "boxes.sealed": _("封箱"),
    "boxes.handed_over": _("交接转运箱"),
    "box.lost": _("登记转运箱丢失"),
    "box.found": _("转运箱找到"),
    "tubes.received": _("检测机构签收试管"),
    "anomaly.settled": _("处理异常"),
    "anomaly.reopened": _("重新打开异常"),
    # results and what follows
    "results.reported": _("接收检测结果"),
    "results.file_taken": _("导入检测结果表格"),
    "results.hl7_taken": _("接收检测结果报文"),
    "result.struck": _("撤下检测结果"),
    "tube.positive": _("试管阳性"),
    "obligation.opened": _("产生待办义务"),
    "obligation.closed": _("待办义务完成"),
    "obligation.reopened": _("待办义务重新打开"),
    "retest.ordered": _("要求单采单检"),
    "case.released": _("解除阳性个案"),
    "flag.lowered": _("解除标记"),
    "antigens.taken": _("接收抗原自测"),
    "antigens.reported": _("上报抗原名单"),
    "antigens.imported": _("导入抗原表格"),
    "upload.kept": _("上传表格待预览"),
}
