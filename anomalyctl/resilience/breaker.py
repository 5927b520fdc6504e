"""A circuit breaker that costs nothing until something fails: pybreaker counts, one trial at a time heals.

pybreaker imports redis-py wherever that is installed (0.25 s), and a call that succeeds needs neither.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pybreaker

CLOSED: Final = "closed"
"""Calls pass."""
OPEN: Final = "open"
"""Calls are refused."""
HALF_OPEN: Final = "half-open"
"""One call is being tried, and its outcome decides; others are refused."""


class Refused(Exception):
    """The breaker lets no call through now."""


class Breaker:
    """Thread-safe. After `failures` in a row it opens for `rest_s` seconds; `counts` says what a failure is.

    The rest is measured by `clock`, seconds that only grow: set back, a wall clock would make it hours.
    """

    def __init__(
        self,
        *,
        failures: int,
        rest_s: float,
        counts: Callable[[BaseException], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures, self._rest_s, self._counts, self._clock = failures, rest_s, counts, clock
        self._breaker: pybreaker.CircuitBreaker | None = None
        self._opened_at = 0.0
        self._lock = threading.Lock()

    @property
    def state(self) -> str:
        """`CLOSED`, `OPEN` or `HALF_OPEN`."""
        return CLOSED if self._breaker is None else str(self._breaker.current_state)

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Around one call. Raises `Refused` instead of letting it through; no lock is held meanwhile."""
        if self._breaker is not None:
            self._admit()
        try:
            yield
        except BaseException as error:
            self._failed(error)
            raise
        if self._breaker is not None:
            self._succeeded(self._breaker)

    def open(self) -> None:
        """Rest from now on."""
        with self._lock:
            self._opened_at = self._clock()
            self._made().open()

    def _admit(self) -> None:
        with self._lock:
            state = self.state
            if state == CLOSED:
                return
            if state == HALF_OPEN or self._clock() - self._opened_at < self._rest_s:
                raise Refused
            self._made().half_open()

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, Exception):
            # The caller was stopped, which says nothing about the other side: a trial is left undecided.
            self._undecided()
            return
        if not self._counts(error):
            if self._breaker is not None:
                self._succeeded(self._breaker)
            return
        with self._lock:
            breaker = self._made()
            if breaker.current_state == OPEN:
                return  # it began before the breaker opened
            with suppress(type(error)):
                breaker.call(_raise, error)
            if breaker.current_state == OPEN:
                self._opened_at = self._clock()

    def _undecided(self) -> None:
        with self._lock:
            if self.state == HALF_OPEN:
                self._made().open()  # its rest is over already: the next call is the trial

    def _succeeded(self, breaker: pybreaker.CircuitBreaker) -> None:
        with self._lock:
            # One that began before the breaker opened says nothing about what came after.
            if breaker.current_state != OPEN:
                breaker.call(_nothing)

    def _made(self) -> pybreaker.CircuitBreaker:
        if self._breaker is None:
            import pybreaker

            self._breaker = pybreaker.CircuitBreaker(
                fail_max=self._failures, reset_timeout=self._rest_s, throw_new_error_on_trip=False
            )
        return self._breaker


def _raise(error: BaseException) -> None:
    raise error


def _nothing() -> None:
    return None
