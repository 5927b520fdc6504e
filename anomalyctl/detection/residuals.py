"""Per-tag scores: how far each tag is from what its own past says. Scored in numpy, one reading at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from anomalyctl.detection.baseline import SETTLED, Baseline
from anomalyctl.detection.completion import Completion
from anomalyctl.detection.window import Matrix, Vector

SPAN: Final = 15
"""Readings that the running mean of the residuals looks back on."""
LARGEST_RESIDUAL: Final = 8.0
"""Standard deviations that one reading may add to a running mean: a spike must not look like a shift."""
STATISTICS: Final = ("spike", "shift", "residual")
"""The largest residual of any tag; the largest running mean of any tag; the running means of all together."""


@dataclass(frozen=True, slots=True)
class ResidualModel:
    """AR(2) on deviations from the baseline, per tag; every array is `[tags]` unless said."""

    tags: tuple[str, ...]
    centre: Vector
    scale: Vector
    lags: Matrix
    """`[2, tags]`: coefficients on the last and the last but one deviation."""
    sigma: Vector
    """Standard deviation of the residual."""
    tail: Vector
    """At least 1: how much heavier than normal the tag's residuals were."""
    mean_sigma: Vector
    """Standard deviation of the running mean of the standardised residual."""
    precision: Matrix
    """`[tags, tags]`: inverse covariance of the standardised residuals."""


class ResidualScorer:
    """Scores readings against a `ResidualModel`; its state is a few vectors, whatever the history's length.

    With deviation d and residual z = (d - φ1 d' - φ2 d'') / σ, and m its exponentially weighted mean over
    about `SPAN` readings: spike = max |z| / tail, shift = max |m| / σ_m, residual = √(m' Σ⁻¹ m / tags), the
    MEWMA chart of Lowry et al. 1992. What is missing contributes nothing.
    """

    FIELDS: Final = (*Baseline.FIELDS, "mean")

    def __init__(
        self, model: ResidualModel, cadence_s: float, state: Mapping[str, Vector] | None = None
    ) -> None:
        self.model = model
        count = len(model.tags)
        self.baseline = Baseline(count, cadence_s, state)
        self.mean = state["mean"].copy() if state else np.zeros(count)
        self._completion = Completion(model.precision)
        self.residual = np.zeros(count)
        self.spikes = np.zeros(count)
        self.shifts = np.zeros(count)
        self._ahead = self._predicted = np.zeros(count)

    def state(self) -> dict[str, Vector]:
        """What the next reading needs, `[tags]` each."""
        return {**self.baseline.state(), "mean": self.mean}

    def interrupt(self) -> None:
        """The next reading does not follow the last one."""
        self.baseline.interrupt()

    @property
    def settled(self) -> bool:
        """Whether enough readings were seen for any tag's score to mean something."""
        return bool(self.baseline.seen.size) and bool(self.baseline.seen.max() > SETTLED)

    @property
    def expected(self) -> Vector:
        """What the last reading was expected to be, `[tags]` in the model's units."""
        predicted = np.where(self._predicted == self._predicted, self._predicted, 0.0)
        return np.asarray(self.model.centre + self.model.scale * (self._ahead + predicted))

    def score(self, values: Vector) -> Vector:
        """The three `STATISTICS` of one reading, `values` in the model's tags and units; then learn it."""
        model, baseline = self.model, self.baseline
        standard = (values - model.centre) / model.scale
        known = baseline.seen >= SETTLED
        before, earlier = baseline.before, baseline.earlier
        self._ahead = baseline.level + baseline.slope
        deviation = baseline.deviation(standard)
        predicted = self._predicted = model.lags[0] * before + model.lags[1] * earlier
        residual = (deviation - predicted) / model.sigma
        unknown = ~known | (residual != residual)
        self.residual = np.where(unknown, 0.0, residual)
        completed = self._completion.complete(self.residual, unknown)
        clipped = np.minimum(np.maximum(completed, -LARGEST_RESIDUAL), LARGEST_RESIDUAL)
        self.mean = self.mean + 2.0 / (SPAN + 1) * (clipped - self.mean)
        baseline.remember(deviation)
        self.spikes = np.abs(self.residual) / model.tail
        self.shifts = np.where(unknown, 0.0, np.abs(self.mean) / model.mean_sigma)
        together = float(self.mean @ (model.precision @ self.mean)) / max(1, self.mean.size)
        return np.array(
            [self.spikes.max(initial=0.0), self.shifts.max(initial=0.0), max(0.0, together) ** 0.5]
        )
