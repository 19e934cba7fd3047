"""A doubt's evidence in words: what the ids and counts of its row mean to the person who settles it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.models import Anomaly, Enterprise, Person
from parkkeeper.park.words import ROLES, aside, joined
from parkkeeper.sampling.links import link_to
from parkkeeper.sampling.models import HandOver, Point, Reception, Result, Scan, Tube
from parkkeeper.sampling.showncodes import STATES

LABELS: dict[str, Promise | str] = {
    "tube": _("试管码"),
    "other_tube": _("另一支试管"),
    "code": _("读到的编码"),
    "names": _("扫码人数"),
    "nameless": _("查不到姓名的扫码"),
    "swabs": _("拭子数"),
    "pool_size": _("混采上限"),
    "point": _("采样点"),
    "roll_point": _("码卷所属采样点"),
    "expected": _("应去的采样点"),
    "due_point": _("应去的采样点"),
    "day": _("日期"),
    "standing": _("名单上的状态"),
    "claimed": _("读到的内容"),
    "shown": _("出示的码"),
    "candidates": _("可能是"),
    "role": _("岗位"),
    "laboratory": _("检测机构"),
    "condition": _("签收状态"),
    "conditions": _("签收状态"),
    "value": _("结果"),
    "values": _("结果"),
    "boxes": _("所在转运箱"),
    "problem": _("编码问题"),
    "missing": _("缺少"),
    "leg": _("交接环节"),
    "received_at": _("到达时间"),
    "sealed_at": _("封管时间"),
    "device_at": _("手机时间"),
    "at": _("时间"),
    "minutes": _("相差分钟"),
    "device_ahead_seconds": _("手机时钟比服务器快（秒，负数为慢）"),
    "minutes_late": _("晚到（分钟）"),
    "first": _("第一次"),
    "scans": _("扫码次数"),
    "rows": _("行数"),
    "row": _("行号"),
    "file": _("文件"),
    "size": _("大小（字节）"),
    "bytes": _("大小（字节）"),
    "operations": _("操作条数"),
    "phone": _("手机编号"),
    "enterprise": _("企业"),
    "slot_of": _("当时时段属于"),
    "why": _("原因"),
    "undo_at": _("撤销时间"),
}
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


def _labels(choices: Mapping[str, Any]) -> Callable[[Any], str]:
    def say(value: Any) -> str:
        values = value if isinstance(value, list) else [value]
        return joined(choices.get(v, v) for v in values)

    return say


_SAY: dict[str, Callable[[Any], str]] = {
    "point": _point,
    "roll_point": _point,
    "expected": _point,
    "due_point": _point,
    "enterprise": _enterprise,
    "slot_of": _enterprise,
    "candidates": _people,
    "role": _labels(ROLES),
    "condition": _labels(dict(Reception.Condition.choices)),
    "conditions": _labels(dict(Reception.Condition.choices)),
    "value": _labels(dict(Result.Value.choices)),
    "values": _labels(dict(Result.Value.choices)),
    "leg": _labels(dict(HandOver.Leg.choices)),
    "problem": _labels(_PROBLEMS),
    "shown": _labels(STATES),
}


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return joined(_plain(part) for part in value)
    if isinstance(value, str) and len(value) > 15 and value[4:5] == "-" and "T" in value:
        try:
            return timezone.localtime(datetime.fromisoformat(value)).strftime("%Y-%m-%d %H:%M:%S")
        except ValueError:
            return value
    return str(value)


def evidence_in_words(anomaly: Anomaly) -> list[tuple[str, str]]:
    """(label, value) of every part of the evidence that has a label; ids without one stay in the file only."""
    return [
        (str(LABELS[key]), _SAY.get(key, _plain)(value))
        for key, value in anomaly.evidence.items()
        if key in LABELS and value not in (None, "", [])
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
