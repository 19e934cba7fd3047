"""The first account of a new park: its body, one member of its office, a post without end."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from parkkeeper.kernel.text import pinyin_initials, pinyin_key
from parkkeeper.park.actions.accounts import make_account
from parkkeeper.park.journal import record
from parkkeeper.park.models import Account, Enterprise, Person, Post

NO_CODE = "PARK-BODY"
"""Stands for the credit code of the park's own body until somebody enters it."""


@transaction.atomic
def found_office(*, body: str, credit_code: str, person: str, username: str, at: datetime) -> tuple[Account, str]:
    """Make the park's own body, the first member of its office with a post, and the account; returns its password."""
    employer, _made = Enterprise.objects.get_or_create(
        credit_code=credit_code or NO_CODE,
        defaults={"name": body, "short_name": body[:40], "pinyin": pinyin_key(body), "kind": Enterprise.Kind.BODY},
    )
    member = Person.objects.create(
        name=person, pinyin=f"{pinyin_key(person)} {pinyin_initials(person)}", employer=employer,
        category=Person.Category.OFFICE_STAFF, registered_at=at,
    )  # fmt: skip
    post = Post.objects.create(person=member, role=Post.Role.OFFICE, during=(timezone.localdate(at), None))
    account, password = make_account(member, username, by=None, at=at)
    record("post.appointed", post, by=None, at=at, person=member.pk, role=post.role)
    return account, password
