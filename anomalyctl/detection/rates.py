"""Rate of change: a jump larger than the source's own history has shown."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.habits import RATE_ROWS
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import Matrix, Window

MARGIN: Final = 2.0
"""Times the 99.9 % point of the history: that itself is passed every thousandth reading, by each tag."""


def jumps(window: Window, names: tuple[str, ...], model: SourceModel | None) -> NDArray[np.bool_]:
    """`[rows, names]`: where a fast tag moved further within `RATE_ROWS` readings than it ever does.

    The value must also lie that far (half of it) from the median of the readings in between: the return from
    a single spike is not a jump. Without a model nothing is.
    """
    found = np.zeros((len(window), len(names)), dtype=bool)
    if model is None or len(window) <= RATE_ROWS:
        return found
    limit = _limits(model, names)
    values = window.columns(names)
    horizon_ms = 1000.0 * model.cadence_s * RATE_ROWS
    times = window.times_ms
    rows = np.arange(RATE_ROWS, len(window))
    unbroken = times[rows] - times[rows - RATE_ROWS] <= 1.5 * horizon_ms
    with np.errstate(invalid="ignore"):
        moved = np.abs(values[rows] - values[rows - RATE_ROWS]) > limit
    moved &= unbroken[:, None]
    for at in np.flatnonzero(moved.any(axis=1)):
        row = rows[at]
        columns = np.flatnonzero(moved[at])
        between: Matrix = values[row - RATE_ROWS : row, columns]
        usual = np.nanmedian(between, axis=0)
        found[row, columns] = np.abs(values[row, columns] - usual) > limit[columns] / 2
    return found


def _limits(model: SourceModel, names: tuple[str, ...]) -> NDArray[np.float64]:
    fast = model.habits.is_fast(model.cadence_s)
    by_name = {
        name: MARGIN * rate
        for name, rate, quick in zip(model.habits.tags, model.habits.rate, fast, strict=True)
        if quick and rate > 0
    }
    return np.array([by_name.get(name, np.nan) for name in names])
