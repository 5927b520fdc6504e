"""The doorbell: many rings, one drain."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Doorbell(Generic[T]):
    """Runs `work` in the thread that rings first; rings meanwhile make it run once more, not many times."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._rung = threading.Event()
        self._busy = threading.Lock()

    def ring(self) -> T | None:
        """Do the work, or leave it to whoever is at it; returns what the last run gave.

        Whatever was queued before the ring is seen by a run that starts after it.
        """
        result: T | None = None
        self._rung.set()
        while self._rung.is_set() and self._busy.acquire(blocking=False):
            try:
                self._rung.clear()
                result = self._work()
            finally:
                self._busy.release()
        return result
