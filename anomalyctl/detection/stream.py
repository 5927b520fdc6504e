"""Judging one source reading by reading, in process: the verdicts of `judge`, its memory kept decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.habits import INTERRUPTION_ROWS
from anomalyctl.detection.heuristic import HeuristicTier
from anomalyctl.detection.judge import judge
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.multivariate import MultivariateTier
from anomalyctl.detection.statistical import StatisticalTier
from anomalyctl.detection.window import Window
from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import TIERS, Memory, Tier, Verdict

WINDOW: Final = 120
"""Readings that stay at hand, as many as the pipeline sends with a reading."""
_MOST_PLACES: Final = 64


class Stream:
    """One source; not thread-safe. Its size does not grow with the readings."""

    def __init__(
        self,
        source: str,
        *,
        registry: TagRegistry,
        model: SourceModel | None,
        memories: Mapping[Tier, Memory] | None = None,
    ) -> None:
        self._source, self._registry, self._model = source, registry, model
        self._memories: dict[Tier, Memory | None] = {tier: (memories or {}).get(tier) for tier in TIERS}
        self._tags: tuple[str, ...] = ()
        self._column: dict[str, int] = {}
        self._times = np.zeros(2 * WINDOW, dtype=np.int64)
        self._values = np.full((2 * WINDOW, 0), np.nan)
        self._rows, self._newest_ms = 0, 0
        self._places: dict[tuple[str, ...], NDArray[np.intp]] = {}
        self._heuristic: HeuristicTier | None = None
        self._modelled: dict[Tier, StatisticalTier | MultivariateTier] = {}

    def judge(
        self, time_ms: int, values: Mapping[str, float], *, late: bool = False, full: bool = True
    ) -> dict[Tier, Verdict]:
        """The three tiers' verdicts on the next reading; `full` tells normal tags too.

        Raises InvalidInput for a reading that is not newer than the last.
        """
        if self._rows and time_ms <= self._newest_ms:
            raise InvalidInput(
                "readings: the times do not increase",
                field="readings",
                hint="Judge a late reading from its own window, with `judge`.",
            )
        tags = tuple(values)
        started, grown = self._rows > 0, tags not in self._places and self._place(tags)
        gap_ms, self._newest_ms = time_ms - self._newest_ms, time_ms
        window = self._append(time_ms, tags, values)
        if not started or self._heuristic is None:
            return self._begin(window, late=late, full=full)
        newest = window.rows(len(window) - 1)
        verdicts: dict[Tier, Verdict] = {}
        if grown:
            remembered = self._heuristic.memory(time_ms - gap_ms)
            self._heuristic = HeuristicTier(window, self._registry, self._model, remembered)
        self._heuristic.take(window, len(window) - 1)
        said = self._heuristic.judge(len(window) - 1, gap_ms, late=late, full=full, wanted=True)
        if said is not None:
            verdicts["heuristic"] = said
        for tier in TIERS[1:]:
            verdicts[tier] = self._modelled_verdict(tier, newest, gap_ms, late=late, full=full)
        return verdicts

    def memories(self) -> dict[Tier, Memory]:
        """What `judge`, or another stream, needs to go on after the last reading."""
        kept = {tier: memory for tier, memory in self._memories.items() if memory is not None}
        if self._heuristic is not None:
            kept["heuristic"] = self._heuristic.memory(self._newest_ms)
        for tier, judging in self._modelled.items():
            kept[tier] = judging.memory(self._newest_ms)
        return kept

    def _begin(self, window: Window, *, late: bool, full: bool) -> dict[Tier, Verdict]:
        """`judge` knows how to start; what it remembers then stays decoded."""
        verdicts: dict[Tier, Verdict] = {}
        for tier in TIERS:
            answer = judge(
                tier,
                window,
                registry=self._registry,
                model=self._model,
                memory=self._memories[tier],
                late=late,
                full=full,
            )
            verdicts[tier], self._memories[tier] = answer.verdicts[0], answer.memory
        self._heuristic = HeuristicTier(window, self._registry, self._model, self._memories["heuristic"])
        if self._model is not None:
            self._modelled = {
                "statistical": StatisticalTier(
                    window, self._registry, self._model, self._memories["statistical"]
                ),
                "ml": MultivariateTier(window, self._model, self._memories["ml"]),
            }
        return verdicts

    def _modelled_verdict(
        self, tier: Tier, newest: Window, gap_ms: int, *, late: bool, full: bool
    ) -> Verdict:
        judging = self._modelled.get(tier)
        if judging is None or self._model is None:
            answer = judge(
                tier, newest, registry=self._registry, model=None, memory=None, late=late, full=full
            )
            return answer.verdicts[0]
        if gap_ms > INTERRUPTION_ROWS * 1000.0 * self._model.cadence_s:
            judging.interrupt(gap_ms)
        judging.take(newest)
        verdict = judging.judge(0, late=late, full=full, wanted=True)
        assert verdict is not None  # noqa: S101 - it was wanted
        return verdict

    def _place(self, tags: tuple[str, ...]) -> bool:
        """Find where these tags are in a row; whether there were any that had never been seen."""
        new = [tag for tag in tags if tag not in self._column]
        if new:
            for tag in new:
                self._column[tag] = len(self._column)
            self._tags = tuple(self._column)
            room = np.full((2 * WINDOW, len(new)), np.nan)
            self._values = np.hstack([self._values, room])
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        self._places[tags] = np.array([self._column[tag] for tag in tags], dtype=np.intp)
        return bool(new)

    def _append(self, time_ms: int, tags: tuple[str, ...], values: Mapping[str, float]) -> Window:
        if self._rows == 2 * WINDOW:
            self._times[:WINDOW], self._values[:WINDOW] = self._times[WINDOW:], self._values[WINDOW:]
            self._rows = WINDOW
        row = self._rows
        self._times[row], self._values[row] = time_ms, np.nan
        self._values[row, self._places[tags]] = np.fromiter(values.values(), np.float64, len(tags))
        self._rows += 1
        part = slice(max(0, self._rows - WINDOW), self._rows)
        return Window.of_parts(self._source, self._times[part], self._tags, self._values[part])
