"""Fits what is known of a source: limits from a model of three quarters of a window, then one of all rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from anomalyctl.detection.baseline import time_constant_s
from anomalyctl.detection.calibration import ALARM, Calibration, calibrate
from anomalyctl.detection.fitting_residuals import fit_residuals
from anomalyctl.detection.fitting_vectors import fit_vectors
from anomalyctl.detection.habits import INTERRUPTION_ROWS, Habits, habits_of
from anomalyctl.detection.holding import Holding
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.residuals import ResidualScorer
from anomalyctl.detection.vectors import VectorModel, VectorScorer
from anomalyctl.detection.window import Matrix, Vector, Window
from anomalyctl.errors import PreconditionFailed
from anomalyctl.telemetry.tags import TagRegistry

MIN_ROWS: Final = 360
"""An hour of readings every 10 s: less says nothing about what is usual."""
FEWEST_ROWS: Final = 120
"""What the arithmetic needs."""
MOST_ROWS: Final = 8_640
LEARNT_SHARE: Final = 0.75
MOST_FALSE_ALARMS: Final = 0.01
"""Share of the newest rows that a fresh model may alarm on."""
MOST_TAGS: Final = 400
MOST_VECTOR_TAGS: Final = 150
"""Bounds on what is modelled, so that memory and time stay bounded whatever a source sends."""

_MEMORY = 10.0
"""Time constants after which nothing is left of a scorer's beginning."""
# Smallest limits, in the order of the scorers' STATISTICS; and the powers of `_caution` that widen them: what
# sums over all tags has most parameters to be wrong about.
_RESIDUAL_CAUTION = np.array([1.0, 1.0, 2.0])
_VECTOR_CAUTION = np.array([3.0, 2.5, 3.0, 1.0])
_RESIDUAL_FLOORS = np.array([6.0, 7.5, 0.75])
_VECTOR_FLOORS = np.array([0.42, 1.85, 0.5, 6.3])


def fit_model(
    window: Window, registry: TagRegistry, *, fitted_at: datetime, version: str, refuse: bool = True
) -> SourceModel:
    """Fit and calibrate on the newest `MOST_ROWS` readings of a window.

    A model of the first three quarters is tried on the last one, which gives the limits; then one of all rows
    is fitted, to be used with them. Rows that look like a fault are left out of learning. Raises
    PreconditionFailed where there are fewer than `MIN_ROWS` readings, where no tag moves, or where the first
    model alarms on more than 1 % of the last quarter: then the rows hold a fault, and the model in use is the
    better one. With `refuse` False there is no better one: noise is no reason, and `FEWEST_ROWS` suffice.
    """
    least = MIN_ROWS if refuse else FEWEST_ROWS
    if len(window) < least:
        raise PreconditionFailed(
            f"{window.source} has {len(window)} readings, a model needs {least}",
            hint="Wait for more readings; limits alone alarm until then.",
            details={"rows": len(window), "rows_needed": least},
        )
    window = window.rows(max(0, len(window) - MOST_ROWS))
    learnt = int(len(window) * LEARNT_SHARE)
    cadence_s = float(np.median(np.diff(window.times_ms))) / 1000.0
    habits = habits_of(window, cadence_s)
    seen = np.isfinite(window.values[:learnt]).mean(axis=0)
    fast, dense = _chosen(habits, registry, cadence_s, seen)
    if not fast:
        raise PreconditionFailed(
            f"{window.source} has no tag that changes from reading to reading",
            hint="Look whether the sender repeats old values.",
            details={"tags": len(window.tags)},
        )
    calibration = _calibrated(window, fast, dense, cadence_s, learnt)
    if refuse:
        _refuse_a_noisy_model(window.source, calibration)
    rows = len(window)
    residuals = fit_residuals(window.columns(fast), fast, cadence_s, rows)
    vectors = fit_vectors(window.columns(dense), dense, cadence_s, rows, calibration.vectors)
    memorable = window.rows(max(0, rows - int(_MEMORY * time_constant_s(cadence_s) / cadence_s)))
    _, residual_end = run(ResidualScorer(residuals, cadence_s), memorable, cadence_s)
    _, vector_end = run(VectorScorer(vectors, cadence_s), memorable, cadence_s)
    return SourceModel(
        version=version,
        source=window.source,
        fitted_at=fitted_at,
        rows=len(window),
        cadence_s=cadence_s,
        last_ms=int(window.times_ms[-1]),
        habits=habits,
        residuals=residuals,
        residual_limits=calibration.residual_limits,
        vectors=vectors,
        vector_limits=calibration.vector_limits,
        end={"statistical": residual_end, "ml": vector_end},
    )


@dataclass(frozen=True, slots=True)
class _Calibrated:
    """What a model of the first three quarters says of the last one."""

    residual_limits: Calibration
    vector_limits: Calibration
    vectors: VectorModel
    false_alarm_rate: float
    """The higher of the two tiers'."""


def _calibrated(
    window: Window, fast: tuple[str, ...], dense: tuple[str, ...], cadence_s: float, learnt: int
) -> _Calibrated:
    residuals = fit_residuals(window.columns(fast), fast, cadence_s, learnt)
    vectors = fit_vectors(window.columns(dense), dense, cadence_s, learnt)
    caution = _caution(len(window))
    by_tag, _ = run(ResidualScorer(residuals, cadence_s), window, cadence_s)
    together, _ = run(VectorScorer(vectors, cadence_s), window, cadence_s)
    settled = min(60, learnt // 4)
    residual_limits = calibrate(
        by_tag[settled:learnt], by_tag[learnt:], _RESIDUAL_FLOORS, caution**_RESIDUAL_CAUTION
    )
    vector_limits = calibrate(
        together[settled:learnt], together[learnt:], _VECTOR_FLOORS, caution**_VECTOR_CAUTION
    )
    rates = (
        float((limits.u(newest).max(axis=1) >= ALARM).mean())
        for limits, newest in ((residual_limits, by_tag[learnt:]), (vector_limits, together[learnt:]))
    )
    return _Calibrated(residual_limits, vector_limits, vectors, max(rates))


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


def _chosen(
    habits: Habits, registry: TagRegistry, cadence_s: float, seen: Vector
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Fast tags, and those of them that are nearly always there; the registry's core first where too many.

    `seen`: share of the learnt readings that hold the tag, which may differ from that of all readings.
    """
    core = set(registry.core)
    fast = np.flatnonzero(habits.is_fast(cadence_s) & (np.minimum(habits.presence, seen) >= 0.25))
    ordered = sorted(
        fast, key=lambda at: (habits.tags[at] not in core, habits.tags[at] not in registry.tags, at)
    )
    kept = ordered[:MOST_TAGS]
    steady = np.minimum(habits.presence, seen) >= 0.9
    dense = [at for at in kept if steady[at] and not registry.tag(habits.tags[at]).intermittent]
    names = habits.tags
    return (
        tuple(names[at] for at in sorted(kept)),
        tuple(names[at] for at in sorted(dense[:MOST_VECTOR_TAGS])),
    )


def _caution(rows: int) -> float:
    """How much wider the limits are for a short history: 1.12 after an hour, 1 after a day."""
    return 1.0 + 0.12 * max(0.0, math.log(MOST_ROWS / rows) / math.log(MOST_ROWS / MIN_ROWS))


def _refuse_a_noisy_model(source: str, calibration: _Calibrated) -> None:
    rate = calibration.false_alarm_rate
    if rate > MOST_FALSE_ALARMS:
        raise PreconditionFailed(
            f"the model of {source} alarms on {rate:.1%} of the newest readings, at most 1 % is accepted",
            hint="The newest readings may hold a fault; fit again after a quiet hour.",
            details={"false_alarm_rate": rate},
        )
