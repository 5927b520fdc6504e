"""What one source's run works with: its state, and the hands that it is lent while the lease is held."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from anomalyctl.pipeline.detectors import MOST_BYTES, MOST_READINGS
from anomalyctl.pipeline.fitting import Fitter
from anomalyctl.pipeline.intake import Row, valid_rows
from anomalyctl.pipeline.judging import Detectors
from anomalyctl.pipeline.keeping import Keeper
from anomalyctl.stores.leases import Lease
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.memory import as_of
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import Memory, Tier

CHUNK: Final = 60
"""Readings judged by one call when the pipeline is behind; as many before them are their window."""


@dataclass(slots=True)
class SourceState:
    """What the drainer knows of a source while it holds the lease."""

    registry: TagRegistry
    memories: dict[Tier, Memory]
    newest_ms: int | None
    """The newest reading judged in order."""
    context: deque[bytes]
    """Payloads before the next reading."""
    clean: int
    """Readings in the window that a model could learn from."""
    fit_point: int | None
    """How many clean readings make the next fit due."""


@dataclass(frozen=True)
class SourceParts:
    """One source and what judging it needs; `stopped` is asked between chunks."""

    source: str
    readings: ReadingStore
    detectors: Detectors
    keeper: Keeper
    fitter: Fitter
    lease: Lease
    clock: Callable[[], datetime]
    stopped: Callable[[], bool]
    known: SourceState | None = None
    """How the last drain left it, where nobody else has drained since."""

    def load_state(self) -> SourceState:
        """What Redis knows of the source now; of its window, what is known already is not read again."""
        memories = self.readings.load_memory(self.source)
        newest_ms = as_of(memories)
        registry = self.readings.load_registry(self.source)
        fit_point = self.fitter.next_point(self.source)
        known = self.known
        if known is not None and known.newest_ms == newest_ms and known.registry == registry:
            return replace(known, memories=memories, fit_point=fit_point)
        context: deque[bytes] = deque(maxlen=MOST_READINGS - 1)
        clean = 0
        if newest_ms is not None:
            rows = self.readings.window(self.source, 0, newest_ms, MOST_READINGS - 1)
            valid = valid_rows(rows, source=self.source, registry=registry, now=self.clock())
            context.extend(payload for _, payload, _ in valid)
            clean = self.fitter.clean_rows(self.source, newest_ms)
        return SourceState(registry, memories, newest_ms, context, clean, fit_point)


def bounded(rows: Sequence[Row]) -> Sequence[Row]:
    """As many of the first rows as one request holds; at least one."""
    room = MOST_BYTES
    for count, row in enumerate(rows):
        room -= len(row.payload)
        if room < 0:
            return rows[: max(1, count)]
    return rows
