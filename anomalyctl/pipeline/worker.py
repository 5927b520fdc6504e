"""The function app's wiring: everything that a process needs, built once, from its settings."""

from __future__ import annotations

import atexit
import logging
import os
import platform
import re
import threading
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from anomalyctl.errors import AnomalyctlError
from anomalyctl.observability.bound import bind, new_run_id, run_id
from anomalyctl.observability.figures import Figure, offer
from anomalyctl.observability.starting import tell_where_possible
from anomalyctl.pipeline.dashboard import update_dashboard_cache
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.pipeline.doorbell import Doorbell
from anomalyctl.pipeline.drain import Drained, Drainer
from anomalyctl.pipeline.figures import PipelineFigures
from anomalyctl.pipeline.fitting import Fit
from anomalyctl.pipeline.housekeeping import CleanedUp, clean_up
from anomalyctl.pipeline.rounds import Rounds
from anomalyctl.pipeline.settings import WorkerSettings, worker_settings
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.manner import in_background
from anomalyctl.resilience.policies import CACHE, DATABASE, Policy
from anomalyctl.resilience.settings import in_force
from anomalyctl.stores.readings.entries import id_order
from anomalyctl.stores.readings.places import MOST_QUEUES
from anomalyctl.stores.shared_breakers import SharedBreakers
from anomalyctl.triage.episodes import Episodes

if TYPE_CHECKING:
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.stores.readings import ReadingStore

logger = logging.getLogger(__name__)

_ENTRY_ID = re.compile(r"\d+-\d+", re.ASCII)
_building = threading.Lock()
_workers: list[Worker] = []


def worker(service: str = "functions") -> Worker:
    """The worker of this process, which tells of itself as `service`. Raises InvalidInput for a setting."""
    with _building:
        if not _workers:
            made = Worker(worker_settings())
            tell_where_possible(service)
            _workers.append(made)
            show_figures()
            # No verdict waits for it, also where Cosmos DB is away.
            threading.Thread(target=made.count_letters, name="dead letters", daemon=True).start()
            atexit.register(stop)
        return _workers[0]


def show_figures() -> None:
    """Offer the figures of this process's worker from now on; who looks first has it made."""
    offer(_figures)


def stop() -> None:
    """Ask the drain under way to end after its chunk; what it has not judged stays pending for the next."""
    for each in _workers:
        each.stopping.set()


class Worker:
    """What the functions call."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        self.doorbell: Doorbell[Drained] = Doorbell(self._drain)
        self.figures = PipelineFigures()
        self.breakers = SharedBreakers(lambda: self.readings, owner=consumer_name(), clock=_now)
        self.cache_guard = self._guard(CACHE)
        self.database_guard = self._guard(DATABASE)

    def _guard(self, policy: Policy) -> Guard:
        return Guard(in_force(policy), on_change=self.breakers.tell, stopping=self.stopping)

    @cached_property
    def readings(self) -> ReadingStore:
        """The Redis side."""
        return self.settings.reading_store(self.cache_guard)

    @cached_property
    def anomalies(self) -> AnomalyStore:
        """The Cosmos DB side."""
        return self.settings.anomaly_store(self.database_guard)

    @cached_property
    def detectors(self) -> DetectorClient:
        """The three tiers."""
        return DetectorClient(
            self.settings.fastapi_endpoint,
            self.settings.detector_token.get_secret_value(),
            on_breaker=self.breakers.tell,
            stopping=self.stopping,
        )

    @property
    def guards(self) -> dict[str, Guard]:
        """What stands before calls to others, by what is called."""
        guards = [self.cache_guard, self.database_guard, *self.detectors.guards.values()]
        return {guard.policy.name: guard for guard in guards}

    @cached_property
    def rounds(self) -> Rounds:
        """What judges readings, queue by queue."""
        episodes = Episodes(self.anomalies)

        def make(readings: ReadingStore) -> Drainer:
            return Drainer(
                readings,
                self.anomalies,
                episodes,
                self.detectors,
                consumer=consumer_name(),
                clock=_now,
                train_on_simulated=self.settings.train_on_simulated,
                stop=self.stopping,
                figures=self.figures,
            )

        return Rounds(self.readings, make, wanted=self.settings.reading_queues, stop=self.stopping)

    @property
    def drainer(self) -> Drainer:
        """What judges the readings of the first queue."""
        return self.rounds.drainer(0)

    def answer_ring(self, entry: str) -> Drained | None:
        """Drain because of one trigger entry, `{"Id", "Values"}`; None when somebody is at it already."""
        entry_id = _entry_id(entry)
        return None if entry_id and self.drainer.has_read(entry_id) else self.judge_readings()

    def answer_ring_elsewhere(self, entry: str) -> Drained | None:
        """Drain because of one entry of the doorbell for the queues beside the first; its value names one."""
        queue, rung = _queue_rung(entry), id_order(_entry_id(entry) or "0-0")
        # What it was rung for entered in the same moment, and everything until then has been read.
        done = queue is not None and self.rounds.drainer(queue).read_until[0] > rung[0] > 0
        return None if done else self.judge_readings()

    def judge_readings(self) -> Drained | None:
        """Drain the queue, or leave it to the drain under way; None in the latter case."""
        return None if self.stopping.is_set() else self.doorbell.ring()

    def fit_models(self) -> list[Fit]:
        """Refit every source's model from its window."""
        with in_background():
            return self.drainer.fitter.fit_all()

    def update_dashboard_cache(self) -> dict[str, int]:
        """Count the open episodes for the dashboard."""
        with in_background():
            return update_dashboard_cache(self.readings, self.anomalies, now=_now())

    def clean_up(self) -> CleanedUp:
        """Sweep up what is done with, and finish what was interrupted."""
        with in_background():
            done = clean_up(self.readings, self.anomalies, consumer=consumer_name(), now=_now())
        self.figures.count_letters(done.dead_letters)
        return done

    def _drain(self) -> Drained:
        with bind(run_id=run_id() or new_run_id()):
            self.breakers.heed(self.guards)
            return self.rounds.drain()

    def count_letters(self) -> None:
        """Say how many dead letters there are, before the first clean-up does."""
        try:
            with in_background():
                self.figures.count_letters(self.anomalies.count_dead_letters())
        except AnomalyctlError as error:
            logger.info("the dead letters could not be counted now: %s", error.message)


def _figures() -> list[Figure]:
    try:
        made = worker()
        return made.figures.figures(made.readings, made.guards, _now)
    except AnomalyctlError:
        return []  # the first call says what is wrong with the settings


def consumer_name() -> str:
    """This host in the consumer group: its name and which boot of it."""
    host = os.environ.get("WEBSITE_INSTANCE_ID") or platform.node() or "host"
    return f"{host[:32]}-{_boot_id()[:8]}"


def _entry_id(entry: str) -> str:
    try:
        found = orjson.loads(entry)["Id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""  # a ring is a ring, whatever it carries
    return found if isinstance(found, str) and _ENTRY_ID.fullmatch(found) else ""


def _queue_rung(entry: str) -> int | None:
    try:
        queue = int(orjson.loads(entry)["Values"]["queue"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    return queue if 0 <= queue < MOST_QUEUES else None


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"  # not Linux: the host's name alone


def _now() -> datetime:
    return datetime.now(UTC)
