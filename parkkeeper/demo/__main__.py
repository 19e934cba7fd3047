"""`./run demo`: builds the sample park, replays its weeks through the doors, prints its figures, serves it."""

import os
import sys

import django


def main(arguments: list[str]) -> int:
    """Set Django up, then run the demo."""
    # A replay that is cut short begins anew, so no commit of it need wait for the disk; serving has the plain address.
    url = os.environ["PARKKEEPER_PLAIN_URL"] = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = f"{url}{'&' if '?' in url else '?'}options=-csynchronous_commit%3Doff"
    django.setup()
    from parkkeeper.demo.command import run
    from parkkeeper.kernel.processes import orderly_exit

    with orderly_exit():  # `./run demo` hands a SIGTERM on: the web server ends with us
        return run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
