"""Waiting until everything that was sent has its verdict: what scripts do between sending and looking."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from anomalyctl.errors import TimedOut
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.status import EnvironmentStatus

_LOOK_EVERY_S = 0.5


def wait_until_judged(
    look: Callable[[], EnvironmentStatus],
    limit: timedelta,
    *,
    progress: Progress = SILENCE,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> EnvironmentStatus:
    """Look until each part is well and nothing waits for a verdict; returns that last look.

    Raises TimedOut after `limit`, saying what is still unwell or waiting.
    """
    end = clock() + limit.total_seconds()
    most = 0
    while True:
        found = look()
        # None: Redis could not be asked, which is not the same as nothing.
        waiting = None if found.queued is None or found.pending is None else found.queued + found.pending
        if found.is_healthy and waiting == 0:
            return found
        if clock() >= end:
            raise TimedOut(_remains(found, waiting), hint="Look at: anomalyctl logs functions")
        if waiting:
            most = max(most, waiting)
            progress.advance(most - waiting, most, "Readings judged:")
        sleep(_LOOK_EVERY_S)


def _remains(found: EnvironmentStatus, waiting: int | None) -> str:
    unwell = [part.title for part in found.parts if part.health != "healthy"]
    if unwell:
        return f"Not well in time: {', '.join(unwell)}."
    if waiting is None:
        return "Redis did not say how many readings still wait for their verdict."
    return f"{waiting:,} readings still wait for their verdict."
