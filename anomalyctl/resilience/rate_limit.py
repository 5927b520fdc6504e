"""A bound on how often an endpoint is asked: a bucket that fills steadily, up to a second's worth."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class RateLimit:
    """Thread-safe. `per_second` requests, and as many at once after a quiet second.

    >>> now = [0.0]
    >>> limit = RateLimit(2, clock=lambda: now[0])
    >>> limit.wait_s(), limit.wait_s(), limit.wait_s()
    (0.0, 0.0, 0.5)
    """

    def __init__(self, per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second)
        self._clock = clock
        self._left, self._looked_at = self._most, clock()
        self._lock = threading.Lock()

    def wait_s(self) -> float:
        """Take one request: 0 where it may pass, else the seconds until the next one may."""
        with self._lock:
            now = self._clock()
            # A clock that went back fills nothing.
            filled = self._left + max(0.0, now - self._looked_at) * self._per_second
            self._left, self._looked_at = min(self._most, filled), now
            if self._left >= 1.0:
                self._left -= 1.0
                return 0.0
            return (1.0 - self._left) / self._per_second


def retry_after(wait_s: float) -> str:
    """The header Retry-After: whole seconds, at least one."""
    return str(max(1, math.ceil(wait_s)))
