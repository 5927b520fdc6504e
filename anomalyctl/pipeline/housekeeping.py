"""What is swept up now and then: acknowledged entries, consumers that are gone, half-done actions."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from anomalyctl.pipeline.retrying import retry_due
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.triage.clean_up import clean_up as mend

logger = logging.getLogger(__name__)

GONE_AFTER_S: Final = 3_600.0
"""A consumer that was quiet for an hour, with nothing pending, is gone."""


@dataclass(frozen=True, slots=True)
class CleanedUp:
    """What was swept up."""

    entries: int
    """Acknowledged entries removed from the queue."""
    consumers: int
    mended: tuple[str, ...]
    """Sentences about actions that were finished."""
    retried: int
    """Dead letters that went back into the queue."""
    dead_letters: int
    """Those that there are."""


def clean_up(readings: ReadingStore, anomalies: AnomalyStore, *, consumer: str, now: datetime) -> CleanedUp:
    """Sweep up. May run beside a drain, beside operators, and beside itself."""
    queues = [readings.on_queue(number).queue for number in readings.places.queues()]
    entries = sum(queue.remove_acknowledged() for queue in queues)
    consumers = sum(queue.delete_idle_consumers(but=consumer, idle_s=GONE_AFTER_S) for queue in queues)
    mended = mend(anomalies, now)
    for sentence, anomaly_id in zip(mended.sentences, mended.anomaly_ids, strict=True):
        logger.info("%s", sentence, extra={"anomaly_id": anomaly_id})
    if entries or consumers:
        logger.info("removed %d acknowledged entries and %d consumers", entries, consumers)
    retried = retry_due(readings, anomalies, now=now)
    letters = anomalies.count_dead_letters()
    logger.info("%d dead letters", letters, extra={"metric": "dead_letters", "value": letters})
    return CleanedUp(entries, consumers, mended.sentences, retried, letters)
