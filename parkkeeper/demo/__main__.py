"""`./run demo`: builds the sample park, replays its weeks through the doors, prints its figures, serves it."""

import sys

import django


def main(arguments: list[str]) -> int:
    """Set Django up, then run the demo."""
    django.setup()
    from parkkeeper.demo.command import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
