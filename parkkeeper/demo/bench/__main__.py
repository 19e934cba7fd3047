"""`python -m parkkeeper.demo.bench NAME [--json FILE] …`: run one measurement on the database of DATABASE_URL."""

import argparse
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

# Each is a module of this package with `add_arguments(parser)` and `run(chosen) -> dict`.
NAMES = ("reconcile", "pages", "imports", "ingest", "growth", "faults", "deadlines", "camera")
_ALIASES = {"import": "imports"}


def main(arguments: Sequence[str]) -> int:
    """Run the measurement named first; its result goes to stdout, and to the file of --json."""
    name = _ALIASES.get(arguments[0], arguments[0]) if arguments else ""
    module = f"parkkeeper.demo.bench.{name}"
    if name not in NAMES or importlib.util.find_spec(module) is None:
        print(f"Name what to measure: {', '.join(_known())}", file=sys.stderr)
        return 2
    if not os.environ.get("DATABASE_URL"):
        print(f"DATABASE_URL is not set. Use: ./run bench {name}", file=sys.stderr)
        return 2
    import django

    django.setup()
    bench = importlib.import_module(module)
    parser = argparse.ArgumentParser(f"./run bench {name}", allow_abbrev=False, description=bench.__doc__)
    parser.add_argument("--json", type=Path, help="also write the result to this file")
    bench.add_arguments(parser)
    chosen = parser.parse_args(arguments[1:])
    text = json.dumps(bench.run(chosen), indent=2, ensure_ascii=False)
    print(text, flush=True)
    if chosen.json:
        chosen.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _known() -> list[str]:
    return [name for name in NAMES if importlib.util.find_spec(f"parkkeeper.demo.bench.{name}")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
