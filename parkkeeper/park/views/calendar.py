"""The working calendar: the years that were entered, and a year's announcement typed in."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.kernel.text import tidy
from parkkeeper.park.actions.calendar import enter_calendar_year
from parkkeeper.park.forms import OfficeForm, show_form
from parkkeeper.park.models import CalendarYear
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.words import joined


class DaysField(forms.CharField):
    """Days of one year, written 05-01 or 2022-05-01, divided by spaces, commas or lines; runs as 04-30~05-04."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), **kwargs)

    def clean(self, value: Any) -> list[str]:
        text = tidy(super().clean(value) or "")
        for mark in (",", "、", ";"):
            text = text.replace(mark, " ")
        return text.split()


def _day(text: str, year: int) -> date:
    try:
        return date.fromisoformat(text if len(text) > len("05-01") else f"{year}-{text}")
    except ValueError:
        raise ValidationError(
            _("“%(text)s”不是日期。请写成 05-01，连续几天写成 04-30~05-04。") % {"text": text}
        ) from None


def _days(texts: list[str], year: int) -> list[date]:
    found = []
    for text in texts:
        first, _mark, last = text.partition("~")
        begin, end = _day(first, year), _day(last or first, year)
        found += [date.fromordinal(n) for n in range(begin.toordinal(), end.toordinal() + 1)]
    return found


class YearForm(OfficeForm):
    year = forms.IntegerField(label=gettext_lazy("年份"), min_value=2000, max_value=2100)
    holidays = DaysField(
        label=gettext_lazy("放假"), help_text=gettext_lazy("写成 05-01，连续几天写成 04-30~05-04，用空格隔开。")
    )
    make_up_days = DaysField(
        label=gettext_lazy("调休上班"), required=False, help_text=gettext_lazy("要上班的周六、周日。")
    )
    source = forms.CharField(label=gettext_lazy("依据"), max_length=300, help_text=gettext_lazy("放假通知的名称和文号"))

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("holidays", "make_up_days"):
            if "year" in found and name in found:
                try:
                    found[name] = _days(found[name], found["year"])
                except ValidationError as problem:
                    self.add_error(name, problem)
        return found


def _enter(request: OfficeRequest, data: Mapping[str, Any]) -> CalendarYear:
    return enter_calendar_year(**data, by=request.person, at=request.at)


def _listed(days: list[date]) -> str:
    """Days in order, runs joined: 01-01~01-03、04-05."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day.toordinal() == runs[-1][-1].toordinal() + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return joined(f"{r[0]:%m-%d}~{r[-1]:%m-%d}" if len(r) > 1 else f"{r[0]:%m-%d}" for r in runs)


def calendar(request: OfficeRequest) -> HttpResponse:
    form = YearForm(request.POST or None, initial={"year": timezone.localdate(request.at).year + 1})
    if form.carry_out(lambda data: _enter(request, data)):
        messages.success(request, _("工作日历已保存。以后开出的期限按它推算。"))
        return redirect("calendar")
    years = CalendarYear.objects.order_by("-year")
    rows = [(row, _listed(row.holidays), _listed(row.make_up_days)) for row in years]
    crumbs = [(_("设置"), reverse("settings"))]
    title = _("工作日历")
    return show_form(request, form, "park/settings/calendar.html", title=title, crumbs=crumbs, rows=rows)
