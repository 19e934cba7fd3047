"""Fields of sampling's forms."""

from datetime import date, timedelta
from typing import Any

from django import forms


class ClockInput(forms.TimeInput):
    """A browser's own field of a time of day."""

    input_type = "time"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, int):
            return f"{value // 60 % 24:02d}:{value % 60:02d}"
        return super().format_value(value)


class MinuteField(forms.TimeField):
    """A time of the local day; cleans to its minute (17:00 is 1020). `end` reads 00:00 as the end of the day, 1440."""

    widget = ClockInput

    def __init__(self, *, end: bool = False, **kwargs: Any) -> None:
        self.end = end
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        if found is None:
            return None
        minute = found.hour * 60 + found.minute
        return 24 * 60 if self.end and minute == 0 else minute


def after(last: date | None) -> date | None:
    """The exclusive end of a span of days whose last day is `last` (None: open)."""
    return last + timedelta(days=1) if last else None
