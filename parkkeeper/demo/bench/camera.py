"""How fast the phone reads and saves: the film of the phone's tests before Chromium's pretended camera.

A tube and ten people, most of them with signed codes, turned, out of focus, in the sun, one a second, without server.
The app itself tells each frame's time (from the picture to its codes) and each scan's (from the second equal read to
the commit on the phone's disk). The test beside it holds what came of it against the park's tables.
"""

import argparse
import os
from typing import Any

from parkkeeper.demo.bench.ingest_measure import rounded
from parkkeeper.demo.bench.phone_tests import lacking, told_by

_TEST = "test_camera.py::test_a_whole_session_survives_that_its_server_and_its_browser_are_killed"
_SHOWN = 0.8  # of its frames, the rest the desk between two codes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `./run bench camera`."""
    parser.add_argument("--rounds", type=int, default=3, help="times that the film is shown to a new browser (3)")


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Show the film so many times, and sum up what the app told."""
    if why := lacking():
        raise SystemExit(f"bench camera: {why}")
    rounds = []
    for _round in range(chosen.rounds):
        passed, lines = told_by([_TEST], "PHONE_TIMES")
        if not passed or not lines:
            raise SystemExit("bench camera: the test did not pass; the lines above say why.")
        rounds += lines
    return {"bench": "camera", "cores": os.cpu_count(), **told(rounds)}


def told(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """What the rounds come to: codes read in how much film, milliseconds a frame, milliseconds from scan to saved."""
    frames, read = (sum(one[what] for one in rounds) for what in ("frames", "frames_read"))
    return {
        "rounds": len(rounds), "codes": rounds[0]["codes"], "film_seconds": rounded(rounds[0]["film_seconds"]),
        "seconds_each": [rounded(one["took_seconds"]) for one in rounds],
        "frames": frames, "frames_read": read, "frames_read_share": rounded(read / frames), "film_shows_a_code": _SHOWN,
        "frame_ms": _spread([ms for one in rounds for ms in one["frame_ms"]]),
        "scan_to_saved_ms": _spread([ms for one in rounds for ms in one["saved_ms"]]),
    }  # fmt: skip


def _spread(found: list[float]) -> dict[str, float]:
    found = sorted(found)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {name: rounded(found[int(len(found) * share)]) for name, share in at.items()} | {"most": rounded(found[-1])}
