"""What is looked at: checklists with versions, and their items."""

from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class ChecklistQuerySet(models.QuerySet["Checklist"]):
    def on(self, day: object) -> Self:
        return self.filter(during__contains=day)


class Checklist(models.Model):
    """检查表: one version of a checklist, in force for a time; a visit keeps the version that it began with."""

    code = models.CharField(max_length=24)
    version = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    during = DateRangeField(help_text="local days; the end is exclusive")
    source = models.CharField(max_length=300)
    aspects = ArrayField(
        models.CharField(max_length=80), default=list, blank=True,
        help_text="headings of the text that it follows, where they are not those of Item.Aspect",
    )  # fmt: skip
    entered_at = models.DateTimeField()

    objects = ChecklistQuerySet.as_manager()

    class Meta:
        db_table = "inspection_checklist"
        constraints = [
            models.UniqueConstraint(F("code"), F("version"), name="checklist_version_once"),
            ExclusionConstraint(
                name="checklist_one_version_at_a_time",
                expressions=[(F("code"), RangeOperators.EQUAL), (F("during"), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Item(models.Model):
    """检查项: one thing to look at, with the evidence that it asks for and what to do when it fails."""

    class Aspect(models.TextChoices):
        CLOSED_LOOP = "closed_loop", _("闭环管理")
        ZONING = "zoning", _("分区管理")
        LODGING = "lodging", _("住宿")
        MEALS = "meals", _("用餐")
        PEOPLE = "people", _("人员管理")
        DISINFECTION = "disinfection", _("环境消杀")
        VEHICLES = "vehicles", _("车辆物流")
        RESUMPTION = "resumption_and_supplies", _("复工与物资")
        OTHER = "other", _("其他方面")

    class Evidence(models.TextChoices):
        YES_NO = "Y", _("是否")
        NUMBER = "N", _("数量")
        TEMPERATURE = "T", _("温度")
        PHOTO = "P", _("现场照片")
        DOCUMENT = "D", _("文件")
        RECORDS = "R", _("抽查记录")
        SCAN = "S", _("扫码")
        MEASUREMENT = "M", _("测量")
        INTERVIEW = "I", _("询问")

    class Severity(models.TextChoices):
        NOTE = "", _("一般")
        NOTICE = "!", _("重要：不合格即提请开具整改通知书")
        IMMEDIATE = "!!", _("紧急：立即采取措施")

    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40)
    aspect = models.CharField(max_length=24, choices=Aspect.choices)
    text = models.CharField(max_length=300)
    text_en = models.CharField(max_length=300, blank=True)
    evidence = ArrayField(models.CharField(max_length=1, choices=Evidence.choices))
    sample = models.CharField(max_length=24, blank=True, help_text="how many, of what: 10, 5 rooms, 3 d, %")
    least = models.FloatField(null=True, help_text="a number, temperature or measurement below it fails")
    most = models.FloatField(null=True, help_text="one above it fails")
    severity = models.CharField(max_length=2, choices=Severity.choices, blank=True)
    hours = models.PositiveSmallIntegerField(null=True, help_text="own time limit; null: that of the rulebook")
    remedy = models.CharField(max_length=200)
    remedy_en = models.CharField(max_length=200, blank=True)
    basis = models.CharField(max_length=300, blank=True)
    short_round = models.BooleanField(default=False, help_text="asked on a short round, too")
    question = models.JSONField(
        default=dict, blank=True,
        help_text="as a survey form asks it: type, choices, groups, required, relevant and constraint with their trees",
    )  # fmt: skip

    class Meta:
        db_table = "inspection_item"
        constraints = [
            models.UniqueConstraint(F("checklist"), F("code"), name="item_once_a_checklist"),
            models.CheckConstraint(condition=~Q(text="") & ~Q(remedy=""), name="item_says_what_and_remedy"),
            models.CheckConstraint(
                condition=Q(least__isnull=True) | Q(most__isnull=True) | Q(least__lte=F("most")),
                name="item_limits_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def camera_only(self) -> bool:
        """Whether its photos must be taken on the spot: a picture from elsewhere shows nothing of this place."""
        return self.Evidence.PHOTO in self.evidence

    @property
    def words(self) -> str:
        """The item's text in the reader's language; Chinese when nobody has written it in English."""
        return self.text_en if self.text_en and (get_language() or "").startswith("en") else self.text

    @property
    def remedy_words(self) -> str:
        """What to do about it, in the reader's language."""
        return self.remedy_en if self.remedy_en and (get_language() or "").startswith("en") else self.remedy

    @property
    def evidence_words(self) -> str:
        """What is asked for, in the reader's language, with how many samples."""
        asked = " · ".join(str(self.Evidence(one).label) for one in self.evidence)
        return f"{asked} ({self.sample})" if self.sample else asked

    @property
    def limit_words(self) -> str:
        """Beyond what it fails and how long its remedy may take, "" without either."""
        told = []
        if self.least is not None:
            told.append(_("不低于 %(n)s") % {"n": f"{self.least:g}"})
        if self.most is not None:
            told.append(_("不高于 %(n)s") % {"n": f"{self.most:g}"})
        if self.hours is not None:
            told.append(_("%(n)s 小时内整改") % {"n": self.hours})
        return " · ".join(map(str, told))
