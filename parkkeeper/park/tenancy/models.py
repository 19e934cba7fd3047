"""The only tables outside the parks' own schemas: which parks there are, and under which host names."""

from typing import Any

from django.db import models
from django_pgschemas.models import TenantModel


class Park(TenantModel):
    """园区: an industrial park; everything else about it lives in the schema of its name."""

    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai")
    created_at = models.DateTimeField()

    auto_create_schema = False

    class Meta:
        db_table = "tenancy_park"

    def __str__(self) -> str:
        return self.name

    def save(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Save the row only: parks.make_park makes the schema (TenantModel.save is not ready for Django 6)."""
        models.Model.save(self, **kwargs)


class Host(models.Model):
    """域名: a host name under which a park is reached."""

    name = models.CharField(max_length=253, unique=True)
    park = models.ForeignKey(Park, on_delete=models.PROTECT, related_name="hosts")

    class Meta:
        db_table = "tenancy_host"

    def __str__(self) -> str:
        return self.name
