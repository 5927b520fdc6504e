"""Dead letters on their way back: into the queue, whence the pipeline judges them like any reading."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from anomalyctl.errors import InvalidInput, LostRace, NotFound
from anomalyctl.observability.bound import bind
from anomalyctl.pipeline.dead_letters import decode_payload, on_its_way
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.readings import ReadingStore

logger = logging.getLogger(__name__)

BATCH: Final = 500
"""Letters that one round of the timer puts back."""
ROOM: Final = 0.7
"""Above this share of Redis' memory nothing is put back."""


@dataclass(frozen=True, slots=True)
class Retried:
    """A letter that is in the queue again."""

    letter_id: str
    source: str
    attempts: int


def retry_letter(
    readings: ReadingStore, anomalies: AnomalyStore, letter_id: str, *, by: str, now: datetime
) -> Retried:
    """Put one letter back into the queue; it is removed once its verdict is stored.

    Raises NotFound, and LostRace when somebody else is at it. When Redis takes nothing, what it raised is
    raised, and the timer tries again 10 minutes later.
    """
    letter = anomalies.dead_letter(letter_id)
    if letter is None:
        raise NotFound(
            f"There is no dead letter {letter_id}.", hint="See them with `anomalyctl dead-letters list`."
        )
    _require_payload(letter)
    anomalies.change_dead_letter(letter, on_its_way(letter, by=by, now=now))
    readings.queue.put_back(
        letter["source"], decode_payload(letter), origin=letter["origin"], letter=letter["id"]
    )
    return Retried(letter["id"], letter["source"], int(letter["attempts"]))


def retry_due(readings: ReadingStore, anomalies: AnomalyStore, *, now: datetime) -> int:
    """Put back what may heal and is due, while Redis has room; returns how many letters."""
    done = 0
    for head in islice(anomalies.due_dead_letters(now), BATCH):
        if readings.memory_share() > ROOM:
            logger.warning("no dead letter is retried: Redis is more than %.0f %% full", 100 * ROOM)
            break
        with bind(letter_id=str(head["id"]), source=str(head.get("source", ""))):
            try:
                retry_letter(readings, anomalies, head["id"], by="timer", now=now)
                done += 1
            except (NotFound, LostRace, InvalidInput) as error:
                logger.info("%s", error.message)
    if done:
        logger.info("put %d dead letters back into the queue", done)
    return done


def _require_payload(letter: Mapping[str, Any]) -> None:
    if "payload_encoding" not in letter:
        raise InvalidInput(
            f"{letter['id']} was kept by an older version, perhaps without the end of its payload.",
            field="ID",
            hint="Look at it with `anomalyctl dead-letters show`, and purge it.",
        )
