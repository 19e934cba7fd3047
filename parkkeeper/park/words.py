"""What machine names are called in people's languages: verbs of the journal, kinds of messages.

Each system adds its own words when it starts (AppConfig.ready), since `park` knows nothing of the systems above it:

    words.add_verbs({"round.opened": _("开启轮次")})
    words.add_messages({"positive_pool": _("试管 %(tube)s 混采阳性，请立即通知 %(count)s 人就地隔离。")})
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

VERBS: dict[str, Promise | str] = {
    "account.logged_in": _("登录"),
    "account.logged_out": _("退出"),
    "account.made": _("新建账号"),
    "account.password_changed": _("修改密码"),
    "account.password_reset": _("重置密码"),
    "account.locked": _("停用账号"),
    "account.unlocked": _("启用账号"),
    "account.language_chosen": _("选择语言"),
    "messages.read": _("阅读消息"),
    "person.looked_at": _("查看个人信息"),
    "people.listed": _("查看或导出名单"),
    "post.appointed": _("任命岗位"),
    "post.ended": _("结束岗位"),
    "certificate.issued": _("颁发上岗证"),
    "certificate.revoked": _("吊销上岗证"),
    "emergency.declared": _("启动应急状态"),
    "emergency.ended": _("结束应急状态"),
    "destruction.proposed": _("提出销毁"),
    "destruction.approved": _("批准销毁"),
    "destruction.withdrawn": _("撤回销毁"),
    "hold.placed": _("暂缓销毁"),
    "hold.lifted": _("结束暂缓销毁"),
    "retention.destroyed": _("按期限销毁"),
    "rule.changed": _("修改规则"),
    "calendar.entered": _("录入工作日历"),
    "area.level_set": _("调整管控等级"),
    "presence.changed": _("变更在岗状态"),
    "import.uploaded": _("上传导入文件"),
    "import.columns_chosen": _("确认导入列"),
    "import.checked": _("预览导入"),
    "import.started": _("开始导入"),
    "import.applied": _("完成导入"),
    "import.abandoned": _("放弃导入"),
    "import.row_settled": _("处理导入行"),
    "person.registered": _("登记人员"),
    "person.changed": _("更新人员资料"),
    "person.now_on_post": _("转为在岗"),
    "person.now_away": _("转为离岗"),
    "person.now_isolated": _("转为隔离"),
    "person.now_silent": _("转为静默期"),
    "person.now_left": _("转为离职"),
    "enterprise.registered": _("登记企业"),
    "enterprise.changed": _("更新企业资料"),
    "site.registered": _("登记场所"),
    "site.changed": _("更新场所资料"),
    "grid.registered": _("登记网格"),
    "grid.changed": _("更新网格"),
    "road.registered": _("登记道路"),
    "road.changed": _("更新道路"),
    "post.changed": _("更新任期"),
    "certificate.changed": _("更新上岗证有效期"),
    "demo.loaded": _("载入演示数据"),
    "park.changed": _("修改园区资料"),
    "journal.verified": _("核验日志"),
    "file.opened": _("下载文件"),
}
ROLES: dict[str, Promise] = {
    "office": _("园区办公室"),
    "leader": _("领导"),
    "prevention_specialist": _("防疫专员"),
    "sampling_specialist": _("采样专员"),
    "scanning_specialist": _("扫码专员"),
    "concierge": _("驻企店小二"),
    "team_leader": _("检查组组长"),
    "team_member": _("检查组成员"),
    "lab_member": _("检测机构人员"),
    "courier": _("转运员"),
    "screen": _("大屏"),
}
"""Titles of Post.Role, translated when they are shown."""
MESSAGES: dict[str, Promise | str] = {}


def add_verbs(titles: Mapping[str, Promise | str]) -> None:
    """Give journal verbs their titles; a later title of the same verb wins."""
    VERBS.update(titles)


def add_messages(texts: Mapping[str, Promise | str]) -> None:
    """Give kinds of messages their texts, with named placeholders that a message's params fill."""
    MESSAGES.update(texts)


def say_verb(verb: str) -> str:
    """The title of a journal verb in the reader's language; the verb itself when nobody gave it one."""
    return str(VERBS.get(verb, verb))


def say_message(kind: str, params: Mapping[str, Any]) -> str:
    """A message's text in the reader's language. A kind or a placeholder that is not known shows what there is."""
    text = MESSAGES.get(kind)
    if text is None:
        facts = joined((f"{key} {value}" for key, value in params.items()), "，")
        return labelled(kind, facts) if facts else kind
    try:
        return str(text) % params
    except (KeyError, ValueError, TypeError):
        return f"{text} {dict(params)}"


# Marks between words are texts as well: Chinese writes them full-width and without a space.
_MARKS = {
    "、": pgettext_lazy("mark", "、"),
    "，": pgettext_lazy("mark", "，"),
    "；": pgettext_lazy("mark", "；"),
}


def joined(parts: Iterable[object], mark: str = "、") -> str:
    """The parts as one text with the reader's own mark between them: "、" of a list, "，" or "；" of clauses."""
    return str(_MARKS[mark]).join(str(part) for part in parts)


def labelled(label: object, value: object) -> str:
    """A label and what stands under it: "原因：出差", "Reason: business trip"."""
    return pgettext("mark", "%(label)s：%(value)s") % {"label": label, "value": value}


def aside(text: object, more: object) -> str:
    """A text with something in brackets after it."""
    return pgettext("mark", "%(text)s（%(more)s）") % {"text": text, "more": more}
