"""What the pipeline did in the span: how many readings were judged, late, half judged or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.times import parse_time

_SILENCE_INTERVALS: Final = 3
_SILENCE_S: Final = 300.0
"""A gap of more than three intervals, and of five minutes at least, is a silence."""


@dataclass(frozen=True, slots=True)
class Judging:
    """One source's readings."""

    source: str
    judged: int
    expected: int
    """Readings that the source's interval promises for the span."""
    anomalous: int
    late: int
    warming_up: int
    half_judged: int
    """A tier was missing."""
    longest_silence_s: float
    models: tuple[str, ...]


@dataclass
class Collected:
    """One pass over the verdicts of a source: what the trends and the figures need, and no more."""

    source: str
    registry: TagRegistry
    seconds: list[float] = field(default_factory=list)
    values: dict[str, list[float | None]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    models: dict[str, None] = field(default_factory=dict)

    def judging(self, length_s: float) -> Judging:
        """The figures of the span."""
        moments = [0.0, *self.seconds, length_s]
        gaps = [after - before for before, after in pairwise(moments)]
        longest = max(gaps, default=0.0)
        least = max(_SILENCE_INTERVALS * self.registry.cadence_s, _SILENCE_S)
        return Judging(
            source=self.source,
            judged=len(self.seconds),
            expected=round(length_s / self.registry.cadence_s),
            anomalous=self.counts["anomaly"],
            late=self.counts["late"],
            warming_up=self.counts["warming-up"],
            half_judged=self.counts["half judged"],
            longest_silence_s=longest if longest > least else 0.0,
            models=tuple(self.models),
        )


def collect(
    source: str, verdicts: Iterable[Mapping[str, Any]], registry: TagRegistry, *, start: datetime
) -> Collected:
    """Read the verdicts once, oldest first."""
    found = Collected(source, registry, values={tag: [] for tag in registry.core})
    for verdict in verdicts:
        told, raw = verdict["explanation"], verdict["raw_data"]
        found.seconds.append((parse_time(verdict["timestamp"]) - start).total_seconds())
        for tag, held in found.values.items():
            held.append(raw.get(tag))
        found.counts["anomaly"] += verdict["final_status"] == "anomaly"
        found.counts["late"] += bool(told.get("late"))
        found.counts["warming-up"] += told.get("state") == "warming-up"
        found.counts["half judged"] += bool(told.get("tiers_missing"))
        if version := told.get("model_version"):
            found.models[version] = None
    return found


def lasting(seconds: float) -> str:
    """`45 s`, `7 min`, `2 h 5 min` or `3 d 4 h`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, hours = whole // 60, whole // 3_600
    if hours == 0:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h"
