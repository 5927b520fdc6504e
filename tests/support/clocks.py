"""Time that passes only where a test says so."""

from __future__ import annotations


class Clock:
    """Seconds; they pass while somebody sleeps, or are set."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Go on at once, that much later."""
        self.now += seconds
