"""A reading as the detectors are sent it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson

from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import format_time


def reading() -> bytes:
    """One quiet reading of a minute ago, as JSON."""
    start = datetime.now(UTC) - timedelta(minutes=1)
    telemetry = simulate(built_in_registry(), seed=5, start=start, count=1, interval_s=10.0, source="well-1")
    first = next(iter(telemetry.readings()))
    return orjson.dumps({"timestamp": format_time(first.timestamp), **first.values})
