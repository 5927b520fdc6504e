"""Rate of change: a jump larger than the source's own history has shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.habits import RATE_ROWS
from anomalyctl.detection.window import Matrix, Vector


def jumps(times_ms: NDArray[np.int64], values: Matrix, limit: Vector, cadence_s: float) -> NDArray[np.bool_]:
    """`[rows, tags]`: where a tag moved further than `limit` within `RATE_ROWS` readings.

    The value must also lie that far (half of it) from the median of the readings in between: the return from
    a single spike is not a jump. A limit of NaN is none; nothing is judged across a gap.
    """
    found = np.zeros(values.shape, dtype=bool)
    if len(values) <= RATE_ROWS:
        return found
    moved = np.abs(values[RATE_ROWS:] - values[:-RATE_ROWS]) > limit
    if not moved.any():
        return found
    horizon_ms = 1000.0 * cadence_s * RATE_ROWS
    unbroken = times_ms[RATE_ROWS:] - times_ms[:-RATE_ROWS] <= 1.5 * horizon_ms
    moved &= unbroken[:, None]
    for at in np.flatnonzero(moved.any(axis=1)):
        row = RATE_ROWS + at
        columns = np.flatnonzero(moved[at])
        usual = np.nanmedian(values[row - RATE_ROWS : row, columns], axis=0)
        found[row, columns] = np.abs(values[row, columns] - usual) > limit[columns] / 2
    return found
