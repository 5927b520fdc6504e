"""What the dashboard shows at a glance, counted anew from the open episodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from anomalyctl.stores.anomalies.schema import UNRESOLVED
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.times import format_time
from anomalyctl.triage.occurrences import SEVERITIES

MOST_EPISODES: Final = 200
_SHOWN: Final = (
    "anomaly_id",
    "source",
    "detected_at",
    "last_seen",
    "severity_level",
    "assigned_to",
    "tags",
    "occurrences",
    "confidence",
    "contexts",
    "last_ms",
    "revision",
    "status",
)


class EpisodeReader(Protocol):
    """What is needed of `AnomalyStore`."""

    def select_episodes(
        self, container: str, conditions: Sequence[str], parameters: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Episodes, newest first."""


def update_dashboard_cache(
    readings: ReadingStore, episodes: EpisodeReader, *, now: datetime
) -> dict[str, int]:
    """Write `dashboard:open_episodes`, `dashboard:open_counts`, `dashboard:updated_at`; returns the counts.

    Counted anew each time: the change feed delivers at least once, so adding up would drift.
    """
    found = [
        document
        for document in episodes.select_episodes(UNRESOLVED, ["c.status = @status"], {"status": "open"})
        if document.get("status") == "open"
    ]
    counted = Counter(str(document["severity_level"]) for document in found)
    counts = {"total": len(found), **{severity: counted[severity] for severity in reversed(SEVERITIES)}}
    found.sort(key=lambda document: str(document["detected_at"]), reverse=True)
    found.sort(key=lambda document: -SEVERITIES.index(document["severity_level"]))
    readings.dashboard.write(
        {
            "open_episodes": [
                {key: document.get(key) for key in _SHOWN} for document in found[:MOST_EPISODES]
            ],
            "open_counts": counts,
            "updated_at": format_time(now),
        }
    )
    return counts
