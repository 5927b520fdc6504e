"""Drain one queue: one drainer at a time, under the queue's lease, until nothing waits."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from anomalyctl.errors import AnomalyctlError
from anomalyctl.observability.bound import about, bind
from anomalyctl.pipeline.batches import BATCH, Batches
from anomalyctl.pipeline.completing import complete
from anomalyctl.pipeline.figures import PipelineFigures
from anomalyctl.pipeline.fitting import Fitter
from anomalyctl.pipeline.heartbeat import Heartbeat
from anomalyctl.pipeline.judging import Detectors
from anomalyctl.pipeline.keeping import EpisodeCounter, Keeper, VerdictKeeper
from anomalyctl.pipeline.known_states import KnownStates
from anomalyctl.pipeline.source_parts import SourceParts
from anomalyctl.pipeline.source_run import SourceRun
from anomalyctl.pipeline.tally import Tally
from anomalyctl.pipeline.trimming import make_room
from anomalyctl.resilience.manner import in_background
from anomalyctl.stores.leases import Lease
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.queue import id_order

logger = logging.getLogger(__name__)


class Episodes(EpisodeCounter, Protocol):
    """What is needed of `triage.episodes.Episodes`."""

    def forget(self, sources: Iterable[str]) -> None:
        """Ask for the episodes of these sources anew."""


LEASE: Final = "readings"
LEASE_S: Final = 20.0
"""After a drainer was killed, the next one waits at most so long."""
COMPLETE_EVERY_S: Final = 10.0
"""So often verdicts that lack a tier are looked for, where nothing else waits."""
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
    held: frozenset[str] = frozenset()
    """Sources that wait until another queue is done with them."""
    forwarded: int = 0
    """Readings that went on to the queue of their source."""

    @property
    def got_on(self) -> bool:
        """Whether anything changed."""
        return self.forwarded > 0 or self.tally != Tally()

    def and_then(self, more: Drained) -> Drained:
        """Both as one."""
        tally = Tally()
        tally.add(self.tally)
        tally.add(more.tally)
        return Drained(
            tally,
            self.seconds + more.seconds,
            self.standby and more.standby,
            {**self.failures, **more.failures},
            more.held if not more.standby else self.held,
            self.forwarded + more.forwarded,
        )


class Drainer:
    """One per process and queue, that of `readings`. `consumer` names this host in the group, `stop` ends a
    drain between chunks.
    """

    def __init__(
        self,
        readings: ReadingStore,
        verdicts: VerdictKeeper,
        episodes: Episodes,
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
        self.episodes = episodes
        self._verdicts = verdicts
        self.figures = figures or PipelineFigures()
        self.keeper = Keeper(readings, verdicts, episodes, clock=clock, figures=self.figures)
        self.fitter = Fitter(readings, train_on_simulated=train_on_simulated, clock=clock)
        self.consumer = consumer
        self.lease_name = lease_name(readings.queue.number)
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

    def drain(self, *, longest_s: float | None = None) -> Drained:
        """Work until nothing waits, until told to stop, or for `longest_s` (`LONGEST_S`).

        What cannot be done now stays pending and is in `failures`. Raises Unreachable, Transient or
        SignInFailed when Redis itself cannot be used.
        """
        until = time.monotonic() + (LONGEST_S if longest_s is None else longest_s)
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
        lease = self.readings.leases.acquire(self.lease_name, self.consumer, ttl_s=self._lease_s)
        if lease is None:
            return Drained(Tally(), 0.0, standby=True)
        leases, ttl_s = self.readings.leases, self._lease_s
        with Heartbeat(leases, lease, ttl_s=ttl_s, stopping=self.stop) as heartbeat:
            batch = Batches(self, lease, stopped=lambda: self.stop.is_set() or heartbeat.lost)
            try:
                batch.work(until=until)
            finally:
                batch.close()
        self.figures.add(batch.tally)
        drained = Drained(
            batch.tally,
            time.monotonic() - started,
            failures=batch.failures,
            held=frozenset(batch.held),
            forwarded=batch.forwarded,
        )
        _log(drained)
        return drained

    def make_room(self) -> None:
        """Trim the queue where Redis is nearly full. Only the holder of the lease may call this."""
        with in_background():
            trimmed = make_room(self.readings, self._verdicts, keep=BATCH, now=self._clock())
        self.figures.letters_changed(trimmed)

    def complete(self, stopped: Callable[[], bool]) -> int:
        """Complete verdicts that lack a tier, every now and then. For the holder of the lease alone."""
        if time.monotonic() < self._complete_from:
            return 0
        self._complete_from = time.monotonic() + COMPLETE_EVERY_S
        return complete(
            self.readings,
            self.detectors,
            self.keeper,
            clock=self._clock,
            stopped=stopped,
            arrived=lambda source: self.known.keep(source, None),
        )

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


def lease_name(queue: int) -> str:
    """The lease of a queue; the first has the plain name."""
    return LEASE if queue == 0 else f"{LEASE}:{queue}"


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
    if drained.forwarded:
        logger.info("%d readings went on to the queue of their source", drained.forwarded)
    for source, error in drained.failures.items():
        with bind(**{"source": source, **about(error)}):
            logger.error(
                "%s: left pending for the next sweep: %s", source, error.message, extra={"code": error.code}
            )
