"""Sending simulated readings: a backfill at full speed, then an absolute schedule that does not drift."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.operations.feeding import Sender
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.simulation_plan import SimulationPlan
from anomalyctl.telemetry.deliveries import Deliveries
from anomalyctl.telemetry.durations import format_duration
from anomalyctl.telemetry.faults import injector, labels
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import format_time, from_epoch_ms

if TYPE_CHECKING:
    from anomalyctl.stores.readings import ReadingStore

_PART: Final = 512
"""Readings made and sent in one go."""
_SHORTEST_TICK: Final = timedelta(milliseconds=50)
"""Readings that are due closer together than this are sent together."""


@dataclass(frozen=True, slots=True)
class SimulationSummary:
    """What was sent, and the truth about the faults in it."""

    readings: int
    source: str
    first: datetime | None
    last: datetime | None
    seed: int
    rate_s: float
    speed: float
    missed_ticks: int
    """Readings that were sent after the next one was due already."""
    interrupted: bool
    took_s: float
    faults: tuple[dict[str, Any], ...]

    def as_document(self) -> dict[str, Any]:
        """JSON types, `from` and `to` as the wire writes times."""
        return {
            "readings": self.readings,
            "source": self.source,
            "from": None if self.first is None else format_time(self.first),
            "to": None if self.last is None else format_time(self.last),
            "seed": self.seed,
            "rate_s": self.rate_s,
            "speed": self.speed,
            "missed_ticks": self.missed_ticks,
            "interrupted": self.interrupted,
            "took_s": round(self.took_s, 3),
            "faults": list(self.faults),
        }


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Simulation:
    """One run. `run` sends; `summary` may be asked for at any time, after an interruption, too."""

    def __init__(
        self,
        store: ReadingStore,
        plan: SimulationPlan,
        *,
        clock: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], None] = time.sleep,
        progress: Progress = SILENCE,
    ) -> None:
        self._plan, self._clock, self._sleep, self._progress = plan, clock, sleep, progress
        self._registry = store.load_registry(plan.source)
        self._injector = injector(
            plan.faults, self._registry, start=plan.start, interval_s=plan.rate.total_seconds()
        )
        self._newest_ms = store.newest_ms(plan.source)
        self._sender = Sender(store, plan.source, "simulated", sleep=sleep)
        self._deliveries = Deliveries()
        self._made = self._missed = 0
        self._began: datetime | None = None
        self._complete = False

    @property
    def sent(self) -> int:
        """Readings that the store has taken."""
        return self._sender.sent

    def run(self) -> None:
        """Send the backfill, then what is live. Raises Transient when the store does not recover."""
        self._began = self._clock()
        if self._newest_ms is not None and self._newest_ms >= self._plan.time_ms(0):
            self._progress.warn(
                f"{self._plan.source} has readings up to {format_time(from_epoch_ms(self._newest_ms))}: "
                "what is sent for times before that counts as late, or as a repeat."
            )
        while self._made < self._plan.backfill:
            self._send_next(min(_PART, self._plan.backfill - self._made))
            self._progress.advance(self._made, self._plan.backfill, "Sending the backfill:")
        if self._plan.live != 0:
            self._run_live()
        self._sender.send([(delivery.time_ms, delivery.payload) for delivery in self._deliveries.rest()])
        self._complete = True

    def summary(self) -> SimulationSummary:
        """What has been sent so far; faults that have not begun are left out."""
        plan, rate_s = self._plan, self._plan.rate.total_seconds()
        last = from_epoch_ms(plan.time_ms(self._made - 1)) if self._made else None
        truth = labels(plan.faults, start=plan.start, interval_s=rate_s)
        written = "" if last is None else format_time(last)
        begun = [fault | {"to": min(fault["to"], written)} for fault in truth if fault["from"] <= written]
        return SimulationSummary(
            readings=self._sender.sent,
            source=plan.source,
            first=plan.start if self._made else None,
            last=last,
            seed=plan.seed,
            rate_s=rate_s,
            speed=plan.speed,
            missed_ticks=self._missed,
            interrupted=not self._complete,
            took_s=(self._clock() - self._began).total_seconds() if self._began else 0.0,
            faults=tuple(begun),
        )

    def _run_live(self) -> None:
        plan, total = self._plan, self._plan.total
        began = self._clock()
        self._progress.step(
            f"Sending to {plan.source}, one reading each {format_duration(plan.rate)}"
            + (f" at {plan.speed:g}x" if plan.speed != 1 else "")
            + ("; Ctrl-C ends it." if total is None else ".")
        )
        spacing = plan.rate / plan.speed
        together = max(1, -(-_SHORTEST_TICK // spacing))
        while total is None or self._made < total:
            first = self._made
            room = _PART if total is None else min(_PART, total - first)
            now = self._clock()
            wait = (self._due(first + min(together, room) - 1, began) - now).total_seconds()
            if wait > 0:
                self._sleep(wait)
                continue
            lateness = [now - self._due(first + i, began) for i in range(room)]
            count = sum(late >= timedelta(0) for late in lateness)
            missed = sum(late >= spacing * (2 * together - 1) for late in lateness)
            if missed:
                self._missed += missed
                self._progress.warn(f"{missed:,} ticks were missed; their readings are sent now.")
            self._send_next(count)
            self._progress.advance(self._made, total or 0, "Readings sent:")

    def _due(self, index: int, began: datetime) -> datetime:
        """When reading `index` is sent: by the schedule, and never before its own time."""
        scheduled = began + (index - self._plan.backfill) * self._plan.rate / self._plan.speed
        return max(scheduled, from_epoch_ms(self._plan.time_ms(index)))

    def _send_next(self, count: int) -> None:
        plan = self._plan
        rows = simulate(
            self._registry,
            seed=plan.seed,
            start=from_epoch_ms(plan.time_ms(self._made)),
            count=count,
            interval_s=plan.rate.total_seconds(),
            source=plan.source,
        )
        self._deliveries.add(self._injector.apply(rows))
        due = self._deliveries.due(plan.time_ms(self._made + count - 1))
        self._sender.send([(delivery.time_ms, delivery.payload) for delivery in due])
        self._made += count
