"""Drain the queue: one drainer at a time, in batches, sources side by side, each in its own time order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from anomalyctl.errors import AnomalyctlError, InternalError
from anomalyctl.observability.bound import about, bind
from anomalyctl.pipeline.completing import complete
from anomalyctl.pipeline.figures import PipelineFigures
from anomalyctl.pipeline.fitting import Fitter
from anomalyctl.pipeline.heartbeat import Heartbeat
from anomalyctl.pipeline.judging import Detectors
from anomalyctl.pipeline.keeping import EpisodeCounter, Keeper, VerdictKeeper
from anomalyctl.pipeline.known_states import KnownStates
from anomalyctl.pipeline.source_parts import CHUNK, SourceParts
from anomalyctl.pipeline.source_run import SourceRun
from anomalyctl.pipeline.tally import Tally
from anomalyctl.pipeline.trimming import make_room
from anomalyctl.stores.leases import Lease
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.queue import QueueEntry, entries_by_source, id_order

logger = logging.getLogger(__name__)

LEASE: Final = "readings"
LEASE_S: Final = 20.0
"""After a drainer was killed, the next one waits at most so long."""
BATCH: Final = 8 * CHUNK
SIDE_BY_SIDE: Final = 4
"""Sources judged at the same time; each call of theirs has its own time-out."""
COMPLETE_EVERY_S: Final = 10.0
"""So often verdicts that lack a tier are looked for, where nothing else waits."""
ROOM_EVERY_S: Final = 0.25
"""So often, at least, memory is looked at while a drain goes on."""
LONGEST_S: Final = 240.0
"""A drain ends after so long, well within a function's time; the next sweep goes on."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What one drain did."""

    tally: Tally
    seconds: float
    standby: bool = False
    """Somebody else holds the lease; nothing was done."""
    failures: Mapping[str, AnomalyctlError] = field(default_factory=dict)
    """By source: why its readings stay pending until the next drain."""

    def and_then(self, more: Drained) -> Drained:
        """Both as one."""
        tally = Tally()
        tally.add(self.tally)
        tally.add(more.tally)
        return Drained(tally, self.seconds + more.seconds, failures=more.failures)


class Drainer:
    """One per process. `consumer` names this host in the group, `stop` ends a drain between chunks."""

    def __init__(
        self,
        readings: ReadingStore,
        verdicts: VerdictKeeper,
        episodes: EpisodeCounter,
        detectors: Detectors,
        *,
        consumer: str,
        clock: Callable[[], datetime],
        train_on_simulated: bool = True,
        stop: threading.Event | None = None,
        lease_s: float = LEASE_S,
        figures: PipelineFigures | None = None,
    ) -> None:
        self.readings = readings
        self.detectors = detectors
        self._verdicts = verdicts
        self.figures = figures or PipelineFigures()
        self.keeper = Keeper(readings, verdicts, episodes, clock=clock, figures=self.figures)
        self.fitter = Fitter(readings, train_on_simulated=train_on_simulated, clock=clock)
        self.consumer = consumer
        self.stop = stop or threading.Event()
        self.read_until = (0, 0)
        """The newest entry of the queue that this process has read."""
        self._clock = clock
        self._complete_from = 0.0
        self._lease_s = lease_s
        self.known = KnownStates()

    def has_read(self, entry_id: str) -> bool:
        """Whether this process has read an entry: it is done with, or waits for the next sweep."""
        return id_order(entry_id) <= self.read_until

    def drain(self) -> Drained:
        """Work until nothing waits, or until told to stop.

        What cannot be done now stays pending and is in `failures`. Raises Unreachable, Transient or
        SignInFailed when Redis itself cannot be used.
        """
        until = time.monotonic() + LONGEST_S
        drained = self._drain_once(until)
        # Whoever was rung while the lease was held stood by: what came then is ours to see.
        while time.monotonic() < until and self._may_go_on(drained) and self._more_came():
            more = self._drain_once(until)
            if more.standby:
                break
            drained = drained.and_then(more)
        return drained

    def _may_go_on(self, drained: Drained) -> bool:
        return not (drained.standby or drained.failures or self.stop.is_set())

    def _more_came(self) -> bool:
        """Whether something was queued since the last look, which nobody else may have been rung for."""
        last = self.readings.queue.last_delivered_id()
        return last is not None and self.readings.queue.holds_after(last)

    def _drain_once(self, until: float) -> Drained:
        started = time.monotonic()
        lease = self.readings.leases.acquire(LEASE, self.consumer, ttl_s=self._lease_s)
        if lease is None:
            return Drained(Tally(), 0.0, standby=True)
        leases, ttl_s = self.readings.leases, self._lease_s
        with Heartbeat(leases, lease, ttl_s=ttl_s, stopping=self.stop) as heartbeat:
            batch = _Batches(self, lease, stopped=lambda: self.stop.is_set() or heartbeat.lost)
            try:
                batch.work(until=until)
            finally:
                batch.close()
        self.figures.add(batch.tally)
        drained = Drained(batch.tally, time.monotonic() - started, failures=batch.failures)
        _log(drained)
        return drained

    def make_room(self) -> None:
        """Trim the queue where Redis is nearly full. Only the holder of the lease may call this."""
        trimmed = make_room(self.readings, self._verdicts, keep=BATCH, now=self._clock())
        self.figures.letters_changed(trimmed)

    def complete(self, stopped: Callable[[], bool]) -> int:
        """Complete verdicts that lack a tier, every now and then. For the holder of the lease alone."""
        if time.monotonic() < self._complete_from:
            return 0
        self._complete_from = time.monotonic() + COMPLETE_EVERY_S
        return complete(self.readings, self.detectors, self.keeper, clock=self._clock, stopped=stopped)

    def source_run(self, source: str, lease: Lease, stopped: Callable[[], bool]) -> SourceRun:
        """What judges one source under this lease."""
        parts = SourceParts(
            source=source,
            readings=self.readings,
            detectors=self.detectors,
            keeper=self.keeper,
            fitter=self.fitter,
            lease=lease,
            clock=self._clock,
            stopped=stopped,
            known=self.known.of(source, lease),
        )
        return SourceRun(parts)


class _Batches:
    """The batches of one drain: first what was left pending, then what is new."""

    def __init__(self, drainer: Drainer, lease: Lease, *, stopped: Callable[[], bool]) -> None:
        self.tally = Tally()
        self.failures: dict[str, AnomalyctlError] = {}
        self._drainer = drainer
        self._lease = lease
        self._stopped = stopped
        self._runs: dict[str, SourceRun] = {}
        self._room_until = 0.0
        self._threads = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="source")

    def work(self, *, until: float) -> None:
        queue, consumer = self._drainer.readings.queue, self._drainer.consumer
        place: str | None = "-"
        while not self._stopped() and time.monotonic() < until:
            self._look_after_the_queue()
            if place is not None:
                entries, place = queue.take_over(consumer, BATCH, after=place)
            else:
                entries = queue.read_new(consumer, BATCH)
                if not entries:
                    self._drainer.complete(self._stopped)
                    return
                self._drainer.read_until = id_order(entries[-1].id)
            if entries and not self._process(entries):
                return

    def close(self) -> None:
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
            if source not in self.failures
        }
        self._forget_all_but(groups)
        asked = {
            source: self._threads.submit(copy_context().run, self._run_of(source).process, group)
            for source, group in groups.items()
        }
        progress = False
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


def _log(drained: Drained) -> None:
    tally = drained.tally
    if tally.judged or tally.refused or tally.repeated:
        logger.info(
            "judged %d readings in %.1f s: %d anomalous, %d late, %d repeated, %d refused, %d models",
            tally.judged,
            drained.seconds,
            tally.anomalous,
            tally.late,
            tally.repeated,
            tally.refused,
            tally.fitted,
        )
    for source, error in drained.failures.items():
        with bind(**{"source": source, **about(error)}):
            logger.error(
                "%s: left pending for the next sweep: %s", source, error.message, extra={"code": error.code}
            )
