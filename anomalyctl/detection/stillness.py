"""Silence: a value that no longer changes, or a tag that is no longer sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.memory import pack, unpack
from anomalyctl.detection.standing import Standing
from anomalyctl.detection.window import Vector

_INTERRUPTION_ROWS: Final = 10


class Stillness:
    """When each tag last changed and was last seen; `[tags]`, in epoch ms."""

    def __init__(self, standing: Standing, cadence_s: float, memory: Mapping[str, Any] | None = None) -> None:
        self.names = standing.names
        self.still_ms, self.absent_ms = standing.still_ms, standing.absent_ms
        self.value, self.changed_ms, self.seen_ms = (np.full(len(self.names), np.nan) for _ in range(3))
        self._recall(memory or {})
        self._gap_ms = _INTERRUPTION_ROWS * 1000.0 * cadence_s

    def step(self, values: Vector, now_ms: int, gap_ms: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which tags are stuck and which are silent after one reading, `[tags]` each.

        `gap_ms`: since the reading before; while nothing arrived at all, no tag was still.
        """
        if gap_ms > self._gap_ms:
            self.changed_ms = self.changed_ms + gap_ms
            self.seen_ms = self.seen_ms + gap_ms
        present = values == values
        # A tag that was away may come back with the value that it left with.
        returned = now_ms - self.seen_ms > self._gap_ms
        moved = present & ((values != self.value) | returned)
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

    def _recall(self, memory: Mapping[str, Any]) -> None:
        names = memory.get("names")
        if not isinstance(names, list):
            return
        size = (len(names),)
        vectors = unpack(memory.get("last"), {"value": size, "changed": size, "seen": size})
        if vectors is None:
            return
        at = {name: column for column, name in enumerate(self.names)}
        pairs = [(row, at[name]) for row, name in enumerate(names) if isinstance(name, str) and name in at]
        rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
        self.value[columns] = vectors["value"][rows]
        self.changed_ms[columns] = vectors["changed"][rows]
        self.seen_ms[columns] = vectors["seen"][rows]
