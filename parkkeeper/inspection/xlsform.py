"""Checklists as XLSForm, the spreadsheet form of field surveys (as pyxform reads it): sheets survey, choices, settings.

Read are select_one, select_multiple, integer, decimal, image, barcode, text, date, note, groups, relevant, constraint
and required. Columns of our own (aspect, evidence, severity, remedy …) stand beside them; others pass over those.
What cannot be kept is told with its row before anything is written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from parkkeeper.inspection.checklistfiles import ItemRow
from parkkeeper.inspection.models import Checklist, Item
from parkkeeper.kernel.expressions import BadExpression, names_in, parse
from parkkeeper.kernel.tables import BadTable, Row, Sheet, Table, read_table, write_xlsx

TYPES = ("note", "text", "integer", "decimal", "date", "image", "barcode", "select_one", "select_multiple")
LANGUAGES = {"zh": "中文 (zh)", "en": "English (en)"}
WORDED = ("label", "hint", "constraint_message", "remedy")
PLAIN = ("type", "name", "required", "relevant", "constraint", "aspect", "evidence", "sample", "severity", "hours",
         "least", "most", "basis", "short_round")  # fmt: skip
SURVEY = ("type", "name", *(f"{w}::{t}" for w in WORDED for t in LANGUAGES.values()), *PLAIN[2:])
CHOICES = ("list_name", "name", *(f"label::{title}" for title in LANGUAGES.values()))
SETTINGS = ("form_title", "form_id", "version", "default_language")
YES_NO = {"list": "passed", "rows": [
    {"name": "yes", "label": "合格", "label_en": "Yes"}, {"name": "no", "label": "不合格", "label_en": "No"},
]}  # fmt: skip
MOST_ROWS = 2000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.A)
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?", re.A)
_OF_TYPE = {"integer": "N", "decimal": "M", "image": "P", "barcode": "S", "text": "I", "date": "D", "note": "I"}
_TYPE_OF = (("N", "integer"), ("T", "decimal"), ("M", "decimal"), ("S", "barcode"))
_LENGTHS = {"name": 40, "sample": 24, "basis": 300, "label": 300, "remedy": 200, "hint": 300, "constraint_message": 300}
_YES = {"yes", "true", "true()", "1"}


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell, and what to do: sheet, row, column, value, words. `stops`: it cannot be taken."""

    sheet: str
    row: int
    column: str
    value: str
    words: str
    stops: bool = True


@dataclass
class Form:
    """A form as it was read: its title and id, its items, and what is wrong with it or not kept."""

    title: str = ""
    code: str = ""
    items: list[ItemRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        return any(problem.stops for problem in self.problems)


@dataclass
class _Line:
    """One row of a sheet: its cells by column, of worded columns also by language ("label", "label:en")."""

    number: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")


def read_xlsform(data: bytes, name: str) -> Form:
    """The checklist of a workbook. What is wrong stands in `problems`; raises BadTable for what is no workbook."""
    form = Form()
    survey = _lines(_sheet(data, name, "survey"), "survey", form)
    if survey is None:
        form.problems.append(
            Problem("survey", 1, "", "", _("没有 survey 工作表。请加上，列名至少有 type、name、label。"))
        )
        return form
    choices = _choices(_lines(_sheet(data, name, "choices"), "choices", form) or [], form)
    settings = _lines(_sheet(data, name, "settings"), "settings", form) or []
    if settings:
        form.title, form.code = settings[0].get("form_title")[:80], settings[0].get("form_id")[:24]
    _Reader(form, choices).read(survey)
    return form


def _sheet(data: bytes, name: str, wanted: str) -> Table | None:
    try:
        table = read_table(data, name, sheet=wanted, max_rows=MOST_ROWS)
    except BadTable as error:
        if error.code in ("empty", "no_headings"):
            return None
        raise
    return table if table.sheet == wanted else None


def _lines(table: Table | None, sheet: str, form: Form) -> list[_Line] | None:
    if table is None:
        return None
    known = {"survey": {*PLAIN, *WORDED}, "choices": {"list_name", "name", "label"}, "settings": {*SETTINGS}}[sheet]
    columns = [_column(heading) for heading in table.headings]
    for heading, column in zip(table.headings, columns, strict=True):
        used = [row for row in table.rows if row.cells[table.headings.index(heading)].strip()]
        if heading and used and column.partition(":")[0] not in known:
            words = _("不使用“%(column)s”列，其内容不会保存。") % {"column": heading}
            form.problems.append(Problem(sheet, table.heading_row, heading, "", words, stops=False))
    return [_line(row, columns) for row in table.rows]


def _column(heading: str) -> str:
    """The column of a heading: lower case, "list name" as "list_name", with ":en" for English, ":xx" for others."""
    plain, _colons, language = heading.strip().lower().partition("::")
    plain = plain.strip().replace(" ", "_")
    found = re.search(r"\(([a-z]{2})", language)
    code = found[1] if found else language.strip()[:2]
    return plain if not language or code == "zh" or "中文" in language else f"{plain}:{code or 'xx'}"


def _line(row: Row, columns: list[str]) -> _Line:
    cells: dict[str, str] = {}
    for column, cell in zip(columns, row.cells, strict=False):
        if cell.strip() and column:
            cells.setdefault(column, cell.strip())
    return _Line(row.number, cells)


def _choices(lines: Iterable[_Line], form: Form) -> dict[str, list[dict[str, str]]]:
    lists: dict[str, list[dict[str, str]]] = {}
    for line in lines:
        own = lists.setdefault(line.get("list_name"), [])
        label = line.get("label") or line.get("label:en")
        if not line.get("list_name") or not label or re.search(r"\s", line.get("name")) or not line.get("name"):
            words = _("每个选项都要有 list_name、name（不含空格）和 label。请补全这一行。")
            form.problems.append(Problem("choices", line.number, "name", line.get("name"), words))
        elif line.get("name") in [one["name"] for one in own]:
            words = _("同一组选项里 name 重复。请改成不同的名称。")
            form.problems.append(Problem("choices", line.number, "name", line.get("name"), words))
        else:
            own.append({"name": line.get("name"), "label": label, "label_en": line.get("label:en")})
    return lists


class _Reader:
    """Goes down the survey sheet."""

    def __init__(self, form: Form, choices: dict[str, list[dict[str, str]]]) -> None:
        self.form, self.choices = form, choices
        self.groups: list[tuple[int, dict[str, Any]]] = []
        self.asked: list[tuple[int, str, set[str]]] = []

    def tell(self, line: _Line, column: str, words: str, *, stops: bool = True) -> None:
        self.form.problems.append(Problem("survey", line.number, column, line.get(column), words, stops))

    def read(self, lines: list[_Line]) -> None:
        for line in lines:
            kind = " ".join(line.get("type").split()).replace("begin_group", "begin group")
            kind = kind.replace("end_group", "end group")
            if kind == "begin group":
                self.groups.append((line.number, self.group(line)))
            elif kind == "end group":
                if not self.groups:
                    self.tell(line, "type", _("这里没有可以结束的分组。请删去这一行，或在前面加 begin group。"))
                self.groups = self.groups[:-1]
            else:
                self.question(line, *(kind.split(" ", 1) if " " in kind else (kind, "")))
        for number, group in self.groups:
            words = _("分组没有结束。请在它的最后一题之后加一行 end group。")
            self.form.problems.append(Problem("survey", number, "type", group["name"], words))
        names = {item.code for item in self.form.items} | {group["name"] for group in self.all_groups()}
        for number, column, told in self.asked:
            for name in sorted(told - names):
                words = _("条件里的 ${%(name)s} 不是本表的题目。请改正名称。") % {"name": name}
                self.form.problems.append(Problem("survey", number, column, name, words))
        if not self.form.items:
            self.form.problems.append(Problem("survey", 1, "type", "", _("表里没有题目。")))

    def all_groups(self) -> Iterator[dict[str, Any]]:
        for item in self.form.items:
            yield from item.question.get("groups", [])

    def group(self, line: _Line) -> dict[str, Any]:
        self.named(line)
        found = {"name": line.get("name"), "label": line.get("label") or line.get("label:en"),
                 "label_en": line.get("label:en")}  # fmt: skip
        return found | self.condition(line, "relevant")

    def named(self, line: _Line) -> None:
        name = line.get("name")
        if not _NAME.fullmatch(name) or len(name) > _LENGTHS["name"]:
            self.tell(line, "name", _("名称须以字母或下划线开头，只含字母、数字和 _ - .，最多 40 个字符。请改名。"))

    def condition(self, line: _Line, column: str) -> dict[str, Any]:
        text = line.get(column)
        if not text:
            return {}
        try:
            tree = parse(text)
        except BadExpression as error:
            words = _("不认识的条件：%(what)s。可用比较、and、or、not()、selected() 等。") % {"what": error}
            self.tell(line, column, words)
            return {}
        self.asked.append((line.number, column, names_in(tree)))
        return {column: text, f"{column}_tree": tree}

    def question(self, line: _Line, kind: str, of: str) -> None:
        if kind not in TYPES or (kind.startswith("select_") and of not in self.choices):
            known = _("不认识的题型。可用：%(types)s。") % {"types": "、".join(TYPES)}
            missing = _("choices 工作表里没有这组选项。请补上，或改正名称。")
            self.tell(line, "type", missing if kind in TYPES else known)
            return
        self.named(line)
        if line.get("name") in {item.code for item in self.form.items}:
            self.tell(line, "name", _("名称重复。每道题的名称只能用一次。"))
        facts: dict[str, Any] = {"type": kind}
        if of:
            facts["choices"] = {"list": of, "rows": self.choices[of]}
        if line.get("required").lower() in _YES:
            facts["required"] = True
        for column, key in (("hint", "hint"), ("constraint_message", "message")):
            facts |= {k: v for k, v in ((key, line.get(column)), (f"{key}_en", line.get(f"{column}:en"))) if v}
        facts |= self.condition(line, "relevant") | self.condition(line, "constraint")
        self.item(line, kind, facts)

    def item(self, line: _Line, kind: str, question: dict[str, Any]) -> None:
        groups = [group for _number, group in self.groups]
        aspects = [group["name"] for group in groups if group["name"] in Item.Aspect.values]
        row = ItemRow(
            code=line.get("name"), aspect=line.get("aspect") or (aspects[-1] if aspects else Item.Aspect.OTHER.value),
            text=self.text(line, "label"), text_en=line.get("label:en"), evidence=self.evidence(line, kind),
            sample=line.get("sample"), severity=line.get("severity"), hours=self.whole(line, "hours"),
            remedy=self.remedy(line, question), remedy_en=line.get("remedy:en"), basis=line.get("basis"),
            short_round=line.get("short_round").lower() in _YES, least=self.number(line, "least"),
            most=self.number(line, "most"), question=question | {"groups": [g for g in groups if _told(g)]},
        )  # fmt: skip
        for column, known in (("aspect", Item.Aspect.values), ("severity", Item.Severity.values)):
            if getattr(row, column) not in known:
                words = _("只能是：%(known)s。请改正。") % {"known": "、".join(filter(None, known))}
                self.tell(line, column, words)
        if row.least is not None and row.most is not None and row.least > row.most:
            self.tell(line, "least", _("下限大于上限。请改正其中一个。"))
        for column, most in _LENGTHS.items():
            if max(len(line.get(column)), len(line.get(f"{column}:en"))) > most:
                self.tell(line, column, _("太长，最多 %(most)s 个字符。请缩短。") % {"most": most})
        self.form.items.append(_plain_again(row))

    def text(self, line: _Line, column: str) -> str:
        found = line.get(column) or line.get(f"{column}:en")
        if not found:
            self.tell(line, column, _("没有题目文字。请填写 label。"))
        return found

    def remedy(self, line: _Line, question: Mapping[str, Any]) -> str:
        """What to do when it fails: its own column, else the words of a refused answer, else the hint."""
        found = line.get("remedy") or question.get("message") or question.get("hint") or ""
        if not found and question["type"] == "note":
            return "–"
        if not found:
            words = _("没有整改要求：请在 remedy 列写明不合格时怎么办。")
            self.tell(line, "remedy", words)
        return str(found)[:200]

    def evidence(self, line: _Line, kind: str) -> str:
        found = line.get("evidence").replace(" ", "") or _OF_TYPE.get(kind, "Y")
        if not set(found) <= set(Item.Evidence.values):
            words = _("证据只能是这些字母：%(letters)s。请改正。") % {"letters": " ".join(Item.Evidence.values)}
            self.tell(line, "evidence", words)
        return found

    def whole(self, line: _Line, column: str) -> int | None:
        text = line.get(column)
        if text and not (text.isdecimal() and int(text) < 10_000):
            self.tell(line, column, _("须是整数小时。请改正。"))
        return int(text) if text.isdecimal() and int(text) < 10_000 else None

    def number(self, line: _Line, column: str) -> float | None:
        text = line.get(column)
        if text and not _NUMBER.fullmatch(text):
            self.tell(line, column, _("须是数，例如 37.2。请改正。"))
            return None
        return float(text) if text else None


def _told(group: Mapping[str, Any]) -> bool:
    """Whether a group says more than that its items are of an aspect."""
    return group["name"] not in Item.Aspect.values or "relevant" in group


def _usual(row: ItemRow) -> dict[str, Any]:
    """How an item is asked that nobody wrote as a survey form."""
    kind = next((kind for letter, kind in _TYPE_OF if letter in row.evidence), None)
    if kind is None:
        kind = "image" if row.evidence == "P" else "select_one"
    return {"type": kind, "groups": [], **({"choices": YES_NO} if kind == "select_one" else {})}


def _plain_again(row: ItemRow) -> ItemRow:
    return row if row.question != _usual(row) else ItemRow(**{**row.__dict__, "question": {}})


def write_xlsform(checklist: Checklist) -> bytes:
    """A version of a checklist as XLSForm; read again it is the same."""
    return write_rows(
        [item_row(item) for item in checklist.items.order_by("position")], title=checklist.name, code=checklist.code,
        version=str(checklist.version),
    )  # fmt: skip


def item_row(item: Item) -> ItemRow:
    """An item as the row of a file."""
    names = [name for name in ItemRow.__dataclass_fields__ if name != "evidence"]
    return ItemRow(evidence="".join(item.evidence), **{name: getattr(item, name) for name in names})


def write_rows(rows: Iterable[ItemRow], *, title: str, code: str, version: str) -> bytes:
    """These items as XLSForm."""
    lines: list[dict[str, Any]] = []
    lists: dict[str, list[dict[str, str]]] = {}
    open_ones: list[dict[str, Any]] = []
    for row in rows:
        question = row.question or _usual(row)
        groups = list(question.get("groups", []))
        kept = next((n for n, (a, b) in enumerate(zip(open_ones, groups, strict=False)) if a != b),
                    min(len(open_ones), len(groups)))  # fmt: skip
        lines += [{"type": "end group"} for _group in open_ones[kept:]]
        lines += [_group_line(group) for group in groups[kept:]]
        open_ones = groups
        lines.append(_question_line(row, question))
        if choices := question.get("choices"):
            lists[choices["list"]] = choices["rows"]
    lines += [{"type": "end group"} for _group in open_ones]
    answers = [[name, one["name"], one["label"], one["label_en"]] for name, own in lists.items() for one in own]
    return write_xlsx([
        Sheet("survey", SURVEY, [[line.get(column) for column in SURVEY] for line in lines]),
        Sheet("choices", CHOICES, answers),
        Sheet("settings", SETTINGS, [[title, code, version, LANGUAGES["zh"]]]),
    ])  # fmt: skip


def _worded(column: str, zh: str, en: str) -> dict[str, str]:
    return {f"{column}::{LANGUAGES['zh']}": zh, f"{column}::{LANGUAGES['en']}": en}


def _group_line(group: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "begin group", "name": group["name"], "relevant": group.get("relevant"),
            **_worded("label", group["label"], group["label_en"])}  # fmt: skip


def _question_line(row: ItemRow, question: Mapping[str, Any]) -> dict[str, Any]:
    of = question.get("choices", {}).get("list", "")
    return {
        "type": f"{question['type']} {of}".strip(), "name": row.code, **_worded("label", row.text, row.text_en),
        **_worded("hint", question.get("hint", ""), question.get("hint_en", "")),
        **_worded("constraint_message", question.get("message", ""), question.get("message_en", "")),
        **_worded("remedy", row.remedy, row.remedy_en), "required": "yes" if question.get("required") else None,
        "relevant": question.get("relevant"), "constraint": question.get("constraint"), "aspect": row.aspect,
        "evidence": row.evidence, "sample": row.sample, "severity": row.severity, "hours": row.hours,
        "least": row.least, "most": row.most, "basis": row.basis, "short_round": "yes" if row.short_round else None,
    }  # fmt: skip
