"""`python -m parkkeeper.demo.bench.faults_journal`: what the worker has made of the journal of the park that fails."""

import json
import time

import django

PATIENCE = 20.0
"""Seconds within which a worker that runs has sealed every line."""


def main() -> None:
    """Print {"entries", "sealed", "broken"} as JSON: lines, lines under a seal, seals that do not fit their lines."""
    django.setup()
    from django.db.models import Sum

    from parkkeeper.demo.bench.faults_site import SCHEMA
    from parkkeeper.park.journal import broken_seals
    from parkkeeper.park.models import JournalEntry, JournalSeal
    from parkkeeper.park.tenancy.parks import in_park

    entries, sealed, until = 1, 0, time.monotonic() + PATIENCE
    with in_park(SCHEMA):
        while sealed != entries and time.monotonic() < until:
            time.sleep(0.3)
            entries = JournalEntry.objects.count()
            sealed = JournalSeal.objects.aggregate(total=Sum("entries"))["total"] or 0
        broken = len(broken_seals())
    print(json.dumps({"entries": entries, "sealed": sealed, "broken": broken}))


if __name__ == "__main__":
    main()
