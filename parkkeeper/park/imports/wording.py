"""Every problem of a row: how grave it is, what it says, what to do about it, in the user's language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.tables import BadTable
from parkkeeper.park.imports.lines import Problem

Gravity = Literal["error", "ambiguous", "warning"]


@dataclass(frozen=True)
class Wording:
    """`settle`: the decisions that a person may take about it besides leaving the row out."""

    gravity: Gravity
    text: Promise
    remedy: Promise
    settle: tuple[str, ...] = ()


_IN_FILE = _("请在文件中改正后重新导入这一行。")
_DOCUMENT = _("请核对证件原件，改正后重新导入；确认无误时可“按原样录入”（证件类型记为未知）。")

PROBLEMS: dict[str, Wording] = {
    # errors: the row is kept and not written
    "blank": Wording("error", _("必填，但是空白。"), _IN_FILE),
    "too_long": Wording("error", _("太长：最多 %(limit)s 个字。"), _IN_FILE),
    "document_check_digit": Wording(
        "error", _("校验码不对：按前 17 位，最后一位应为 %(expected)s。"), _DOCUMENT, ("as_is",)
    ),
    "document_birth_date": Wording("error", _("证件号码中的出生日期不存在。"), _DOCUMENT, ("as_is",)),
    "document_length": Wording("error", _("证件号码位数不对：共 %(length)s 位。"), _DOCUMENT, ("as_is",)),
    "document_characters": Wording("error", _("证件号码含有不应出现的字符。"), _DOCUMENT, ("as_is",)),
    "document_unknown_kind": Wording(
        "error", _("无法识别的证件号码。"), _("请核对证件号码，或在“证件类型”列写明类型后重新导入。"), ("as_is",)
    ),
    "scientific": Wording(
        "error", _("被电子表格改成了科学计数法，末尾的数字已经丢失。"), _("请把这一列设为“文本”，重新填写后再导入。")
    ),
    "repeated": Wording("error", _("与第 %(row)s 行重复。"), _("同一张表中只保留一行，改正后重新导入。")),
    "enterprise_unknown": Wording(
        "error", _("登记册中没有这家企业。"), _("请先导入企业名录，或改用登记册中的名称、统一社会信用代码。")
    ),
    "enterprise_several": Wording(
        "error", _("登记册中有 %(count)s 家企业叫这个名称。"), _("请用统一社会信用代码指明是哪一家。")
    ),
    "enterprise_conflict": Wording(
        "error", _("企业名称与统一社会信用代码指的不是同一家企业。"), _("请核对两列，改正后重新导入。")
    ),
    "state_unknown": Wording("error", _("无法识别的状态。"), _("可用：在岗、离岗、隔离、静默期、离职。")),
    "credit_code_length": Wording(
        "error",
        _("统一社会信用代码应为 18 位，这里有 %(length)s 位。"),
        _("请核对营业执照后改正，确认无误时可“按原样录入”。"),
        ("as_is",),
    ),
    "credit_code_characters": Wording(
        "error",
        _("统一社会信用代码含有不应出现的字符（不用 I、O、S、V、Z）。"),
        _("请核对营业执照后改正，确认无误时可“按原样录入”。"),
        ("as_is",),
    ),
    "credit_code_check_digit": Wording(
        "error",
        _("统一社会信用代码的校验码不对：按前 17 位，最后一位应为 %(expected)s。"),
        _("请核对营业执照后改正，确认无误时可“按原样录入”。"),
        ("as_is",),
    ),
    "number_wrong": Wording("error", _("不是整数。"), _("请只填数字，例如 120。")),
    "day_wrong": Wording("error", _("不是日期。"), _("请写成 2022-05-19 的样子。")),
    "days_reversed": Wording("error", _("结束日期早于开始日期。"), _IN_FILE),
    "person_unknown": Wording(
        "error", _("登记册中没有这个人。"), _("请先导入人员名册；已在册的，请核对证件号码、工号和企业。")
    ),
    "role_unknown": Wording(
        "error",
        _("无法识别的岗位。"),
        _("可用：防疫专员、采样专员、扫码专员、驻企店小二、检查组组长、检查组成员、转运员。"),
    ),
    "role_by_hand": Wording("error", _("这个岗位的权限遍及全园区，不能批量导入。"), _("请在“设置—岗位”中逐人任命。")),
    "place_unknown": Wording("error", _("没有这个采样点或场所。"), _("请核对编号，或先导入场所。")),
    "certificate_other": Wording(
        "error", _("这个发证单位的同号上岗证已经发给了另一个人。"), _("请核对证书编号和发证单位。")
    ),
    "certificate_other_role": Wording(
        "error",
        _("这张上岗证登记的是另一个岗位（%(role)s）。"),
        _("一张上岗证只对应一个岗位，请填写这个岗位自己的证书编号。"),
    ),
    "post_overlaps": Wording(
        "error", _("此人在同一地点的同一岗位已有多段任期与之重叠。"), _("请在“设置—岗位”中先理清任期。")
    ),
    "certificate_incomplete": Wording(
        "error", _("有证书编号，但缺少发证单位或有效期。"), _("请补全“发证单位”“有效期起”“有效期止”。")
    ),
    "kind_unknown": Wording("error", _("无法识别的类型。"), _("可用：%(choices)s。")),
    "coordinates_missing": Wording("error", _("没有位置。"), _("请填写经度和纬度（WGS 84），或提供点的坐标。")),
    "coordinates_wrong": Wording(
        "error",
        _("坐标不在地球上：经度在 -180 到 180 之间，纬度在 -90 到 90 之间。"),
        _("请检查经纬度是否写反，或坐标是否为投影坐标（米）；需要 WGS 84 经纬度。"),
    ),
    "geometry_wrong": Wording(
        "error",
        _("图形无法读取：坐标不全或写法不对。"),
        _("请在地图软件中修正后重新导出 GeoJSON（WGS 84）。"),
    ),
    "geometry_kind": Wording(
        "error", _("图形类型是 %(found)s，这里需要 %(wanted)s。"), _("请确认选对了导入种类和图层。")
    ),
    "geometry_invalid": Wording(
        "error", _("边界不是一个简单的闭合图形（自相交或退化）。"), _("请在地图软件中修正边界后重新导出。")
    ),
    "overlap": Wording(
        "error", _("与网格“%(other)s”重叠 %(area)s 平方米。"), _("请调整边界，使网格互不重叠，再重新导入。")
    ),
    # for a person to decide
    "same_name": Wording(
        "ambiguous",
        _("该企业已有同名人员，表中没有证件号码或工号可以区分。"),
        _("请选择是哪一位，或作为新人员录入；补上证件号码或工号后重新导入也可以。"),
        ("same", "new"),
    ),
    "same_name_in_file": Wording(
        "ambiguous",
        _("与第 %(row)s 行同名同企业，没有证件号码或工号可以区分。"),
        _("请确认是两个人（作为新人员录入）还是重复（跳过）。"),
        ("same", "new"),
    ),
    "two_people": Wording(
        "ambiguous",
        _("证件号码是一个人的，工号却是另一个人的。"),
        _("请选择这一行指的是哪一位；另一列不会写入。"),
        ("same",),
    ),
    "name_differs": Wording(
        "ambiguous",
        _("登记册中此人的姓名与表中不同。"),
        _("请确认是同一人（改名）；不是同一人请跳过并核对证件号码或工号。"),
        ("same",),
    ),
    "document_differs": Wording(
        "ambiguous",
        _("工号相同，但证件号码与登记的不同。"),
        _("请确认是同一人（改正证件号码），还是工号被另一人使用（改正工号后重新导入）。"),
        ("same",),
    ),
    "several_people": Wording(
        "ambiguous",
        _("登记册中有 %(count)s 位同名人员。"),
        _("请选择是哪一位，或补上证件号码或工号后重新导入。"),
        ("same",),
    ),
    "enterprise_other_code": Wording(
        "ambiguous",
        _("登记册中已有同名企业，但统一社会信用代码不同。"),
        _("请确认是同一家（改正代码），还是另一家同名企业（作为新企业录入）。"),
        ("same", "new"),
    ),
    # told, and written nonetheless
    "document_from_15": Wording("warning", _("15 位身份证号码已换成 18 位。"), _("请抽查换算后的号码。")),
    "phone_wrong": Wording(
        "warning", _("不像是手机号码，已照原样录入。"), _("请核对后在人员页面改正，或改正后重新导入。")
    ),
    "category_unknown": Wording("warning", _("无法识别的人员类别，未写入。"), _("可用：%(choices)s。")),
    "document_kind_unknown": Wording("warning", _("无法识别的证件类型，已按号码判断。"), _("可用：%(choices)s。")),
    "uuid_unknown": Wording(
        "warning", _("系统编号不在登记册中，已改按证件号码和工号匹配。"), _("新人员请把这一列留空。")
    ),
    "employer_changed": Wording("warning", _("此人原属“%(old)s”，改为“%(new)s”。"), _("如非调动，请核对企业列。")),
    "state_kept": Wording(
        "warning", _("此人正在“%(state)s”，名册不能解除，状态未改。"), _("请在人员页面按规定解除后再改。")
    ),
    "grid_unknown": Wording("warning", _("没有这个网格，未写入。"), _("请先导入网格，再导入一次本表。")),
    "grid_elsewhere": Wording(
        "warning", _("位置落在网格“%(found)s”内，与表中的网格不同，已按表中录入。"), _("请核对位置或网格。")
    ),
    "outside_grids": Wording("warning", _("位置不在任何网格内。"), _("请核对经纬度，或先导入网格。")),
    "no_place": Wording("warning", _("没有写明服务的地点，此岗位暂时没有权限范围。"), _("请补上企业、采样点或网格。")),
    "no_certificate": Wording("warning", _("没有上岗证信息，此人不能上岗。"), _("请补上证书编号、发证单位和有效期。")),
}

_UNKNOWN = Wording("error", _("无法导入。"), _IN_FILE)

NOTES: dict[str, Promise] = {
    "merged": _("第 %(row)s–%(last_row)s 行的“%(column)s”是合并单元格；企业、类别一类的列已逐行补上，其余只算第一行。"),
    "number_as_scientific": _("第 %(row)s 行的“%(column)s”被电子表格改成了科学计数法，末尾数字已丢失。"),
    "other_sheets": _("文件中还有其他工作表（%(names)s），没有读取。"),
    "two_row_headings": _("表头占两行，已合并（到第 %(row)s 行）。"),
    "mixed_encoding": _("文件中混用了两种编码（从第 %(row)s 行起），已分别识别，请抽查中文。"),
    "not_wgs84": _("文件注明的坐标系不是 WGS 84（%(crs)s），请核对位置。"),
    "sites_moved": _("按新的网格边界，%(count)s 个场所归入了另一个网格。"),
    "more_notes": _("另有 %(count)s 条同类提示。"),
}

BAD_FILES: dict[str, Promise] = {
    "empty": _("文件“%(file)s”中没有数据。请确认选对了文件和工作表，并且表头下面有内容。"),
    "not_a_table": _("文件“%(file)s”不是表格。请上传 XLSX 或 CSV；网页或旧格式请先用电子表格软件打开，另存为 XLSX。"),
    "broken_xlsx": _("文件“%(file)s”已损坏，无法打开。请用电子表格软件打开并另存为 XLSX 后再上传。"),
    "encrypted": _("文件“%(file)s”有打开密码。请去掉密码（文件—信息—保护工作簿）后再上传。"),
    "too_many_rows": _("文件“%(file)s”太大：最多 %(limit)s 行。请删去多余的空白区域，或分成几个文件。"),
    "encoding": _("文件“%(file)s”第 %(row)s 行的文字编码无法识别。请另存为 UTF-8 编码的 CSV 或 XLSX。"),
    "no_headings": _("文件“%(file)s”中找不到表头。请让第一行是列名（如“姓名”“证件号码”），数据从下一行开始。"),
    "too_big": _("文件“%(file)s”有 %(size)s MB，超过上限 %(limit)s MB。请删去图片和多余的工作表，或分成几个文件。"),
    "not_geojson": _("文件“%(file)s”不是 GeoJSON（%(why)s）。请在地图软件中导出为 GeoJSON（WGS 84）。"),
    "geojson_needed": _("道路和网格需要 GeoJSON 文件，“%(file)s”是表格。请在地图软件中导出为 GeoJSON（WGS 84）。"),
}


def wording(code: str) -> Wording:
    """How a problem is told; a code that is not known any more is told as an error."""
    return PROBLEMS.get(code, _UNKNOWN)


def gravest(problems: Iterable[Problem]) -> Gravity | None:
    """The gravest of some problems: error, ambiguous, warning, or None without any."""
    found = {wording(problem.code).gravity for problem in problems}
    order: tuple[Gravity, ...] = ("error", "ambiguous", "warning")
    return next((gravity for gravity in order if gravity in found), None)


def say_problem(code: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """The text and the remedy of a problem in the reader's language."""
    told = wording(code)
    return _fill(told.text, params), _fill(told.remedy, params)


def say_note(code: str, params: Mapping[str, Any]) -> str:
    """What was noticed about the whole file, in the reader's language."""
    return _fill(NOTES[code], params) if code in NOTES else code


def say_bad_file(error: BadTable, name: str) -> str:
    """Why a file cannot be read and what to do, in the reader's language."""
    return _fill(BAD_FILES.get(error.code, BAD_FILES["broken_xlsx"]), {"file": name, **error.params})


def _fill(text: Promise, params: Mapping[str, Any]) -> str:
    try:
        return str(text) % params
    except (KeyError, ValueError, TypeError):
        return str(text)
