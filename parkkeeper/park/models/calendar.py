"""What time limits and numbered papers need of the park: the years' working days, and numbers without gaps."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class CalendarYear(models.Model):
    """工作日历: one year's holidays and make-up working days, entered as a whole when they are published."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    holidays = ArrayField(models.DateField(), help_text="weekdays and weekends that are free, by the announcement")
    make_up_days = ArrayField(models.DateField(), help_text="Saturdays and Sundays that are worked")
    source = models.CharField(max_length=300)
    entered_at = models.DateTimeField()

    class Meta:
        db_table = "park_calendar_year"
        constraints = [
            models.CheckConstraint(condition=~Q(source=""), name="calendar_year_has_source"),
        ]

    def __str__(self) -> str:
        return str(self.year)


class Series(models.Model):
    """文号: a year's run of numbers of one kind of paper; the last one given, so that the next leaves no gap."""

    kind = models.CharField(max_length=24)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "park_series"
        constraints = [models.UniqueConstraint(F("kind"), F("year"), name="series_once_a_year")]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}"
