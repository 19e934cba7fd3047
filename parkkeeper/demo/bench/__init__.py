"""Measurements: what `./run bench NAME` runs. Numbers go out as JSON; nothing here is a timed test."""
