"""`python -m parkkeeper.demo.bench.faults_park PEOPLE POINTS`: makes the park that is to fail, pickles its handle."""

import pickle
import sys

import django


def main() -> None:
    """Make the park in the database of DATABASE_URL; the handle (a BenchPark) goes to stdout."""
    django.setup()
    from parkkeeper.demo.bench.faults_shift import LABORATORY
    from parkkeeper.demo.bench.faults_site import SCHEMA
    from parkkeeper.demo.bench.ingest_park import make_bench_park
    from parkkeeper.park.models import Site
    from parkkeeper.park.tenancy.parks import in_park
    from parkkeeper.sampling.models import Laboratory

    park = make_bench_park(SCHEMA, people=int(sys.argv[1]), points=int(sys.argv[2]))
    with in_park(SCHEMA):
        place = Site.objects.create(code=LABORATORY, name="检测机构", kind="laboratory", longitude=121.6, latitude=31.2)
        Laboratory.objects.create(code=LABORATORY, name="检测机构", site=place)
    sys.stdout.buffer.write(pickle.dumps(park))


if __name__ == "__main__":
    main()
