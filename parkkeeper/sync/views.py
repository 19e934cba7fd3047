"""The addresses of the phones' door; docs/protocol.md says what each takes and answers."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from parkkeeper.codes.signing import public_keys
from parkkeeper.park.requests import address_of
from parkkeeper.park.tenancy.models import Park
from parkkeeper.sync.door import NEWEST, OLDEST, gated_door, json_response, moment_of, open_door, phone_door
from parkkeeper.sync.enrolment import enrol
from parkkeeper.sync.envelope import body_of, decode, open_envelope, unpacked
from parkkeeper.sync.inbox import take_batch
from parkkeeper.sync.models import Phone
from parkkeeper.sync.outbox import changes
from parkkeeper.sync.problems import Unreadable, revoked
from parkkeeper.sync.roster import roster
from parkkeeper.sync.rounds import inspection
from parkkeeper.sync.unreadable import keep_unreadable
from parkkeeper.sync.uploads import put_file, what_is_there


@open_door("GET")
def hello(request: HttpRequest) -> HttpResponse:
    """Who answers here, which protocols it speaks, what time it is."""
    park: Park = request.park  # type: ignore[attr-defined]
    return json_response({
        "park": park.name, "time_zone": park.time_zone, "server_time": moment_of(request).isoformat(),
        "protocol": {"oldest": OLDEST, "newest": NEWEST}, "codes": public_keys(timezone.localdate(moment_of(request))),
    })  # fmt: skip


@open_door("POST")
def enrolments(request: HttpRequest) -> HttpResponse:
    """A one-time code becomes a token."""
    at, park = moment_of(request), request.park  # type: ignore[attr-defined]
    phone, token = enrol(decode(body_of(request)), address=address_of(request), at=at)
    point, grid = phone.point, phone.grid
    return json_response({
        "token": token, "phone": phone.pk, "role": phone.enrolment.role,
        "holder": {"person": str(phone.holder.uuid), "name": phone.holder.name},
        "point": {"code": point.code, "name": point.site.name} if point else None,
        "grid": {"code": grid.code, "name": grid.name} if grid else None, "salt": bytes(phone.salt).hex(),
        "park": park.name, "time_zone": park.time_zone, "server_time": at.isoformat(),
    }, status=201)  # fmt: skip


@phone_door("GET")
def people(request: HttpRequest, phone: Phone) -> HttpResponse:
    """The point's roster, or 304 when the phone has it."""
    found, tag = roster(phone, known=request.headers.get("If-None-Match", ""), at=moment_of(request))
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if found is None:
        return HttpResponse(status=304, headers=headers)
    return json_response(found, request=request, headers=headers)


@phone_door("GET")
def rounds(request: HttpRequest, phone: Phone) -> HttpResponse:
    """The team's round, or 304 when the phone has it."""
    found, tag = inspection(phone, known=request.headers.get("If-None-Match", ""), at=moment_of(request))
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if found is None:
        return HttpResponse(status=304, headers=headers)
    return json_response(found, request=request, headers=headers)


@gated_door("POST")
def batches(request: HttpRequest, phone: Phone, raw: bytes) -> HttpResponse:
    """Operations go in; each gets its verdict."""
    at = moment_of(request)
    try:
        envelope = open_envelope(decode(unpacked(request, raw)), at=at)
    except Unreadable as problem:
        problem.facts["kept"] = keep_unreadable(phone, raw, problem.code, at=at)
        raise
    reply, repeated = take_batch(phone, envelope, at=at)
    return json_response(reply, request=request, headers={"Parkkeeper-Repeated": "1"} if repeated else None)


@phone_door("GET")
def news(request: HttpRequest, phone: Phone) -> HttpResponse:
    """What happened at the point since the cursor."""
    if phone.revoked_at is not None:
        raise revoked()
    return json_response(
        changes(phone, request.GET.get("cursor", ""), last=request.GET.get("last", "")), request=request
    )


@phone_door("PUT", "HEAD")
def files(request: HttpRequest, phone: Phone, sha256: str) -> HttpResponse:
    """A signature or a photo, known by its hash, whole or in parts; HEAD tells how much of it is there."""
    if request.method == "HEAD":
        return json_response({}, headers=what_is_there(phone, sha256))
    told, status = put_file(request, phone, sha256, at=moment_of(request))
    return json_response(told, status=status)
