"""What is wrong with a row of a laboratory's report, in the words of whoever must put it right."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

FIELDS: Mapping[str, Promise | str] = {
    "tube_code": _("试管码"),
    "value": pgettext_lazy("field", "检测结果"),
    "tested_at": _("检测时间"),
    "note": _("备注"),
    "name": _("姓名"),
    "number": _("工号"),
    "document": _("证件号"),
    "enterprise": _("企业"),
}

_CODE = _("对照试管标签更正，最后一位是校验字符，不能省略。")
_ASK = _("请检测机构重新发送。")
_WORDS: Mapping[str, tuple[Promise | str, Promise | str]] = {
    # rows of tables and of hand entry
    "no_column": (_("没有找到这一列"), _("在列对应里选出它是哪一列。")),
    "blank": (_("没有填试管码"), _("补上试管码。")),
    "too_long": (_("试管码太长"), _CODE),
    "length": (_("试管码位数不对"), _CODE),
    "characters": (_("试管码里有不该有的字符"), _CODE),
    "check_character": (_("试管码校验字符不对，可能抄错了一位"), _CODE),
    "not_a_tube": (_("这不是试管码"), _CODE),
    "number_as_scientific": (_("试管码被表格软件改成了科学计数，已经不准"), _("把这一列设为文本，重新粘贴后再导入。")),
    "no_value": (_("没有填结果"), _("出结果后再导入这一行。")),
    "unknown_value": (_("看不懂这个结果"), _("改为阴性、阳性、可疑或无效；一格里只写一个结果。")),
    "bad_time": (_("看不懂检测时间，按收到的时间记"), _("写成 2022-05-10 20:30 这样。")),
    "in_the_future": (_("检测时间在将来，结果仍已收下"), _("核对检测机构的时钟。")),
    "unknown_tube": (_("没有这支试管的开管或扫码记录，结果已留存"), _("核对试管码；手机的记录补传后会自动对上。")),
    # messages
    "not_final": (_("还不是最终结果，没有采用"), _("等待检测机构发送最终结果。")),
    "no_status": (_("没有写结果状态，可能传输不完整，没有采用"), _ASK),
    "withdrawn": (_("检测机构要求撤回这条结果"), _("在异常里核实后，由园区办公室撤下。")),
    "unknown_status": (_("不认识的结果状态，没有采用"), _ASK),
    "no_specimen": (_("没有写试管码"), _ASK),
    "several_specimens": (_("一条结果对应了几支试管，没有采用"), _ASK),
    "contradiction": (_("同一条结果里说法不一，没有采用"), _ASK),
    "no_result": (_("没有结果内容，可能传输不完整"), _ASK),
    "corrected": (_("检测机构更正了以前的结果"), _("如与以前的结果不一致，请在异常里撤下其中一条。")),
    "encoding_differs": (_("文字编码与声明的不同，已按实际编码读取"), _("请检测机构更正 MSH-18。")),
    # messages that could not be read at all
    "empty": (_("报文是空的"), _ASK),
    "not_hl7": (_("不是 HL7 报文，或开头已经缺失"), _ASK),
    "encoding": (_("报文的文字编码无法识别"), _("请检测机构用 UTF-8 或 GB 18030 发送。")),
    "not_oru": (_("不是检测结果报文（ORU^R01）"), _("请检测机构只发送检测结果。")),
    "version": (_("HL7 版本不是 2.x"), _("请检测机构按 v2.5.1 发送。")),
    "not_production": (_("这是测试报文，没有采用"), _("正式结果请在 MSH-11 写 P。")),
    "missing_field": (_("报文开头缺少必填项"), _ASK),
    "bad_message_time": (_("报文时间看不懂"), _ASK),
    # lists of antigen tests
    "unknown_person": (_("名册里没有这个人"), _("核对工号或证件号；新员工先导入名册。")),
    "no_number": (_("没有工号也没有证件号"), _("补上其中一个，只有姓名不足以认定是谁。")),
    "ambiguous": (_("几家企业都有这个工号"), _("补上企业或证件号。")),
    "name_differs": (_("姓名与名册不一致"), _("核对是否抄错行；确是本人就改成名册上的姓名。")),
    "not_yours": (_("不是本企业的人"), _("请由其所在企业或园区办公室上报。")),
    "said_twice": (_("文件里同一个人有两个不同的结果，都已收下"), _("核对后以复核结果为准。")),
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A problem as a person reads it: where (row 0: the whole report), which column, the value, what, what to do."""

    row: int
    column: str
    value: str
    what: str
    remedy: str
    stored: bool


def say(problem: Mapping[str, Any]) -> Said:
    """The words for one entry of LabReport.problems (or Problem.as_json()), in the reader's language."""
    what, remedy = _WORDS.get(problem["code"], (problem["code"], ""))
    column = str(FIELDS.get(problem["column"], problem["column"]))
    return Said(problem["row"], column, problem["value"], str(what), str(remedy), bool(problem.get("stored")))
