"""Posts and certificates: who holds which role where, from when to when, and who is certified for it."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Certificate, Enterprise, Grid, Person, Post, Site

Role = Post.Role
PLACES: dict[Role, str] = {
    Role.PREVENTION: "enterprise",
    Role.SAMPLING: "site",
    Role.SCANNING: "site",
    Role.CONCIERGE: "grid",
    Role.TEAM_LEADER: "grid",
    Role.TEAM_MEMBER: "grid",
}
"""The place that a role needs, since its rights reach only there; the other roles are of the whole park."""
CERTIFIED = (Role.PREVENTION, Role.SAMPLING, Role.SCANNING, Role.TEAM_LEADER, Role.TEAM_MEMBER)


@transaction.atomic
def appoint_post(
    person: Person, role: str, *, start: date, end: date | None = None, grid: Grid | None = None,
    enterprise: Enterprise | None = None, site: Site | None = None, by: Person, at: datetime,
) -> Post:  # fmt: skip
    """Appoint the person from `start` to before `end` (local days). Raises Refused for a missing place or twice."""
    require(by, "change_register", at=at)
    place = PLACES.get(Role(role))
    given = {"grid": grid, "enterprise": enterprise, "site": site}
    _check_place(Role(role), place, given)
    if end is not None and end <= start:
        raise Refused(_("结束日期必须晚于开始日期。"))
    post = Post(person=person, role=role, during=(start, end), **given)
    told = {
        "post_once_a_place_at_a_time": lambda: (
            _("%(name)s在同一地点已有这个岗位，日期重叠。请先结束原岗位。") % {"name": person.name}
        )
    }
    with refusing(told):
        post.save()
    record(
        "post.appointed", post, by=by, at=at, person=person.pk, enterprise=enterprise.pk if enterprise else None,
        site=site.pk if site else None, role=role, start=start.isoformat(), end=end.isoformat() if end else "",
    )  # fmt: skip
    return post


def _check_place(role: Role, place: str | None, given: dict[str, Grid | Enterprise | Site | None]) -> None:
    names = {"grid": _("网格"), "enterprise": _("企业"), "site": _("场所")}
    if place and given[place] is None:
        raise Refused(_("“%(role)s”必须写明%(place)s：权限只到那里。") % {"role": role.label, "place": names[place]})
    for name, thing in given.items():
        if name != place and thing is not None:
            raise Refused(_("“%(role)s”不按%(place)s任命，请留空。") % {"role": role.label, "place": names[name]})


@transaction.atomic
def end_post(post: Post, *, last_day: date, by: Person, at: datetime) -> None:
    """End the post after its last day; its rights end with that day. Raises Refused when it ended before."""
    require(by, "change_register", at=at)
    current = Post.objects.select_for_update().get(pk=post.pk)
    end = last_day + timedelta(days=1)
    if current.during.upper is not None and current.during.upper <= end:
        raise Refused(_("这个岗位已于 %(day)s 结束。") % {"day": current.during.upper - timedelta(days=1)})
    if current.during.lower is not None and end <= current.during.lower:
        raise Refused(_("最后一天不能早于任命的第一天（%(day)s）。") % {"day": current.during.lower})
    if current.role == Role.OFFICE and not _other_office(current, last_day):
        raise Refused(_("这是最后一个园区办公室岗位，不能结束：请先任命另一位。"))
    current.during = (current.during.lower, end)
    current.save(update_fields=["during"])
    record("post.ended", current, by=by, at=at, person=current.person_id, role=current.role, last_day=str(last_day))


def _other_office(post: Post, day: date) -> bool:
    others = Post.objects.on(day + timedelta(days=1)).filter(role=Role.OFFICE, person__account__is_active=True)
    return others.exclude(pk=post.pk).exists()


@transaction.atomic
def issue_certificate(
    person: Person, role: str, *, number: str, issuer: str, start: date, end: date, by: Person, at: datetime
) -> Certificate:
    """Write down a certificate, valid from `start` to before `end`. Raises Refused for a number used twice."""
    require(by, "change_register", at=at)
    if end <= start:
        raise Refused(_("结束日期必须晚于开始日期。"))
    certificate = Certificate(person=person, role=role, number=tidy(number), issuer=tidy(issuer), during=(start, end))
    told = {
        "certificate_number_once_an_issuer": lambda: (
            _("%(issuer)s的证号“%(number)s”已登记过，请核对。")
            % {"issuer": certificate.issuer, "number": certificate.number}
        )
    }
    with refusing(told):
        certificate.save()
    record("certificate.issued", certificate, by=by, at=at, person=person.pk, role=role, number=certificate.number)
    return certificate


@transaction.atomic
def revoke_certificate(certificate: Certificate, *, reason: str, by: Person, at: datetime) -> None:
    """Revoke the certificate from `at` on, with a reason. The second who revokes is told who did it first."""
    require(by, "change_register", at=at)
    if blank(reason):
        raise Refused(_("请写明吊销的原因。"))
    current = Certificate.objects.select_for_update(of=("self",)).select_related("revoked_by").get(pk=certificate.pk)
    if current.revoked_at is not None:
        raise Refused(
            _("%(name)s已于 %(time)s 吊销此证。")
            % {
                "name": current.revoked_by.name if current.revoked_by else "",
                "time": timezone.localtime(current.revoked_at).strftime("%Y-%m-%d %H:%M"),
            }
        )
    current.revoked_at, current.revoked_by, current.revoked_reason = at, by, tidy(reason)
    current.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
    record("certificate.revoked", current, by=by, at=at, person=current.person_id, reason=current.revoked_reason)
