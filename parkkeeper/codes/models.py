"""What proves who somebody is without a log-in: the park's keys for person codes, and links to the own page."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from parkkeeper.park.models import Person
from parkkeeper.park.scope import Scope


class CodeKey(models.Model):
    """签名密钥: a pair of keys that signs person codes; retired, its private part is gone and it only proves."""

    number = models.PositiveSmallIntegerField(unique=True, help_text="as person codes name it, 1 to 255")
    mark = models.BinaryField(max_length=4, help_text="of the park, the same for all its keys")
    public = models.BinaryField(max_length=32)
    private_sealed = models.BinaryField(null=True, help_text="sealed by the installation's key; gone once retired")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    until = models.DateField(null=True, help_text="the last day on which a code that it signed can be valid")

    class Meta:
        db_table = "codes_code_key"
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=255), name="code_key_number_fits_its_byte"),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True, retired_by__isnull=True, until__isnull=True)
                & Q(private_sealed__isnull=False)
                | Q(retired_at__isnull=False, retired_by__isnull=False, until__isnull=False)
                & Q(private_sealed__isnull=True),
                name="code_key_signs_or_is_retired",
            ),
            models.UniqueConstraint(F("mark"), name="code_key_one_signs", condition=Q(retired_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return str(self.number)


class OwnLinkQuerySet(models.QuerySet["OwnLink"]):
    def usable(self, at: datetime) -> Self:
        """Those that open a page now: opened before, neither run out nor revoked."""
        return self.filter(opened_at__isnull=False, revoked_at__isnull=True, expires_at__gt=at)


class OwnLink(models.Model):
    """个人链接: a one-time link with which a person opens the own page; the phone that opened it keeps a token."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="own_links")
    code_hash = models.BinaryField(max_length=16, unique=True)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    open_until = models.DateTimeField(help_text="until when it can be opened for the first time")
    expires_at = models.DateTimeField(help_text="until when the phone that opened it is known")
    opened_at = models.DateTimeField(null=True)
    token_hash = models.BinaryField(max_length=32, null=True, unique=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    objects = OwnLinkQuerySet.as_manager()

    class Meta:
        db_table = "codes_own_link"
        constraints = [
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True, token_hash__isnull=True)
                | Q(opened_at__isnull=False, token_hash__isnull=False),
                name="own_link_opened_by_a_phone",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="own_link_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def scope(self) -> Scope:
        return self.person.scope()
