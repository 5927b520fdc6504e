"""When Redis is nearly full, the oldest unprocessed readings move to Cosmos DB, and come back later."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from anomalyctl.pipeline.dead_letters import is_letter_of, new_letter
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.backlog import backlog_of
from anomalyctl.stores.readings.entries import QueueEntry

logger = logging.getLogger(__name__)

TRIM_FROM: Final = 0.85
"""Of the memory limit."""
TRIM_TO: Final = 0.80
_AT_ONCE: Final = 200
_REASON: Final = "Redis was nearly full, and this reading was the oldest without a verdict"


class LetterKeeper(Protocol):
    """What is needed of `AnomalyStore`."""

    def add_dead_letters(self, documents: Sequence[dict[str, Any]]) -> None:
        """Keep letters; those that are there stay as they are."""

    def dead_letter(self, letter_id: str) -> dict[str, Any] | None:
        """One letter."""


def make_room(readings: ReadingStore, letters: LetterKeeper, *, keep: int, now: datetime) -> int:
    """From 85 % of the memory limit on, make room down to 80 %; returns how many readings were trimmed.

    What is acknowledged goes first. Then the oldest unprocessed readings are written to Cosmos DB and only
    then removed; the newest `keep` stay, since a pipeline that works judges them now. Needs no command that
    a full Redis refuses. The timer puts them back once there is room. For the holder of the lease alone.
    """
    if readings.memory_share() < TRIM_FROM:
        return 0
    removed = readings.queue.remove_acknowledged()
    if readings.memory_share() < TRIM_FROM:
        logger.info("Redis was nearly full: %d acknowledged entries were removed", removed)
        return 0
    trimmed = 0
    while readings.memory_share() >= TRIM_TO:
        backlog = backlog_of(readings.queue)
        most = min(_AT_ONCE, backlog.queued + backlog.pending - keep)
        entries = readings.queue.oldest_unprocessed(most) if most > 0 else []
        if not entries:
            break
        letters.add_dead_letters(
            [
                new_letter(entry, kind="trimmed", reason=_REASON, field="", now=now)
                for entry in entries
                if not _is_a_letter_still(letters, entry)
            ]
        )
        readings.queue.remove([entry.id for entry in entries])
        trimmed += len(entries)
    logger.critical(
        "ALERT: Redis is %.0f %% full; %d readings moved to the dead letters, where they wait for room",
        100 * readings.memory_share(),
        trimmed,
        extra={"alert": "redis_memory", "trimmed": trimmed},
    )
    return trimmed


def _is_a_letter_still(letters: LetterKeeper, entry: QueueEntry) -> bool:
    return bool(entry.letter) and is_letter_of(letters.dead_letter(entry.letter), entry.source, entry.payload)
