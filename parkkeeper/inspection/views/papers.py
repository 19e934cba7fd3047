"""Papers to print, and the public page that says whether a paper is one of the park's."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from parkkeeper.inspection.models import Notice, StopWork
from parkkeeper.inspection.papers import print_paper
from parkkeeper.inspection.states import say_notice, say_stop
from parkkeeper.park.requests import OfficeRequest

_OF_NOTICE, _OF_STOP = ("notice", "look_back", "receipt"), ("stop_work", "stop_receipt")


def _pdf(request: OfficeRequest, name: str, thing: Notice | StopWork) -> HttpResponse:
    address = request.build_absolute_uri(reverse("verify", args=[thing.code]))
    made = print_paper(name, thing, park=request.park.name, address=address)
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}-{thing.year}-{thing.serial}.pdf"'
    return response


def notice_paper(request: OfficeRequest, pk: int, name: str) -> HttpResponse:
    """整改通知书, 整改复查意见书 or 送达回执 of a notice."""
    rows = Notice.objects.within(request.scopes).select_related("enterprise", "issued_by", "second", "served_by")
    if name not in _OF_NOTICE:
        raise Http404
    return _pdf(request, name, get_object_or_404(rows, pk=pk))


def stop_paper(request: OfficeRequest, pk: int, name: str) -> HttpResponse:
    """停工决定书 of a decided stop, or its 送达回执."""
    rows = StopWork.objects.within(request.scopes).select_related("enterprise", "authorisation", "served_by")
    if name not in _OF_STOP:
        raise Http404
    return _pdf(request, name, get_object_or_404(rows.filter(approved=True), pk=pk))


def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Whether the park issued a paper with that code: number, state and dates, nothing else. Open to everybody."""
    at = request.at  # type: ignore[attr-defined]
    notice = Notice.objects.filter(code=code).first()
    if notice is not None:
        words, tone = say_notice(notice, at, replaced=Notice.objects.filter(follows=notice).exists())
        dates = (notice.issued_at, notice.due_at, notice.closed_at)
        return _known(request, notice.number, (str(words), tone), dates)
    stop = StopWork.objects.filter(code=code, approved=True).first()
    if stop is not None:
        words, tone = say_stop(stop, at)
        return _known(request, stop.number, (str(words), tone), (stop.decided_at, None, stop.lifted_at))
    return render(request, "inspection/verify.html", {"number": ""}, status=404)


def _known(request: HttpRequest, number: str, said: tuple[str, str], dates: tuple[object, ...]) -> HttpResponse:
    issued, due, ended = dates
    context = {"number": number, "words": said[0], "tone": said[1], "issued": issued, "due": due, "ended": ended}
    return render(request, "inspection/verify.html", context)
