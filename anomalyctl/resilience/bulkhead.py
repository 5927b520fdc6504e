"""A bulkhead: so many calls of one kind at a time, so many waiting, and no more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from anomalyctl.errors import Transient


class Bulkhead:
    """At most `concurrent` calls run and `queued` wait; a call beyond them is refused at once."""

    def __init__(self, name: str, *, concurrent: int, queued: int) -> None:
        self._name = name
        self._concurrent, self._most = concurrent, concurrent + queued
        self._inside = 0
        self._counting = threading.Lock()
        self._places = threading.BoundedSemaphore(concurrent)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait for a place and hold it. Raises Transient when too many wait already."""
        with self._counting:
            if self._inside >= self._most:
                raise Transient(
                    f"Too many calls of the {self._name} at once: {self._concurrent} run and "
                    f"{self._most - self._concurrent} wait.",
                    hint="Try again in a moment.",
                    details={"bulkhead": "full"},
                )
            self._inside += 1
        try:
            with self._places:
                yield
        finally:
            with self._counting:
                self._inside -= 1
