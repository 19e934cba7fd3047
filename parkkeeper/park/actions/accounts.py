"""Accounts: made, locked, given a new password; logging in, slowed down after wrong passwords."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.text import tidy
from parkkeeper.park.access import posts_of, require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Account, LogInAttempt, Person

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_FORGOTTEN_AFTER = timedelta(hours=1)
_LONGEST_WAIT = 900.0
_FIRST_WAIT = 15.0
# wrong passwords within the hour before waiting begins: same name and address, same name anywhere, same address
_ALLOWED = {"both": 5, "username": 20, "address": 60}


def _new_password() -> str:
    """A password to be told once: 12 characters that nobody confuses, in groups of four (59 bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _place in range(4)) for _group in range(3))


@transaction.atomic
def make_account(person: Person, username: str, *, by: Person | None, at: datetime) -> tuple[Account, str]:
    """Make the person's account; returns it with its first password, which must be changed at the first log-in.

    `by` None is the installation itself (manage park). Raises Refused for a name in use or a second account.
    """
    if by is not None:
        require(by, "administer", at=at)
    username = tidy(username).lower()
    password = _new_password()
    account = Account(username=username, person=person, must_change_password=True)
    account.set_password(password)
    told = {
        "park_account_username_key": lambda: _("登录名“%(name)s”已被使用，请另取一个。") % {"name": username},
        "park_account_person_id_key": lambda: _("%(name)s已有账号，可在其账号页重置密码。") % {"name": person.name},
    }
    with refusing(told):
        account.save()
    record("account.made", account, by=by, at=at, person=person.pk)
    return account, password


@transaction.atomic
def reset_password(account: Account, *, by: Person, at: datetime) -> str:
    """Give the account a new password, returned once; its sessions end, and it must be changed at the next log-in."""
    require(by, "administer", at=at)
    password = _new_password()
    account.set_password(password)
    account.must_change_password = True
    account.save(update_fields=["password", "must_change_password"])
    record("account.password_reset", account, by=by, at=at, person=account.person_id)
    return password


@transaction.atomic
def change_password(account: Account, password: str, *, by: Person, at: datetime) -> None:
    """Set the password that the holder chose; all other sessions of the account end. Raises Refused for a weak one."""
    require(by, "keep_account", at=at)
    if by.pk != account.person_id:
        raise Refused(_("只能修改自己的密码；他人的密码请在账号页重置。"))
    if account.check_password(password):
        raise Refused(_("新密码与原密码相同，请换一个。"))
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    account.set_password(password)
    account.must_change_password = False
    account.save(update_fields=["password", "must_change_password"])
    record("account.password_changed", account, by=by, at=at, person=account.person_id)


@transaction.atomic
def lock_account(account: Account, *, by: Person, at: datetime) -> None:
    """Lock the account: its sessions end at once. Nobody locks the own account."""
    require(by, "administer", at=at)
    if by.pk == account.person_id:
        raise Refused(_("不能停用自己的账号，请由另一位管理人员操作。"))
    account.is_active, account.locked_at = False, at
    account.save(update_fields=["is_active", "locked_at"])
    record("account.locked", account, by=by, at=at, person=account.person_id)


@transaction.atomic
def unlock_account(account: Account, *, by: Person, at: datetime) -> None:
    """Open a locked account again, and forget its wrong passwords."""
    require(by, "administer", at=at)
    account.is_active, account.locked_at = True, None
    account.save(update_fields=["is_active", "locked_at"])
    LogInAttempt.objects.filter(username=account.username, succeeded=False).delete()
    record("account.unlocked", account, by=by, at=at, person=account.person_id)


@transaction.atomic
def choose_language(account: Account, language: str, *, by: Person, at: datetime) -> None:
    """Remember the language of the account's pages. Raises Refused for one that we do not speak."""
    require(by, "keep_account", at=at)
    if language not in dict(settings.LANGUAGES):
        raise Refused(_("没有“%(language)s”这种语言。") % {"language": language})
    account.language = language
    account.save(update_fields=["language"])
    record("account.language_chosen", account, by=by, at=at, language=language)


def log_in(username: str, password: str, *, address: str, at: datetime) -> Account:
    """The account of that name and password. Raises Refused: wrong, locked, or too many wrong ones (says until when).

    Not one transaction: the attempt is written before the password is looked at, so that many at once count as many.
    """
    username = tidy(username).lower()[:60]
    _refuse_while_waiting(username, address, at)
    attempt = LogInAttempt.objects.create(username=username, address=address, at=at, succeeded=False)
    account = Account.objects.select_related("person__employer").filter(username=username).first()
    if account is None:
        make_password(password)  # an unknown name must take as long as a known one
    if account is None or not account.check_password(password) or not account.is_active:
        raise Refused(_("登录名或密码不正确，或账号已停用。忘记密码请联系园区办公室重置。"))
    if not posts_of(account.person, at):
        raise Refused(_("您目前没有在任岗位，不能登录。请联系园区办公室任命岗位。"))
    with transaction.atomic():
        attempt.succeeded = True
        attempt.save(update_fields=["succeeded"])
        account.last_login = at
        account.save(update_fields=["last_login"])
        record("account.logged_in", account, by=account.person, at=at, person=account.person_id, address=address)
    return account


def confirm_password(account: Account, password: str, *, address: str, at: datetime) -> None:
    """Raise Refused unless it is the account's password; wrong ones count as at the log-in."""
    _refuse_while_waiting(account.username, address, at)
    if not account.check_password(password):
        LogInAttempt.objects.create(username=account.username, address=address, at=at, succeeded=False)
        raise Refused(_("原密码不正确。"))


def _refuse_while_waiting(username: str, address: str, at: datetime) -> None:
    until = max(
        _waiting_until("both", at, username=username, address=address),
        _waiting_until("username", at, username=username),
        _waiting_until("address", at, address=address),
    )
    if until > at:
        raise Refused(
            _("密码输错次数过多。请在 %(time)s 之后再试，或联系园区办公室重置密码。")
            % {"time": timezone.localtime(until).strftime("%H:%M:%S")}
        )


def _waiting_until(what: str, at: datetime, **key: str) -> datetime:
    """Until when that name or address has to wait: each wrong password beyond the allowed ones doubles the wait."""
    recent = LogInAttempt.objects.filter(at__gt=at - _FORGOTTEN_AFTER, at__lte=at, **key).order_by("-at", "-pk")
    moments: list[datetime] = []
    for moment, succeeded in recent.values_list("at", "succeeded")[: _ALLOWED[what] + 10]:
        if succeeded and what != "address":
            break  # a right password forgets the wrong ones before it; for an address it would help a guesser
        if not succeeded:
            moments.append(moment)
    beyond = len(moments) - _ALLOWED[what]
    if beyond < 0:
        return at
    return moments[0] + timedelta(seconds=min(_LONGEST_WAIT, _FIRST_WAIT * 2**beyond))
