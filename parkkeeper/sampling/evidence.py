"""A doubt's evidence in words: what the ids and counts of its row mean to the person who settles it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.park import facts
from parkkeeper.park.models import Anomaly, Enterprise, Person
from parkkeeper.park.words import aside, joined
from parkkeeper.sampling.links import link_to
from parkkeeper.sampling.models import HandOver, Point, Reception, Result, Scan, Tube
from parkkeeper.sampling.showncodes import STATES

LABELS: dict[str, Promise | str] = {
    "doubt code": _("读到的编码"),
    "doubt first": _("第一次"),
    "tube": _("试管码"),
    "other_tube": _("另一支试管"),
    "names": _("扫码人数"),
    "nameless": _("查不到姓名的扫码"),
    "swabs": _("拭子数"),
    "pool_size": _("混采上限"),
    "point": _("采样点"),
    "roll_point": _("码卷所属采样点"),
    "expected": _("应去的采样点"),
    "due_point": _("应去的采样点"),
    "standing": _("名单上的状态"),
    "claimed": _("读到的内容"),
    "shown": _("出示的码"),
    "candidates": _("可能是"),
    "laboratory": _("检测机构"),
    "condition": _("签收状态"),
    "conditions": _("签收状态"),
    "values": _("结果"),
    "boxes": _("所在转运箱"),
    "problem": _("编码问题"),
    "missing": _("缺少"),
    "leg": _("交接环节"),
    "received_at": _("到达时间"),
    "sealed_at": _("封管时间"),
    "device_at": _("手机时间"),
    "minutes": _("相差分钟"),
    "device_ahead_seconds": _("手机时钟比服务器快（秒，负数为慢）"),
    "minutes_late": _("晚到（分钟）"),
    "scans": _("扫码次数"),
    "bytes": _("大小（字节）"),
    "operations": _("操作条数"),
    "slot_of": _("当时时段属于"),
    "why": _("原因"),
    "undo_at": _("撤销时间"),
}
"""What only sampling speaks of; parkkeeper.park.facts learns it at start-up, for the journal as well."""
_KEYS = {
    *LABELS, "at", "code", "day", "enterprise", "file", "first", "phone", "role", "row", "rows", "size", "value",
}  # fmt: skip
"""What is shown of evidence."""
# How serious a code problem is told; machine words of kernel/tubes.py.
_PROBLEMS: dict[str, Promise | str] = {
    "check_character": _("校验位不符"),
    "length": _("长度不对"),
    "characters": _("含有不可用的字符"),
    "not_a_tube": _("不是试管码"),
    "not_a_box": _("不是箱码"),
    "blank": _("空白"),
}


def _point(value: Any) -> str:
    return Point.objects.filter(pk=value).values_list("site__name", flat=True).first() or str(value)


def _enterprise(value: Any) -> str:
    return Enterprise.objects.filter(pk=value).values_list("short_name", flat=True).first() or str(value)


def _people(value: Any) -> str:
    ids = value if isinstance(value, list) else [value]
    rows = Person.objects.filter(pk__in=[i for i in ids if isinstance(i, int)]).select_related("employer")
    names = (aside(p.name, f"{p.employer.short_name} {p.staff_number}".strip()) for p in rows.order_by("pk"))
    return joined(names, "；") or str(value)


_LOOKED_UP: dict[str, Callable[[Any], str]] = {
    "point": _point,
    "roll_point": _point,
    "expected": _point,
    "due_point": _point,
    "enterprise": _enterprise,
    "slot_of": _enterprise,
    "candidates": _people,
}
SAYS: dict[str, facts.Say] = {
    "condition": facts.choice(Reception.Condition.choices),
    "conditions": facts.choice(Reception.Condition.choices),
    "value": facts.choice(Result.Value.choices),
    "values": facts.choice(Result.Value.choices),
    "leg": facts.choice(HandOver.Leg.choices),
    "problem": facts.choice(_PROBLEMS),
    "shown": facts.choice(STATES),
}


def _value(key: str, value: Any) -> str:
    return _LOOKED_UP[key](value) if key in _LOOKED_UP else facts.say(key, value, "doubt")


def evidence_in_words(anomaly: Anomaly) -> list[tuple[str, str]]:
    """(label, value) of every part of the evidence that has a label; ids without one stay in the file only."""
    return [
        (facts.label_of(key, "doubt"), _value(key, value))
        for key, value in anomaly.evidence.items()
        if key in _KEYS and value not in (None, "", [])
    ]


def subject_link(request: HttpRequest, anomaly: Anomaly) -> list[tuple[str, str]]:
    """(title, address) of the things that the doubt is about and that the reader may open."""
    found: list[tuple[str, str]] = []
    if anomaly.person_id:
        found.append((str(anomaly.person), link_to(request, "person", anomaly.person_id)))
    code = _tube_code(anomaly)
    if code:
        tube = Tube.objects.filter(code=code).values_list("pk", flat=True).first()
        found.append((code, link_to(request, "tube", tube) if tube else ""))
    if anomaly.enterprise_id:
        found.append((str(anomaly.enterprise), link_to(request, "enterprise", anomaly.enterprise_id)))
    site = anomaly.site
    point = Point.objects.filter(site=site).values_list("pk", flat=True).first() if site else None
    if site is not None and point:
        found.append((site.name, link_to(request, "point", point)))
    return found


def _tube_code(anomaly: Anomaly) -> str:
    if anomaly.noun == "tube" and anomaly.noun_id.isdigit():
        return Tube.objects.filter(pk=int(anomaly.noun_id)).values_list("code", flat=True).first() or ""
    if anomaly.noun == "scan":
        return Scan.objects.filter(pk=anomaly.noun_id).values_list("tube__code", flat=True).first() or ""
    code = anomaly.evidence.get("tube", "")
    return code if isinstance(code, str) else ""
