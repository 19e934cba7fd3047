"""What a phone's own database says, and its holder heard, held against what the park has: the counts of `bench faults`.

ledger = Ledger()
ledger.note(phone)                      # as often as there is something to read
assert ledger.counts(said) == CLEAN     # said: (tube, worker) of each scan that was called saved, in order

What was counted goes to the file PHONE_COUNTS, too, when `./run bench faults` asks for it.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from parkkeeper.demo.bench.faults_ledger import held_against
from tests.phone.conftest import Hand

CLEAN = {"acknowledged_and_lost": 0, "stored_twice": 0, "shown_wrongly": 0}

_ROWS = """async () => {
  const asked = indexedDB.open("parkkeeper");
  await new Promise((done) => { asked.onsuccess = done; });
  const all = asked.result.transaction("operations").objectStore("operations").getAll();
  await new Promise((done) => { all.onsuccess = done; });
  asked.result.close();
  return all.result.map(({ id, seq, kind, state }) => ({ id, seq, kind, state }));
}"""


@dataclass
class Ledger:
    """All operations that one phone has ever held: ids, numbers and kinds lie open in its database, people do not."""

    told: list[dict[str, Any]] = field(default_factory=list)
    verdicts: dict[str, str] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, phone: Hand) -> "Ledger":
        """What is on the phone now."""
        ledger = cls()
        ledger.note(phone)
        return ledger

    def note(self, phone: Hand) -> None:
        """Read the phone's database; what was there before and is gone stays noted."""
        known = {one["id"]: one for one in self.told}
        for row in phone.page.evaluate(_ROWS):
            state = row.pop("state")
            known.setdefault(row["id"], row)
            if state in ("settled", "kept"):
                self.verdicts[row["id"]] = "kept" if state == "kept" else "stored"
        self.told = sorted(known.values(), key=lambda one: int(one["seq"]))

    def sent_all(self) -> None:
        """The phone has forgotten everything, which it does only when all is acknowledged."""
        self.verdicts = {one["id"]: self.verdicts.get(one["id"], "stored") for one in self.told}

    def counts(self, said: list[tuple[str, Any]]) -> dict[str, int]:
        """The three counts; a scan that was called saved and is neither on the phone nor acknowledged is lost, too."""
        scans = [one for one in self.told if one["kind"] == "scan"]
        for one, (tube, worker) in zip(scans, said, strict=False):
            one |= {"tube": tube, "person": str(worker.uuid)}
        connection.ensure_connection()
        with connection.cursor() as cursor:  # the park of the test
            cursor.execute("SELECT 1")
        found = held_against([self], connection.connection)
        waiting = len(self.told) - len(self.verdicts)
        lost = max(len(said) - len(scans), 0)
        counts = {
            **{name: found[name] for name in CLEAN},
            "acknowledged_and_lost": found["acknowledged_and_lost"] + lost,
        }
        if into := os.environ.get("PHONE_COUNTS"):
            with Path(into).open("a", encoding="utf-8") as out:
                told = {"told": len(self.told), "acknowledged": found["acknowledged"]}
                out.write(json.dumps({**counts, **told}) + "\n")
        return {**counts, **({"unsent": waiting} if waiting else {})}
