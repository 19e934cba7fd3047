"""A point's session on a page: opened, staffed, closed, for days without phones."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST

from parkkeeper.park.forms import OfficeForm, PersonField, show_form
from parkkeeper.park.models import Person, Post
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.words import ROLES
from parkkeeper.sampling.actions import sessions as acts
from parkkeeper.sampling.links import link_to
from parkkeeper.sampling.models import Duty, Point, Session

_FIELD_ROLES = (Post.Role.SAMPLING, Post.Role.SCANNING, Post.Role.PREVENTION)


def _back(request: OfficeRequest, point_id: int) -> str:
    """To the point's page; who may not open it goes to the own page of today."""
    return link_to(request, "point", point_id) or "/"


def _session(request: OfficeRequest, pk: Any) -> Session:
    points = Point.objects.within(request.scopes).values("pk")
    return get_object_or_404(Session.objects.filter(point__in=points).select_related("point__site"), pk=pk)


@require_POST
def session_open(request: OfficeRequest, pk: int) -> HttpResponse:
    point = get_object_or_404(Point.objects.within(request.scopes).select_related("site"), pk=pk)
    acts.open_session(point, by=request.person, at=request.at)
    messages.success(request, _("采样点 %(code)s 已开场。请登记当班人员。") % {"code": point.code})
    return redirect(_back(request, pk))


@require_POST
def session_close(request: OfficeRequest, pk: Any) -> HttpResponse:
    session = _session(request, pk)
    acts.close_session(session, by=request.person, at=request.at)
    messages.success(request, _("采样点 %(code)s 已收场，当班人员同时下岗。") % {"code": session.point.code})
    return redirect(_back(request, session.point_id))


class DutyForm(OfficeForm):
    """One of the point's own specialists, or somebody typed with a role."""

    who = forms.ChoiceField(label=gettext_lazy("本点专员"), required=False)
    person = PersonField(
        label=gettext_lazy("其他人"), required=False, help_text=gettext_lazy("证件号、工号、手机号或完整姓名")
    )
    role = forms.ChoiceField(
        label=gettext_lazy("其他人的岗位"), required=False,
        choices=lambda: [(r.value, ROLES[r.value]) for r in _FIELD_ROLES],
    )  # fmt: skip

    def offer(self, session: Session, day: Any) -> None:
        """Offer the specialists appointed to the session's point who hold a certificate in date."""
        posts = Post.objects.certified_on(day).on(day).filter(site=session.point.site_id, role__in=_FIELD_ROLES)
        found = posts.select_related("person").order_by("role", "person__pinyin")
        offered = [(f"{p.person_id}:{p.role}", f"{p.person.name} · {ROLES[p.role]}") for p in found]
        self.fields["who"].choices = [("", "–"), *offered]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if bool(data.get("who")) == bool(data.get("person")):
            raise ValidationError(_("请选择一位本点专员，或填写一位其他人员，二者选一。"))
        return data


def duty_new(request: OfficeRequest, pk: Any) -> HttpResponse:
    session = _session(request, pk)
    form = DutyForm(request.POST or None)
    form.offer(session, timezone.localdate(request.at))
    if form.carry_out(lambda data: acts.set_duty(session, *_whom(data), by=request.person, at=request.at)):
        messages.success(request, _("%(name)s 已上岗。") % {"name": form.result.person.name})
        return redirect(_back(request, session.point_id))
    title, back = _("登记当班：%(code)s") % {"code": session.point.code}, _back(request, session.point_id)
    crumbs, submit = [(session.point.code, back)], pgettext("button", "上岗")
    return show_form(request, form, title=title, crumbs=crumbs, back=back, submit=submit)


def _whom(data: Any) -> tuple[Person, str]:
    if data["person"]:
        return data["person"], data["role"]
    pk, role = data["who"].split(":", 1)
    return Person.objects.get(pk=int(pk)), role


def _duty(request: OfficeRequest, pk: Any) -> Duty:
    points = Point.objects.within(request.scopes).values("pk")
    duties = Duty.objects.filter(session__point__in=points).select_related("person", "session__point__site")
    return get_object_or_404(duties, pk=pk)


@require_POST
def duty_end(request: OfficeRequest, pk: Any) -> HttpResponse:
    duty = _duty(request, pk)
    acts.end_duty(duty, by=request.person, at=request.at)
    messages.success(request, _("%(name)s 已下岗。如系误点，收场之前可以恢复当班。") % {"name": duty.person.name})
    return redirect(_back(request, duty.session.point_id))


@require_POST
def duty_resume(request: OfficeRequest, pk: Any) -> HttpResponse:
    duty = _duty(request, pk)
    acts.resume_duty(duty, by=request.person, at=request.at)
    messages.success(request, _("%(name)s 已恢复当班。") % {"name": duty.person.name})
    return redirect(_back(request, duty.session.point_id))
