"""A column of text that belongs to an emergency: sealed with its data key, read like any other text."""

from datetime import datetime
from typing import Any

from django.db import models


class SealedTextField(models.TextField[str, str]):
    """Free text, sealed at saving for the emergency of the row's moment (the attribute `moment`), opened at reading.

    When that emergency's key is destroyed, the text reads as a dash. It cannot be searched by its content.
    """

    def __init__(self, *args: Any, moment: str, **kwargs: Any) -> None:
        self.moment = moment
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "moment": self.moment}

    @property
    def _context(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        from parkkeeper.park.keys import text_to_keep

        plain, at = super().pre_save(model_instance, add), getattr(model_instance, self.moment)
        if not isinstance(plain, str) or not isinstance(at, datetime):
            return plain
        return text_to_keep(plain, context=self._context, at=at)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        from parkkeeper.park.keys import text_kept

        return text_kept(value, context=self._context) if isinstance(value, str) else value
