"""A sensor's resolution: values are whole steps, written without the noise of binary fractions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Resolution:
    """The steps of several sensors, one a column."""

    def __init__(self, steps: Sequence[float]) -> None:
        fractions = [_exact(step) for step in steps]
        self._numerators = np.array([numerator for numerator, _ in fractions])
        self._denominators = np.array([denominator for _, denominator in fractions])

    def round(self, values: Floats, columns: int | slice = slice(None)) -> Floats:
        """The nearest whole steps, n·p / q for a decimal step p / q: 40.01, never 40.010000000000005."""
        numerator, denominator = self._numerators[columns], self._denominators[columns]
        return np.asarray(np.round(values * denominator / numerator) * numerator / denominator)


def step_below(size: float) -> float:
    """The largest power of ten that is not above `size`; 1 for a size that is not positive."""
    return float(Decimal(1).scaleb(math.floor(math.log10(size)))) if size > 0 else 1.0


def _exact(step: float) -> tuple[float, float]:
    """The decimal that people wrote as a fraction of two whole numbers."""
    numerator, denominator = Decimal(repr(step)).as_integer_ratio()
    return float(numerator), float(denominator)
