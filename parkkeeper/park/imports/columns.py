"""What each kind of import may say, and under which headings people write it; the first heading is the export's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.tables import Field, match_columns
from parkkeeper.park.models import Import

Kind = Import.Kind
GEOMETRY = "geometry"


@dataclass(frozen=True)
class Column:
    """A field of a row. `fill_down`: a vertically merged cell counts for each of its rows; `hint` explains it."""

    name: str
    headings: tuple[str, ...]
    required: bool = False
    fill_down: bool = False
    hint: Promise | str = ""

    @property
    def label(self) -> str:
        """Its heading in exports and templates, always the same, so that what leaves comes back."""
        return self.headings[0]


_EMPLOYER = Column(
    "employer",
    (
        "所属企业",
        "企业名称",
        "所在企业",
        "工作单位",
        "所属单位",
        "单位名称",
        "用人单位",
        "企业",
        "单位",
        "公司",
        "employer",
        "company",
        "enterprise",
    ),
    fill_down=True,
    hint=_("登记册中的全称或简称"),
)
_EMPLOYER_CODE = Column(
    "employer_code",
    ("企业信用代码", "统一社会信用代码", "信用代码", "企业代码", "credit code", "employer code"),
    fill_down=True,
    hint=_("18 位，比名称更可靠"),
)
_NAME = Column("name", ("姓名", "人员姓名", "员工姓名", "名字", "full name", "name"), required=True)
_DOCUMENT = Column(
    "document",
    (
        "证件号码",
        "身份证号",
        "身份证号码",
        "公民身份号码",
        "证件号",
        "身份证",
        "护照号",
        "document number",
        "id number",
        "document",
    ),
    hint=_("身份证、护照、通行证号码；不带空格也可以"),
)
_STAFF_NUMBER = Column(
    "staff_number",
    ("工号", "员工编号", "员工号", "人员编号", "职工号", "staff number", "staff no", "employee id"),
    hint=_("企业内唯一"),
)
_UUID = Column("uuid", ("系统编号", "uuid"), hint=_("由导出产生，用来认回同一行；新行请留空"))
_GRID = Column("grid", ("网格", "所属网格", "网格编号", "网格名称", "grid"), fill_down=True, hint=_("网格的编号或名称"))
_GEOMETRY = Column(GEOMETRY, (GEOMETRY,), required=True)

ROSTER = (
    _NAME,
    Column("document_kind", ("证件类型", "证件种类", "证件类别", "document type")),
    _DOCUMENT,
    Column("phone", ("手机", "手机号", "手机号码", "联系电话", "联系方式", "电话", "移动电话", "phone", "mobile")),
    _STAFF_NUMBER,
    _EMPLOYER,
    _EMPLOYER_CODE,
    Column("category", ("人员类别", "类别", "岗位类别", "工种类别", "人员类型", "category"), fill_down=True),
    Column("shift", ("班次", "班组班次", "班别", "shift"), fill_down=True),
    Column(
        "state",
        ("在岗状态", "状态", "人员状态", "在岗情况", "是否在岗", "state", "status"),
        fill_down=True,
        hint=_("在岗、离岗、隔离、静默期、离职；留空：新人员算在岗，已有人员不变"),
    ),
    _UUID,
)
ENTERPRISES = (
    Column(
        "credit_code",
        ("统一社会信用代码", "社会信用代码", "信用代码", "企业代码", "credit code", "uscc"),
        required=True,
    ),
    Column("name", ("企业名称", "单位名称", "公司名称", "企业全称", "名称", "name"), required=True),
    Column("short_name", ("企业简称", "简称", "short name")),
    Column("kind", ("企业类型", "类型", "单位类型", "kind"), fill_down=True, hint=_("企业、建设单位、园区机构")),
    Column("industry", ("行业", "所属行业", "行业类别", "industry"), fill_down=True),
    Column("address", ("地址", "企业地址", "经营地址", "厂区地址", "address")),
    _GRID,
    Column("head_count", ("员工人数", "人数", "申报人数", "职工人数", "在岗人数", "head count", "people")),
    Column("resumed_on", ("复工日期", "复工时间", "复产日期", "复工复产日期", "resumed on")),
)
SPECIALISTS = (
    _NAME,
    _DOCUMENT,
    _STAFF_NUMBER,
    _EMPLOYER,
    _EMPLOYER_CODE,
    Column("role", ("岗位", "专员类型", "专员类别", "担任岗位", "角色", "role"), required=True, fill_down=True),
    Column(
        "covers",
        ("服务企业", "责任企业", "联络企业", "任职企业", "covers"),
        fill_down=True,
        hint=_("名称或信用代码；防疫专员留空时为其所属企业"),
    ),
    Column("place", ("采样点", "采样点编号", "点位", "点位编号", "场所编号", "场所", "point", "site"), fill_down=True),
    _GRID,
    Column("post_from", ("任职开始", "任职日期", "上岗日期", "post from"), hint=_("留空：从导入当天起")),
    Column("post_to", ("任职结束", "离任日期", "post to"), hint=_("最后一天；留空：没有期限")),
    Column("certificate", ("证书编号", "上岗证号", "上岗证编号", "证书号", "证号", "certificate")),
    Column("issuer", ("发证单位", "发证机构", "培训单位", "issuer"), fill_down=True),
    Column("valid_from", ("有效期起", "发证日期", "有效期开始", "valid from"), fill_down=True),
    Column(
        "valid_to", ("有效期止", "有效期至", "到期日期", "有效期结束", "valid to"), fill_down=True, hint=_("最后一天")
    ),
    Column("uuid", ("系统编号", "uuid"), hint=_("人员的系统编号，由导出产生")),
)
ROADS = (
    Column("name", ("name", "名称", "道路名称", "路名"), required=True),
    Column("arterial", ("arterial", "主干道", "是否主干道", "kind", "等级"), hint=_("true、是、1、arterial 为主干道")),
    _GEOMETRY,
)
GRIDS = (
    Column("code", ("code", "编号", "网格编号", "代码", "number"), required=True),
    Column("name", ("name", "名称", "网格名称")),
    _GEOMETRY,
)
SITES = (
    Column("code", ("编号", "场所编号", "code", "代码"), required=True),
    Column("name", ("名称", "场所名称", "name"), required=True),
    Column("kind", ("类型", "场所类型", "kind"), fill_down=True, hint=_("厂区、工地、宿舍、就近采样场地、检测机构")),
    Column("employer", ("所属企业", "企业", "企业名称", "enterprise"), fill_down=True, hint=_("名称或简称")),
    Column("employer_code", ("企业信用代码", "统一社会信用代码", "credit_code"), fill_down=True),
    _GRID,
    Column("address", ("地址", "address")),
    Column("longitude", ("经度", "longitude", "lng", "lon"), hint=_("WGS 84，例如 121.605")),
    Column("latitude", ("纬度", "latitude", "lat"), hint=_("WGS 84，例如 31.205")),
    Column(GEOMETRY, (GEOMETRY,)),
)

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    Kind.ROSTER: ROSTER,
    Kind.ENTERPRISES: ENTERPRISES,
    Kind.SPECIALISTS: SPECIALISTS,
    Kind.ROADS: ROADS,
    Kind.GRIDS: GRIDS,
    Kind.SITES: SITES,
}
GEOJSON_ONLY = {Kind.ROADS, Kind.GRIDS}
GEOJSON = {*GEOJSON_ONLY, Kind.SITES}
WITH_PEOPLE = {Kind.ROSTER, Kind.SPECIALISTS}


def guess_columns(kind: str, headings: Sequence[str]) -> dict[str, int]:
    """Which column (0-based) holds which field, as the headings say."""
    fields = [Field(column.name, list(column.headings), required=column.required) for column in COLUMNS[kind]]
    return match_columns(headings, fields)


def missing_columns(kind: str, chosen: Mapping[str, int]) -> list[Column]:
    """The required fields that have no column."""
    return [column for column in COLUMNS[kind] if column.required and column.name not in chosen]


def needs_employer(kind: str, chosen: Iterable[str]) -> bool:
    """Whether a roster says nowhere whose people these are."""
    return kind == Kind.ROSTER and not {"employer", "employer_code", "uuid"} & set(chosen)
