"""The rows of an import between two requests: sealed on disk in pieces, so that a step need not read the whole file.

It can always be made again from the stored file; so it is written without haste, and dropped when the import is done.
"""

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import orjson
from django.conf import settings
from django.utils.translation import gettext as _
from django_pgschemas.schema import get_current_schema

from parkkeeper.kernel.crypto import BadSeal, seal, unseal
from parkkeeper.kernel.ids import new_id
from parkkeeper.park.errors import Refused

PIECE = 2000
Layer = Literal["notes", "cells", "lines"]


class Lost(Exception):
    """The pieces are not there (any more): make them again from the stored file."""


class Spool:
    """The pieces of one import: layers "notes" and "cells" as the file has them, "lines" as they were read."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.folder = Path(settings.FILES_DIR) / get_current_schema().schema_name / "imports" / str(batch)

    def write(self, layer: Layer, rows: Sequence[Any]) -> None:
        """Keep rows (plain JSON values) in pieces of 2,000. Raises Refused when the disk does not take them."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for piece, start in enumerate(range(0, len(rows), PIECE)):
                text = orjson.dumps(rows[start : start + PIECE]).decode()
                draft = self.folder / f".{new_id()}"
                draft.write_bytes(seal(text, settings.KEYS.data, context=self._context(layer, piece)))
                draft.replace(self._path(layer, piece))
        except OSError as error:
            self.drop()
            raise Refused(
                _("导入没有继续：磁盘写入失败（%(why)s）。请腾出空间后再试；已有的数据没有改变。")
                % {"why": error.strerror or str(error)}
            ) from error

    def read(self, layer: Layer, start: int) -> list[Any]:
        """The piece that begins at row `start` (0-based, a multiple of 2,000). Raises Lost when it is not there."""
        piece = start // PIECE
        try:
            sealed = self._path(layer, piece).read_bytes()
            text = unseal(sealed, settings.KEYS.data, context=self._context(layer, piece))
        except (OSError, BadSeal) as error:
            raise Lost from error
        rows: list[Any] = orjson.loads(text)
        return rows

    def read_all(self, layer: Layer, total: int) -> list[Any]:
        """All `total` rows of a layer. Raises Lost when a piece is not there."""
        return [row for start in range(0, total, PIECE) for row in self.read(layer, start)]

    def drop(self) -> None:
        """Remove all pieces."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder)

    def _path(self, layer: Layer, piece: int) -> Path:
        return self.folder / f"{layer}-{piece:05d}"

    def _context(self, layer: Layer, piece: int) -> str:
        return f"import.{self.batch}.{layer}.{piece}"
