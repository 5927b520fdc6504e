"""From raw statistics to u: 0 is the median of clean rows, 1 their 99 % point, 3 the alarm limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from anomalyctl.detection.window import Matrix, Vector

ALARM: Final = 3.0
"""u at which a tier alarms."""
WARNING: Final = 2.0
MARGIN: Final = 1.25
"""Times the 99 % point of rows not learnt from, at least."""
REACH: Final = 2.5
"""Times the 99 % point of the fit rows that clean later rows stay below; over-fitting reached 1.8."""

Limit = Literal["operations", "benchmark"]
"""`operations`: from rows that the model was not fitted on, with room for the tail; quiet nights first.
`benchmark`: 4/3 of the 99.9 % point of all rows given to the fit, as the public leaderboards set theirs."""

_BENCHMARK_FACTOR: Final = 4.0 / 3.0
_SMALLEST: Final = 1e-9
_LEAST_SPREAD: Final = 1e-3
_ROWS_FOR_A_TAIL: Final = 1_000
_NORMAL_RATIO: Final = 0.75


@dataclass(frozen=True, slots=True)
class Calibration:
    """Natural logarithms of the statistics at three points, `[statistics]` each, for the two limits."""

    median: Vector
    high: Vector
    """The 99 % point of clean rows that were not learnt from: u = 1."""
    alarm: Vector
    """u = 3."""
    fit_median: Vector
    """The median of all rows given to the fit, and the benchmark's limit: u = 0 and 3 on one line."""
    fit_alarm: Vector

    def u(self, statistics: Vector, limit: Limit = "operations") -> Vector:
        """u of `[..., statistics]`: linear in ln s between and beyond the points; far below 0 for s = 0."""
        logs = _logarithms(statistics)
        if limit == "benchmark":
            return np.asarray(ALARM * (logs - self.fit_median) / (self.fit_alarm - self.fit_median))
        below = (logs - self.median) / (self.high - self.median)
        above = 1.0 + (ALARM - 1.0) * (logs - self.high) / (self.alarm - self.high)
        return np.where(logs > self.high, above, below)

    def alarm_value(self, statistic: int) -> float:
        """The raw statistic at which u reaches the alarm limit of `operations`."""
        return float(np.exp(self.alarm[statistic]))


def calibrate(fitted: Matrix, later: Matrix, floors: Vector, caution: Vector) -> Calibration:
    """Statistics of fit rows and of later rows, `[rows, statistics]`, to a calibration.

    The alarm limit is `caution` times the largest of: `floors`; `MARGIN` times the later rows' 99 % point;
    their tail, drawn on from there to where one row in 10⁵ lies. Later rows may hold a fault: what lies
    beyond `REACH` times the fit rows' 99 % point is left out, and counts as a false alarm later.
    """
    learnt_median, learnt_high = _quantiles(_trimmed(_logarithms(fitted)))
    logs = _logarithms(later)
    plausible = np.all(logs <= learnt_high + np.log(REACH), axis=1)
    logs = logs[plausible] if plausible.any() else np.stack([learnt_median, learnt_high])
    median, high = _quantiles(logs)
    given = _logarithms(np.vstack([fitted, later]))
    given_median = np.median(given, axis=0)
    benchmark = np.quantile(given, 0.999, axis=0) + np.log(_BENCHMARK_FACTOR)
    alarm = np.maximum.reduce([np.log(floors), high + np.log(MARGIN), high + _tail(logs, high)])
    return Calibration(
        median=median,
        high=np.maximum(high, median + _LEAST_SPREAD),
        alarm=np.maximum(alarm + np.log(caution), median + ALARM * _LEAST_SPREAD),
        fit_median=np.asarray(given_median),
        fit_alarm=np.maximum(benchmark, given_median + ALARM * _LEAST_SPREAD),
    )


def _tail(logs: Matrix, high: Vector) -> Vector:
    """How far ln s goes on beyond its 99 % point until one row in 10⁵ lies beyond.

    The mean excess e over a quantile is what ln s gains per factor e in rarity; for a heavy tail it stays
    (Hill 1975), for a light one it shrinks by a ratio r per decade, so the three decades add up to
    ln 10 · e₉₉ (1 + r + r²). No tail is taken for lighter than a normal one; few rows cannot tell r at all.
    """
    over_90 = _mean_excess(logs, np.quantile(logs, 0.9, axis=0))
    if len(logs) < _ROWS_FOR_A_TAIL:
        over_99, ratio = _NORMAL_RATIO * over_90, np.full_like(over_90, _NORMAL_RATIO)
    else:
        over_99 = _mean_excess(logs, high)
        ratio = np.clip(over_99 / np.maximum(over_90, _SMALLEST), _NORMAL_RATIO, 1.0)
    decades = 1.0 + ratio + ratio**2
    return np.asarray(np.log(10.0) * over_99 * decades)


def _mean_excess(logs: Matrix, quantile: Vector) -> Vector:
    beyond = np.maximum(logs - quantile, 0.0)
    return np.asarray(beyond.sum(axis=0) / np.maximum((beyond > 0).sum(axis=0), 1))


def _logarithms(statistics: Matrix) -> Matrix:
    return np.asarray(np.log(np.maximum(statistics, _SMALLEST)))


def _quantiles(logs: Matrix) -> tuple[Vector, Vector]:
    return np.asarray(np.median(logs, axis=0)), np.asarray(np.quantile(logs, 0.99, axis=0))


def _trimmed(logs: Matrix) -> Matrix:
    """Without the rows beyond 3 times the distance from median to 90 % point, where those are few."""
    median = np.median(logs, axis=0)
    reach = 3.0 * np.maximum(np.quantile(logs, 0.9, axis=0) - median, 0.05)
    kept = np.all(logs <= median + reach, axis=1)
    return logs[kept] if kept.mean() > 0.9 else logs
