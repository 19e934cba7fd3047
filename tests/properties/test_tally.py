"""Whatever happened in an evening: the tally says what counting says, for its moment, and for no part of the park."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given

from parkkeeper.sampling import tally
from parkkeeper.sampling.models import Tally
from parkkeeper.sampling.reconciliation import count_strays, progress, reconcile
from tests.properties.test_round_classes import Undone, build, events, minutes, often, play, registers
from tests.properties.test_round_paths import readers
from tests.world import later, world

pytestmark = pytest.mark.django_db


@often
@given(register=registers, happened=events, asked=minutes)
def test_a_tally_is_what_counting_tells_of_its_moment(
    register: dict[str, Any], happened: list[tuple[str, int, Any, Any]], asked: int
) -> None:
    with pytest.raises(Undone), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "LARGE", 0)
        w: Any = world()
        round = build(w, register)
        play(w, round, happened)
        at = later(asked)
        Tally.objects.create(round=round, as_of=at, seconds=0, **tally.count(round, at))
        for by in tally.BY:
            told = tally.kept(round, at + timedelta(seconds=20), by=by, scopes=None, reader=w.leader)
            assert told == tally.Kept(at, (reconcile(round, at, by=by), progress(round, at)), count_strays(round, at))
        for scopes in readers(w)[1:]:
            assert tally.kept(round, at, by="grid", scopes=scopes, reader=w.leader) is None
        raise Undone
