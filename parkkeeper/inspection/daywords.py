"""What mismatches of a day are called."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MISMATCHES: dict[str, Promise | str] = {
    "sampled": gettext_lazy("应采 %(expected)s 人，已采 %(found)s 人"),
    "beyond": gettext_lazy("名单外采样 %(found)s 人"),
    "found": gettext_lazy("名册在岗 %(expected)s 人，现场清点 %(found)s 人"),
    "silent": gettext_lazy("静默期登记 %(expected)s 人，现场 %(found)s 人"),
    "beds": gettext_lazy("在用床位 %(found)s 张，多于名册 %(expected)s 人"),
    "overdue": gettext_lazy("%(expected)s 份通知书逾期，当天没有去"),
}


def say_mismatch(told: Mapping[str, Any]) -> str:
    """One mismatch of a line in the reader's language."""
    return str(MISMATCHES.get(told["kind"], _("不一致"))) % {"expected": told["expected"], "found": told["found"]}
