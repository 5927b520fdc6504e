"""The containers of database `anomaly-detection`: partition keys, lifetimes and what is indexed, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

DATABASE_NAME: Final = "anomaly-detection"

ANOMALY_RESULTS: Final = "anomaly_results"
UNRESOLVED: Final = "unresolved_anomalies"
RESOLVED: Final = "resolved_anomalies"
MODIFIED_VALUES: Final = "modified_values"
EVENTS: Final = "anomaly_events"
DEAD_LETTERS: Final = "dead_letters"
LEASES: Final = "leases"

_NINETY_DAYS_S: Final = 90 * 24 * 3600
_OFF_BUT_ALLOWED: Final = -1
"""Documents live for ever unless one carries a `ttl` of its own."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container; `indexed`: the paths that our queries filter or sort by (`id` and `_ts` always are)."""

    name: str
    partition_key: str
    indexed: tuple[str, ...] = ()
    default_ttl_s: int | None = None

    @property
    def indexing_policy(self) -> dict[str, Any]:
        """Only the queried paths: every other one would cost a write and serve no read."""
        return {
            "indexingMode": "consistent",
            "automatic": True,
            "includedPaths": [{"path": f"{path}/?"} for path in self.indexed],
            "excludedPaths": [{"path": "/*"}],
        }


CONTAINERS: Final = (
    Container(ANOMALY_RESULTS, "/source_day", ("/source_day", "/timestamp"), _NINETY_DAYS_S),
    Container(
        UNRESOLVED,
        "/anomaly_id",
        (
            "/anomaly_id",
            "/source",
            "/status",
            "/severity_level",
            "/detected_at",
            "/last_ms",
            "/acted_ms",
            "/tags/[]",
        ),
        _OFF_BUT_ALLOWED,
    ),
    Container(
        RESOLVED,
        "/anomaly_id",
        (
            "/anomaly_id",
            "/source",
            "/status",
            "/severity_level",
            "/detected_at",
            "/last_ms",
            "/resolved_at",
            "/tags/[]",
        ),
    ),
    Container(MODIFIED_VALUES, "/anomaly_id", ("/anomaly_id", "/modified_at")),
    Container(EVENTS, "/anomaly_id", ("/anomaly_id", "/at")),
    Container(
        DEAD_LETTERS, "/day", ("/day", "/failed_at", "/source", "/kind", "/next_try_at"), _NINETY_DAYS_S
    ),
    Container(LEASES, "/id", ()),
)
