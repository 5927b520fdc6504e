"""A window: readings of one source as one matrix, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.times import epoch_ms

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """Rows in time order; `values[row, tag]` is NaN where the reading does not hold the tag.

    `times_ms` is strictly increasing (epoch ms). Raises InvalidInput where the shapes or the order are wrong.
    """

    source: str
    times_ms: NDArray[np.int64]
    tags: tuple[str, ...]
    values: Matrix

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.times_ms), len(self.tags)):
            raise InvalidInput(
                "values: the matrix does not have one row per reading and one column per tag", field="values"
            )
        if np.any(np.diff(self.times_ms) <= 0):
            raise InvalidInput(
                "readings: the times do not increase",
                field="readings",
                hint="Send each reading once, oldest first.",
            )

    def __len__(self) -> int:
        return len(self.times_ms)

    def columns(self, tags: Sequence[str]) -> Matrix:
        """`values` in the order of `tags`, float64 `[rows, len(tags)]`; a tag that is unknown here is NaN."""
        return Columns(tags).of(self)

    def rows(self, first: int, stop: int | None = None) -> Window:
        """The part from row `first` up to `stop`."""
        part = slice(first, stop)
        return Window.of_parts(self.source, self.times_ms[part], self.tags, self.values[part])

    @classmethod
    def of_parts(
        cls, source: str, times_ms: NDArray[np.int64], tags: tuple[str, ...], values: Matrix
    ) -> Window:
        """A window of what is known to fit together: it is not checked again, for each reading."""
        window = object.__new__(cls)
        window.__dict__.update(source=source, times_ms=times_ms, tags=tags, values=values)
        return window


class Columns:
    """The same tags out of one window after another, whose layout seldom changes."""

    def __init__(self, tags: Sequence[str]) -> None:
        self._wanted = tags
        self._layout: tuple[str, ...] | None = None
        self._at: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._unknown: NDArray[np.intp] = np.zeros(0, dtype=np.intp)

    def of(self, window: Window) -> Matrix:
        """As `Window.columns`."""
        if window.tags is not self._layout:
            self._find(window.tags)
        if not window.tags:
            return np.full((len(window), len(self._wanted)), np.nan)
        chosen = window.values.take(self._at, axis=1)
        if self._unknown.size:
            chosen[:, self._unknown] = np.nan
        return chosen

    def _find(self, layout: tuple[str, ...]) -> None:
        column = {tag: at for at, tag in enumerate(layout)}
        self._at = np.array([column.get(tag, -1) for tag in self._wanted], dtype=np.intp)
        self._unknown = np.flatnonzero(self._at < 0)
        self._at[self._unknown] = 0
        self._layout = layout


def window_of(source: str, readings: Iterable[Reading]) -> Window:
    """Readings, oldest first, as a window; the first one of a millisecond stays. Raises InvalidInput."""
    by_ms: dict[int, Reading] = {}
    for reading in readings:
        by_ms.setdefault(epoch_ms(reading.timestamp), reading)
    kept = list(by_ms.values())
    column: dict[str, int] = {}
    for reading in kept:
        for tag in reading.values:
            column.setdefault(tag, len(column))
    tags = tuple(column)
    values = np.full((len(kept), len(tags)), np.nan)
    for row, reading in enumerate(kept):
        held = reading.values
        if tuple(held) == tags:
            values[row] = list(held.values())
        else:
            values[row, [column[tag] for tag in held]] = list(held.values())
    return Window(source, np.fromiter(by_ms, dtype=np.int64, count=len(by_ms)), tags, values)
