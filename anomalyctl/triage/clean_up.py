"""Mending: actions that were interrupted between their writes are finished, and told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from anomalyctl.observability.bound import bind
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.triage.finishing import finish

GRACE: Final = timedelta(minutes=1)
"""An action this young may still be under way in another process."""
LOOK_BACK: Final = timedelta(days=7)
"""How far back actions on open episodes are looked at."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What a clean-up looked at and what it had to finish."""

    examined: int
    sentences: tuple[str, ...]
    anomaly_ids: tuple[str, ...] = ()
    """Which anomaly each sentence is about."""


def clean_up(store: AnomalyStore, now: datetime) -> Mended:
    """Finish resolves, reopens and records that were interrupted. May run beside operators and itself."""
    youngest = epoch_ms(now - GRACE)
    documents = {
        document["anomaly_id"]: document
        for found in (store.closing(), store.acted_since(epoch_ms(now - LOOK_BACK)))
        for document in found
        if document.get("acted_ms", 0) <= youngest
    }
    told: list[tuple[str, str]] = []
    for anomaly_id, document in documents.items():
        with bind(anomaly_id=anomaly_id, source=str(document.get("source", ""))):
            told += [(sentence, anomaly_id) for sentence in finish(store, document)]
    return Mended(
        examined=len(documents),
        sentences=tuple(sentence for sentence, _ in told),
        anomaly_ids=tuple(anomaly_id for _, anomaly_id in told),
    )
