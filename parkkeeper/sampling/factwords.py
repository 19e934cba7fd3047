"""What the facts of sampling's journal entries are called; park.facts learns it at start-up."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.facts import Say, choice
from parkkeeper.park.words import joined, labelled
from parkkeeper.sampling.doubts import HOWS, KINDS
from parkkeeper.sampling.models import Due, Result, Test

LABELS: dict[str, Promise | str] = {
    "cause": _("起因"),
    "desks": _("采样台数"),
    "due": _("应检"),
    "every_days": _("几天一次"),
    "hours": _("开放时间"),
    "in_doubt": _("有疑问"),
    "indeterminate": _("可疑"),
    "invalid": _("无效"),
    "liaisons": _("通知的联络人"),
    "line": _("是否补入"),
    "messages": _("消息条数"),
    "negative": _("阴性"),
    "population": _("名单人数"),
    "positive": _("阳性"),
    "prefix": _("码卷前缀"),
    "rehearsal": _("演练"),
    "round": _("轮次"),
    "shift": _("班次"),
    "standings": _("名单构成"),
    "strangers": _("不在名册"),
    "test": _("检测"),
    "tubes": _("试管数"),
    "unknown_tube": _("未知试管"),
    "roll.issued first": _("起始号"),
}
NOUNS: dict[str, tuple[Promise | str, str]] = {
    "box": (_("转运箱"), "box"),
    "disposition": (_("缺口处置"), ""),
    "duty": (_("当班"), ""),
    "flag": (_("标记"), ""),
    "labreport": (_("检测报告"), "lab_report"),
    "obligation": (_("待办检测"), ""),
    "point": (_("采样点"), "point"),
    "programme": (_("检测方案"), ""),
    "result": (_("检测结果"), ""),
    "round": (_("轮次"), "round"),
    "session": (_("场次"), ""),
    "slot": (_("时段"), ""),
    "tube": (_("试管"), "tube"),
    "tuberoll": (_("试管码卷"), ""),
}
PAGES = {"round": "round", "point": "point"}


def _kind(value: Any) -> str:
    return str(KINDS[value].title) if value in KINDS else str(value)


def _standings(value: Any) -> str:
    titles = dict(Due.Standing.choices)
    return joined(labelled(titles.get(standing, standing), f"{people:,}") for standing, people in value.items())


SAYS: dict[str, Say] = {
    "test": choice(Test.choices),
    "result": choice(Result.Value.choices),
    "standings": _standings,
    "anomaly.settled kind": _kind,
    "anomaly.reopened kind": _kind,
    "anomaly.settled how": choice(HOWS),
}
