"""What each figure of the bulletin is called, what it counts, and among whom: said once, beside each other."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Said(NamedTuple):
    """A figure's title, definition and population."""

    title: Promise | str
    definition: Promise | str
    population: Promise | str


_LISTED = _("开启轮次时冻结的名单")
_DUE = _("当日应检人员")
_OWED = _("当时未了的阳性处置")
_EVERY_NOTICE = _("至此开具的全部通知书")
_EVERY_STOP = _("全部停工")
_OF_YEAR = _("本年度首次列入通知书的问题（一家企业的一个检查项计一个，拆成几条、几份都不变），不含不计考核的")

FIGURES: dict[str, Said] = {
    "due": Said(_("应检"), _("冻结名单中当日应当采样的人数；之后加入的另计。"), _LISTED),
    "sampled": Said(_("已采样"), _("应检人员中有一份有效采样的人数，不论结果。"), _DUE),
    "state_due": Said("", _("应检人员按当时所处状态分列，各项相加等于应检。"), _DUE),
    "state_other": Said("", _("名单中当日不应检的人员按原因分列。"), _LISTED),
    "antigen": Said(
        _("已报抗原"), _("应测人员中当日报过抗原结果的人数。"), _("开启抗原轮次时冻结的名单中的应测人员")
    ),
    "antigen_positive": Said(
        _("抗原阳性"), _("当日报过阳性抗原的人数；一人多次只计一次。"), _("当日报过抗原的人")
    ),
    "positive_tubes": Said(
        _("阳性试管"), _("当日收到阳性结果、当时未作废的试管数。"), _("当日收到结果的试管")
    ),
    "retests": Said(_("待单采单检"), _("已要求单采单检、尚无有效结果的项数。"), _OWED),
    "retests_late": Said(_("单采单检超时"), _("其中已超过规定时限的项数。"), _("待单采单检")),
    "cases": Said(_("阳性个案"), _("单采单检阳性、尚未解除的个案数。"), _OWED),
    "isolated": Said(_("就地隔离"), _("因阳性处置须就地隔离的人数。"), _OWED),
    "doubts": Said(_("新增异常"), _("当日记下、须由人处理的异常条数，不论后来如何处理。"), _("全园记录")),
    "visits": Said(_("检查次数"), _("当日收到的检查记录数；手机离线的，计入收到之日。"), _("全园检查记录")),
    "visited": Said(_("受检企业"), _("当日检查涉及的企业数，一家只计一次。"), _("当日检查")),
    "findings": Said(
        _("发现问题"), _("当日收到的问题条数；手机离线的，计入收到之日。"), _("当日检查与补报")
    ),
    "spot": Said(_("当场整改"), _("当场整改、不需复查的问题。"), _("当日收到的问题")),
    "grave": Said(_("紧急问题"), _("须立即采取措施的问题。"), _("当日收到的问题")),
    "issued": Said(_("开具通知书"), _("当日开具的通知书份数。"), _EVERY_NOTICE),
    "served": Said(_("送达通知书"), _("当日登记送达的份数。"), _EVERY_NOTICE),
    "due_today": Said(_("当日到期"), _("期限在当日届满的份数，含已办结的。"), _EVERY_NOTICE),
    "closed": Said(_("当日办结"), _("当日起全部事项已有结论的份数。"), _EVERY_NOTICE),
    "open": Said(_("未办结"), _("未撤回、未被代替、仍有事项未结的份数。"), _EVERY_NOTICE),
    "overdue": Said(_("逾期"), _("未办结且期限已过的份数。"), _("当时未办结的通知书")),
    "lapsed": Said(
        _("逾期未复查（计园区）"), _("当日记为检查组没有按时复查的份数：是园区的责任。"), _EVERY_NOTICE
    ),
    "lapses_back": Said(
        _("撤回的逾期未复查"),
        _("当日得知检查组其实按时复查过、因而撤回“逾期未复查”的份数；记下那天的日报不改。"), _EVERY_NOTICE
    ),
    "stops": Said(_("停工中"), _("当时生效、未解除、未失效的停工。"), _EVERY_STOP),
    "stops_begun": Said(_("当日生效的停工"), _("当日生效的停工，含紧急停工。"), _EVERY_STOP),
    "stops_lifted": Said(_("当日解除的停工"), _("当日解除的停工。"), _EVERY_STOP),
    "closed_rate": Said(_("办结率"), _("全部事项已有结论的问题，含销项。"), _OF_YEAR),
    "fixed_rate": Said(_("整改率"), _("经复查或当场确认已整改的问题；销项不算。"), _OF_YEAR),
    "on_time_rate": Said(
        _("按期整改率"), _("首份通知书到期前已自报或已整改、并经复查通过的问题；只自报、没有复查的不算。"),
        _("上述问题中期限已过或已有结论的"),
    ),
    "backlog": Said(_("积压"), _("没有结论的问题，不分年份。"), _("全部列入通知书的问题，不含不计考核的")),
    "excluded": Said(
        _("不计考核"), _("一人申请、另一人批准后不计入以上比率的问题条数。"), _("列入通知书的问题")
    ),
}  # fmt: skip
RATES = {"sampled", "antigen", "closed_rate", "fixed_rate", "on_time_rate"}
"""Figures that people speak of as percentages; n/N stands beside all the same."""
