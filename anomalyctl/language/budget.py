"""How many tokens may be spent in an hour, so that a storm of alarms costs no more than a calm night."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

TOKENS_PER_HOUR: Final = 100_000
"""Some 200 answers; with the cache, far more alarms than a site has in a bad hour."""
EXPECTED: Final = 1_500
"""What an answer costs at most, nearly: ten alarms asked about, ten contexts written."""
_HOUR_S: Final = 3600.0


class TokenBudget:
    """A sliding hour. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float], *, tokens_per_hour: int = TOKENS_PER_HOUR) -> None:
        self._clock = clock
        self._limit = tokens_per_hour
        self._spent: deque[tuple[float, int]] = deque()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether one more answer may be asked for; `settle` says what it cost.

        Until then it counts as `EXPECTED`, so that requests side by side do not all see the same rest.
        """
        with self._lock:
            oldest = self._clock() - _HOUR_S
            while self._spent and self._spent[0][0] <= oldest:
                self._spent.popleft()
            if sum(tokens for _, tokens in self._spent) >= self._limit:
                return False
            self._spent.append((self._clock(), EXPECTED))
            return True

    def settle(self, tokens: int) -> None:
        """Note what an answer that was taken cost in truth; 0 where none came."""
        with self._lock:
            self._spent.append((self._clock(), tokens - EXPECTED))
