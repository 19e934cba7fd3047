"""Tables that people bring: previewed, mapped, applied, and each doubtful row kept for a person."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.models.files import StoredFile
from parkkeeper.park.models.people import Person


class Import(models.Model):
    """导入: one table that somebody brought: its column map, its preview, how far it is applied."""

    class Kind(models.TextChoices):
        ROSTER = "roster", _("人员名册")
        ENTERPRISES = "enterprises", _("企业名录")
        SPECIALISTS = "specialists", _("专员名单")
        ROADS = "roads", _("道路")
        GRIDS = "grids", _("网格")
        SITES = "sites", _("场所")

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("待核对列")
        CHECKING = "checking", _("预览中")
        PREVIEWED = "previewed", _("已预览")
        APPLYING = "applying", _("导入中")
        APPLIED = "applied", _("已导入")
        ABANDONED = "abandoned", _("已放弃")

    kind = models.CharField(max_length=16, choices=Kind.choices)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="imports")
    headings = models.JSONField(default=list, help_text="of the file's columns, in their order")
    columns = models.JSONField(default=dict, help_text="field name -> column number, as the user confirmed it")
    state = models.CharField(max_length=12, choices=State.choices, default=State.UPLOADED)
    total = models.PositiveIntegerField(default=0, help_text="rows in the file")
    done = models.PositiveIntegerField(default=0, help_text="rows dealt with in this state: the cursor of its steps")
    preview = models.JSONField(default=dict, help_text="verdict -> rows, as the preview found them")
    counts = models.JSONField(default=dict, help_text="verdict -> rows, as they were applied")
    notes = models.JSONField(default=list)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="imports")
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "park_import"

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ImportRow(models.Model):
    """导入行: a row of an import that is in error or ambiguous; its content is sealed."""

    class Verdict(models.TextChoices):
        ERROR = "error", _("有错误")
        AMBIGUOUS = "ambiguous", _("需人工判断")
        WARNING = "warning", _("已修正")

    batch = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="rows")
    number = models.PositiveIntegerField(help_text="row number as the user sees it in the file")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    problems = models.JSONField(default=list, help_text="[{column, code, params}] without personal values")
    content_sealed = models.BinaryField(help_text="the row's cells as JSON, sealed")
    candidates = models.JSONField(default=list, help_text="ids of the people (enterprises) who may be meant")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    settled_how = models.CharField(max_length=40, blank=True)

    class Meta:
        db_table = "park_import_row"
        constraints = [models.UniqueConstraint(F("batch"), F("number"), name="import_row_once")]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.number}"
