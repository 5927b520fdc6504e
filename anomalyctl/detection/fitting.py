"""Fits what is known of a source: limits from a model of three quarters of a window, then one of all rows."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

import numpy as np

from anomalyctl.detection.baseline import time_constant_s
from anomalyctl.detection.fitting_limits import Calibrated, calibrate_on_rows_held_back, learnt_rows, run
from anomalyctl.detection.fitting_residuals import fit_residuals
from anomalyctl.detection.fitting_vectors import fit_vectors
from anomalyctl.detection.habits import Habits, habits_of
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.residuals import ResidualScorer
from anomalyctl.detection.vectors import VectorScorer
from anomalyctl.detection.window import Vector, Window
from anomalyctl.errors import PreconditionFailed
from anomalyctl.telemetry.tags import TagRegistry

MIN_ROWS: Final = 360
"""An hour of readings every 10 s: less says nothing about what is usual."""
FEWEST_ROWS: Final = 120
"""What the arithmetic needs."""
MOST_ROWS: Final = 8_640
MOST_FALSE_ALARMS: Final = 0.01
"""Share of the newest rows that a fresh model may alarm on."""
MOST_TAGS: Final = 400
MOST_VECTOR_TAGS: Final = 150
"""Bounds on what is modelled, so that memory and time stay bounded whatever a source sends."""
_MEMORY: Final = 10.0
"""Time constants after which nothing is left of a scorer's beginning."""


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
    learnt = learnt_rows(len(window))
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
    calibrated = calibrate_on_rows_held_back(window, fast, dense, cadence_s, caution(len(window)))
    if refuse:
        _refuse_a_noisy_model(window.source, calibrated)
    clean, rows = calibrated.clean, len(window)
    residuals = fit_residuals(clean.columns(fast), fast, cadence_s, rows)
    vectors = fit_vectors(clean.columns(dense), dense, cadence_s, rows, calibrated.vectors)
    memorable = clean.rows(max(0, rows - int(_MEMORY * time_constant_s(cadence_s) / cadence_s)))
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
        residual_limits=calibrated.residual_limits,
        vectors=vectors,
        vector_limits=calibrated.vector_limits,
        end={"statistical": residual_end, "ml": vector_end},
    )


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


def _refuse_a_noisy_model(source: str, calibrated: Calibrated) -> None:
    rate = calibrated.false_alarm_rate
    if rate > MOST_FALSE_ALARMS:
        raise PreconditionFailed(
            f"the model of {source} alarms on {rate:.1%} of the newest readings, at most 1 % is accepted",
            hint="The newest readings may hold a fault; fit again after a quiet hour.",
            details={"false_alarm_rate": rate},
        )


def caution(rows: int) -> float:
    """How much wider the limits are for a short history: 1.12 after an hour, 1 after a day."""
    return 1.0 + 0.12 * max(0.0, math.log(MOST_ROWS / rows) / math.log(MOST_ROWS / MIN_ROWS))
