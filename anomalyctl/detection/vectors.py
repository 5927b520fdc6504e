"""Cross-tag scores: how far a reading is from what all tags together say. Scored in numpy, one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from anomalyctl.detection.baseline import SETTLED, Baseline
from anomalyctl.detection.completion import Completion
from anomalyctl.detection.window import Matrix, Vector

SPAN: Final = 30
"""Readings that the running means of innovation and energy look back on."""
SHORT_SPAN: Final = 10
LONG_SPAN: Final = 40
"""Readings of the two running means that the principal components see beside the reading itself."""
LARGEST_INNOVATION: Final = 8.0
LARGEST_ENERGY: Final = 25.0
"""Bounds on what one reading may add to a running mean: a spike must not look like a lasting change."""
STATISTICS: Final = ("vector", "energy", "components", "jump")
"""Mahalanobis length of the mean innovation; largest mean energy of any tag given the others; squared
prediction error of the principal components; largest single innovation of any tag given the others."""


@dataclass(frozen=True, slots=True)
class VectorModel:
    """Ridge VAR(2) of deviations from the baseline, and principal components of three time scales."""

    tags: tuple[str, ...]
    centre: Vector
    scale: Vector
    coefficients: Matrix
    """`[tags, 2 · tags]`: on the last and the last but one deviation of every tag."""
    sigma: Vector
    precision: Matrix
    """`[tags, tags]`: inverse covariance (Ledoit and Wolf 2004) of the standardised innovations."""
    spread: Vector
    """At least 1: standard deviation of the innovation given the others', on rows not learnt from."""
    tail: Vector
    """At least 1: how much heavier than normal the tag's innovations given the others were."""
    component_scale: Vector
    """`[3 · tags]`: standard deviation of the deviation and its two running means."""
    components: Matrix
    """`[3 · tags, kept]`; no columns at all where the history was too short for them."""


class VectorScorer:
    """Scores readings against a `VectorModel`.

    Innovation e = (d - A [d', d'']) / σ; P = Σ⁻¹. The innovation of tag j given the others' is
    v_j = (P e)_j / √P_jj, of unit variance, and (P e)_j² / P_jj is what the Mahalanobis length loses when
    tag j is taken as unknown (reconstruction-based contribution, Alcala and Qin 2009): so it names the faulty
    tag, not the ones whose prediction it spoils. What is missing is set to its conditional mean, which makes
    its contribution zero.
    """

    FIELDS: Final = (*Baseline.FIELDS, "mean", "energy", "short", "long")

    def __init__(
        self, model: VectorModel, cadence_s: float, state: Mapping[str, Vector] | None = None
    ) -> None:
        self.model = model
        count = len(model.tags)
        self.baseline = Baseline(count, cadence_s, state)
        zeros = np.zeros(count)
        given = state or {"mean": zeros, "energy": np.ones(count), "short": zeros, "long": zeros}
        self.mean, self.energy, self.short, self.long = (
            given[name].copy() for name in ("mean", "energy", "short", "long")
        )
        self._diagonal = np.sqrt(np.diag(model.precision)) if count else zeros
        self._unit = self._diagonal * model.spread
        self._completion = Completion(model.precision)
        self._lasting: tuple[Matrix, Vector] | None = None
        self.innovation = zeros
        self.conditional = zeros
        self._ahead = self._predicted = zeros

    def state(self) -> dict[str, Vector]:
        """What the next reading needs, `[tags]` each."""
        own = {"mean": self.mean, "energy": self.energy, "short": self.short, "long": self.long}
        return {**self.baseline.state(), **own}

    def interrupt(self) -> None:
        """The next reading does not follow the last one."""
        self.baseline.interrupt()

    @property
    def settled(self) -> bool:
        """Whether enough readings were seen for a score to mean something."""
        return bool(self.baseline.seen.size) and bool(self.baseline.seen.max() > SETTLED)

    @property
    def expected(self) -> Vector:
        """What the last reading was expected to be, `[tags]` in the model's units."""
        return np.asarray(self.model.centre + self.model.scale * (self._ahead + self._predicted))

    def score(self, values: Vector) -> Vector:
        """The four `STATISTICS` of one reading, `values` in the model's tags and units; then learn it."""
        model, baseline = self.model, self.baseline
        known = baseline.seen >= SETTLED
        before, earlier = _filled(baseline.before), _filled(baseline.earlier)
        unlagged = (baseline.before != baseline.before) | (baseline.earlier != baseline.earlier)
        self._ahead = baseline.level + baseline.slope
        deviation = baseline.deviation((values - model.centre) / model.scale)
        predicted = self._predicted = model.coefficients @ np.concatenate([before, earlier])
        innovation = (deviation - predicted) / model.sigma
        unknown = ~known | unlagged | (innovation != innovation)
        self.innovation = self._completion.complete(innovation, unknown)
        baseline.remember(deviation)
        seen = np.where(known, _filled(deviation), 0.0)
        self._update_means(seen)
        return self._statistics(seen)

    def _update_means(self, seen: Vector) -> None:
        self.conditional = (self.model.precision @ self.innovation) / self._unit
        clipped = np.minimum(np.maximum(self.innovation, -LARGEST_INNOVATION), LARGEST_INNOVATION)
        rate = 2.0 / (SPAN + 1)
        self.mean = self.mean + rate * (clipped - self.mean)
        squares = np.minimum(self.conditional * self.conditional, LARGEST_ENERGY)
        self.energy = self.energy + rate * (squares - self.energy)
        self.short = self.short + 2.0 / (SHORT_SPAN + 1) * (seen - self.short)
        self.long = self.long + 2.0 / (LONG_SPAN + 1) * (seen - self.long)

    def _statistics(self, seen: Vector) -> Vector:
        model, count = self.model, max(1, self.mean.size)
        length = float(self.mean @ (model.precision @ self.mean)) / count
        return np.array(
            [
                max(0.0, length) ** 0.5,
                self.energy.max(initial=0.0) ** 0.5,
                self._unexplained(seen),
                float((np.abs(self.conditional) / model.tail).max(initial=0.0)),
            ]
        )

    def _unexplained(self, seen: Vector) -> float:
        """√Q: length of what the principal components of the three time scales leave over."""
        if not self.model.components.shape[1]:
            return 0.0
        left = self.left_over(seen)
        return float(np.sqrt(left @ left))

    def left_over(self, seen: Vector) -> Vector:
        """`[3 · tags]`: standardised deviations at three time scales minus their projection."""
        scales = np.concatenate([seen, self.short, self.long]) / self.model.component_scale
        axes = self.model.components
        return scales - axes @ (axes.T @ scales)

    def contributions(self) -> Vector:
        """`[tags]`, not negative: how much likelier the last readings are if the tag alone is at fault.

        Log-likelihood ratios of a shift (of the innovations' mean, alone or with what the lags make of it),
        of a larger variance w over the span n of the means (n (w - 1 - ln w) / 4), and of a jump v (v² / 2).
        """
        weighted = self.model.precision @ self.mean
        alone = weighted * weighted / (self._unit * self._unit)
        if self._lasting is None:
            self._lasting = self._signatures()
        pulled, length = self._lasting
        lasting = (pulled.T @ self.mean) ** 2 / length
        shift = SPAN * np.maximum(alone, lasting) / 2.0
        energy = np.maximum(self.energy, 1.0)
        wilder = SPAN * (energy - 1.0 - np.log(energy)) / 4.0
        return np.asarray(shift + wilder + self.conditional * self.conditional / 2.0)

    def _signatures(self) -> tuple[Matrix, Vector]:
        """What a lasting offset of each tag does to all innovations through the lags, times P; its length."""
        model, count = self.model, len(self.model.tags)
        effect = np.eye(count) - model.coefficients[:, :count] - model.coefficients[:, count:]
        effect = effect / model.sigma[:, None]
        weighted = model.precision @ effect
        length = np.einsum("ij,ij->j", effect, weighted)
        return weighted, np.maximum(length, 1e-9)


def _filled(vector: Vector) -> Vector:
    return np.where(vector == vector, vector, 0.0)
