"""A guard stands before every call of one kind: it retries what may heal and rests when nothing answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Event
from typing import Final, TypeVar

import tenacity

from anomalyctl.errors import TimedOut, Transient
from anomalyctl.observability import names
from anomalyctl.observability.figures import Figure
from anomalyctl.resilience.breaker import CLOSED, HALF_OPEN, OPEN, Breaker, Refused
from anomalyctl.resilience.bulkhead import Bulkhead
from anomalyctl.resilience.manner import is_in_background, is_once
from anomalyctl.resilience.policies import Policy

T = TypeVar("T")
_STATES: Final = {CLOSED: 0.0, HALF_OPEN: 0.5, OPEN: 1.0}


class Guard:
    """Retry with jitter around a circuit breaker, by one `Policy`. One guard serves many threads.

    What is called raises `Transient` or `TimedOut` for what may heal; anything else passes at once and
    counts as an answer. A rate limit is a `Transient` with `retry_after_s` in its details (`rate_limited`);
    it, and one with `answered` there, is tried again and opens no breaker: somebody is there.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[Policy, str], None] | None = None,
        stopping: Event | None = None,
    ) -> None:
        """`on_change` is told the breaker's new state, outside of its locks; it must not raise. Once
        `stopping` is set, nothing is tried again, and a pause under way ends.
        """
        self.policy = policy
        self._on_change = on_change
        self._stopping = stopping
        self._told = CLOSED
        behind = policy.background()
        self._bulkhead = Bulkhead(policy.name, concurrent=policy.concurrent, queued=policy.queued)
        self._behind = Bulkhead(
            f"{policy.name} in the background", concurrent=behind.concurrent, queued=behind.queued
        )
        self._breaker = Breaker(
            failures=policy.breaker_failures,
            rest_s=policy.breaker_rest_s,
            counts=lambda error: _may_heal(error) and not _has_answered(error),
            clock=clock,
        )
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._worth_another_try),
            stop=self._enough,
            wait=self._pause_s,
            sleep=sleep if stopping is None else _until(stopping),
            reraise=True,
        )

    @property
    def state(self) -> str:
        """`closed` (calls pass), `open` (calls are refused) or `half-open` (one is being tried)."""
        return self._breaker.state

    def call(self, function: Callable[[], T]) -> T:
        """The function's result. Raises its last error, or `Transient` while the breaker is open.

        Within `manner.in_background` it takes a place of the background; within `manner.once` it has one try.
        """
        with (self._behind if is_in_background() else self._bulkhead).place():
            if is_once():
                return self._attempt(function)
            result: T = self._retrying.copy()(self._attempt, function)
        return result

    def rest(self) -> None:
        """Call nothing for a while: another process has found the other side down."""
        if self.state == CLOSED:
            self._told = OPEN  # the other process has told it
            self._breaker.open()

    def _attempt(self, function: Callable[[], T]) -> T:
        try:
            with self._breaker.calling():
                self._tell()  # it may be a trial
                return function()
        except Refused as error:
            raise Transient(
                f"The {self.policy.name} failed {self.policy.breaker_failures} times in a row "
                f"and is left alone for {self.policy.breaker_rest_s:g} s.",
                hint="Run `anomalyctl status` to see its health.",
                details={"breaker": "open"},
            ) from error
        finally:
            self._tell()

    def _tell(self) -> None:
        state = self.state
        if self._on_change is not None and state != self._told:
            self._told = state
            self._on_change(self.policy, state)

    def _worth_another_try(self, error: BaseException) -> bool:
        return _may_heal(error) and self.state != OPEN

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        error = _error_of(state)
        if self._stopping is not None and self._stopping.is_set():
            return True
        if (state.seconds_since_start or 0.0) >= self.policy.total_s:
            return True
        if not _is_rate_limit(error):
            return state.attempt_number >= self.policy.attempts
        # Asking again before the time that the other side named would only lengthen its trouble.
        too_long = (_retry_after_s(error) or 0.0) > self.policy.rate_limit_wait_max_s
        return too_long or state.attempt_number >= self.policy.rate_limit_attempts

    def _pause_s(self, state: tenacity.RetryCallState) -> float:
        error, policy = _error_of(state), self.policy
        if not _is_rate_limit(error):
            backoff = tenacity.wait_exponential(multiplier=policy.wait_min_s, max=policy.wait_max_s)
            return backoff(state) + tenacity.wait_random(0, policy.wait_min_s)(state)
        named = _retry_after_s(error)
        if named:
            return named + tenacity.wait_random(0, 0.1 * named)(state)
        return tenacity.wait_random_exponential(
            policy.rate_limit_wait_min_s, policy.rate_limit_wait_max_s, min=policy.rate_limit_wait_min_s
        )(state)


def _until(stopping: Event) -> Callable[[float], None]:
    def pause(seconds: float) -> None:
        if stopping.wait(seconds):
            raise Transient("What failed is not tried again: this process was asked to stop.")

    return pause


def breaker_figure(guards: Iterable[Guard]) -> Figure:
    """The states of their breakers."""
    states = [({"name": guard.policy.name}, _STATES[guard.state]) for guard in guards]
    return Figure(names.BREAKER_OPEN, states)


def rate_limited(message: str, *, retry_after_s: float, hint: str = "") -> Transient:
    """The error for "too many requests"; 0 where the other side named no time."""
    return Transient(message, hint=hint, details={"retry_after_s": retry_after_s})


def _may_heal(error: BaseException) -> bool:
    if isinstance(error, Transient):
        return error.details.get("breaker") != "open"
    return isinstance(error, TimedOut)


def _has_answered(error: BaseException) -> bool:
    return _is_rate_limit(error) or (isinstance(error, Transient) and bool(error.details.get("answered")))


def _is_rate_limit(error: BaseException | None) -> bool:
    return isinstance(error, Transient) and "retry_after_s" in error.details


def _retry_after_s(error: BaseException | None) -> float | None:
    return float(error.details["retry_after_s"]) if isinstance(error, Transient) else None


def _error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
