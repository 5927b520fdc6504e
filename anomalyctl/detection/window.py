"""A window: readings of one source as one matrix, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

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
        found = np.array([self._at.get(tag, -1) for tag in tags], dtype=np.intp)
        chosen = np.full((len(self), len(tags)), np.nan)
        known = found >= 0
        chosen[:, known] = self.values[:, found[known]]
        return chosen

    @cached_property
    def _at(self) -> dict[str, int]:
        return {tag: column for column, tag in enumerate(self.tags)}

    def rows(self, first: int, stop: int | None = None) -> Window:
        """The part from row `first` up to `stop`."""
        part = slice(first, stop)
        return Window(self.source, self.times_ms[part], self.tags, self.values[part])


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
