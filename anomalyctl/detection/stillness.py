"""Silence: a value that no longer changes, or a tag that is no longer sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.memory import pack, unpack
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import Vector
from anomalyctl.telemetry.tags import TagRegistry

STILL_FACTOR: Final = 3.0
"""Usual change intervals, and longest pauses so far, after which a value counts as stuck."""
SLOW_STILL_FACTOR: Final = 4.0
"""The same for slow tags, whose value may well repeat once or twice."""
STILL_ROWS: Final = 20
"""Readings that a value must have been still, however quickly it usually changes."""
ABSENT_ROWS: Final = 10
"""Readings that a tag must be away before its absence says something."""
LONG_ENOUGH_S: Final = 6 * 3600.0
"""Observed this long without a gap, a tag that the registry does not know counts as always sent."""
_INTERRUPTION_ROWS: Final = 10


class Stillness:
    """When each tag last changed and was last seen; `[tags]`, in epoch ms."""

    def __init__(
        self,
        names: Sequence[str],
        registry: TagRegistry,
        model: SourceModel | None,
        memory: Mapping[str, Any] | None = None,
    ) -> None:
        count = len(names)
        self.names = tuple(names)
        self.value, self.changed_ms, self.seen_ms = (np.full(count, np.nan) for _ in range(3))
        self.still_ms, self.absent_ms = np.full(count, np.nan), np.full(count, np.nan)
        if model is not None:
            self._set_limits(registry, model)
        self._recall(memory or {})
        self._gap_ms = _INTERRUPTION_ROWS * 1000.0 * (model.cadence_s if model else registry.cadence_s)

    def step(self, values: Vector, now_ms: int, gap_ms: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which tags are stuck and which are silent after one reading, `[tags]` each.

        `gap_ms`: since the reading before; while nothing arrived at all, no tag was still.
        """
        if gap_ms > self._gap_ms:
            self.changed_ms = self.changed_ms + gap_ms
            self.seen_ms = self.seen_ms + gap_ms
        present = values == values
        moved = present & (values != self.value)
        self.changed_ms = np.where(moved, float(now_ms), self.changed_ms)
        self.value = np.where(present, values, self.value)
        self.seen_ms = np.where(present, float(now_ms), self.seen_ms)
        stuck = present & (now_ms - self.changed_ms > self.still_ms)
        silent = ~present & (now_ms - self.seen_ms > self.absent_ms)
        return stuck, silent

    def memory(self, room: int) -> dict[str, Any]:
        """Names and vectors of the tags seen so far, in at most about `room` bytes; the first ones stay."""
        known = np.flatnonzero(self.seen_ms == self.seen_ms)
        kept: list[int] = []
        for column in known:
            room -= len(self.names[column].encode()) * 2 + 40
            if room < 0:
                break
            kept.append(int(column))
        vectors = {"value": self.value, "changed": self.changed_ms, "seen": self.seen_ms}
        return {
            "names": [self.names[column] for column in kept],
            "last": pack({name: vector[kept] for name, vector in vectors.items()}),
        }

    def expect(self, first_ms: int) -> None:
        """Tags that the model knows and memory does not count as seen when the window began."""
        unseen = (self.seen_ms != self.seen_ms) & (self.absent_ms == self.absent_ms)
        self.seen_ms = np.where(unseen, float(first_ms), self.seen_ms)

    def _set_limits(self, registry: TagRegistry, model: SourceModel) -> None:
        habits, cadence_s = model.habits, model.cadence_s
        at = {name: column for column, name in enumerate(self.names)}
        columns = [at[name] for name in habits.tags]
        tags = [registry.tag(name) for name in habits.tags]
        known = np.array([name in registry.tags for name in habits.tags])
        steady = np.array([not tag.intermittent for tag in tags])
        usual_s = np.fmax(habits.change_interval_s, np.array([tag.cadence_s for tag in tags]))
        observed_s = float(habits.observed_s[0])
        factor = np.where(habits.is_fast(cadence_s), STILL_FACTOR, SLOW_STILL_FACTOR)
        still_s = np.fmax(factor * usual_s, STILL_FACTOR * habits.longest_still_s)
        judged = (habits.changes >= 2) | (known & (usual_s > observed_s / 3))
        limit_ms = 1000.0 * np.maximum(still_s, STILL_ROWS * cadence_s)
        self.still_ms[columns] = np.where(judged, limit_ms, np.nan)
        always = (habits.presence > 0.999) & (known | (observed_s >= LONG_ENOUGH_S)) & steady
        absent_s = np.fmax(ABSENT_ROWS * cadence_s, STILL_FACTOR * habits.longest_absence_s)
        self.absent_ms[columns] = np.where(always, 1000.0 * absent_s, np.nan)

    def _recall(self, memory: Mapping[str, Any]) -> None:
        names = memory.get("names")
        if not isinstance(names, list):
            return
        size = (len(names),)
        vectors = unpack(memory.get("last"), {"value": size, "changed": size, "seen": size})
        if vectors is None:
            return
        at = {name: column for column, name in enumerate(self.names)}
        pairs = [(row, at[name]) for row, name in enumerate(names) if name in at]
        rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
        self.value[columns] = vectors["value"][rows]
        self.changed_ms[columns] = vectors["changed"][rows]
        self.seen_ms[columns] = vectors["seen"][rows]
