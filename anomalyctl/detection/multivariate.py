"""Tier 3: all fast tags against each other: a vector autoregression and principal components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anomalyctl.detection.baseline import time_constant_s
from anomalyctl.detection.calibration import ALARM
from anomalyctl.detection.findings import Fired, explanation, ml_verdict
from anomalyctl.detection.holding import Holding
from anomalyctl.detection.memory import pack, unpack
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.vectors import STATISTICS, VectorScorer
from anomalyctl.detection.window import Columns, Window
from anomalyctl.telemetry.tags import AlarmType
from anomalyctl.telemetry.verdicts import MlVerdict

SMALLEST_SHARE: Final = 0.1
"""Of the largest share; tags below it are not named."""
RULES: Final = ("var", "pca")
"""Which of the two models has alarmed."""


class MultivariateTier:
    """Judges rows of a window in order; one status for the whole reading."""

    def __init__(self, window: Window, model: SourceModel, memory: Mapping[str, Any] | None) -> None:
        self._model = model
        self._tags, count = model.vectors.tags, len(model.vectors.tags)
        self._columns = Columns(self._tags)
        state = _state(memory, model, count)
        self._scorer = VectorScorer(model.vectors, model.cadence_s, state)
        self._holding = Holding(count, state if state and "held" in state else None)
        self.take(window)
        remembered = memory.get("rule") if state and memory else None
        self._rule = str(remembered) if remembered in RULES else RULES[0]

    def take(self, window: Window) -> None:
        """Judge rows of this window from now on; what is remembered stays."""
        self._window, self._values = window, self._columns.of(window)

    def interrupt(self, gap_ms: int) -> None:
        """The next reading comes `gap_ms` after the last one; after a long gap everything is learnt anew."""
        if gap_ms > 1000.0 * time_constant_s(self._model.cadence_s):
            self._scorer = VectorScorer(self._model.vectors, self._model.cadence_s)
        self._scorer.interrupt()

    def judge(self, row: int, *, late: bool, full: bool, wanted: bool) -> MlVerdict | None:
        """Advance by one row; its verdict where `wanted`."""
        scorer, holding = self._scorer, self._holding
        statistics = scorer.score(self._values[row])
        judged = scorer.settled
        score = None
        if judged:
            u = self._model.vector_limits.u(statistics)
            score = float(u.max())
        if score is not None and score >= ALARM:
            self._rule = RULES[STATISTICS[int(u.argmax())] == "components"]
            contributions = scorer.contributions()
            holding.step(contributions >= contributions.max(), contributions)
        else:
            holding.step(None)
        if not wanted:
            return None
        now_ms = int(self._window.times_ms[row])
        fired = self._fired(row) if holding.alarming else []
        told = explanation(
            judged=judged, model_version=self._model.version, score=score, late=late, fired=fired
        )
        present = self._present(row) if full or fired else {}
        return ml_verdict(now_ms, present, holding.alarming, told, full=full)

    def memory(self, as_of: int) -> dict[str, Any]:
        """What the next call needs, as JSON."""
        vectors = {**self._scorer.state(), **self._holding.state()}
        return {
            "as_of": as_of,
            "model": self._model.version,
            "rule": self._rule,
            "state": pack(vectors),
        }

    def _present(self, row: int) -> dict[str, float]:
        pairs = zip(self._window.tags, self._window.values[row].tolist(), strict=True)
        return {tag: value for tag, value in pairs if value == value}

    def _fired(self, row: int) -> list[Fired]:
        share = self._holding.share
        found = []
        for column in np.flatnonzero(share >= SMALLEST_SHARE * share.max(initial=0.0)):
            value = float(self._values[row, column])
            if value == value:
                expected = float(self._scorer.expected[column])
                found.append(
                    Fired(self._tags[column], self._rule, AlarmType.OK, value, expected, float(share[column]))
                )
        return found


def _state(memory: Mapping[str, Any] | None, model: SourceModel, count: int) -> Mapping[str, Any] | None:
    if memory is None or memory.get("model") != model.version:
        return None
    shapes = dict.fromkeys((*VectorScorer.FIELDS, *Holding.FIELDS), (count,))
    return unpack(memory.get("state"), shapes)
