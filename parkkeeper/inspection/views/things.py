"""One visit, finding, notice or stop of work: what is known of it, and what the reader may do with it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from parkkeeper.inspection.answers import is_refused
from parkkeeper.inspection.debriefbook import with_reviewed
from parkkeeper.inspection.ladder import rung_of
from parkkeeper.inspection.models import SETTLED, Finding, Notice, Photo, StopWork, Visit
from parkkeeper.inspection.papers import with_looked_at
from parkkeeper.inspection.purposes import purposes_of
from parkkeeper.inspection.states import FINDING, say_notice, say_stop, say_visit
from parkkeeper.inspection.steps import proposal_of, state_kind, unnoticed
from parkkeeper.inspection.views.acts import FINDING_ACTS, NOTICE_ACTS, STOP_ACTS, offered
from parkkeeper.kernel.clock import day_bounds
from parkkeeper.park import access
from parkkeeper.park.files import read_file
from parkkeeper.park.models import JournalEntry, StoredFile
from parkkeeper.park.requests import OfficeRequest


def _findings(rows: Any) -> list[dict[str, Any]]:
    found, last = rows.select_related("item", "enterprise").order_by("item__position", "noted_at"), rows.all().kinds()
    said = [(one, FINDING[last.get(one.pk, "")]) for one in found]
    return [{"finding": one, "words": words, "tone": tone} for one, (words, tone) in said]


def visit_page(request: OfficeRequest, pk: object) -> HttpResponse:
    people = ("enterprise", "checklist", "by", "second", "authorisation")
    rows = Visit.objects.within(request.scopes).select_related(*people)
    visit = get_object_or_404(with_reviewed(rows), pk=pk)
    words, tone = say_visit(visit, reviewed=visit.reviewed)
    context = {
        "title": _("%(enterprise)s：%(kind)s") % {"enterprise": visit.enterprise, "kind": visit.get_kind_display()},
        "crumbs": [(pgettext("menu", "检查"), reverse("visits"))], "visit": visit,
        "words": words, "tone": tone,
        "findings": _findings(visit.findings),
        "notices": visit.notices.order_by("pk"), "answers": _answers(visit),
        "purposes": purposes_of(visit, request.at), "same_day": _same_day(visit),
        "may_issue": unnoticed(visit).exists() and access.may(request.person, "issue_notice", at=request.at, on=visit),
    }  # fmt: skip
    return render(request, "inspection/visit.html", context)


def _same_day(visit: Visit) -> list[Visit]:
    """Other visits of the enterprise on that local day: each of them could have been one with this one."""
    starts, ends = day_bounds(timezone.localdate(visit.began_at), timezone.get_current_timezone_name())
    others = Visit.objects.filter(enterprise=visit.enterprise_id, began_at__gte=starts, began_at__lt=ends)
    return list(others.exclude(pk=visit.pk).order_by("began_at", "pk"))


def _answers(visit: Visit) -> list[dict[str, Any]]:
    """What was looked at, in the order of the checklist: item, verdict, what was counted, pictures."""
    items = {item.code: item for item in visit.checklist.items.order_by("position")}
    said = {True: (_("合格"), "ok"), False: (_("不合格"), "bad"), None: (_("不涉及"), "plain")}
    told = [(item, visit.answers[code]) for code, item in items.items() if code in visit.answers]
    return [{"item": item, "said": (_("拒绝检查"), "bad") if is_refused(one) else said[one.get("ok")],
             "refused": one.get("refused", ""), "value": one.get("value", ""), "photos": one.get("photos", [])}
            for item, one in told]  # fmt: skip


def finding_page(request: OfficeRequest, pk: object) -> HttpResponse:
    rows = Finding.objects.within(request.scopes)
    found = get_object_or_404(rows.select_related("enterprise", "item", "visit", "by"), pk=pk)
    kind = state_kind(found)
    words, tone = FINDING[kind]
    context = {
        "title": f"{found.item.code} {found.item.words}", "crumbs": [(_("问题清单"), reverse("findings"))],
        "finding": found, "words": words, "tone": tone, "rung": rung_of(found), "open": kind not in SETTLED,
        "proposal": proposal_of(found),
        "steps": found.steps.select_related("by").order_by("at", "received_at", "pk"), "photos": _photos(found),
        "exclusions": found.exclusions.select_related("asked_by", "decided_by").order_by("pk"),
        "lines": found.lines.select_related("notice").order_by("pk"),
        "causes": found.causes.select_related("by").order_by("-at", "-pk"), "cases": found.cases.order_by("pk"),
        "acts": offered(FINDING_ACTS, request, found, "finding_act"),
    }  # fmt: skip
    return render(request, "inspection/finding.html", context)


def _photos(finding: Finding) -> list[dict[str, Any]]:
    rows = list(finding.photos.select_related("by").order_by("taken_at"))
    there = set(StoredFile.objects.filter(sha256__in=[p.sha256 for p in rows], destroyed_at=None)
                .values_list("sha256", flat=True))  # fmt: skip
    return [{"photo": one, "there": one.sha256 in there} for one in rows]


def photo_file(request: OfficeRequest, pk: object) -> HttpResponse:
    """The picture itself, to whoever may see its finding."""
    photo = get_object_or_404(Photo, pk=pk, finding__in=Finding.objects.within(request.scopes))
    return _picture(photo.sha256)


def visit_photo(request: OfficeRequest, pk: object, sha256: str) -> HttpResponse:
    """A picture that belongs to an answer, or the drawn signature, to whoever may see the visit."""
    visit = get_object_or_404(Visit.objects.within(request.scopes), pk=pk)
    shown = {one["sha256"] for answer in visit.answers.values() for one in answer.get("photos", [])}
    if sha256 not in shown | {visit.signature}:
        return HttpResponse(status=404)
    return _picture(sha256)


def _picture(sha256: str) -> HttpResponse:
    stored = StoredFile.objects.filter(sha256=sha256, destroyed_at=None).order_by("pk").first()
    if stored is None:
        return HttpResponse(status=404)
    kind = stored.media_type if stored.media_type in ("image/png", "image/jpeg", "image/webp") else "image/png"
    return HttpResponse(read_file(stored), content_type=kind)


def notice_page(request: OfficeRequest, pk: int) -> HttpResponse:
    rows = with_looked_at(Notice.objects.within(request.scopes))
    people = ("enterprise", "issued_by", "second", "served_by", "withdrawn_by", "talked_by", "follows")
    notice = get_object_or_404(rows.select_related(*people), pk=pk)
    after = Notice.objects.filter(follows=notice).first()
    words, tone = say_notice(notice, request.at, replaced=after is not None)
    context = {
        "title": notice.number, "crumbs": [(pgettext("menu", "整改通知书"), reverse("notices"))], "notice": notice,
        "words": words, "tone": tone, "after": after, "looked_at": notice.looked_at,
        "findings": _findings(Finding.objects.filter(lines__notice=notice)),
        "extensions": notice.extensions.select_related("asked_by", "decided_by").order_by("asked_at"),
        "stops": notice.stops.order_by("during"), "stop_works": notice.stop_works.order_by("pk"),
        "events": JournalEntry.objects.filter(noun="notice", noun_id=str(notice.pk)).order_by("pk"),
        "acts": offered(NOTICE_ACTS, request, notice, "notice_act"),
    }  # fmt: skip
    return render(request, "inspection/notice.html", context)


def stop_page(request: OfficeRequest, pk: int) -> HttpResponse:
    rows = StopWork.objects.within(request.scopes)
    around = ("enterprise", "notice", "finding__item", "authorisation", "proposed_by")
    stop = get_object_or_404(rows.select_related(*around), pk=pk)
    words, tone = say_stop(stop, request.at)
    context = {
        "title": _("停工：%(enterprise)s %(place)s") % {"enterprise": stop.enterprise, "place": stop.place},
        "crumbs": [(pgettext("menu", "停工"), reverse("stop_works"))], "stop": stop, "words": words, "tone": tone,
        "checks": stop.checks.select_related("by").order_by("-day"),
        "events": JournalEntry.objects.filter(noun="stopwork", noun_id=str(stop.pk)).order_by("pk"),
        "acts": offered(STOP_ACTS, request, stop, "stop_act"),
    }  # fmt: skip
    return render(request, "inspection/stop_work.html", context)
