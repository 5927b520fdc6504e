"""Tier 2: each tag against its own past: residuals of fast tags, changes of slow ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anomalyctl.detection.baseline import time_constant_s
from anomalyctl.detection.calibration import ALARM
from anomalyctl.detection.findings import Fired, explanation, tag_verdict
from anomalyctl.detection.holding import Holding
from anomalyctl.detection.memory import LARGEST_MEMORY, pack, unpack
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.residuals import ResidualScorer
from anomalyctl.detection.slow_tags import SlowTags
from anomalyctl.detection.window import Columns, Window
from anomalyctl.telemetry.tags import AlarmType, TagRegistry
from anomalyctl.telemetry.verdicts import TagVerdict

FAR: Final = 2.0
"""Alarm limits that a deviation must reach to be called High-High or Low-Low rather than High or Low."""
SMALLEST_SHARE: Final = 0.05


class StatisticalTier:
    """Judges rows of a window in order.

    alarm_type has the direction of the deviation: High or Low past the model's limit, High-High or Low-Low at
    twice the limit and more (the specification's sample shows High-High from this tier). It is no alarm
    limit of the registry; `explanation` says which.
    """

    def __init__(
        self,
        window: Window,
        registry: TagRegistry,
        model: SourceModel,
        memory: Mapping[str, Any] | None,
    ) -> None:
        self._registry, self._model = registry, model
        residuals = model.residuals
        self._tags, count = residuals.tags, len(residuals.tags)
        self._columns = Columns(self._tags)
        state = _state(memory, model, count)
        self._scorer = ResidualScorer(residuals, model.cadence_s, state)
        self._holding = Holding(count, state if state and "held" in state else None)
        self._slow = SlowTags(window, model, (memory or {}).get("slow"))
        self.take(window)
        limits = model.residual_limits
        self._spike_limit, self._shift_limit = limits.alarm_value(0), limits.alarm_value(1)

    def take(self, window: Window) -> None:
        """Judge rows of this window from now on; what is remembered stays."""
        self._window, self._values = window, self._columns.of(window)
        self._slow.take(window)

    def interrupt(self, gap_ms: int) -> None:
        """The next reading comes `gap_ms` after the last; after a long gap the baseline is learnt anew."""
        if gap_ms > 1000.0 * time_constant_s(self._model.cadence_s):
            self._scorer = ResidualScorer(self._model.residuals, self._model.cadence_s)
        self._scorer.interrupt()

    def judge(self, row: int, *, late: bool, full: bool, wanted: bool) -> TagVerdict | None:
        """Advance by one row; its verdict where `wanted`."""
        scorer, holding = self._scorer, self._holding
        statistics = scorer.score(self._values[row])
        judged = scorer.settled
        score = float(self._model.residual_limits.u(statistics).max()) if judged else None
        excess = None
        if score is not None and score >= ALARM:
            excess = np.maximum(scorer.spikes / self._spike_limit, scorer.shifts / self._shift_limit)
            raised = excess >= min(1.0, float(excess.max()))
            holding.step(raised, excess**4)
        else:
            holding.step(None)
        slow = self._slow.step(row)
        if not wanted:
            return None
        now_ms = int(self._window.times_ms[row])
        fired = (self._fired(row) if holding.alarming else []) + slow
        fired.sort(key=lambda finding: -finding.weight)
        if slow and score is not None:
            score = max(score, ALARM)
        present = self._present(row) if full or fired else {}
        told = explanation(
            judged=judged, model_version=self._model.version, score=score, late=late, fired=fired
        )
        return tag_verdict("statistical", now_ms, present, fired, told, registry=self._registry, full=full)

    def memory(self, as_of: int) -> dict[str, Any]:
        """What the next call needs, as JSON."""
        state = pack({**self._scorer.state(), **self._holding.state()})
        room = LARGEST_MEMORY - 2048 - sum(len(text) for text in state.values())
        return {
            "as_of": as_of,
            "model": self._model.version,
            "state": state,
            "slow": self._slow.memory(room),
        }

    def _present(self, row: int) -> dict[str, float]:
        pairs = zip(self._window.tags, self._window.values[row].tolist(), strict=True)
        return {tag: value for tag, value in pairs if value == value}

    def _fired(self, row: int) -> list[Fired]:
        scorer, holding = self._scorer, self._holding
        found = []
        for column in np.flatnonzero((holding.held > 0) | (holding.share >= SMALLEST_SHARE)):
            value = float(self._values[row, column])
            if value != value:
                continue
            spike = scorer.spikes[column] / self._spike_limit
            shift = scorer.shifts[column] / self._shift_limit
            deviation = scorer.residual[column] if spike > shift else scorer.mean[column]
            alarm = _direction(float(deviation), max(float(spike), float(shift)))
            found.append(
                Fired(
                    self._tags[column],
                    "residual" if spike > shift else "robust-z",
                    alarm,
                    value,
                    float(scorer.expected[column]),
                    float(holding.share[column]) + 1e-6,
                    alarming=bool(holding.held[column] > 0),
                )
            )
        return found


def _state(memory: Mapping[str, Any] | None, model: SourceModel, count: int) -> Mapping[str, Any] | None:
    if memory is None or memory.get("model") != model.version:
        return None
    shapes = dict.fromkeys((*ResidualScorer.FIELDS, *Holding.FIELDS), (count,))
    return unpack(memory.get("state"), shapes)


def _direction(deviation: float, excess: float) -> AlarmType:
    if deviation >= 0:
        return AlarmType.HIGH_HIGH if excess >= FAR else AlarmType.HIGH
    return AlarmType.LOW_LOW if excess >= FAR else AlarmType.LOW
