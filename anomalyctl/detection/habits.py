"""How each tag usually behaves in time: how often it changes, how long it is away, how fast it moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from anomalyctl.detection.window import Matrix, Vector, Window

RATE_ROWS: Final = 15
"""The rate of change is the difference over this many readings: 150 s at the usual cadence."""
RATE_QUANTILE: Final = 0.999
MOST_CHANGES: Final = 48
"""Changes of a slow tag that are kept."""
FAST_ROWS: Final = 3.0
"""A tag whose usual change interval is at most this many readings is fast."""
INTERRUPTION_ROWS: Final = 5
"""Missed readings after which the next one does not follow the last."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Per tag of the window, `[tags]` unless said; NaN where the window could not tell."""

    tags: tuple[str, ...]
    change_interval_s: Vector
    """Median time between two changes."""
    longest_still_s: Vector
    changes: Vector
    """How many changes the window held."""
    presence: Vector
    """Share of the readings that hold the tag."""
    longest_absence_s: Vector
    """The longest the tag was missing between two readings that held it; 0 where it never was."""
    rate: Vector
    """99.9 % point of the absolute difference over `RATE_ROWS` readings."""
    last_changes: Matrix
    """`[tags, MOST_CHANGES]`: the newest changes, newest last, NaN before them; of slow tags only."""
    observed_s: Vector
    """`[1]`: how long the window was."""

    def is_fast(self, cadence_s: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which tags change (nearly) every reading; `[tags]`."""
        often = self.change_interval_s <= FAST_ROWS * cadence_s * 1.5
        return np.asarray(often & (self.changes >= 20))


def habits_of(window: Window, cadence_s: float) -> Habits:
    """Observe a window; NaN-aware, one tag at a time. While nothing arrived at all, time stands still."""
    count = len(window.tags)
    steps_s = np.diff(window.times_ms) / 1000.0
    steps_s = np.where(steps_s > INTERRUPTION_ROWS * cadence_s, cadence_s, steps_s)
    seconds = np.concatenate([np.zeros(min(1, len(window))), np.cumsum(steps_s)])
    interval, still, absence, rate = (np.full(count, np.nan) for _ in range(4))
    changes, presence = np.zeros(count), np.zeros(count)
    last_changes = np.full((count, MOST_CHANGES), np.nan)
    for column in range(count):
        values = window.values[:, column]
        at = np.flatnonzero(values == values)
        presence[column] = at.size / max(1, len(window))
        if at.size < 2:
            continue
        held, times = values[at], seconds[at]
        absence[column] = max(0.0, float(np.diff(times).max()) - 1.5 * cadence_s)
        moved = np.flatnonzero(np.diff(held) != 0) + 1
        changes[column] = moved.size
        if moved.size:
            gaps = np.diff(times[moved])
            edges = [times[moved[0]] - times[0], times[-1] - times[moved[-1]]]
            still[column] = max(float(gaps.max(initial=0.0)), *edges)
            interval[column] = float(np.median(gaps)) if gaps.size else np.nan
        if moved.size >= 2 and interval[column] > FAST_ROWS * cadence_s * 1.5:
            steps = np.diff(held)[moved - 1][-MOST_CHANGES:]
            last_changes[column, MOST_CHANGES - steps.size :] = steps
        rate[column] = _rate(values)
    return Habits(
        tags=window.tags,
        change_interval_s=interval,
        longest_still_s=still,
        changes=changes,
        presence=presence,
        longest_absence_s=absence,
        rate=rate,
        last_changes=last_changes,
        observed_s=np.array([seconds[-1] - seconds[0]]) if len(window) else np.zeros(1),
    )


def _rate(values: Vector) -> float:
    differences = np.abs(values[RATE_ROWS:] - values[:-RATE_ROWS])
    differences = differences[differences == differences]
    if differences.size < 100:
        return float("nan")
    return float(np.quantile(differences, RATE_QUANTILE))
