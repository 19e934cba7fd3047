"""Files that people sent, given back to whoever may have them."""

from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from parkkeeper.park import access
from parkkeeper.park.errors import Forbidden
from parkkeeper.park.files import read_file
from parkkeeper.park.journal import record
from parkkeeper.park.models import StoredFile
from parkkeeper.park.requests import OfficeRequest


def download(request: OfficeRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(StoredFile, pk=pk)
    own = stored.stored_by_id == request.person.pk
    if not own and not access.may(request.person, "see_files", at=request.at):
        raise Forbidden("see_files")
    data = read_file(stored)
    record("file.opened", stored, by=request.person, at=request.at, sha256=stored.sha256)
    response = HttpResponse(data, content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(stored.name)}"
    return response
