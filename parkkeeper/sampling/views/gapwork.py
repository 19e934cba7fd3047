"""Working the gaps: the chosen people are told of, excused, recorded as sampled elsewhere, ordered to come again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from parkkeeper.park.errors import Refused
from parkkeeper.park.files import store_file
from parkkeeper.park.forms import OfficeForm, moment_field, show_form
from parkkeeper.park.models import Person
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.words import joined
from parkkeeper.sampling.actions import gaps
from parkkeeper.sampling.gaplines import states_of
from parkkeeper.sampling.models import Result, Round
from parkkeeper.sampling.states import MEANINGS, State
from parkkeeper.sampling.views.common import back, content_of, local, numbers, round_title
from parkkeeper.sampling.views.missing import MISSING, asked_round, disposition_of, gap_rows

AT_ONCE = 1000


class TellForm(OfficeForm):
    """Nothing to fill in: the list of people is what is confirmed."""


class ReasonForm(OfficeForm):
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class ElsewhereForm(OfficeForm):
    place = forms.CharField(
        label=gettext_lazy("在哪里采样"), max_length=120, help_text=gettext_lazy("例如“浦东医院发热门诊”")
    )
    sampled_at = moment_field(gettext_lazy("采样时间"))
    result = forms.ChoiceField(
        label=gettext_lazy("结果"),
        required=False,
        choices=[("", gettext_lazy("还不知道")), *Result.Value.choices],
        help_text=gettext_lazy("阳性会立即要求本人单采单检并就地隔离。"),
    )
    evidence = forms.FileField(
        label=gettext_lazy("证明"), required=False, help_text=gettext_lazy("照片、截图或 PDF；原样留存，不可更改。")
    )


Act = Callable[[Round, Person, Mapping[str, Any], OfficeRequest], Any]


@dataclass(frozen=True)
class Way:
    """A way to work a gap: its words, its form, and what it does for one person ("tell" speaks for all at once)."""

    title: Any
    submit: Any
    form: type[OfficeForm]
    act: Act | None = None
    intro: Any = ""


def _excuse(round: Round, person: Person, data: Mapping[str, Any], request: OfficeRequest) -> Any:
    return gaps.excuse(round, person, reason=data["reason"], by=request.person, at=request.at)


def _retest(round: Round, person: Person, data: Mapping[str, Any], request: OfficeRequest) -> Any:
    return gaps.order_retest(round, person, reason=data["reason"], by=request.person, at=request.at)


def _elsewhere(round: Round, person: Person, data: Mapping[str, Any], request: OfficeRequest) -> Any:
    told = {key: data[key] for key in ("place", "sampled_at", "result", "evidence")}
    return gaps.record_elsewhere(round, person, **told, by=request.person, at=request.at)


WAYS: dict[str, Way] = {
    "tell": Way(gettext_lazy("通知联络人"), gettext_lazy("发送通知"), TellForm, None,
                gettext_lazy("每家企业的防疫专员收到一条消息：本企业还缺几人，并附名单链接；没有防疫专员的，通知园区办公室。")),
    "excuse": Way(gettext_lazy("说明理由"), gettext_lazy("登记理由"), ReasonForm, _excuse,
                  gettext_lazy("这一轮不再要求他们采样；理由留档，可以撤回。")),
    "elsewhere": Way(gettext_lazy("登记在外采样"), gettext_lazy("登记"), ElsewhereForm, _elsewhere,
                     gettext_lazy("他们在别处采了样：写明地点和时间，有结果的一并登记。")),
    "retest": Way(gettext_lazy("安排补采"), gettext_lazy("安排补采"), ReasonForm, _retest,
                  gettext_lazy("要求他们单独一管再采一次；只有那一管的结果能了结，不能撤回。")),
}  # fmt: skip


_NAMES = {"excuse": "excuse", "elsewhere": "record_elsewhere", "retest": "order_retest"}
"""What `states.MEANINGS` calls the ways."""


def gap_work(request: OfficeRequest, way: str) -> HttpResponse:
    """Confirm whom it concerns and what is written; `chosen` are the marked rows, `everybody` all that are filtered."""
    if way not in WAYS:
        raise Http404
    round, people = _asked_people(request)
    if round is None or not people:
        messages.error(request, _("没有选中任何人。请先在名单里勾选，再点处置按钮。"))
        came_from = _came_from(request)
        return redirect(came_from if came_from.startswith(reverse("missing") + "?") else reverse("missing"))
    form = _form(request, WAYS[way])
    done = Done()
    if form.carry_out(lambda data: _do(request, way, round, people, _with_evidence(request, data), done)):
        done.tell(request, way)
        return back(request, "missing")
    return _confirm(request, way, form, round, people)


def _form(request: OfficeRequest, way: Way) -> OfficeForm:
    """Bound only when it was confirmed: the buttons of the list post the choice alone."""
    if request.POST.get("confirmed"):
        return way.form(request.POST, request.FILES)
    return way.form(initial={"sampled_at": local(request.at)})


def _asked_people(request: OfficeRequest) -> tuple[Round | None, list[Person]]:
    asked = request.POST if request.method == "POST" else request.GET
    if asked.get("everybody"):
        return _everybody(request)
    ids = numbers([*asked.getlist("chosen"), *asked.get("people", "").split(",")])
    found = Person.objects.within(request.scopes).filter(pk__in=ids[:AT_ONCE]).select_related("employer")
    return asked_round(request, asked), list(found.order_by("employer__pinyin", "pinyin", "pk"))


def _everybody(request: OfficeRequest) -> tuple[Round | None, list[Person]]:
    """All whom the list shows: the filters stand in the address of the page from which the button was pressed."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.path != reverse("missing"):
        raise Refused(_("请在“未采样人员”名单里筛选后，再处置筛选出的全部人。"))
    query = QueryDict(came_from.query)
    request.GET = query
    round = asked_round(request, query)
    if round is None:
        return None, []
    ids = [line.person_id for line in gap_rows(request, round, MISSING.asked(request))[0 : AT_ONCE + 1]]
    if len(ids) > AT_ONCE:
        raise Refused(_("筛选出的人超过 %(limit)s，一次处置太多。请先按企业、网格或原因筛选。") % {"limit": AT_ONCE})
    people = Person.objects.filter(pk__in=ids).select_related("employer")
    return round, list(people.order_by("employer__pinyin", "pinyin", "pk"))


def _with_evidence(request: OfficeRequest, data: Mapping[str, Any]) -> Mapping[str, Any]:
    upload = data.get("evidence")
    if not upload:
        return {**data, "evidence": None}
    content, name = content_of(upload)
    kept = store_file(content, name=name, media_type=upload.content_type or "", by=request.person, at=request.at)
    return {**data, "evidence": kept}


@dataclass
class Done:
    """What became of each: how many were done, and the refusals of the others."""

    count: int = 0
    told: gaps.Told | None = None
    refused: list[str] = field(default_factory=list)

    def tell(self, request: OfficeRequest, way: str) -> None:
        """Say it on the next page."""
        if self.told:
            text = _("已就 %(people)s 人通知联络人，共发出 %(messages)s 条消息。")
            messages.success(request, text % {"people": self.told.people, "messages": self.told.messages})
            if self.told.without_liaison:
                names = joined(self.told.without_liaison[:10])
                messages.warning(request, _("没有在岗防疫专员，已改为通知办公室：%(names)s。") % {"names": names})
        if self.count:
            text = ngettext("%(way)s：已登记 %(count)s 人。", "%(way)s：已登记 %(count)s 人。", self.count)
            messages.success(request, text % {"way": WAYS[way].title, "count": self.count})
        for refusal in self.refused[:5]:
            messages.error(request, refusal)
        if len(self.refused) > 5:
            messages.error(request, _("另有 %(count)s 人没有登记，原因相同或类似。") % {"count": len(self.refused) - 5})


def _not_so(way: str, person: Person, state: State | None) -> str:
    """Why that way is none for somebody whose line stands so; "" when it is one, or when the verb itself can tell."""
    if state is None or state in (State.EXCUSED, State.ELSEWHERE) or _NAMES[way] in MEANINGS[state].ways:
        return ""
    told = {"name": person.name, "state": MEANINGS[state].title, "way": WAYS[way].title}
    return _("%(name)s 现在是“%(state)s”，不能用“%(way)s”处置。") % told


def _do(
    request: OfficeRequest, way: str, round: Round, people: list[Person], data: Mapping[str, Any], done: Done
) -> None:
    act = WAYS[way].act
    if act is None:
        done.told = gaps.tell_liaison(round, people, by=request.person, at=request.at)
        return
    states = states_of(round, [one.pk for one in people], request.at)
    for person in people:
        if told := _not_so(way, person, states.get(person.pk)):
            done.refused.append(told)
            continue
        try:
            act(round, person, data, request)
            done.count += 1
        except Refused as refusal:
            done.refused.append(str(refusal))
    if not done.count:
        raise Refused("\n".join(done.refused[:5]))


def _confirm(request: OfficeRequest, way: str, form: OfficeForm, round: Round, people: list[Person]) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    context = {
        "title": WAYS[way].title, "crumbs": [(MISSING.title, reverse("missing"))], "round": round,
        "round_title": round_title(round), "people": people, "ids": ",".join(str(one.pk) for one in people),
        "intro": WAYS[way].intro, "submit": WAYS[way].submit,
        "next": asked.get("next") or _came_from(request),
    }  # fmt: skip
    return show_form(request, form, "sampling/gap_work.html", **context)


def _came_from(request: OfficeRequest) -> str:
    return urlsplit(request.headers.get("Referer", ""))._replace(scheme="", netloc="").geturl()


def gap_withdraw(request: OfficeRequest, uuid: Any) -> HttpResponse:
    """Take back an excuse or a sampling elsewhere."""
    found = disposition_of(request, uuid)
    if request.method == "POST":
        gaps.withdraw(found, by=request.person, at=request.at)
        text = _("已撤回 %(name)s 的“%(kind)s”。") % {"name": found.person.name, "kind": found.get_kind_display()}
        messages.success(request, text)
        return back(request, "missing")
    return redirect("missing")
