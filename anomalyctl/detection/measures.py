"""How good alarms and scores are beside the truth, row by row; nothing is point-adjusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.window import Vector

VOLUME_WINDOW: Final = 60
"""Rows of the widest buffer in `volume_under_pr`, as the SKAB figures of TSB-AD's users have it."""
_THRESHOLDS: Final = 250

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by truth and alarm."""

    true_alarms: int = 0
    false_alarms: int = 0
    missed: int = 0
    quiet: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.true_alarms + other.true_alarms,
            self.false_alarms + other.false_alarms,
            self.missed + other.missed,
            self.quiet + other.quiet,
        )

    @property
    def f1(self) -> float | None:
        """2 TP / (2 TP + FP + FN); None where there is neither an anomaly nor an alarm."""
        return _ratio(2 * self.true_alarms, 2 * self.true_alarms + self.false_alarms + self.missed)

    @property
    def false_alarm_rate(self) -> float | None:
        """FP / (FP + TN), 0 to 1: SKAB's FAR."""
        return _ratio(self.false_alarms, self.false_alarms + self.quiet)

    @property
    def missed_alarm_rate(self) -> float | None:
        """FN / (FN + TP), 0 to 1: SKAB's MAR."""
        return _ratio(self.missed, self.missed + self.true_alarms)


def count(anomalous: Flags, alarms: Flags) -> Counts:
    """Both `[rows]`."""
    return Counts(
        int((anomalous & alarms).sum()),
        int((~anomalous & alarms).sum()),
        int((anomalous & ~alarms).sum()),
        int((~anomalous & ~alarms).sum()),
    )


def faults(anomalous: Flags) -> list[tuple[int, int]]:
    """First row and the row after the last of each run of anomalous rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], anomalous, [False]]).astype(np.int8)))
    return [(int(first), int(stop)) for first, stop in edges.reshape(-1, 2)]


def delays(anomalous: Flags, alarms: Flags, times_ms: NDArray[np.int64]) -> list[float]:
    """Seconds from the first row of each fault to its first alarm; faults without one are left out."""
    found = []
    for first, stop in faults(anomalous):
        at = np.flatnonzero(alarms[first:stop])
        if at.size:
            found.append(float(times_ms[first + int(at[0])] - times_ms[first]) / 1000.0)
    return found


def average_precision(anomalous: Flags, scores: Vector) -> float | None:
    """Area under precision over recall as a sum of steps, equal scores together; None without both kinds."""
    if not anomalous.any() or anomalous.all():
        return None
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(anomalous[order])
    last = np.append(np.diff(scores[order]) != 0, True)
    recall = hits[last] / hits[-1]
    precision = hits[last] / (np.flatnonzero(last) + 1)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def volume_under_pr(anomalous: Flags, scores: Vector, window: int = VOLUME_WINDOW) -> float | None:
    """VUS-PR: the mean area under range-aware precision over recall, for buffers of 0 to `window` rows.

    Around each fault the truth falls off as √(1 - distance / buffer) over half a buffer to either side;
    recall is weighed with the share of faults that were found at all (Paparrizos et al., "Volume under the
    surface", 2022; thresholds and conventions of TSB-AD, whose figure this is). None without both kinds.
    """
    if not anomalous.any() or anomalous.all():
        return None
    rows, truth = len(scores), anomalous.astype(np.float64)
    ranked = -np.sort(-scores)
    thresholds = ranked[np.linspace(0, rows - 1, _THRESHOLDS).astype(int)]
    alarms = (scores >= thresholds[:, None]).astype(np.float64)
    until = np.concatenate([np.zeros((_THRESHOLDS, 1)), np.cumsum(alarms, axis=1)], axis=1)
    spans, alarmed, anomalies = faults(anomalous), alarms.sum(axis=1), truth.sum()
    total = 0.0
    for buffer in range(window + 1):
        soft = _buffered(truth, spans, buffer)
        merged = _merged(spans, buffer // 2, rows)
        first, stop = np.array(merged).T
        existence = (until[:, stop] > until[:, first]).mean(axis=1)
        hits = alarms @ soft
        labels = anomalies + alarms @ (soft * (1.0 - truth))
        recall = np.minimum(hits / ((anomalies + labels) / 2.0), 1.0) * existence
        total += float(np.diff(recall, prepend=0.0) @ (hits / alarmed))
    return total / (window + 1)


def _buffered(truth: Vector, spans: list[tuple[int, int]], buffer: int) -> Vector:
    soft, rows = truth.copy(), len(truth)
    for first, stop in spans:
        after = np.arange(stop, min(stop + buffer // 2, rows))
        soft[after] += np.sqrt(1.0 - (after - stop + 1) / max(buffer, 1))
        before = np.arange(max(first - buffer // 2, 0), first)
        soft[before] += np.sqrt(1.0 - (first - before) / max(buffer, 1))
    return np.minimum(soft, 1.0)


def _merged(spans: list[tuple[int, int]], half: int, rows: int) -> list[tuple[int, int]]:
    """Spans widened by `half` rows on either side; those that touch become one."""
    merged: list[tuple[int, int]] = []
    for first, stop in spans:
        start, end = max(first - half, 0), min(stop + half, rows)
        if merged and merged[-1][1] > start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
