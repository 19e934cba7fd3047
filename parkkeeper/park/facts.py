"""What the facts of a journal entry, and a doubt's evidence, are called in people's languages: one table for both.

Each system adds its own when it starts (AppConfig.ready), as with park.words:

    facts.add(labels={"tubes": _("试管数")}, nouns={"round": (_("轮次"), "round")}, pages={"round": "round"})

Words of one verb alone stand under "verb key": "roll.issued first" is looked up before "first".
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.lists.listing import LISTS
from parkkeeper.park.models import JournalEntry
from parkkeeper.park.nav import may_open
from parkkeeper.park.words import ROLES, joined, labelled

GREAT = 10_000  # numbers from here on are counts, and no years or serial numbers
Words = Promise | str
Say = Callable[[Any], str]
SHOWN, _LONG = 5, 12  # of a list's values, of a key's characters

LABELS: dict[str, Words] = {
    "address": _("网络地址"),
    "areas": _("涂黑处数"),
    "at": _("时间"),
    "before": _("原值"),
    "broken": _("不符的封签"),
    "candidate": _("候选"),
    "code": _("编码"),
    "columns": _("列数"),
    "count": _("数量"),
    "day": _("日期"),
    "destroyed": _("销毁数"),
    "documents": _("含证件号"),
    "emergencies": _("应急状态"),
    "emergency": _("应急状态"),
    "end": _("结束"),
    "enterprise": _("企业"),
    "errors": _("错误行数"),
    "fields": _("看到的内容"),
    "file": _("文件"),
    "filters": _("筛选"),
    "first": _("开始日期"),
    "form": _("文件格式"),
    "former": _("原编号"),
    "holidays": _("假日数"),
    "how": _("方式"),
    "key": _("规则名称"),
    "kind": _("类型"),
    "known": _("此前已有"),
    "language": _("语言"),
    "last_day": _("最后一天"),
    "late_seconds": _("晚了（秒）"),
    "level": _("管控等级"),
    "make_up_days": _("调休上班天数"),
    "minutes": _("分钟"),
    "n": _("数量"),
    "name": _("名称"),
    "new": _("新增"),
    "note": _("备注"),
    "now": _("新值"),
    "number": _("编号"),
    "pack": _("规则包"),
    "people": _("人数"),
    "period": _("保存期限"),
    "phone": _("手机编号"),
    "problems": _("有问题的行数"),
    "reason": _("原因"),
    "result": _("结果"),
    "role": _("岗位"),
    "row": _("行号"),
    "rows": _("行数"),
    "rule": _("规则"),
    "rules": _("规则条数"),
    "seals": _("封签段数"),
    "sha256": _("文件校验值"),
    "size": _("大小（字节）"),
    "source": _("依据"),
    "start": _("开始"),
    "starts_at": _("生效时间"),
    "state": _("状态"),
    "stored": _("存入"),
    "time_zone": _("时区"),
    "until": _("截止"),
    "value": _("结果"),
    "was": _("旧值"),
    "what": _("内容"),
    "where": _("页面"),
    "year": _("年份"),
    "emergency.declared basis": _("依据"),
    "gap.told people": _("未完成人数"),
}
NOUNS: dict[str, tuple[Words, str]] = {
    "account": (_("账号"), "account"),
    "anomaly": (_("异常"), "anomaly"),
    "calendaryear": (_("工作日历"), ""),
    "certificate": (_("上岗证"), "certificate"),
    "destructionorder": (_("销毁令"), ""),
    "emergency": (_("应急状态"), ""),
    "enterprise": (_("企业"), "enterprise"),
    "grid": (_("网格"), ""),
    "hold": (_("暂缓销毁"), ""),
    "import": (_("导入"), "import"),
    "importrow": (_("导入行"), "import_row"),
    "park": (_("园区"), ""),
    "person": (_("人员"), "person"),
    "post": (_("岗位"), "post"),
    "presence": (_("在岗状态"), ""),
    "road": (_("道路"), ""),
    "rule": (_("规则"), ""),
    "site": (_("场所"), ""),
    "storedfile": (_("文件"), "file"),
}
"""Title of a model (by its lower-case name), and the page that shows one of them by its key."""
_WHERES: dict[str, Words] = {
    "person": _("人员"),
    "today": _("今日"),
    "tube": _("试管"),
    "import_columns": _("导入"),
    "import_problems": _("导入"),
    "import_row": _("导入"),
    "phone.roster": _("采样手机名册"),
    "phone.inspection": _("检查手机名单"),
    "cards": _("个人码卡片"),
    "own_links": _("个人链接"),
    "missing_calls": _("未采名单（电话）"),
    "day_workbook": _("当日名单（Excel）"),
}


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _now("是") if value else _now("否")
    if isinstance(value, int) and value >= GREAT:
        return f"{value:,}"
    if isinstance(value, list):
        return joined(map(_plain, value[:SHOWN])) + ("…" if len(value) > SHOWN else "")
    if isinstance(value, dict):
        return joined(labelled(LABELS.get(key, key), _plain(one)) for key, one in value.items() if one not in _NOTHING)
    if isinstance(value, str) and len(value) > 15 and value[4:5] == "-" and "T" in value:
        try:
            return timezone.localtime(datetime.fromisoformat(value)).strftime("%Y-%m-%d %H:%M:%S")
        except ValueError:
            return value
    return str(value)


def choice(choices: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Say:
    """Says machine words by their titles, one or a list of them; words that are not among them stay."""
    titles = dict(choices)
    return lambda value: joined(str(titles.get(v, v)) for v in (value if isinstance(value, list) else [value]))


def _where(value: Any) -> str:
    return str(_WHERES.get(value) or (LISTS[value].title if value in LISTS else value))


_NOTHING: tuple[Any, ...] = ("", None, {}, [])
SAYS: dict[str, Say] = {
    "form": choice({"page": _("网页")}),
    "role": choice(ROLES),
    "where": _where,
    "sha256": lambda value: str(value)[:_LONG],
}
PAGES: dict[str, str] = {"rule.changed key": "rule"}
"""By a fact's key: the page of the thing whose key the value is."""


def add(
    *, labels: Mapping[str, Words] | None = None, says: Mapping[str, Say] | None = None,
    nouns: Mapping[str, tuple[Words, str]] | None = None, pages: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Tell a system's words: labels of keys, how their values are said, models' titles and pages, pages of keys."""
    LABELS.update(labels or {})
    SAYS.update(says or {})
    NOUNS.update(nouns or {})
    PAGES.update(pages or {})


def label_of(key: str, verb: str = "") -> str:
    """The label of a fact of this verb; the key itself when nobody gave it one."""
    return str(LABELS.get(f"{verb} {key}") or LABELS.get(key, key))


def say(key: str, value: Any, verb: str = "") -> str:
    """A fact's value in the reader's language."""
    return (SAYS.get(f"{verb} {key}") or SAYS.get(key, _plain))(value)


def _said(entry: JournalEntry, key: str, value: Any) -> str:
    """As `say`; what was asked of a list is said in the list's own words."""
    read = LISTS.get(entry.facts.get("where", "")) if key == "filters" else None
    return read.words_of(value) if read is not None else say(key, value, entry.verb)


@dataclass(frozen=True)
class Fact:
    """A fact as it is shown: its label, and its values with the address of the page of each ("" for none)."""

    label: str
    values: list[tuple[str, str]]


def facts_of(request: HttpRequest, entry: JournalEntry) -> Iterator[Fact]:
    """The entry's facts in words, with links to what the reader may open; empty ones are left out."""
    for key, value in entry.facts.items():
        if value in _NOTHING:
            continue
        page = PAGES.get(f"{entry.verb} {key}", PAGES.get(key, ""))
        if page:
            several = value[:SHOWN] if isinstance(value, list) else [value]
            shown = [(str(one)[:_LONG], address(request, page, one)) for one in several]
        else:
            shown = [(_said(entry, key, value), "")]
        yield Fact(label_of(key, entry.verb), shown)


def named(noun: str, key: str) -> str:
    """What a journal entry is about, "轮次 2"; of a long key its beginning."""
    return f"{NOUNS.get(noun, (noun, ''))[0]} {key[:_LONG]}"


def thing_of(request: HttpRequest, entry: JournalEntry) -> tuple[str, str]:
    """What the entry is about, and the address of its page, "" when there is none."""
    page = NOUNS.get(entry.noun, ("", ""))[1]
    return named(entry.noun, entry.noun_id), address(request, page, entry.noun_id)


def address(request: HttpRequest, page: str, key: Any) -> str:
    """The address of the page of the thing with this key; "" when there is none that the reader may open."""
    if not page or not may_open(request, page):
        return ""
    try:
        return reverse(page, args=[key])
    except NoReverseMatch:
        return ""


def in_one_line(entry: JournalEntry) -> str:
    """The entry's facts as one text, for files."""
    told = ((key, value) for key, value in entry.facts.items() if value not in _NOTHING)
    return joined((labelled(label_of(key, entry.verb), _said(entry, key, value)) for key, value in told), "；")
