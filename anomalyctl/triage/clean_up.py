"""Mending: actions that were interrupted between their writes are finished, and told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

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


def clean_up(store: AnomalyStore, now: datetime) -> Mended:
    """Finish resolves, reopens and records that were interrupted. May run beside operators and itself."""
    youngest = epoch_ms(now - GRACE)
    documents = {
        document["anomaly_id"]: document
        for found in (store.closing(), store.acted_since(epoch_ms(now - LOOK_BACK)))
        for document in found
        if document.get("acted_ms", 0) <= youngest
    }
    sentences = [sentence for document in documents.values() for sentence in finish(store, document)]
    return Mended(examined=len(documents), sentences=tuple(sentences))
