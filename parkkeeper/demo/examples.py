"""What the demo shows besides log-ins: one own page, codes that enrol phones, cards and slips as they are printed."""

from datetime import datetime
from pathlib import Path

from django.utils import timezone

from parkkeeper.codes.actions import issue_own_link, print_cards, print_own_links
from parkkeeper.park.models import Account, Enterprise, Person, Post
from parkkeeper.park.tenancy.models import Park
from parkkeeper.sampling.models import Due, Point, Round
from parkkeeper.sync.actions import issue_enrolment

_SHEETFULS = 30  # people on the printed examples: three pages


def examples(park: Park, address: str, folder: Path, *, at: datetime) -> list[tuple[str, str]]:
    """(what, where) of the park that is active now: pages to open on a phone, and PDF files written into `folder`."""
    office = Account.objects.filter(person__posts__role=Post.Role.OFFICE).order_by("pk").first()
    due = _somebody()
    if office is None or due is None or due.point is None:
        return []
    by, point, person = office.person, due.point, due.person
    _link, code = issue_own_link(person, by=by, at=at)
    found = [(f"个人页 {person.name}", f"{address}/me/#link={code}")]
    found += _enrolments(point, address, by=by, at=at)
    people = _people(point)
    cards = print_cards(people, park=park.name, by=by, at=at)
    found.append((f"采样卡 {point.code}", _kept(folder / f"cards-{point.code}.pdf", cards)))
    enterprise = Enterprise.objects.get(pk=due.enterprise_id)
    others = [one for one in people if one.pk != person.pk and one.employer_id == enterprise.pk]
    if others:
        slips = print_own_links(others, park=park.name, address=f"{address}/me/", by=by, at=at)
        found.append((f"个人链接 {enterprise.short_name}", _kept(folder / "own-links.pdf", slips)))
    return found


def _somebody() -> Due | None:
    """Somebody who is due at a point in the newest round."""
    newest = Round.objects.filter(test="pcr", frozen_at__isnull=False).order_by("-day").first()
    lines = Due.objects.filter(round=newest, standing="due", point__isnull=False).order_by(
        "point__code", "person__pinyin"
    )
    return lines.select_related("point__site", "person__employer").first()


def _people(point: Point) -> list[Person]:
    """The first of the point's newest list, by name."""
    newest = Round.objects.filter(test="pcr", frozen_at__isnull=False).order_by("-day").first()
    due = Due.objects.filter(round=newest, standing="due", point=point).order_by("person__pinyin", "pk")
    return [line.person for line in due.select_related("person__employer")[:_SHEETFULS]]


def _enrolments(point: Point, address: str, *, by: Person, at: datetime) -> list[tuple[str, str]]:
    """One-time addresses that make a phone one of the point's scanning specialist, and one a courier's."""
    found = []
    for role, title in ((Post.Role.SCANNING, "采样手机"), (Post.Role.COURIER, "转运员手机")):
        posts = Post.objects.on(timezone.localdate(at)).filter(role=role)
        posts = posts.filter(site=point.site_id) if role == Post.Role.SCANNING else posts
        post = posts.select_related("person").order_by("pk").first()
        if post is not None:
            _enrolment, code = issue_enrolment(point, post.person, role, by=by, at=at)
            found.append((f"{title} {point.code} {post.person.name}", f"{address}/field/#enrol={code}"))
    return found


def _kept(path: Path, paper: bytes) -> str:
    path.write_bytes(paper)
    return str(path)
