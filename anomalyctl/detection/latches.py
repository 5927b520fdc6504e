"""Alarm limits with dead-band and delays, for all tags at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.standing import Standing
from anomalyctl.detection.window import Matrix, Vector
from anomalyctl.telemetry.tags import AlarmType

SEVEREST_FIRST: Final = (AlarmType.HIGH_HIGH, AlarmType.LOW_LOW, AlarmType.HIGH, AlarmType.LOW)
_UPWARDS: Final = np.array([1.0, -1.0, 1.0, -1.0])[:, None]


class Latches:
    """One latch per limit and tag, `[4, tags]`, in the order of `SEVEREST_FIRST`.

    A latch closes once its limit has been passed for the tag's on-delay, and opens once the value has been
    back inside by the dead-band for the off-delay; any reading in between starts the delay anew. A reading
    without the tag changes nothing.
    """

    def __init__(self, standing: Standing, memory: Mapping[str, Any] | None = None) -> None:
        self.names, self.limits = standing.names, standing.limits
        self._beyond_at = self.limits * _UPWARDS
        self._back_at = self._beyond_at - standing.dead_band
        self._on_ms, self._off_ms = standing.on_ms, standing.off_ms
        self.closed: NDArray[np.bool_] = np.zeros(self.limits.shape, dtype=bool)
        self._since = np.full(self.limits.shape, np.nan)
        self._upper, self._lower = np.fmin(*self.limits[[0, 2]]), np.fmax(*self.limits[[1, 3]])
        if isinstance(memory, Mapping) and memory:
            for column, name in enumerate(self.names):
                self._recall(column, memory.get(name))
        self.idle = self._is_idle()
        """Nothing is closed and no delay is running: a reading inside all limits changes nothing."""

    def beyond(self, values: Matrix) -> NDArray[np.bool_]:
        """Which rows of `[rows, tags]` have any value past a limit; `[rows]`."""
        return np.asarray(((values > self._upper) | (values < self._lower)).any(axis=1))

    def step(self, values: Vector, now_ms: int) -> None:
        """One reading, `[tags]`, NaN where missing, at `now_ms`."""
        outward = values * _UPWARDS
        wanted = np.where(self.closed, outward <= self._back_at, outward > self._beyond_at)
        settled = np.where(self.closed, outward > self._back_at, outward <= self._beyond_at)
        self._since = np.where(settled, np.nan, self._since)
        self._since = np.where(wanted & (self._since != self._since), float(now_ms), self._since)
        delay = np.where(self.closed, self._off_ms, self._on_ms)
        turned = wanted & (now_ms - self._since >= delay)
        self.closed = self.closed ^ turned
        self._since = np.where(turned, np.nan, self._since)
        self.idle = self._is_idle()

    def alarms(self, present: NDArray[np.bool_]) -> list[tuple[int, AlarmType, float]]:
        """Column, alarm and limit of each tag in alarm, its severest only; of tags that are present."""
        found = []
        for column in np.flatnonzero(self.closed.any(axis=0) & present):
            rank = int(np.argmax(self.closed[:, column]))
            found.append((int(column), SEVEREST_FIRST[rank], float(self.limits[rank, column])))
        return found

    def memory(self) -> dict[str, Any]:
        """What must be known after this reading, by tag; tags at rest are left out."""
        busy = np.flatnonzero((self.closed | (self._since == self._since)).any(axis=0))
        return {
            self.names[column]: [
                [bool(closed) for closed in self.closed[:, column]],
                [None if since != since else int(since) for since in self._since[:, column]],
            ]
            for column in busy
        }

    def _is_idle(self) -> bool:
        return not (self.closed.any() or (self._since == self._since).any())

    def _recall(self, column: int, remembered: Any) -> None:
        match remembered:
            case [[_, _, _, _] as closed, [_, _, _, _] as since]:
                self.closed[:, column] = [flag is True for flag in closed]
                self._since[:, column] = [at if isinstance(at, int) else np.nan for at in since]
