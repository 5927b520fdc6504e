"""The truth about simulated faults, kept with the environment that they were sent to, for scoring."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from anomalyctl.telemetry.times import format_time

FILE_NAME: Final = "simulations.jsonl"


def keep_labels(state: Path, environment: str, document: dict[str, Any], now: datetime) -> Path:
    """Append one run to `<state>/<environment>/simulations.jsonl`, and return that file's path.

    It goes when the environment's data goes: what is left would be scored against another system.

    Raises OSError where the disk does not take it.
    """
    line = orjson.dumps({"ended_at": format_time(now), "environment": environment, **document}) + b"\n"
    path = state / environment / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write of one line in append mode: two runs at once do not mix.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
    return path


def read_labels(state: Path, environment: str) -> list[dict[str, Any]]:
    """The runs kept so far, oldest first; a line that was cut off is skipped."""
    path = state / environment / FILE_NAME
    runs = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            runs.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            continue
    return runs
