"""What the pipeline tells of itself: lag, latency, outcomes, breakers, dead letters."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from anomalyctl.errors import AnomalyctlError
from anomalyctl.observability import names
from anomalyctl.observability.figures import Figure
from anomalyctl.pipeline.tally import Tally
from anomalyctl.resilience.guard import breaker_figure
from anomalyctl.telemetry.times import epoch_ms

if TYPE_CHECKING:
    from anomalyctl.resilience.guard import Guard
    from anomalyctl.stores.readings import ReadingStore

_REMEMBERED: Final = 4_096
_QUANTILES: Final = (0.5, 0.9, 0.99)


class PipelineFigures:
    """Thread-safe; one per process."""

    def __init__(self) -> None:
        self._dead_letters = 0
        self._began_ms: int | None = None
        self._tally = Tally()
        self._latencies: deque[float] = deque(maxlen=_REMEMBERED)
        self._latency_sum = 0.0
        self._latency_count = 0
        self._lock = threading.Lock()

    def add(self, tally: Tally) -> None:
        """Count a drain."""
        with self._lock:
            self._tally.add(tally)

    def count_letters(self, there_are: int) -> None:
        """Note how many dead letters there are."""
        with self._lock:
            self._dead_letters = there_are

    def letters_changed(self, by: int) -> None:
        """Note that some came or went; the next count corrects what was told twice or by others."""
        with self._lock:
            self._dead_letters = max(0, self._dead_letters + by)

    def stored(self, arrived_ms: Iterable[int], now: datetime) -> None:
        """Note how long ago readings had arrived whose verdicts are stored now."""
        now_ms = epoch_ms(now)
        latencies = [max(0, now_ms - ms) / 1000 for ms in arrived_ms]
        with self._lock:
            self._latencies.extend(latencies)
            self._latency_sum += sum(latencies)
            self._latency_count += len(latencies)

    def quantiles(self) -> dict[float, float]:
        """Seconds from XADD to the stored verdict, of the newest 4,096 readings, by quantile."""
        with self._lock:
            ordered = sorted(self._latencies)
        if not ordered:
            return {}
        return {each: ordered[min(len(ordered) - 1, int(each * len(ordered)))] for each in _QUANTILES}

    def figures(
        self, readings: ReadingStore, guards: Mapping[str, Guard], clock: Callable[[], datetime]
    ) -> list[Figure]:
        """All of them now; what Redis does not tell is left out."""
        with self._lock:
            outcomes = [({"outcome": name}, float(getattr(self._tally, name))) for name in Tally.__slots__]
            totals = {"sum": self._latency_sum, "count": float(self._latency_count)}
        latency = [({"quantile": f"{each:g}"}, value) for each, value in self.quantiles().items()]
        found = [
            Figure(names.READINGS, outcomes),
            Figure(names.VERDICT_LATENCY, latency),
            Figure(names.VERDICT_LATENCY_SUM, [({}, totals["sum"])]),
            Figure(names.VERDICT_LATENCY_COUNT, [({}, totals["count"])]),
            breaker_figure(guards.values()),
        ]
        found.append(Figure(names.DEAD_LETTERS, [({}, float(self._dead_letters))]))
        now_ms = epoch_ms(clock())
        if self._began_ms is None:
            self._began_ms = now_ms
        return found + _lag(readings, now_ms, began_ms=self._began_ms)


def _lag(readings: ReadingStore, now_ms: int, *, began_ms: int) -> list[Figure]:
    try:
        backlog = readings.backlog()
    except AnomalyctlError:
        return []
    age_s = 0.0 if backlog.oldest_ms is None else max(0, now_ms - backlog.oldest_ms) / 1000
    states = [({"state": "queued"}, float(backlog.queued)), ({"state": "pending"}, float(backlog.pending))]
    # Where none ever came, silence counts from our beginning: a figure that is not there alarms nobody.
    since_s = max(0, now_ms - (began_ms if backlog.newest_ms is None else backlog.newest_ms)) / 1000
    return [
        Figure(names.QUEUE_LAG_READINGS, states),
        Figure(names.QUEUE_LAG_SECONDS, [({}, age_s)]),
        Figure(names.SECONDS_SINCE_READING, [({}, since_s)]),
    ]
