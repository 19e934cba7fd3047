"""The words of a person's own page in every language; it keeps them and needs no network to change its language."""

from functools import cache

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from parkkeeper.park.words import ROLES
from parkkeeper.sampling.models import Due, Result
from parkkeeper.sampling.standing import REASONS


@cache
def words() -> dict[str, dict[str, str]]:
    """For each language the texts by their key: own ones, and "kind.value" for every machine word of `tell_own`."""
    found = {}
    for language, name in settings.LANGUAGES:
        with override(language):
            found[language] = {"name": str(name)} | _told() | _asked() | _kinds()
    return found


def _kinds() -> dict[str, str]:
    return {
        **{f"open.{kind}": str(title) for kind, title in REASONS.items()},
        **{f"standing.{value}": str(label) for value, label in Due.Standing.choices},
        **{f"value.{value}": str(label) for value, label in Result.Value.choices},
        **{f"role.{role}": str(title) for role, title in ROLES.items()},
        "test.pcr": _("核酸"),
        "test.antigen": _("抗原"),
    }


def _told() -> dict[str, str]:
    """What the cards of the page say."""
    return {
        "title": _("我的码"),
        "show": _("采样时出示此码"),
        "until": _("有效期至 {day}"),
        "expired": _("个人码已过期，请联网更新。"),
        "no_code": _("暂时没有个人码，请出示工号或证件。"),
        "picture": _("个人码的二维码"),
        "number": _("工号"),
        "where": _("采样地点和时间"),
        "nowhere": _("还没有安排采样点，请问企业联络人。"),
        "slot_from": _("{start} 起"),
        "slot": _("{start}–{end}"),
        "hours": _("开放 {start}–{end}"),
        "shuttle": _("由短驳车接送"),
        "today": _("今日核酸"),
        "no_round": _("今天没有安排核酸。"),
        "sampled": _("已采样 {time}"),
        "not_sampled": _("应检，尚未采样"),
        "window": _("{start}–{end} 之间采样"),
        "duties": _("我的待办"),
        "nothing_open": _("没有待办。"),
        "due": _("{time} 前完成"),
        "results": _("我的结果（近 14 天）"),
        "no_results": _("近 14 天没有采样或自测。"),
        "waiting": _("等待结果"),
        "pooled": _("混采"),
        "posts": _("我的岗位"),
        "as_of": _("更新于 {time}"),
        "offline": _("没有网络，显示的是 {time} 的内容。"),
    }


def _asked() -> dict[str, str]:
    """Around the cards: buttons, the first opening, what goes wrong."""
    return {
        "refresh": _("更新"),
        "language": _("语言"),
        "forget": _("从这台手机清除"),
        "forget_sure": _("确定清除？之后需要新的个人链接才能再次查看。"),
        "welcome": _("这里是您自己的页面：个人码、采样点、待办和结果。"),
        "code_label": _("个人链接码"),
        "code_hint": _("12 个字符，由企业联络人或园区办公室给您。"),
        "open": _("打开"),
        "log_in": _("有账号？登录"),
        "no_network": _("连不上服务器，请检查网络后再试。"),
        "private": _("内容只存在这台手机上。请勿在他人的手机上打开。"),
        "main": _("跳到正文"),
    }
