"""At which speed replayed readings pass: their own, a multiple of it, or as fast as they are judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from anomalyctl.operations.replay_readings import KeptReading
from anomalyctl.telemetry.times import epoch_ms

_TOGETHER_S: Final = 1.0
"""Readings that are due within this time pass together."""


class Pace:
    """Lets one source's readings pass when they are due; all at once without `times_original`."""

    def __init__(
        self,
        times_original: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._times = times_original
        self._clock, self._sleep = clock, sleep
        self._begin: tuple[float, int] | None = None

    def restart(self) -> None:
        """Another source: its first reading is due at once."""
        self._begin = None

    def parts(self, readings: Sequence[KeptReading]) -> Iterator[slice]:
        """Consecutive slices that cover the readings, each when its last reading is due."""
        if self._times is None or not readings:
            yield slice(0, len(readings))
            return
        due = [self._due_s(each, self._times) for each in readings]
        first = 0
        while first < len(due):
            last = first
            while last + 1 < len(due) and due[last + 1] - due[first] < _TOGETHER_S:
                last += 1
            wait_s = due[last] - self._clock()
            if wait_s > 0:
                self._sleep(wait_s)
            yield slice(first, last + 1)
            first = last + 1

    def _due_s(self, reading: KeptReading, times: float) -> float:
        at_ms = epoch_ms(reading.reading.timestamp)
        if self._begin is None:
            self._begin = self._clock(), at_ms
        begin_s, begin_ms = self._begin
        return begin_s + (at_ms - begin_ms) / 1000 / times
