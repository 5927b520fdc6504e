"""How long resources usually take, from past runs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping

from anomalyctl.provisioning.ledger import Run

_LOOKED_AT = 10


def usual_durations(runs: Iterable[Run]) -> Mapping[tuple[str, str], float]:
    """The median of the last ten times, in seconds, by address or type, and action (create, update, delete).

    What is at an address takes as long as it took there; where it was never made, as its type elsewhere.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for run in runs:
        for event in run.events:
            if event.get("type") == "resource":
                for name in filter(None, (event.get("address"), event.get("resource_type"))):
                    times = found.setdefault((str(name), str(event.get("action", ""))), [])
                    times.append(float(event.get("elapsed_s", 0.0)))
    return {key: statistics.median(times[-_LOOKED_AT:]) for key, times in found.items()}
