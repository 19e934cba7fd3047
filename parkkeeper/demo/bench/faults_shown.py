"""`python -m parkkeeper.demo.bench.faults_shown`: how many people the pages show as sampled, by point."""

import json

import django


def main() -> None:
    """Print {point: sampled} of the round as JSON, as the overview by point counts it now."""
    django.setup()
    from parkkeeper.demo.bench.faults_site import SCHEMA
    from parkkeeper.kernel import clock
    from parkkeeper.park.tenancy.parks import in_park
    from parkkeeper.sampling.models import Round
    from parkkeeper.sampling.reconciliation import reconcile

    with in_park(SCHEMA):
        rows = reconcile(Round.objects.get(), clock.now(), by="point")
    print(json.dumps({str(row.key): row.sampled for row in rows}))


if __name__ == "__main__":
    main()
