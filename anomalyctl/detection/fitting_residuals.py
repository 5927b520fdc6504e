"""Learns the per-tag model: AR(2) on deviations from the baseline, with what looks like a fault left out."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.baseline import SETTLED, Baseline
from anomalyctl.detection.residuals import LARGEST_RESIDUAL, SPAN, ResidualModel
from anomalyctl.detection.window import Matrix, Vector

OUTLIER: Final = 6.0
"""Robust standard deviations at which a row is left out of learning."""
FAR_OFF: Final = 9.0
"""Standard deviations from the baseline at which a row is no part of normal operation."""
_RUN_ROWS: Final = 10
_CROWD: Final = 3


def fit_residuals(values: Matrix, tags: tuple[str, ...], cadence_s: float, learnt: int) -> ResidualModel:
    """Fit on rows `[:learnt]` of `[rows, tags]`; needs scikit-learn for the shrunk covariance."""
    centre, scale = robust_scale(values[:learnt])
    deviations = deviations_of((values - centre) / scale, cadence_s)
    lags, sigma = _autoregression(deviations[:learnt])
    residuals = standard_residuals(deviations, lags, sigma)
    clean = np.where(np.abs(residuals[:learnt]) > OUTLIER, np.nan, residuals[:learnt])
    present = np.asarray(np.isfinite(deviations[:learnt]).any(axis=1))
    present[:SETTLED] = False
    means = _running_means(residuals)[:learnt][present]
    return ResidualModel(
        tags=tags,
        centre=centre,
        scale=scale,
        lags=lags,
        sigma=sigma,
        tail=tails(residuals[:learnt]),
        mean_sigma=np.maximum(_spread(means), 0.8 * (1.0 / SPAN) ** 0.5),
        precision=shrunk_precision(np.nan_to_num(clean[present])),
    )


def robust_scale(values: Matrix) -> tuple[Vector, Vector]:
    """Median and standard deviation (from the median absolute deviation, but not far below the plain one)."""
    centre = np.nanmedian(values, axis=0)
    scale = _spread(values - centre)
    return centre, np.where(scale > 0, scale, 1.0)


def deviations_of(standard: Matrix, cadence_s: float) -> Matrix:
    """What the baseline leaves of standardised values, `[rows, tags]`; NaN while it settles."""
    baseline = Baseline(standard.shape[1], cadence_s)
    rows = []
    for row in standard:
        settled = baseline.seen >= SETTLED
        rows.append(np.where(settled, baseline.deviation(row), np.nan))
    return np.array(rows)


def standard_residuals(deviations: Matrix, lags: Matrix, sigma: Vector) -> Matrix:
    """(d - φ1 d' - φ2 d'') / σ, `[rows, tags]`; NaN where a lag is missing."""
    residuals = np.full_like(deviations, np.nan)
    residuals[2:] = deviations[2:] - lags[0] * deviations[1:-1] - lags[1] * deviations[:-2]
    return residuals / sigma


def tails(residuals: Matrix) -> Vector:
    """At least 1: by how much the 99.9 % point of a tag exceeds that of a normal one; `[tags]`."""
    if not residuals.size:
        return np.ones(residuals.shape[1])
    sizes = np.abs(np.nan_to_num(residuals))
    sizes[in_a_run(sizes > OUTLIER)] = 0.0
    return np.asarray(np.maximum(1.0, np.quantile(sizes, 0.999, axis=0) / 3.6))


def in_a_run(outlying: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where `_CROWD` outliers come within `_RUN_ROWS`: a fault, where single ones are a heavy tail."""
    total = np.cumsum(np.pad(outlying, ((_RUN_ROWS, _RUN_ROWS), (0, 0))), axis=0)
    around: NDArray[np.intp] = total[2 * _RUN_ROWS - 1 :][: len(outlying)] - total[: len(outlying)]
    return np.asarray(around >= _CROWD)


def shrunk_precision(rows: Matrix) -> Matrix:
    """Inverse covariance, shrunk as Ledoit and Wolf (2004) say; `[tags, tags]`."""
    from sklearn.covariance import LedoitWolf

    if rows.shape[1] == 0:
        return np.zeros((0, 0))
    bounded = np.clip(rows, -OUTLIER, OUTLIER)
    return np.asarray(LedoitWolf(assume_centered=True).fit(bounded).precision_)


def _autoregression(deviations: Matrix) -> tuple[Matrix, Vector]:
    """φ `[2, tags]` by least squares, twice: the second time without the outliers of the first; and σ."""
    count = deviations.shape[1]
    lags, sigma = np.zeros((2, count)), np.ones(count)
    for column in range(count):
        now, before, earlier = deviations[2:, column], deviations[1:-1, column], deviations[:-2, column]
        usable = np.isfinite(now) & np.isfinite(before) & np.isfinite(earlier)
        usable &= np.abs(np.nan_to_num(now)) < FAR_OFF
        for _ in range(2):
            if usable.sum() < 30:
                break
            past = np.stack([before[usable], earlier[usable]], axis=1)
            gram = past.T @ past + 1e-2 * usable.sum() * np.eye(2)
            lags[:, column] = np.linalg.solve(gram, past.T @ now[usable])
            residual = now - lags[0, column] * before - lags[1, column] * earlier
            sigma[column] = float(_spread(residual[usable][:, None])[0]) or 1.0
            usable &= np.abs(np.nan_to_num(residual, nan=np.inf)) < OUTLIER * sigma[column]
    return lags, sigma


def _running_means(residuals: Matrix) -> Matrix:
    bounded = np.clip(np.nan_to_num(residuals), -LARGEST_RESIDUAL, LARGEST_RESIDUAL)
    means, mean = np.zeros_like(bounded), np.zeros(bounded.shape[1])
    for row, now in enumerate(bounded):
        mean = mean + 2.0 / (SPAN + 1) * (now - mean)
        means[row] = mean
    return means


def _spread(centred: Matrix) -> Vector:
    """Standard deviation that a tenth of outliers leaves alone; the plain one of a tag that rarely moves."""
    middle = 1.4826 * np.nanmedian(np.abs(centred), axis=0)
    low, high = np.nanquantile(centred, [0.1, 0.9], axis=0)
    robust = np.maximum(middle, 0.9 * (high - low) / 2.563)
    return np.asarray(np.where(robust > 0, robust, 0.7 * np.nanstd(centred, axis=0)))
