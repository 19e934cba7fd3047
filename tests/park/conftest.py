"""What tests of the register share: files go into a folder of the test's own; some happen in the evening."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parkkeeper.kernel import clock
from tests.world import EVENING


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path


@pytest.fixture
def that_evening() -> Iterator[None]:
    with clock.at(EVENING):
        yield
