"""What waits for its verdict, in one queue or in several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anomalyctl.stores.readings.queue import ReadingQueue


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for its verdict."""

    queued: int
    """Entries that nobody has read yet."""
    pending: int
    """Entries that a drainer has read and not acknowledged."""
    oldest_ms: int | None
    """When the oldest of them arrived, epoch ms; None when nothing waits."""
    newest_ms: int | None = None
    """When the last reading arrived, judged or not; None where none ever did."""


def backlog_of(queue: ReadingQueue) -> Backlog:
    """What waits in one queue."""
    queued, first_queued = queue.queued()
    pending, first_pending = queue.pending()
    arrived = [int(entry_id.partition("-")[0]) for entry_id in (first_queued, first_pending) if entry_id]
    return Backlog(queued, pending, min(arrived, default=None), queue.last_arrival_ms())


def together(backlogs: Iterable[Backlog]) -> Backlog:
    """Counts added up, the oldest of the oldest, the newest of the newest."""
    each = list(backlogs)
    oldest = [one.oldest_ms for one in each if one.oldest_ms is not None]
    newest = [one.newest_ms for one in each if one.newest_ms is not None]
    return Backlog(
        sum(one.queued for one in each),
        sum(one.pending for one in each),
        min(oldest, default=None),
        max(newest, default=None),
    )
