"""One part in the supervisor's hands: started, watched, started again when it dies, stopped."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from anomalyctl.local.part import Part
from anomalyctl.local.ports import is_free
from anomalyctl.local.prober import Prober
from anomalyctl.local.state import Health, PartState
from anomalyctl.processes.child import Child, start_child
from anomalyctl.telemetry.times import format_time

_BACK_OFF_S = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
_CALM_S = 30.0
"""Well for this long, and earlier deaths no longer count."""
_HUNG_S = 30.0
"""Alive but silent for this long after it was well, and it is ended and started again."""
_NEVER_WELL_S = 90.0
"""The same for one that has not answered at all since it was started."""


class SupervisedPart:
    """A part, its process and its history. `now` is in seconds of a monotonic clock."""

    def __init__(
        self, part: Part, log: Path, on_change: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        self.part = part
        self.health: Health = "waiting"
        self._log = log
        self._say = say
        self._prober = Prober(part.probe, on_change)
        self._child: Child | None = None
        self._detail = ""
        self._starts = 0
        self._deaths = 0
        """That the back-off still counts."""
        self._exits_before_well = 0
        self._started_at = ""
        self._started = 0.0
        self._well_since: float | None = None
        self._silent_since: float | None = None
        self._next_start = 0.0

    def tick(
        self, now: float, clock: Callable[[], datetime], environ: Mapping[str, str], ready: bool
    ) -> None:
        """Look once: start what may start, notice what died, believe the prober.

        `ready` is whether the parts it comes after are well.
        """
        if self._child is None:
            if (ready or self._starts > 0) and now >= self._next_start:
                self._start(now, clock(), environ)
            return
        code = self._child.exit_code()
        if code is not None:
            self._child.kill()  # what it started and left behind
            self._ended(now, _how_it_ended(code))
        else:
            self._listen(now)

    def due(self, now: float) -> float | None:
        """Seconds until it wants to be looked at without an event; None when it can wait."""
        if self._child is None:
            return max(0.0, self._next_start - now) if self._starts else None
        return 0.5 if self.health != "healthy" else None

    def retry_now(self) -> None:
        """Forget the back-off."""
        self._next_start = 0.0

    def stop(self, grace_s: float) -> None:
        """End it within `grace_s` seconds."""
        self._prober.close()
        if self._child is not None:
            self._child.stop(grace_s=grace_s)
            self._child = None

    def state(self) -> PartState:
        """What others may know."""
        return PartState(
            name=self.part.name,
            title=self.part.title,
            address=self.part.address,
            health=self.health,
            detail=self._detail,
            restarts=max(0, self._starts - 1),
            exits=self._exits_before_well,
            started_at=self._started_at,
            process=None if self._child is None else self._child.identity,
        )

    def _start(self, now: float, instant: datetime, environ: Mapping[str, str]) -> None:
        self._starts += 1
        self._started, self._started_at = now, format_time(instant)
        self._well_since, self._silent_since = None, None
        if not is_free(self.part.probe.port):
            self._ended(now, f"port {self.part.probe.port} is taken by another program")
            return
        try:
            self._child = start_child(
                self.part.argv,
                output=self._log,
                env={**environ, **self.part.env},
                cwd=None if self.part.cwd is None else Path(self.part.cwd),
            )
        except OSError as error:
            self._ended(now, f"it cannot be started: {os.strerror(error.errno or 0)}")
            return
        self.health = "starting"
        if self._starts > 1:
            self._say(f"{self.part.name} is started again, restart {self._starts - 1}")
        self._prober.start()

    def _listen(self, now: float) -> None:
        asked, found = self._prober.answer()
        if asked and found is None:
            if self._well_since is None:
                self._well_since = now
            self.health, self._detail, self._silent_since = "healthy", "", None
            self._exits_before_well = 0
            return
        if self._well_since is not None and asked:
            self.health = "unwell"
        if found and (found.answered or self._well_since is not None or not self._detail):
            self._detail = found.text  # while it starts, why it had ended says more than its silence
        if found is None or found.answered:
            # Not asked yet, or it says itself what it lacks: no reason to start it again.
            self._silent_since = None
            return
        if self._silent_since is None:
            self._silent_since = now
        if now - self._silent_since >= (_NEVER_WELL_S if self._well_since is None else _HUNG_S):
            self._end_hung(now, found.text)

    def _end_hung(self, now: float, why: str) -> None:
        if self._child is not None:
            self._child.stop(grace_s=1.0)
        self._ended(now, f"it was ended because it hung: {why}")

    def _ended(self, now: float, how: str) -> None:
        self._prober.pause()
        if self._well_since is not None and now - self._well_since >= _CALM_S:
            self._deaths = 0
        self._deaths += 1
        self._exits_before_well += 1
        self._child, self._started_at = None, ""
        self._next_start = now + _BACK_OFF_S[min(self._deaths, len(_BACK_OFF_S)) - 1]
        self.health, self._detail = "backing-off", how
        self._say(f"{self.part.name}: {how}")


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"
