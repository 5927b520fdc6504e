"""Calling one function: counted, logged under its name, tried again where its policy says so."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from anomalyctl.local.functions.bindings import FunctionDefinition, Retry
from anomalyctl.observability.bound import bind_on, new_run_id, unbind
from anomalyctl.telemetry.times import format_time

logger = logging.getLogger(__name__)

Outcome = Literal["done", "given-up", "cut-short"]
"""Given up: the last try failed. Cut short: the host stops, and there would have been another try."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What is known of one function's calls."""

    name: str
    trigger: str
    successes: int
    failures: int
    running: bool
    last_run: str | None
    last_duration_ms: float | None
    last_error: str | None
    """Kept when later calls succeed."""
    trouble: str | None
    """What is wrong now: None once the trigger works and the last call succeeded."""


class Calls:
    """The calls of one function."""

    def __init__(
        self,
        definition: FunctionDefinition,
        function: Callable[..., Any],
        stopping: threading.Event,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._definition = definition
        self._function = function
        self._stopping = stopping
        self._clock = clock
        self._lock = threading.Lock()
        self._successes = 0
        self._failures = 0
        self._running = False
        self._last_run: str | None = None
        self._last_duration_ms: float | None = None
        self._last_error: str | None = None
        self._last_failure: str | None = None
        self._trigger_trouble: str | None = None

    def call(self, value: Any) -> Outcome:
        """Call the function with the trigger's value, again where its retry policy says so.

        Never raises what the function raised.
        """
        tries = 0
        while not self._once(value):
            tries += 1
            retry = self._definition.retry
            if retry is None or (retry.most >= 0 and tries > retry.most):
                return "given-up"
            if self._stopping.wait(_delay_s(retry, tries)):
                return "cut-short"
        return "done"

    def trigger_failed(self, error: BaseException) -> None:
        """Note a failure of the trigger itself, such as a store that does not answer."""
        with self._lock:
            self._last_error = self._trigger_trouble = f"the trigger failed: {error}"

    def trigger_works(self) -> None:
        """Note that the trigger looked and found its store."""
        with self._lock:
            self._trigger_trouble = None

    def record(self) -> CallRecord:
        """What is known now."""
        with self._lock:
            return CallRecord(
                name=self._definition.name,
                trigger=self._definition.kind,
                successes=self._successes,
                failures=self._failures,
                running=self._running,
                last_run=self._last_run,
                last_duration_ms=self._last_duration_ms,
                last_error=self._last_error,
                trouble=self._trigger_trouble or self._last_failure,
            )

    def _once(self, value: Any) -> bool:
        token = bind_on(function=self._definition.name, run_id=new_run_id())
        began = time.monotonic()
        with self._lock:
            self._running, self._last_run = True, format_time(self._clock())
        failure: str | None = None
        try:
            self._function(**{self._definition.parameter: value})
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
            logger.error("the function failed", exc_info=True)
        finally:
            unbind(token)
            with self._lock:
                self._running = False
                self._last_duration_ms = round((time.monotonic() - began) * 1000, 1)
        with self._lock:
            self._last_failure = failure
            if failure is None:
                self._successes += 1
            else:
                self._failures += 1
                self._last_error = failure
        return failure is None


def _delay_s(retry: Retry, tries: int) -> float:
    first, longest = retry.delays_s
    return min(longest, first * 2.0 ** min(tries - 1, 30))
