"""Words for files that cannot be read as a table: the kernel names what is wrong, this says what to do about it."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.kernel.tables import BadTable, Table, read_table
from parkkeeper.park.errors import Refused

_WORDS: Mapping[str, Promise | str] = {
    "empty": gettext_lazy("文件里没有内容。请确认选对了文件，再次上传。"),
    "not_a_table": gettext_lazy("这不是表格文件。请在 Excel 或 WPS 里打开，另存为 .xlsx 或 .csv 后上传。"),
    "broken_xlsx": gettext_lazy("表格文件已损坏，打不开。请在 Excel 或 WPS 里打开并重新保存，或向对方要一份新的。"),
    "encrypted": gettext_lazy("表格文件设有密码。请取消密码后再上传。"),
    "too_many_rows": gettext_lazy("表格太大，超过 %(limit)s 行。请删去空白格式或分成几个文件上传。"),
    "encoding": gettext_lazy("第 %(row)s 行的文字无法识别。请另存为 .xlsx，或存为 UTF-8 编码的 .csv 后上传。"),
    "no_headings": gettext_lazy("没有找到表头。请在数据上方留一行列名，例如“姓名”“结果”。"),
}


def open_table(data: bytes, name: str) -> Table:
    """The table in the file. Raises Refused, with what to do, when there is none that can be read."""
    try:
        return read_table(data, name)
    except BadTable as error:
        words = str(_WORDS.get(error.code, error.code)) % {"limit": "", "row": "", **error.params}
        raise Refused(_("“%(name)s”没有导入：%(why)s") % {"name": name, "why": words}) from error
