"""One score from the statistics of both computing tiers, for rows that stand by themselves."""

from __future__ import annotations

from typing import Final

import numpy as np

from anomalyctl.detection.calibration import Limit
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.residuals import STATISTICS as RESIDUAL_STATISTICS
from anomalyctl.detection.vectors import STATISTICS as VECTOR_STATISTICS
from anomalyctl.detection.window import Vector

LASTING: Final = ("residual", "vector", "energy", "components")
"""What looks back on many readings: one chart of each family."""
SUDDEN: Final = ("spike", "jump")
"""What a single reading shows: to its own tag's past, and to the other tags."""


class Evidence:
    """Mean u of the lasting statistics, or of the sudden ones where that is larger.

    A mean, because each chart errs in its own way: on benchmarks it beats every member. A statistic that the
    model could not learn (too few rows for components, a single tag for vectors) has no voice.
    """

    def __init__(self, model: SourceModel, limit: Limit) -> None:
        self._model, self._limit = model, limit
        names = (*RESIDUAL_STATISTICS, *VECTOR_STATISTICS)
        silent = set() if model.vectors.tags else set(VECTOR_STATISTICS)
        if not model.vectors.components.shape[1]:
            silent.add("components")
        self._lasting = np.array([names.index(name) for name in LASTING if name not in silent])
        self._sudden = np.array([names.index(name) for name in SUDDEN if name not in silent])

    def score(self, residual: Vector, vector: Vector) -> float:
        """u of one reading from the statistics of `ResidualScorer` and `VectorScorer`."""
        model, limit = self._model, self._limit
        u = np.concatenate([model.residual_limits.u(residual, limit), model.vector_limits.u(vector, limit)])
        return float(max(u[self._lasting].mean(), u[self._sudden].mean()))

    def score_alone(self, spike: float, shift: float) -> float:
        """u of a tag that is too often missing for a voice in any other chart than its own past's."""
        return float(self._model.residual_limits.u(np.array([spike, shift, 0.0]), self._limit)[:2].max())
