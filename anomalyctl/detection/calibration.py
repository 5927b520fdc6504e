"""From raw statistics to u: 0 is the median of clean rows, 1 their 99 % point, 3 the alarm limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from anomalyctl.detection.window import Matrix, Vector

ALARM: Final = 3.0
"""u at which a tier alarms."""
WARNING: Final = 2.0

Limit = Literal["operations", "benchmark"]
"""`operations`: from rows that the model was not fitted on, with room for the tail; quiet nights first.
`benchmark`: the 99 % point of the fit rows, as the public leaderboards set theirs."""

_SMALLEST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Calibration:
    """u = (ln s - median) / spread, per statistic; all `[statistics]`, of natural logarithms."""

    median: Vector
    spread: Vector
    fit_median: Vector
    fit_spread: Vector

    def u(self, statistics: Vector, limit: Limit = "operations") -> Vector:
        """u of `[..., statistics]`; a statistic that does not exist (0) is far below zero."""
        median, spread = (
            (self.median, self.spread) if limit == "operations" else (self.fit_median, self.fit_spread)
        )
        return np.asarray((np.log(np.maximum(statistics, _SMALLEST)) - median) / spread)

    def alarm_value(self, statistic: int) -> float:
        """The raw statistic at which u reaches the alarm limit of `operations`."""
        return float(np.exp(self.median[statistic] + ALARM * self.spread[statistic]))


def calibrate(fitted: Matrix, later: Matrix, floors: Vector, margin: float) -> Calibration:
    """Statistics of fit rows and of later rows, `[rows, statistics]`, to a calibration.

    The alarm limit is the largest of: `floors`; `margin` times the later rows' 99 % point; and the tail
    beyond it drawn on to where one row in 10⁵ lies, as an exponential of ln s. A later row in twenty may be
    a fault: the quantiles are taken of what lies within 3 times the median-to-90 % distance.
    """
    fit_median, fit_high = _quantiles(fitted)
    median, high = _quantiles(_trimmed(later))
    spread_99 = np.maximum(high - median, 1e-3)
    tail = high + _mean_excess(_trimmed(later), high) * np.log(0.01 / 1e-5)
    limit = np.maximum.reduce([np.log(floors), high + np.log(margin), tail])
    return Calibration(
        median=median,
        spread=np.maximum(spread_99, (limit - median) / ALARM),
        fit_median=fit_median,
        fit_spread=np.maximum(fit_high - fit_median, 1e-3),
    )


def _quantiles(statistics: Matrix) -> tuple[Vector, Vector]:
    logs = np.log(np.maximum(statistics, _SMALLEST))
    return np.asarray(np.median(logs, axis=0)), np.asarray(np.quantile(logs, 0.99, axis=0))


def _trimmed(statistics: Matrix) -> Matrix:
    logs = np.log(np.maximum(statistics, _SMALLEST))
    median = np.median(logs, axis=0)
    reach = 3.0 * np.maximum(np.quantile(logs, 0.9, axis=0) - median, 0.05)
    kept = np.all(logs <= median + reach, axis=1)
    return statistics[kept] if kept.mean() > 0.9 else statistics


def _mean_excess(statistics: Matrix, high: Vector) -> Vector:
    """Mean of ln s beyond the 99 % point: the scale of an exponential tail (Hill's estimator)."""
    logs = np.log(np.maximum(statistics, _SMALLEST))
    beyond = np.maximum(logs - high, 0.0)
    count = np.maximum((beyond > 0).sum(axis=0), 1)
    return np.asarray(beyond.sum(axis=0) / count)
