"""Finds the account of a session, with person and employer in the same query. Log-in itself: actions/accounts.py."""

from typing import Any

from django.contrib.auth.backends import BaseBackend

from parkkeeper.park.models import Account


class AccountBackend(BaseBackend):
    """Sessions of locked accounts find nobody, so that locking ends them at once."""

    def get_user(self, user_id: Any) -> Account | None:
        return Account.objects.select_related("person__employer").filter(pk=user_id, is_active=True).first()
