"""Where each tag is expected to be: a slow level and slope, followed at a bounded pace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from anomalyctl.detection.window import Vector

TIME_CONSTANT_S: Final = 1800.0
"""Long beside any disturbance that should alarm, short beside the day whose cycle it has to follow."""
_MOST_LEAST_ROWS: Final = 4_000.0
_USUAL_CADENCE_S: Final = 10.0
LARGEST_STEP: Final = 1.5
"""Standard deviations of one reading that may pull the level: a fault is learnt in hours, not in minutes."""
SETTLED: Final = 20
"""Readings before a tag's deviation means anything."""


def time_constant_s(cadence_s: float) -> float:
    """`TIME_CONSTANT_S`; longer where readings are rare.

    The means that alarm look back on up to 40 readings, however far apart they are: the baseline must stay
    slow beside them.
    """
    slower = max(1.0, cadence_s / _USUAL_CADENCE_S)
    rows = TIME_CONSTANT_S / cadence_s
    return cadence_s * max(rows, min(_MOST_LEAST_ROWS, rows * slower * slower))


class Baseline:
    """Damped trend of standardised values, per tag, one reading at a time.

    `level += slope + gain · clip(x - level - slope)`, `slope += slope_gain · clip(…)`: Holt's double
    exponential smoothing, critically damped, with Huber's bounded influence. The gain starts at one over the
    readings seen, so that a cold start averages first. The slope is what follows a daily cycle without lag.
    A deviation is NaN where the tag is missing; a tag that was away for a time constant starts anew.
    """

    FIELDS: Final = ("seen", "absent", "level", "slope", "before", "earlier")

    def __init__(self, tags: int, cadence_s: float, state: Mapping[str, Vector] | None = None) -> None:
        forget = 1.0 - min(0.5, cadence_s / time_constant_s(cadence_s))
        self._gain = 1.0 - forget * forget
        self._slope_gain = (1.0 - forget) ** 2
        self._memory_rows = time_constant_s(cadence_s) / cadence_s
        self._old_enough = max(self._memory_rows / 2, 1.0 / self._gain)
        self._steady = False
        given = state or self._empty(tags)
        self.seen, self.absent, self.level, self.slope, self.before, self.earlier = (
            given[name].copy() for name in self.FIELDS
        )

    def state(self) -> dict[str, Vector]:
        """Everything that the next step needs, `[tags]` each."""
        return {name: getattr(self, name) for name in self.FIELDS}

    def interrupt(self) -> None:
        """Forget the lags: the next reading does not follow the last one."""
        self.before = np.full_like(self.before, np.nan)
        self.earlier = self.before

    def deviation(self, values: Vector) -> Vector:
        """Standardised values minus what was expected; then learn from them."""
        if self._steady or bool((self.seen >= self._old_enough).all()):
            self._steady = True
            return self._steadily(values)
        return self._gradually(values)

    def _steadily(self, values: Vector) -> Vector:
        """As `_gradually` where every tag has long been seen: both gains are at their smallest."""
        deviation = values - (self.level + self.slope)
        present = values == values
        if present.all():
            pull = np.minimum(np.maximum(deviation, -LARGEST_STEP), LARGEST_STEP)
            self.level = self.level + self.slope + self._gain * pull
            self.absent = np.zeros_like(self.absent)
        else:
            pull = np.minimum(np.maximum(np.where(present, deviation, 0.0), -LARGEST_STEP), LARGEST_STEP)
            self.level = self.level + present * self.slope + self._gain * pull
            self.absent = np.where(present, 0.0, self.absent + 1.0)
        self.slope = self.slope + self._slope_gain * pull
        self.seen = self.seen + present
        self._begin_anew()
        return deviation

    def _gradually(self, values: Vector) -> Vector:
        present = values == values
        expected = self.level + self.slope
        new = self.seen == 0
        deviation = np.where(new, np.where(present, 0.0, np.nan), values - expected)
        pull = np.clip(np.where(present, deviation, 0.0), -LARGEST_STEP, LARGEST_STEP)
        gain = np.maximum(self._gain, 1.0 / (self.seen + 1.0))
        self.level = np.where(new & present, values, self.level + present * self.slope + gain * pull)
        self.slope = self.slope + np.where(self.seen >= self._memory_rows / 2, self._slope_gain, 0.0) * pull
        self.seen = self.seen + present
        self.absent = np.where(present, 0.0, self.absent + 1.0)
        self._begin_anew()
        return deviation

    def _begin_anew(self) -> None:
        """With the tags that were away for too long."""
        gone = self.absent > self._memory_rows
        if gone.any():
            self._steady = False
            self.seen[gone] = 0.0
            self.slope[gone] = 0.0

    def remember(self, deviation: Vector) -> None:
        """Make the deviation of this reading the lag of the next."""
        self.earlier, self.before = self.before, deviation

    def _empty(self, tags: int) -> dict[str, Vector]:
        nothing = np.full(tags, np.nan)
        zeros = np.zeros(tags)
        return dict(zip(self.FIELDS, (zeros, zeros, zeros, zeros, nothing, nothing), strict=True))
