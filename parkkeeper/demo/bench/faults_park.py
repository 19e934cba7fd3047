"""`python -m parkkeeper.demo.bench.faults_park PEOPLE POINTS`: makes the park that is to fail, pickles its handle."""

import pickle
import sys

import django


def main() -> None:
    """Make the park in the database of DATABASE_URL; the handle (a BenchPark) goes to stdout."""
    django.setup()
    from parkkeeper.demo.bench.faults_site import SCHEMA
    from parkkeeper.demo.bench.ingest_park import make_bench_park

    park = make_bench_park(SCHEMA, people=int(sys.argv[1]), points=int(sys.argv[2]))
    sys.stdout.buffer.write(pickle.dumps(park))


if __name__ == "__main__":
    main()
