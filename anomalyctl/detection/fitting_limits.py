"""Alarm limits of a source: what a model of the first three quarters of a window says of its last quarter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.calibration import ALARM, Calibration, calibrate
from anomalyctl.detection.fitting_residuals import fit_residuals, in_a_run
from anomalyctl.detection.fitting_vectors import fit_vectors
from anomalyctl.detection.habits import INTERRUPTION_ROWS
from anomalyctl.detection.holding import Holding
from anomalyctl.detection.residuals import ResidualScorer
from anomalyctl.detection.vectors import VectorModel, VectorScorer
from anomalyctl.detection.window import Matrix, Vector, Window

LEARNT_SHARE: Final = 0.75
MOST_LEFT_OUT: Final = 0.2
"""Share of the rows that may be taken for a fault; more of them are the plant's ordinary life."""
_OUTLYING: Final = 6.0
"""Distances from median to upper quartile of ln s at which a row is outlying: 4 standard deviations."""
_FEWEST_OUTLYING: Final = 8
_ROUNDS: Final = 2
# Smallest limits, in the order of the scorers' STATISTICS; and the powers of `_caution` that widen them: what
# sums over all tags has most parameters to be wrong about.
_RESIDUAL_CAUTION = np.array([1.0, 1.0, 2.0])
_VECTOR_CAUTION = np.array([3.0, 2.5, 3.0, 1.0])
_RESIDUAL_FLOORS = np.array([6.0, 7.5, 0.75])
_VECTOR_FLOORS = np.array([0.42, 1.85, 0.5, 6.3])


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Limits, and what they were worked out with."""

    residual_limits: Calibration
    vector_limits: Calibration
    vectors: VectorModel
    clean: Window
    """The window, with rows that look like a fault blanked."""
    false_alarm_rate: float
    """Of all the rows held back, those that look like a fault too; the higher of the two tiers'."""


def calibrate_on_rows_held_back(
    window: Window, fast: tuple[str, ...], dense: tuple[str, ...], cadence_s: float, caution: float
) -> Calibrated:
    """Fit on the first rows, score all; once more without the rows that stand out, if there are such.

    `caution`: how much wider the limits of `operations` shall be. A fault in the learnt rows would teach a
    model that it is normal, and one in the rows held back would make its limits deaf.
    """
    scored = _score(window, window, fast, dense, cadence_s)
    outlying = np.zeros(len(window), dtype=bool)
    clean = window
    for _ in range(_ROUNDS):
        found = outlying | _outlying(scored)
        if not found.any() or found.mean() > MOST_LEFT_OUT or np.array_equal(found, outlying):
            break
        outlying = found
        clean = _blanked(window, outlying)
        scored = _score(clean, window, fast, dense, cadence_s)
    learnt = np.arange(len(window)) < learnt_rows(len(window))
    settled = np.arange(len(window)) >= min(60, int(learnt.sum()) // 4)
    early, later = settled & learnt & ~outlying, ~learnt & ~outlying
    if not later.any():
        later = ~learnt
    by_tag, together = scored.by_tag, scored.together
    residual_limits = calibrate(by_tag[early], by_tag[later], _RESIDUAL_FLOORS, caution**_RESIDUAL_CAUTION)
    vector_limits = calibrate(together[early], together[later], _VECTOR_FLOORS, caution**_VECTOR_CAUTION)
    rates = (
        float((limits.u(statistics[~learnt]).max(axis=1) >= ALARM).mean())
        for limits, statistics in ((residual_limits, by_tag), (vector_limits, together))
    )
    return Calibrated(residual_limits, vector_limits, scored.vectors, clean, max(rates))


def learnt_rows(rows: int) -> int:
    """How many of a window's rows the limits' model learns from."""
    return int(rows * LEARNT_SHARE)


@dataclass(frozen=True, slots=True)
class _Scored:
    vectors: VectorModel
    by_tag: Matrix
    together: Matrix
    """`[rows, statistics]` of the whole window."""


def _score(
    clean: Window, window: Window, fast: tuple[str, ...], dense: tuple[str, ...], cadence_s: float
) -> _Scored:
    learnt = learnt_rows(len(clean))
    residuals = fit_residuals(clean.columns(fast), fast, cadence_s, learnt)
    vectors = fit_vectors(clean.columns(dense), dense, cadence_s, learnt)
    by_tag, _ = run(ResidualScorer(residuals, cadence_s), window, cadence_s)
    together, _ = run(VectorScorer(vectors, cadence_s), window, cadence_s)
    return _Scored(vectors, by_tag, together)


def _outlying(scored: _Scored) -> NDArray[np.bool_]:
    """Rows far beyond the others, where several come together; single ones are a heavy tail. `[rows]`"""
    logs = np.log(np.maximum(np.hstack([scored.by_tag, scored.together]), 1e-9))
    median, quartile = np.quantile(logs, [0.5, 0.75], axis=0)
    far = (logs > median + _OUTLYING * np.maximum(quartile - median, 0.05)).any(axis=1)
    runs = in_a_run(far[:, None])[:, 0] & far
    return runs if runs.sum() >= _FEWEST_OUTLYING else np.zeros_like(runs)


def _blanked(window: Window, outlying: NDArray[np.bool_]) -> Window:
    values = np.where(outlying[:, None], np.nan, window.values)
    return Window(window.source, window.times_ms, window.tags, values)


def run(
    scorer: ResidualScorer | VectorScorer, window: Window, cadence_s: float
) -> tuple[Matrix, dict[str, Vector]]:
    """Statistics of every row, `[rows, statistics]`, and the scorer's state after the last."""
    values = window.columns(scorer.model.tags)
    follows = np.diff(window.times_ms, prepend=window.times_ms[:1]) <= INTERRUPTION_ROWS * 1000.0 * cadence_s
    rows = []
    for row, follow in zip(values, follows, strict=True):
        if not follow:
            scorer.interrupt()
        rows.append(scorer.score(row))
    state = {**scorer.state(), **Holding(len(scorer.model.tags)).state()}
    return np.array(rows), {name: vector.copy() for name, vector in state.items()}
