"""What the three triggers have in common: a thread that waits and calls, until it is told to stop."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from datetime import timedelta

from anomalyctl.errors import AnomalyctlError
from anomalyctl.local.functions.bindings import FunctionDefinition
from anomalyctl.local.functions.calls import Calls
from anomalyctl.observability.bound import bind_on

logger = logging.getLogger(__name__)

_LONGEST_PAUSE = timedelta(seconds=30)


class Trigger(ABC):
    """Waits for one kind of event and calls one function, in a thread of its own."""

    def __init__(self, definition: FunctionDefinition, calls: Calls, stopping: threading.Event) -> None:
        self.definition = definition
        self.calls = calls
        self.stopping = stopping
        # Waited for instead of the thread: a `join` that a signal interrupts takes the thread for ended.
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=definition.name, daemon=True)

    def start(self) -> None:
        """Begin to wait for events."""
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for the call under way; True when the thread has ended."""
        return self._ended.wait(timeout_s)

    @property
    def alive(self) -> bool:
        """True while the thread runs."""
        return self._thread.is_alive() and not self._ended.is_set()

    @abstractmethod
    def prepare(self) -> None:
        """Once, before the first round; tried again until it succeeds."""

    @abstractmethod
    def round(self) -> float:
        """Wait for nothing, handle what is there, and return the seconds until the next round."""

    def clean_up(self) -> None:  # noqa: B027 - most have nothing to clean up
        """Once, after the last round."""

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._ended.set()

    def _work(self) -> None:
        bind_on(function=self.definition.name)
        prepared = False
        failures = 0
        while not self.stopping.is_set():
            try:
                if not prepared:
                    self.prepare()
                    prepared = True
                pause = self.round()
                self.calls.trigger_works()
                failures = 0
            except Exception as error:
                failures += 1
                self.calls.trigger_failed(error)
                told = isinstance(error, AnomalyctlError) or failures > 1
                logger.warning("the trigger failed, it goes on: %s", error, exc_info=not told)
                pause = min(_LONGEST_PAUSE.total_seconds(), 0.5 * 2.0 ** min(failures, 6))
            self.stopping.wait(pause)
        try:
            self.clean_up()
        except Exception as error:  # noqa: BLE001 - it ends anyway, and says why it could not tidy up
            logger.warning("the trigger could not tidy up: %s", error)
