"""All queues of this process in turn: one where one is enough, several where a site has outgrown it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from anomalyctl.errors import Transient
from anomalyctl.pipeline import drain
from anomalyctl.pipeline.drain import Drained, Drainer
from anomalyctl.pipeline.tally import Tally
from anomalyctl.stores.readings import ReadingStore

logger = logging.getLogger(__name__)

SLICE_S: Final = 10.0
"""So long at most one queue keeps a process from its others."""


class Rounds:
    """One per process, which works at one queue at a time; several processes work at several side by side.

    `make` gives the drainer of one queue, `wanted` is how many queues sources are spread over from now on.
    """

    def __init__(
        self,
        readings: ReadingStore,
        make: Callable[[ReadingStore], Drainer],
        *,
        wanted: int = 1,
        stop: threading.Event | None = None,
    ) -> None:
        self._readings = readings
        self._make = make
        self._wanted: int | None = wanted
        self._stop = stop or threading.Event()
        self._drainers: dict[int, Drainer] = {}
        self._first = 0

    def drainer(self, queue: int) -> Drainer:
        """What drains one queue in this process."""
        if queue not in self._drainers:
            self._drainers.setdefault(queue, self._make(self._readings.on_queue(queue)))
        return self._drainers[queue]

    def drain(self) -> Drained:
        """Work until nothing waits in any queue that nobody else is at; see `Drainer.drain`."""
        self._say_how_many()
        queues = self._readings.places.queues()
        if queues == [0]:
            return self.drainer(0).drain()
        until = time.monotonic() + drain.LONGEST_S
        whole = Drained(Tally(), 0.0, standby=True)
        while queues and time.monotonic() < until and not self._stop.is_set():
            done = {
                queue: self.drainer(queue).drain(longest_s=left)
                for queue in self._in_turn(queues)
                if (left := min(SLICE_S, until - time.monotonic())) > 0
            }
            for each in done.values():
                whole = whole.and_then(each)
            if not any(each.got_on for each in done.values()):
                break
            # Where a source failed it fails again: its queue waits for the next sweep, the others go on.
            failed = {queue for queue, each in done.items() if each.failures}
            queues = [queue for queue in self._readings.places.queues() if queue not in failed]
        return whole

    def _in_turn(self, queues: Sequence[int]) -> list[int]:
        # Not always the first one first: workers that are rung together begin with different ones.
        self._first += 1
        at = self._first % len(queues)
        return [*queues[at:], *queues[:at]]

    def _say_how_many(self) -> None:
        if self._wanted is None:
            return
        try:
            self._readings.places.want(self._wanted)
            self._wanted = None
        except Transient as error:
            # Redis may be full, and only judging makes room.
            logger.warning("the number of queues cannot be told now: %s", error.message)
