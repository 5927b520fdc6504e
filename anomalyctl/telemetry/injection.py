"""Putting faults into telemetry: each changes what one sensor says, never what the plant does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from anomalyctl.telemetry.process import Behaviour
from anomalyctl.telemetry.resolution import Resolution
from anomalyctl.telemetry.simulator import Telemetry

FaultKind = Literal[
    "spike", "level-shift", "drift", "stuck", "dropout", "correlation-break", "late", "malformed"
]

_SWING_ROWS: Final = 12
"""Readings in one swing of a tag that no longer follows its neighbours."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault at its place: rows with from_ms <= time < until_ms."""

    kind: FaultKind
    tag: str
    from_ms: int
    until_ms: int
    size: float | None
    behaviour: Behaviour | None
    """None for a fault of the whole reading."""
    held_ms: int
    """A tag that changes each hour changes under a fault each hour, too."""


class Injector:
    """Applies faults to telemetry whole or in consecutive parts, with the same result.

    spike, level-shift: value + size · noise;  drift: value + size · noise · t / duration;
    stuck: the value at the fault's first row;  dropout: missing;
    correlation-break: typical + size · noise · sin(2π t / 12 rows), whatever the neighbours do.
    """

    def __init__(self, faults: Sequence[Fault], interval_ms: int) -> None:
        self._faults = tuple(faults)
        self._interval_ms = interval_ms
        self._held: dict[int, float] = {}

    def apply(self, telemetry: Telemetry) -> Telemetry:
        """A copy with the faults in it; parts are given in the order of time."""
        values = telemetry.values.copy()
        delays, malformed = dict(telemetry.delays_ms), dict(telemetry.malformed)
        for index, fault in enumerate(self._faults):
            rows = np.flatnonzero(
                (telemetry.times_ms >= fault.from_ms) & (telemetry.times_ms < fault.until_ms)
            )
            if not len(rows):
                continue
            times = telemetry.times_ms[rows]
            if fault.kind == "late":
                # Held back as by a gateway without a line: delivered together, after all are overtaken.
                due_ms = fault.until_ms + round(((fault.size or 1.0) - 1.0) * self._interval_ms)
                delays |= {time_ms: due_ms - time_ms for time_ms in times.tolist()}
            elif fault.kind == "malformed":
                malformed |= dict.fromkeys(times.tolist(), fault.tag)
            else:
                column = telemetry.tags.index(fault.tag)
                values[rows, column] = self._changed(index, fault, times, values[rows, column])
        return replace(telemetry, values=values, delays_ms=delays, malformed=malformed)

    def _changed(
        self, index: int, fault: Fault, times: NDArray[np.int64], values: NDArray[Any]
    ) -> NDArray[Any]:
        if fault.kind == "dropout":
            return np.full_like(values, np.nan)
        if fault.kind == "stuck":
            if index not in self._held and not np.isnan(values).all():
                self._held[index] = float(values[~np.isnan(values)][0])
            return np.full_like(values, self._held.get(index, np.nan))
        assert fault.behaviour is not None and fault.size is not None  # noqa: S101 - parse_fault sees to it
        behaviour, step = fault.behaviour, fault.size * fault.behaviour.noise
        elapsed = times - fault.from_ms
        if fault.held_ms > self._interval_ms:
            elapsed = np.maximum(times // fault.held_ms * fault.held_ms - fault.from_ms, 0)
        if fault.kind == "drift":
            values = values + step * elapsed / (fault.until_ms - fault.from_ms)
        elif fault.kind == "correlation-break":
            angle = 2 * np.pi * elapsed / (_SWING_ROWS * self._interval_ms)
            # What is missing stays missing.
            values = values * 0 + behaviour.typical + step * np.sin(angle)
        else:
            values = values + step
        return Resolution([behaviour.resolution]).round(values, 0)
