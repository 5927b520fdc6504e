"""A thread that keeps asking one part whether it is well, so that a hung part holds up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable

from anomalyctl.local.part import Probe
from anomalyctl.local.probing import Trouble, trouble

_STARTING_S = 0.1
_STEADY_S = 2.0


class Prober:
    """Asks while a part runs: often until it is well, then every two seconds."""

    def __init__(self, probe: Probe, on_change: Callable[[], None]) -> None:
        self._probe = probe
        self._on_change = on_change
        self._changed = threading.Condition()
        self._run = 0
        self._asking = False
        self._closed = False
        self._answer: tuple[int, Trouble | None] | None = None
        self._thread = threading.Thread(target=self._loop, name=f"probe-{probe.port}", daemon=True)
        self._thread.start()

    def start(self) -> None:
        """A new process runs: answers about the one before it no longer count."""
        with self._changed:
            self._run += 1
            self._asking = True
            self._answer = None
            self._changed.notify_all()

    def pause(self) -> None:
        """No process runs."""
        with self._changed:
            self._asking = False
            self._answer = None

    def close(self) -> None:
        """Ask no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def answer(self) -> tuple[bool, Trouble | None]:
        """Whether it was asked since `start`, and what is wrong (None: it is well)."""
        with self._changed:
            return (False, None) if self._answer is None else (True, self._answer[1])

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._asking and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                run = self._run
            found = trouble(self._probe)
            with self._changed:
                if run != self._run or not self._asking:
                    continue
                changed = self._answer is None or self._answer[1] != found
                self._answer = (run, found)
            if changed:
                self._on_change()
            with self._changed:
                if run == self._run and not self._closed:
                    self._changed.wait(_STEADY_S if found is None else _STARTING_S)
