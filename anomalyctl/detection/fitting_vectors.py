"""Learns the cross-tag model with scikit-learn: ridge VAR(2), a shrunk covariance, principal components."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.baseline import SETTLED
from anomalyctl.detection.fitting_residuals import (
    FAR_OFF,
    OUTLIER,
    deviations_of,
    robust_scale,
    shrunk_precision,
    tails,
)
from anomalyctl.detection.vectors import LONG_SPAN, SHORT_SPAN, VectorModel
from anomalyctl.detection.window import Matrix, Vector

RIDGES: Final = (0.01, 0.1, 1.0, 10.0)
"""Penalties per row that are tried; what predicts the last fifth of the learnt rows best is kept."""
ROWS_PER_COMPONENT: Final = 10
"""Learnt rows that each input of the principal components needs; with fewer there are none."""
EXPLAINED: Final = 0.9
"""Share of the variance that the kept components hold."""


def fit_vectors(
    values: Matrix,
    tags: tuple[str, ...],
    cadence_s: float,
    learnt: int,
    calibrated: VectorModel | None = None,
) -> VectorModel:
    """Fit on rows `[:learnt]` of `[rows, tags]`.

    The rows after them tell `spread`; where there are none, `calibrated` has it, the model that the limits
    are from: what that one has no components for gets none either.
    """
    centre, scale = robust_scale(values[:learnt]) if tags else (np.zeros(0), np.zeros(0))
    deviations = deviations_of((values - centre) / scale, cadence_s)
    present = np.asarray(np.isfinite(deviations).any(axis=1))
    everything = np.nan_to_num(deviations)
    known = everything[:learnt]
    now, past = known[2:], np.hstack([known[1:-1], known[:-2]])
    clean = np.all(np.abs(now) < FAR_OFF, axis=1)
    clean &= (present[2:] & present[1:-1] & present[:-2])[: learnt - 2]
    clean[: 2 * SETTLED] = False
    coefficients = _coefficients(now[clean], past[clean])
    innovations = now - past @ coefficients.T
    sigma = _held_out_sigma(now[clean], past[clean], innovations[clean])
    standard = innovations / sigma
    clean &= np.all(np.abs(standard) < OUTLIER, axis=1)
    precision = shrunk_precision(standard[clean] if clean.any() else standard)
    if calibrated is not None:
        spread = calibrated.spread
    else:
        before = np.hstack([everything[learnt - 1 : -1], everything[learnt - 2 : -2]])
        later = (everything[learnt:] - before @ coefficients.T)[present[learnt:]]
        spread = _later_spread(later / sigma, precision)
    conditional = (standard @ precision) / (np.sqrt(np.diag(precision)) * spread)
    component_scale, components = _components(known, present[:learnt])
    if calibrated is not None and not calibrated.components.shape[1]:
        components = calibrated.components
    return VectorModel(
        tags=tags,
        centre=centre,
        scale=scale,
        coefficients=coefficients,
        sigma=sigma,
        precision=precision,
        spread=spread,
        tail=tails(conditional[2 * SETTLED :]) if tags else np.zeros(0),
        component_scale=component_scale,
        components=components,
    )


def _coefficients(now: Matrix, past: Matrix) -> Matrix:
    from sklearn.linear_model import Ridge

    rows, tags = now.shape
    if tags == 0 or rows < 30:
        return np.zeros((tags, 2 * tags))
    early = int(rows * 0.8)

    def error(ridge: float) -> float:
        fitted = Ridge(alpha=ridge * early, fit_intercept=False).fit(past[:early], now[:early])
        return float(np.mean((now[early:] - fitted.predict(past[early:]).reshape(now[early:].shape)) ** 2))

    best = min(RIDGES, key=error)
    fitted = Ridge(alpha=best * rows, fit_intercept=False).fit(past, now)
    return np.asarray(fitted.coef_).reshape(tags, 2 * tags)


def _held_out_sigma(now: Matrix, past: Matrix, innovations: Matrix) -> Vector:
    spread = 1.4826 * np.median(np.abs(innovations), axis=0) if innovations.size else np.ones(now.shape[1])
    plain = innovations.std(axis=0) if innovations.size else spread
    sigma = np.maximum(spread, 0.7 * plain)
    return np.where(sigma > 1e-9, sigma, 1.0)


def _later_spread(innovations: Matrix, precision: Matrix) -> Vector:
    conditional = (innovations @ precision) / np.sqrt(np.diag(precision))
    if not len(conditional):
        return np.ones(conditional.shape[1])
    bounded = np.clip(conditional, -OUTLIER, OUTLIER)
    robust = 1.4826 * np.median(np.abs(bounded), axis=0)
    return np.asarray(np.maximum(1.0, np.maximum(robust, 0.8 * bounded.std(axis=0))))


def _components(deviations: Matrix, present: NDArray[np.bool_]) -> tuple[Vector, Matrix]:
    """Scale `[3 · tags]` and axes `[3 · tags, kept]` of the deviation and its two running means."""
    from sklearn.decomposition import PCA

    tags = deviations.shape[1]
    stacked = np.hstack([deviations, _running(deviations, SHORT_SPAN), _running(deviations, LONG_SPAN)])
    stacked = stacked[2 * SETTLED :][present[2 * SETTLED :]]
    if tags == 0 or len(stacked) < ROWS_PER_COMPONENT * 3 * tags:
        return np.ones(3 * tags), np.zeros((3 * tags, 0))
    scale = np.maximum(stacked.std(axis=0), 1e-9)
    standard = np.clip(stacked / scale, -OUTLIER, OUTLIER)
    fitted = PCA(n_components=EXPLAINED, svd_solver="full").fit(standard)
    return scale, np.ascontiguousarray(fitted.components_.T)


def _running(rows: Matrix, span: int) -> Matrix:
    means, mean = np.zeros_like(rows), np.zeros(rows.shape[1])
    for at, now in enumerate(rows):
        mean = mean + 2.0 / (span + 1) * (now - mean)
        means[at] = mean
    return means
