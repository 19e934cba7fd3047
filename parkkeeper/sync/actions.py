"""The office's verbs on phones: give out a code with which one is enrolled, revoke one."""

import secrets
from datetime import datetime

import orjson
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from parkkeeper.kernel.crypto import blind_index
from parkkeeper.park.access import GRANTS, PARK, posts_of, require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.keys import open_sealed
from parkkeeper.park.models import Grid, Person, Post
from parkkeeper.park.rulebook import hours
from parkkeeper.sampling.field import Source, Verdict
from parkkeeper.sampling.models import Point
from parkkeeper.sync.envelope import offset_of
from parkkeeper.sync.inbox import VERBS
from parkkeeper.sync.models import Enrolment, Phone, PoisonOperation
from parkkeeper.sync.parsing import BadOperation, parse

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O, 1 I L, U: read aloud and typed without a slip
_LENGTH = 10
_IN_GRIDS = ("inspect",)
_AT_POINTS = ("work_point", "carry_boxes", "receive_tubes", *_IN_GRIDS)


def code_index(code: str) -> bytes:
    """What of an enrolment code is stored: 16 bytes, keyed, so that a copied database gives no code away."""
    return blind_index(code, settings.KEYS.blind, purpose="enrolment")


@transaction.atomic
def issue_enrolment(
    place: Point | Grid, holder: Person, role: str, *, by: Person, at: datetime
) -> tuple[Enrolment, str]:
    """Make a one-time code for a phone of `holder` at a point or in a grid; the code is returned here and never again.

    Raises Forbidden, and Refused when the holder has no post in that role that reaches the place.
    """
    require(by, "enrol_phone", at=at, on=place)
    point, grid = (place, None) if isinstance(place, Point) else (None, place)
    if not _works_here(holder, role, place, at):
        raise Refused(
            _("%(name)s 在 %(point)s 没有有效的“%(role)s”岗位。请先在“设置 · 岗位”中任命，再登记手机。")
            % {"name": holder.name, "point": point.code if point else str(place),
               "role": dict(Post.Role.choices).get(role, role)}
        )  # fmt: skip
    code = "".join(secrets.choice(_ALPHABET) for _place in range(_LENGTH))
    enrolment = Enrolment.objects.create(
        code_hash=code_index(code),
        point=point,
        grid=grid,
        holder=holder,
        role=role,
        issued_at=at,
        issued_by=by,
        expires_at=at + hours("enrolment_code_hours", at),
    )
    record("enrolment.issued", enrolment, by=by, at=at, person=holder.pk, site=point.site_id if point else None,
           role=role)  # fmt: skip
    return enrolment, code


def _works_here(holder: Person, role: str, place: Point | Grid, at: datetime) -> bool:
    """Whether a post of the holder in that role does field work that reaches the place."""
    verbs = _AT_POINTS if isinstance(place, Point) else _IN_GRIDS
    reaches = [GRANTS[verb][Post.Role(role)] for verb in verbs if role in GRANTS[verb]]
    return any(
        post.role == role and (reach is PARK or _reaches(post, place))
        for post in posts_of(holder, at)
        for reach in reaches
    )


def _reaches(post: Post, place: Point | Grid) -> bool:
    """Whether the post covers the place; a concierge's enterprise lies in the grid whose list the phone carries."""
    if isinstance(place, Grid) and post.enterprise is not None:
        return post.enterprise.grid_id == place.pk
    return post.scope().covers(place.scope())


@transaction.atomic
def revoke_phone(phone: Phone, *, by: Person, at: datetime) -> None:
    """End the phone's enrolment: it may still send what waits on it, gets no roster, and is told to wipe.

    Raises Forbidden, and Refused when somebody has revoked it before.
    """
    require(by, "enrol_phone", at=at, on=phone)
    locked = Phone.objects.select_for_update(of=("self",)).select_related("revoked_by").get(pk=phone.pk)
    if locked.revoked_at is not None:
        raise Refused(
            _("这台手机的登记已由 %(name)s 撤销。") % {"name": locked.revoked_by.name if locked.revoked_by else ""}
        )
    locked.revoked_at, locked.revoked_by = at, by
    locked.save(update_fields=["revoked_at", "revoked_by"])
    record("phone.revoked", locked, by=by, at=at, person=locked.holder_id, site=phone.site_id)


@transaction.atomic
def read_kept(poison: PoisonOperation, *, by: Person, at: datetime) -> str:
    """The operation that was kept aside, as the phone sent it (JSON); it may name a person, so reading is written."""
    require(by, "enrol_phone", at=at, on=poison.batch.phone)
    content = _content_of(poison)
    record("operation.read", poison, by=by, at=at, site=poison.batch.phone.site_id, code=poison.code)
    return content


def _content_of(poison: PoisonOperation) -> str:
    content = open_sealed(bytes(poison.content_sealed), context="sync.poison")
    if content is None:
        raise Refused(_("这条操作的内容已按保存期限销毁。"))
    return content


@transaction.atomic
def retake_kept(poison: PoisonOperation, *, by: Person, at: datetime) -> Verdict:
    """Take an operation after all that was kept aside, as if its phone had sent it now; its own time stays.

    Raises Forbidden, and Refused when it was taken before or still cannot be understood.
    """
    poison = PoisonOperation.objects.select_for_update(of=("self",)).get(pk=poison.pk)
    batch, phone = poison.batch, poison.batch.phone
    require(by, "enrol_phone", at=at, on=phone)
    if poison.taken_at is not None:
        name = poison.taken_by.name if poison.taken_by else ""
        raise Refused(_("%(name)s 已重新处理过这条操作。") % {"name": name})
    content = orjson.loads(_content_of(poison))
    try:
        kind, operation = parse(content, offset_of(content, batch.offset_ms, batch.jumps))
    except BadOperation as why:
        raise Refused(
            _("%(reason)s，仍无法处理。请查看原样内容后在相应页面手工补录。") % {"reason": why.reason()}
        ) from why
    source = Source(holder=phone.holder, point=phone.point, phone_id=phone.pk, received_at=batch.received_at)
    [verdict] = VERBS[kind]([operation], source, by=phone.holder, at=at)
    poison.taken_at, poison.taken_by = at, by
    poison.save(update_fields=["taken_at", "taken_by"])
    record("operation.retaken", poison, by=by, at=at, site=phone.site_id, kind=kind, code=poison.code)
    return verdict
