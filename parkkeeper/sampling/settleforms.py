"""The forms with which a doubt is settled: a reason always, and what the chosen way needs besides."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.text import tidy_code
from parkkeeper.park.forms import OfficeForm, PersonField
from parkkeeper.park.models import Anomaly
from parkkeeper.sampling.models import Box, Laboratory, Result, Scan


class ReopenForm(OfficeForm):
    """A settled doubt comes before people again."""

    reason = forms.CharField(label=_("重新打开的理由"), max_length=300)


class SettleForm(OfficeForm):
    """The reason, and nothing more: for ways that record a person's word or need no further facts."""

    reason = forms.CharField(label=_("处理理由"), max_length=300)

    def __init__(self, how: str, anomaly: Anomaly, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id=f"{how}_%s")
        self.how, self.anomaly = how, anomaly
        field = _FIELDS.get(how)
        for name, made in (field(anomaly) if field else {}).items():
            self.fields[name] = made
        self.order_fields([*[n for n in self.fields if n != "reason"], "reason"])

    def details(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """What `settle` is given: the reason and the rows that were chosen."""
        return {name: value for name, value in cleaned.items() if value not in (None, "")}


class _Scans(forms.ModelChoiceField[Scan]):
    def label_from_instance(self, scan: Any) -> str:
        who = scan.person.name if scan.person else scan.claimed
        return f"{timezone.localtime(scan.scanned_at):%H:%M:%S} {who} {scan.tube.code}"


class _Results(forms.ModelChoiceField[Result]):
    def label_from_instance(self, result: Any) -> str:
        value = Result.Value(result.value).label
        return f"{result.tube_code} {value} {timezone.localtime(result.tested_at):%Y-%m-%d %H:%M}"


def _scans_about(anomaly: Anomaly) -> QuerySet[Scan]:
    scans = Scan.objects.live().select_related("person", "tube").order_by("scanned_at", "pk")
    if anomaly.noun == "tube" and anomaly.noun_id.isdigit():
        return scans.filter(tube_id=int(anomaly.noun_id))
    named = [anomaly.evidence.get("scan"), anomaly.evidence.get("other_scan"), anomaly.noun_id]
    return scans.filter(pk__in=[n for n in named if _is_uuid(n)])


def _is_uuid(text: Any) -> bool:
    try:
        return bool(UUID(str(text)))
    except ValueError:
        return False


def _scan(anomaly: Anomaly) -> dict[str, forms.Field]:
    rows = _scans_about(anomaly)
    if anomaly.noun == "scan" and rows.count() < 2:
        return {}
    return {"scan": _Scans(rows, label=_("撤销哪一次扫码"), empty_label=_("请选择"))}


def _box(anomaly: Anomaly) -> dict[str, forms.Field]:
    rows = Box.objects.filter(contents__tube_id=int(anomaly.noun_id)).order_by("sealed_at").distinct()
    return {"box": forms.ModelChoiceField(rows, label=_("试管实际所在的转运箱"), empty_label=_("请选择"))}


def _result(anomaly: Anomaly) -> dict[str, forms.Field]:
    code = anomaly.evidence.get("tube") or _tube_of(anomaly)
    rows = Result.objects.standing().filter(tube_code=code).order_by("tested_at", "pk")
    return {"result": _Results(rows, label=_("撤下哪一条结果"), empty_label=_("请选择"))}


def _tube_of(anomaly: Anomaly) -> str:
    known = Result.objects.filter(tube_id=int(anomaly.noun_id)) if anomaly.noun_id.isdigit() else Result.objects.none()
    return known.values_list("tube_code", flat=True).first() or anomaly.noun_id


class _CodeField(forms.CharField):
    def clean(self, value: Any) -> str:
        return tidy_code(super().clean(value) or "")


def _laboratory(anomaly: Anomaly) -> dict[str, forms.Field]:
    rows = Laboratory.objects.order_by("code")
    return {"laboratory": forms.ModelChoiceField(rows, label=_("检测机构"), empty_label=_("请选择"))}


_FIELDS: dict[str, Any] = {
    "assign_person": lambda a: {"person": PersonField(label=_("扫到的是谁（姓名、工号或证件号）"))},
    "undo_scan": _scan,
    "correct_code": lambda a: {"code": _CodeField(label=_("试管上正确的试管码"))},
    "choose_box": _box,
    "complete_signatures": lambda a: {
        "given_by": PersonField(label=_("交出人"), required=False),
        "taken_by": PersonField(label=_("接收人"), required=False),
    },
    "name_laboratory": _laboratory,
    "strike_result": _result,
}


def form_for(how: str, anomaly: Anomaly, data: QueryDict | None = None) -> SettleForm:
    """The form of that way to settle this doubt."""
    return SettleForm(how, anomaly, data)
