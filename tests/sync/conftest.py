"""The door's tests tell the server what time it is: handset.py sends the token that this allows."""

from typing import Any

import pytest

from tests.sync.handset import REHEARSAL


@pytest.fixture(autouse=True)
def _rehearsal(settings: Any) -> None:
    settings.REHEARSAL_TOKEN = REHEARSAL
