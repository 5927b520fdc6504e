"""The batches of one drain: sources side by side, each in its own time order."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Final

from anomalyctl.errors import AnomalyctlError, InternalError, Transient
from anomalyctl.observability.bound import about, bind
from anomalyctl.pipeline.sharing_out import share_out
from anomalyctl.pipeline.source_parts import CHUNK
from anomalyctl.pipeline.source_run import SourceRun
from anomalyctl.pipeline.tally import Tally
from anomalyctl.resilience.manner import in_background
from anomalyctl.stores.leases import Lease
from anomalyctl.stores.readings.entries import QueueEntry, entries_by_source, id_order

if TYPE_CHECKING:
    from anomalyctl.pipeline.drain import Drainer

logger = logging.getLogger(__name__)

BATCH: Final = 8 * CHUNK
SIDE_BY_SIDE: Final = 4
"""Sources judged at the same time; each call of theirs has its own time-out."""
ROOM_EVERY_S: Final = 0.25
"""So often, at least, memory is looked at while a drain goes on."""

_MOST_ANSWERS_LOST: Final = 3


class Batches:
    """The batches of one drain: first what was left pending, then what is new."""

    def __init__(self, drainer: Drainer, lease: Lease, *, stopped: Callable[[], bool]) -> None:
        self.tally = Tally()
        self.failures: dict[str, AnomalyctlError] = {}
        self.held: set[str] = set()
        """Sources whose turn comes when another queue is done with them."""
        self.forwarded = 0
        self._drainer = drainer
        self._lease = lease
        self._stopped = stopped
        self._runs: dict[str, SourceRun] = {}
        self._room_until = 0.0
        self._threads = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="source")

    def work(self, *, until: float) -> None:
        """Work until nothing waits, nobody gets anywhere, or it is time (monotonic seconds) to end."""
        queue, consumer = self._drainer.readings.queue, self._drainer.consumer
        place: str | None = "-"
        answers_lost = 0
        while not self._stopped() and time.monotonic() < until:
            self._look_after_the_queue()
            if place is not None:
                entries, place = queue.take_over(consumer, BATCH, after=place)
                # Whoever read them may have counted them, and then died before their verdicts were stored.
                self._drainer.episodes.forget({entry.source for entry in entries})
            else:
                try:
                    entries = queue.read_new(consumer, BATCH)
                except Transient:
                    answers_lost += 1
                    if answers_lost > _MOST_ANSWERS_LOST:
                        raise
                    place = "-"  # what the lost answer held is pending, and comes first
                    continue
                if not entries:
                    with in_background():
                        self._drainer.complete(self._stopped)
                    return
                self._drainer.read_until = id_order(entries[-1].id)
            if entries and not self._process(entries):
                return

    def close(self) -> None:
        """Wait for what is under way, and remember how the sources were left."""
        self._threads.shutdown()
        self._forget_all_but(())
        self._drainer.known.drained(self._lease)

    def _look_after_the_queue(self) -> None:
        if time.monotonic() >= self._room_until:
            self._drainer.make_room()
            self._drainer.readings.queue.create_group()
            self._room_until = time.monotonic() + ROOM_EVERY_S

    def _process(self, entries: Sequence[QueueEntry]) -> bool:
        """Process one batch; False when no source gets anywhere, so that going on is of no use."""
        # A source that failed waits for the next drain: its newer readings must not overtake the older.
        groups = {
            source: group
            for source, group in entries_by_source(entries).items()
            if source not in self.failures and source not in self.held
        }
        shared = share_out(self._drainer.readings, groups)
        self.held |= shared.held
        self.forwarded += shared.forwarded
        self._forget_all_but(set(shared.here) - shared.moved)
        for source in shared.moved:
            self._drainer.known.keep(source, None)
        asked = {
            source: self._threads.submit(copy_context().run, self._run_of(source).process, group)
            for source, group in shared.here.items()
        }
        progress = shared.forwarded > 0
        for source, future in asked.items():
            try:
                done = future.result()
                self.tally.add(done)
                progress = True
                if done.late:
                    self._drainer.known.changed(source)
            except AnomalyctlError as error:
                self.failures[source] = error
            except Exception as error:
                # One source's trouble must not stop the others.
                with bind(**{"source": source, **about(error)}):
                    logger.exception("%s: a bug of ours", source)
                self.failures[source] = InternalError(f"{type(error).__name__}: {error}")
        return progress or self._others_may_wait()

    def _others_may_wait(self) -> bool:
        return bool(set(self._drainer.readings.sources()) - set(self.failures))

    def _forget_all_but(self, sources: Collection[str]) -> None:
        # What is remembered of a source weighs some 400 kB, and a site may have many.
        for source in set(self._runs) - set(sources):
            run = self._runs.pop(source)
            run.close()
            self._drainer.known.keep(source, run.state)

    def _run_of(self, source: str) -> SourceRun:
        if source not in self._runs:
            self._runs[source] = self._drainer.source_run(source, self._lease, self._stopped)
        return self._runs[source]
