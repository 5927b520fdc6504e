"""What is missing from a vector, from what is there: its mean given the known entries."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.window import Matrix, Vector

_MOST_KEPT: Final = 64


class Completion:
    """For zero-mean vectors with a known inverse covariance P: x_m = -P_mm⁻¹ P_mk x_k.

    Then (P x)_m = 0: a missing entry contributes nothing to x' P x, and its siblings are not accused.
    """

    def __init__(self, precision: Matrix) -> None:
        self._precision = precision
        self._gains: dict[bytes, tuple[NDArray[np.intp], Matrix]] = {}

    def complete(self, vector: Vector, unknown: NDArray[np.bool_]) -> Vector:
        """The vector with its unknown entries filled in; `[tags]` each."""
        if not unknown.any():
            return vector
        key = unknown.tobytes()
        if key not in self._gains:
            if len(self._gains) >= _MOST_KEPT:
                self._gains.clear()
            missing = np.flatnonzero(unknown)
            block = self._precision[np.ix_(missing, missing)]
            gains = np.linalg.solve(block, self._precision[missing])
            self._gains[key] = (missing, np.asarray(gains, dtype=np.float64))
        missing, solved = self._gains[key]
        completed = np.where(unknown, 0.0, vector)
        completed[missing] = -(solved @ completed)
        return completed
