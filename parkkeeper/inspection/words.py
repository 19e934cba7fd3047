"""What inspection's messages say and what its journal verbs are called; park.words learns both at start-up."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.inspection.doubts import KINDS as DOUBTS

# Kinds of messages. `due` is a moment of the park's local time.
MESSAGES: dict[str, Promise | str] = {
    "notice_soon": _("%(enterprise)s：%(number)s 将于 %(due)s 到期。整改后请自报并附照片，等待复查。"),
    "notice_overdue": _("%(enterprise)s：%(number)s 已于 %(due)s 到期，尚未办结。请尽快整改，检查组应前往复查。"),
    "notice_lapsed": _("%(enterprise)s：%(number)s 已于 %(due)s 到期，检查组没有按时复查，记为园区逾期未复查。"),
    "measure_ordered": _("例会布置给您一项措施，请于 %(due)s 前完成：%(text)s"),
    "case_offered": _("优秀案例“%(title)s”：贵企业的同一检查项 %(item)s 尚未办结，可以参照。"),
}

VERBS: dict[str, Promise | str] = {
    "checklist.put_in_force": _("启用检查表"),
    "checklist.uploaded": _("上传检查表"),
    "authorisation.filed": _("备案授权"),
    "visit.begun": _("开始检查"),
    "visit.ended": _("结束检查"),
    "finding.noted": _("记录问题"),
    "photos.taken": _("拍照取证"),
    "finding.fixed_on_spot": _("当场整改"),
    "finding.reported": _("企业自报已整改"),
    "finding.looked_back": _("复查"),
    "finding.hung_up": _("问题挂账"),
    "finding.unfixed_proposed": _("提出销项"),
    "finding.unfixed": _("确认销项"),
    "finding.reopened": _("重新打开问题"),
    "notice.issued": _("开具整改通知书"),
    "notice.served": _("送达整改通知书"),
    "notice.withdrawn": _("撤回整改通知书"),
    "notice.soon": _("通知书即将到期"),
    "notice.overdue": _("通知书逾期未整改"),
    "notice.lapsed": _("通知书逾期未复查"),
    "extension.asked": _("申请延期"),
    "extension.decided": _("延期决定"),
    "clock.stopped": _("中止计时"),
    "clock.resumed": _("恢复计时"),
    "exclusion.asked": _("申请不计考核"),
    "exclusion.decided": _("不计考核的决定"),
    "stop_work.proposed": _("提请停工"),
    "stop_work.imposed": _("紧急停工"),
    "stop_work.decided": _("停工决定"),
    "stop_work.served": _("送达停工决定"),
    "stop_work.checked": _("停工巡查"),
    "stop_work.applied": _("申请复工"),
    "stop_work.returned": _("退回复工申请"),
    "stop_work.accepted": _("复工验收"),
    "stop_work.lifted": _("解除停工"),
    "stop_work.fell": _("紧急停工逾期失效"),
    "finding.cause_named": _("分析原因"),
    "debrief.held": _("召开例会"),
    "debrief.decided": _("例会议定"),
    "debrief.closed": _("例会结束"),
    "measure.ordered": _("布置措施"),
    "measure.finished": _("办结措施"),
    "case.drafted": _("起草案例"),
    "case.edited": _("修改案例"),
    "case.photo_chosen": _("选定案例照片"),
    "case.photo_dropped": _("去掉案例照片"),
    "case.answered": _("企业答复案例"),
    "case.published": _("发布案例"),
    "case.withdrawn": _("撤回案例"),
    "case.offered": _("推送案例"),
    "case.read": _("阅读案例"),
    "day.counted": _("日清计数"),
    "day.signed_off": _("签认日清"),
    "complaint.noted": _("登记投诉"),
    "complaint.settled": _("办结投诉"),
}
__all__ = ["DOUBTS", "MESSAGES", "VERBS"]
