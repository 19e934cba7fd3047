"""The own messages."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from parkkeeper.park.actions.messages import mark_read
from parkkeeper.park.models import Message
from parkkeeper.park.requests import OfficeRequest

_DIGITS = 18


def inbox(request: OfficeRequest) -> HttpResponse:
    if request.method == "POST":
        chosen = request.POST.get("message", "")
        count = mark_read(
            [int(chosen)] if chosen.isdecimal() and len(chosen) < _DIGITS else None, by=request.person, at=request.at
        )
        text = ngettext("已将 %(count)s 条消息标为已读。", "已将 %(count)s 条消息标为已读。", count)
        messages.success(request, text % {"count": count})
        return redirect("messages")
    mine = Message.objects.filter(to=request.person, sent_at__lte=request.at).order_by("-sent_at", "-pk")
    only = request.GET.get("show") == "unread"
    page = Paginator(mine.unread() if only else mine, 50).get_page(request.GET.get("page"))
    return render(request, "park/messages.html", {"title": _("消息"), "page": page, "only_unread": only})
