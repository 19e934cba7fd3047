"""Log-ins: an account belongs to a person; what it may do follows from the person's posts."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from parkkeeper.park.models.people import Person


class AccountManager(BaseUserManager["Account"]):
    pass


class Account(AbstractBaseUser):
    """账号: how a person logs in; rights are not here but in the person's posts."""

    username = models.CharField(max_length=60, unique=True)
    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="account")
    language = models.CharField(max_length=10, blank=True)
    is_active = models.BooleanField(default=True)
    locked_at = models.DateTimeField(null=True, help_text="since when it is not active")
    must_change_password = models.BooleanField(default=False)

    objects = AccountManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "park_account"

    def __str__(self) -> str:
        return self.username


class LogInAttempt(models.Model):
    """登录尝试: a failed or good log-in, by name and address, for throttling."""

    username = models.CharField(max_length=60)
    address = models.CharField(max_length=64)
    at = models.DateTimeField()
    succeeded = models.BooleanField()

    class Meta:
        db_table = "park_log_in_attempt"
        indexes = [
            models.Index(fields=["username", "-at"], name="attempt_username"),
            models.Index(fields=["address", "-at"], name="attempt_address"),
        ]

    def __str__(self) -> str:
        return self.username
