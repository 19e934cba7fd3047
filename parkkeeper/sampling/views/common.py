"""What several families of sampling pages share: addresses of things, the rounds to choose from, who is acting."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.park import access
from parkkeeper.park.errors import Refused
from parkkeeper.park.lists import Choice, Column
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.sampling.field import Source
from parkkeeper.sampling.models import Round, Test

ROUNDS_TO_CHOOSE = 60
BIGGEST_FILE = 25 * 1024 * 1024
RECENT = timedelta(days=7)
RECENTLY = Choice(
    "time", gettext_lazy("时间"), choices=(("all", gettext_lazy("全部")),), none=gettext_lazy("最近 7 天")
)
"""Over which time a list of `recent` rows goes."""


def href(page: str, *args: Any) -> str:
    """The address of a page, or "" while the park has no page of that name."""
    try:
        return reverse(page, args=args)
    except NoReverseMatch:
        return ""


def can(request: OfficeRequest, verb: str) -> bool:
    """Whether the reader may do `verb` anywhere: decides which buttons a page shows."""
    return access.may(request.person, verb, at=request.at)


def recent(request: OfficeRequest, rows: Any, *, moment: str, unless: Iterable[str]) -> Any:
    """Of a list that grows every day what `moment` puts into the last week, which is what a reader of it begins with.

    All of it when the reader chose that (RECENTLY), or asks by one of the fields `unless`.
    """
    if any(request.GET.get(name) for name in (RECENTLY.name, *unless)):
        return rows
    return rows.filter(**{f"{moment}__gt": request.at - RECENT})


def round_choices(request: HttpRequest) -> list[tuple[int, str]]:
    """The newest rounds as choices: "2022-05-19 核酸"; one query."""
    rounds = Round.objects.order_by("-day", "test")[:ROUNDS_TO_CHOOSE]
    return [(one.pk, round_title(one)) for one in rounds]


def round_title(round: Round) -> str:
    """A round as lists name it."""
    return f"{round.day.isoformat()} {round.get_test_display()}"


def newest_round(at: datetime, test: str = Test.PCR) -> Round | None:
    """The newest round of the test that was frozen by `at`."""
    return Round.objects.filter(test=test, frozen_at__lte=at).order_by("-day").first()


def office_source(request: OfficeRequest) -> Source:
    """Words typed in an office: no point, no phone."""
    return Source(holder=request.person, point=None, phone_id=None, received_at=request.at)


def numbers(values: Iterable[str]) -> list[int]:
    """Ids as a form sends them, in order, each once; what is no number is left out."""
    return list(dict.fromkeys(int(value) for value in values if value.isdigit() and len(value) < 19))


def back(request: OfficeRequest, otherwise: str, *args: Any) -> HttpResponse:
    """Back to the page that the form names as `next`, when it is one of ours; else to the page of that name."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}) and target.startswith("/"):
        return redirect(target)
    return redirect(otherwise, *args)


def without_links(columns: Sequence[Column], name: str) -> tuple[Column, ...]:
    """The columns for readers who may not open what that column leads to."""
    return tuple(replace(column, link=None) if column.name == name else column for column in columns)


def local(moment: datetime) -> datetime:
    """The moment in the park's zone, to the minute: what a field of a form begins with."""
    return timezone.localtime(moment).replace(second=0, microsecond=0)


def content_of(upload: Any) -> tuple[bytes, str]:
    """What a file field got: content and name. Raises Refused for a file that is bigger than a table ever is."""
    if upload.size > BIGGEST_FILE:
        raise Refused(
            _("文件太大：%(size)s MB，上限 %(limit)s MB。请分成几个文件上传。")
            % {"size": -(-upload.size // 2**20), "limit": BIGGEST_FILE // 2**20}
        )
    return upload.read(), upload.name


class FileField(forms.FileField):
    """A table that people have: XLSX, XLS, ODS or CSV."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.tsv,.txt"})
        super().__init__(widget=widget, **kwargs)
