"""Papers to print, and the public page that says whether a paper is one of the park's."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from parkkeeper.inspection.models import Notice, StopWork
from parkkeeper.inspection.papers import print_paper, with_looked_at
from parkkeeper.inspection.states import say_notice, say_stop
from parkkeeper.park.requests import OfficeRequest

# What must have happened before there is such a paper.
_OF_NOTICE: dict[str, dict[str, Any]] = {
    "notice": {}, "look_back": {"looked_at": True}, "receipt": {}, "withdrawal": {"withdrawn_at__isnull": False},
}  # fmt: skip
_OF_STOP: dict[str, dict[str, Any]] = {
    "stop_work": {"approved": True}, "stop_receipt": {"approved": True}, "lift": {"lifted_at__isnull": False},
}  # fmt: skip


def _pdf(request: OfficeRequest, name: str, thing: Notice | StopWork) -> HttpResponse:
    address = request.build_absolute_uri(reverse("verify", args=[thing.code]))
    made = print_paper(name, thing, park=request.park.name, address=address)
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}-{thing.year}-{thing.serial}.pdf"'
    return response


def notice_paper(request: OfficeRequest, pk: int, name: str) -> HttpResponse:
    """整改通知书 or 送达回执 of a notice; 整改复查意见书 once somebody looked; 撤回决定书 of one taken back."""
    people = ("enterprise", "issued_by", "second", "served_by", "withdrawn_by")
    rows = with_looked_at(Notice.objects.within(request.scopes).select_related(*people))
    if name not in _OF_NOTICE:
        raise Http404
    return _pdf(request, name, get_object_or_404(rows, pk=pk, **_OF_NOTICE[name]))


def stop_paper(request: OfficeRequest, pk: int, name: str) -> HttpResponse:
    """停工决定书 of a decided stop, its 送达回执, or 解除停工决定书 of one that was lifted."""
    people = ("enterprise", "authorisation", "served_by", "accepted_by")
    rows = StopWork.objects.within(request.scopes).select_related(*people)
    if name not in _OF_STOP:
        raise Http404
    return _pdf(request, name, get_object_or_404(rows, pk=pk, **_OF_STOP[name]))


def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Whether the park issued a paper with that code: number, state and dates, nothing else. Open to everybody."""
    at = request.at  # type: ignore[attr-defined]
    notice = Notice.objects.filter(code=code).first()
    if notice is not None:
        words, tone = say_notice(notice, at, replaced=Notice.objects.filter(follows=notice).exists())
        taken_back = notice.withdrawn_at is not None
        ended = (_("撤回日期"), notice.withdrawn_at) if taken_back else (_("办结"), notice.closed_at)
        due = None if taken_back else notice.due_at
        return _known(request, notice.number, (str(words), tone), (notice.issued_at, due), ended)
    stop = StopWork.objects.filter(code=code, approved=True).first()
    if stop is not None:
        words, tone = say_stop(stop, at)
        return _known(
            request, stop.number, (str(words), tone), (stop.decided_at, None), (_("解除日期"), stop.lifted_at)
        )
    return render(request, "inspection/verify.html", {"number": ""}, status=404)


def _known(
    request: HttpRequest, number: str, said: tuple[str, str], dates: tuple[object, object], ended: tuple[str, object]
) -> HttpResponse:
    context = {"number": number, "words": said[0], "tone": said[1], "issued": dates[0], "due": dates[1],
               "ended": ended[1], "ended_how": ended[0]}  # fmt: skip
    return render(request, "inspection/verify.html", context)
