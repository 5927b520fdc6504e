"""The detector over plain arrays, for any plant: fit on rows, then score one by one or many at once.

>>> detector = Detector.fit(history, tags=("flow", "pressure"), interval_s=1.0)
>>> scores = detector.scores(rows)                    # vectors of score and alarm, one per row
>>> follower = detector.follow()
>>> follower.score(rows[0]).alarm == scores.alarm[0]  # the same, one row at a time
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.baseline import time_constant_s
from anomalyctl.detection.calibration import ALARM, Limit
from anomalyctl.detection.evidence import Evidence
from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.habits import INTERRUPTION_ROWS
from anomalyctl.detection.holding import HELD_ROWS
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.residuals import ResidualScorer
from anomalyctl.detection.vectors import VectorScorer
from anomalyctl.detection.window import Matrix, Vector, Window
from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.times import from_epoch_ms

_NO_REGISTRY = TagRegistry({}, (), 1.0)


@dataclass(frozen=True, slots=True)
class Score:
    """One row."""

    score: float
    """u: 0 is the median of clean rows, 3 the alarm limit."""
    alarm: bool
    """The score reached the limit now or within the last 15 rows."""
    tag: str | None
    """What is most likely at fault; None while the score is below the limit."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Many rows, `[rows]` each."""

    score: Vector
    alarm: NDArray[np.bool_]
    tag: tuple[str | None, ...]


class Detector:
    """A fitted detector; immutable, so that any number of followers may share it."""

    def __init__(self, model: SourceModel, columns: tuple[str, ...]) -> None:
        self.model, self.columns = model, columns

    @classmethod
    def fit(
        cls,
        rows: Matrix,
        *,
        tags: Sequence[str] | None = None,
        times_ms: NDArray[np.int64] | None = None,
        interval_s: float = 1.0,
    ) -> Detector:
        """Fit on `[rows, tags]`, oldest first, NaN where missing.

        `times_ms` (epoch ms, increasing) tells where readings are missing; without it the rows are
        `interval_s` apart. No row is refused for what it holds: where a fault lasts for a small part of them
        it is left out. Raises PreconditionFailed for fewer than 120 rows or where no tag moves; InvalidInput
        for wrong shapes.
        """
        values = np.asarray(rows, dtype=np.float64)
        if values.ndim != 2:
            raise InvalidInput("rows: must be an array of rows and tags", field="rows")
        columns = tuple(tags) if tags is not None else tuple(f"tag-{at}" for at in range(values.shape[1]))
        if times_ms is None:
            times_ms = (1000.0 * interval_s * np.arange(len(values))).astype(np.int64)
        window = Window("array", times_ms, columns, values)
        fitted_at = from_epoch_ms(int(times_ms[-1])) if len(times_ms) else datetime.fromtimestamp(0, UTC)
        model = fit_model(window, _NO_REGISTRY, fitted_at=fitted_at, version="array", refuse=False)
        return cls(model, columns)

    @property
    def scored(self) -> tuple[str, ...]:
        """Tags that count. A tag that is constant, or changes too rarely to be learnt, does not."""
        return self.model.residuals.tags

    def follow(self, limit: Limit = "operations") -> Follower:
        """Go on after the rows that were fitted on, one row at a time."""
        return Follower(self, limit)

    def scores(
        self, rows: Matrix, *, times_ms: NDArray[np.int64] | None = None, limit: Limit = "operations"
    ) -> Scores:
        """`[rows, tags]` that follow the fit rows; each is judged by itself and what came before it.

        The same as a new follower's scores row by row, bit for bit.
        """
        follower = self.follow(limit)
        found = [
            follower.score(row, time_ms=None if times_ms is None else int(times_ms[at]))
            for at, row in enumerate(np.asarray(rows, dtype=np.float64))
        ]
        return Scores(
            np.array([each.score for each in found]),
            np.array([each.alarm for each in found], dtype=bool),
            tuple(each.tag for each in found),
        )


class Follower:
    """Scores rows in order; its memory is a few vectors, however long it runs."""

    def __init__(self, detector: Detector, limit: Limit = "operations") -> None:
        model = detector.model
        at = {name: column for column, name in enumerate(detector.columns)}
        self._fast = np.array([at[name] for name in model.residuals.tags], dtype=np.intp)
        self._dense = np.array([at[name] for name in model.vectors.tags], dtype=np.intp)
        self._model, self._evidence = model, Evidence(model, limit)
        together = set(model.vectors.tags)
        left_over = [column for column, tag in enumerate(model.residuals.tags) if tag not in together]
        self._alone = np.array(left_over if together else [], dtype=np.intp)
        self._residuals = ResidualScorer(model.residuals, model.cadence_s, model.end["statistical"])
        self._vectors = VectorScorer(model.vectors, model.cadence_s, model.end["ml"])
        self._before_ms, self._held = model.last_ms, 0

    def score(self, row: Vector, *, time_ms: int | None = None) -> Score:
        """Judge one row `[tags]`, then learn from it; `time_ms` None means that it came on time."""
        self._pass_time(time_ms)
        statistics = self._residuals.score(row[self._fast]), self._vectors.score(row[self._dense])
        together, (alone, tag) = self._evidence.score(*statistics), self._alone_score()
        score = max(together, alone)
        beyond = score >= ALARM
        self._held = HELD_ROWS if beyond else max(0, self._held - 1)
        return Score(score, self._held > 0, (tag if alone > together else self._blamed()) if beyond else None)

    def _alone_score(self) -> tuple[float, str]:
        """The largest score of tags that are in no vector, and the tag."""
        if not self._alone.size:
            return float("-inf"), ""
        spikes, shifts = self._residuals.spikes[self._alone], self._residuals.shifts[self._alone]
        most_spiked, most_shifted = int(spikes.argmax()), int(shifts.argmax())
        spike = self._evidence.score_alone(float(spikes[most_spiked]), 0.0)
        shift = self._evidence.score_alone(0.0, float(shifts[most_shifted]))
        at = most_spiked if spike >= shift else most_shifted
        return max(spike, shift), self._model.residuals.tags[int(self._alone[at])]

    def _pass_time(self, time_ms: int | None) -> None:
        if time_ms is None:
            return
        gap_s, self._before_ms = (time_ms - self._before_ms) / 1000.0, time_ms
        model = self._model
        if gap_s > time_constant_s(model.cadence_s):
            self._residuals = ResidualScorer(model.residuals, model.cadence_s)
            self._vectors = VectorScorer(model.vectors, model.cadence_s)
        if gap_s > INTERRUPTION_ROWS * model.cadence_s:
            self._residuals.interrupt()
            self._vectors.interrupt()

    def _blamed(self) -> str:
        if self._model.vectors.tags:
            return self._model.vectors.tags[int(self._vectors.contributions().argmax())]
        return self._model.residuals.tags[int(self._residuals.shifts.argmax())]
