"""How long resources usually take, from past runs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping

from anomalyctl.provisioning.ledger import Run

_LOOKED_AT = 10


def usual_durations(runs: Iterable[Run]) -> Mapping[tuple[str, str], float]:
    """The median of the last ten times, in seconds, by resource type and action (create, update, delete)."""
    found: dict[tuple[str, str], list[float]] = {}
    for run in runs:
        for event in run.events:
            if event.get("type") == "resource":
                key = str(event.get("resource_type", "")), str(event.get("action", ""))
                found.setdefault(key, []).append(float(event.get("elapsed_s", 0.0)))
    return {key: statistics.median(times[-_LOOKED_AT:]) for key, times in found.items()}
