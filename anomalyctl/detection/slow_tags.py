"""Slow tags: judged only when they change, against their own earlier changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anomalyctl.detection.findings import Fired
from anomalyctl.detection.habits import MOST_CHANGES
from anomalyctl.detection.holding import HELD_ROWS
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import Columns, Window
from anomalyctl.telemetry.tags import AlarmType

FEWEST_CHANGES: Final = 24
"""Changes that must be known before one of them can be called unusual."""
UNUSUAL: Final = 8.0
"""Robust standard deviations; a day of an hourly tag has 24 changes, so its tail is hardly known."""
MOST_TAGS: Final = 100


class SlowTags:
    """The last value and the last `MOST_CHANGES` changes of each slow tag."""

    def __init__(self, window: Window, model: SourceModel, memory: Any) -> None:
        fast = model.habits.is_fast(model.cadence_s)
        slow = np.flatnonzero(~fast & (model.habits.changes >= 2) & (model.habits.presence > 0.25))[
            :MOST_TAGS
        ]
        self._tags = [model.habits.tags[column] for column in slow]
        self._columns = Columns(self._tags)
        self.take(window)
        self._changes: list[list[float]] = []
        self._last: list[float] = []
        self._held = [0] * len(slow)
        self._expected = [0.0] * len(slow)
        remembered = memory if isinstance(memory, Mapping) else {}
        for at, column in enumerate(map(int, slow)):
            kept = remembered.get(self._tags[at])
            if isinstance(kept, list) and len(kept) >= 3:
                last, held, expected, *changes = kept
                self._changes.append([float(change) for change in changes])
                self._last.append(float("nan") if last is None else float(last))
                self._held[at], self._expected[at] = int(held), float(expected)
            else:
                history = model.habits.last_changes[column]
                self._changes.append([_short(change) for change in history[history == history]])
                self._last.append(float("nan"))

    def take(self, window: Window) -> None:
        """Judge rows of this window from now on."""
        self._values = self._columns.of(window)

    def step(self, row: int) -> list[Fired]:
        """One reading: the slow tags that have just made an unusual change, or did so a moment ago."""
        if not self._tags:
            return []
        for at in map(int, np.flatnonzero(self._values[row] != np.array(self._last))):
            value = float(self._values[row, at])
            if value == value:
                self._change(at, value)
        fired = []
        for at in [at for at, held in enumerate(self._held) if held > 0]:
            self._held[at] -= 1
            value, expected = self._last[at], self._expected[at]
            alarm = AlarmType.HIGH if value >= expected else AlarmType.LOW
            fired.append(Fired(self._tags[at], "robust-z", alarm, value, expected, 1.0))
        return fired

    def memory(self, room: int) -> dict[str, list[float | int | None]]:
        """Per tag: last value, readings still held, what was expected, its changes; in about `room` bytes."""
        columns = zip(self._tags, self._last, self._held, self._expected, self._changes, strict=True)
        kept: dict[str, list[float | int | None]] = {}
        for tag, last, held, expected, changes in columns:
            room -= 2 * len(tag.encode()) + 14 * len(changes) + 60
            if room < 0:
                break
            kept[tag] = [None if last != last else last, held, expected, *changes]
        return kept

    def _change(self, at: int, value: float) -> None:
        last, self._last[at] = self._last[at], value
        if last != last:
            return
        change, history = value - last, self._changes[at]
        if len(history) >= FEWEST_CHANGES:
            middle = float(np.median(history))
            spread = 1.4826 * float(np.median(np.abs(np.array(history) - middle)))
            largest = float(np.max(np.abs(history)))
            if abs(change - middle) > max(UNUSUAL * spread, 2.0 * largest) and spread > 0:
                self._held[at] = HELD_ROWS
                self._expected[at] = last + middle
                return
        history.append(_short(change))
        del history[:-MOST_CHANGES]


def _short(number: float) -> float:
    """Six significant digits: what memory keeps, so that it makes no difference whether it was written."""
    return float(f"{number:.6g}")
