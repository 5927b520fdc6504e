"""`anomalies list`: episodes by status, severity, tag, time and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, Literal

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.schema import RESOLVED, UNRESOLVED
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.triage.counting import GAP_MS

Status = Literal["open", "resolved", "all"]
_CONTAINERS: Final[Mapping[Status, tuple[str, ...]]] = {
    "open": (UNRESOLVED,),
    "resolved": (RESOLVED,),
    "all": (UNRESOLVED, RESOLVED),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which episodes; an empty filter is every open one."""

    status: Status = "open"
    severities: tuple[str, ...] = ()
    tag: str = ""
    since: datetime | None = None
    """Seen at this time or later."""
    source: str = ""
    limit: int | None = None
    """At most so many, the newest."""


@dataclass(frozen=True, slots=True)
class AnomalyRow:
    """One episode in a list."""

    anomaly_id: str
    detected_at: str
    severity_level: str
    assigned_to: str
    status: str
    source: str
    tags: tuple[str, ...]
    """Largest share first."""
    shares: Mapping[str, float]
    confidence: float
    occurrences: int
    last_seen: str
    quiet: bool
    """Nothing anomalous for 10 minutes."""
    revision: int
    resolved_at: str | None = None
    resolved_by: str | None = None
    resolution_notes: str | None = None
    modified_values: Mapping[str, float] = field(default_factory=dict)


def list_anomalies(store: AnomalyStore, chosen: Filter, *, now: datetime) -> list[AnomalyRow]:
    """Episodes that the filter takes, newest first. Raises what the store raises."""
    return [row_of(document, now=now) for document in find(store, chosen)]


def find(store: AnomalyStore, chosen: Filter) -> list[dict[str, Any]]:
    """The documents behind `list_anomalies`; of two with one id the higher revision, equal means resolved."""
    found: dict[str, dict[str, Any]] = {}
    for container in _CONTAINERS[chosen.status]:
        # A reopened episode may have a twin among the resolved ones, hence twice as many.
        most = None if chosen.limit is None else 2 * chosen.limit
        for document in islice(_documents(store, container, chosen), most):
            other = found.get(document["anomaly_id"])
            if other is None or document["revision"] >= other["revision"]:
                found[document["anomaly_id"]] = document
    newest_first = sorted(
        found.values(), key=lambda document: (document["detected_at"], document["anomaly_id"]), reverse=True
    )
    return newest_first[: chosen.limit]


def row_of(document: Mapping[str, Any], *, now: datetime) -> AnomalyRow:
    """One episode document as a row."""
    return AnomalyRow(
        anomaly_id=document["anomaly_id"],
        detected_at=document["detected_at"],
        severity_level=document["severity_level"],
        assigned_to=document["assigned_to"],
        status=document["status"],
        source=document["source"],
        tags=tuple(document["tags"]),
        shares=document["shares"],
        confidence=document["confidence"],
        occurrences=document["occurrences"],
        last_seen=document["last_seen"],
        quiet=epoch_ms(now) - document["last_ms"] > GAP_MS,
        revision=document["revision"],
        resolved_at=document.get("resolved_at"),
        resolved_by=document.get("resolved_by"),
        resolution_notes=document.get("resolution_notes"),
        modified_values=document.get("modified_values") or {},
    )


def _documents(store: AnomalyStore, container: str, chosen: Filter) -> Iterator[dict[str, Any]]:
    conditions, parameters = ["c.status = @status"], {"status": chosen.status}
    if chosen.status == "all":
        # A resolved episode stays among the unresolved for a while, and a reopened one among the resolved.
        parameters = {"status": "open" if container == UNRESOLVED else "resolved"}
    more: dict[str, Any] = {}
    if chosen.severities:
        conditions.append("ARRAY_CONTAINS(@severities, c.severity_level)")
        more["severities"] = list(chosen.severities)
    if chosen.tag:
        conditions.append("ARRAY_CONTAINS(c.tags, @tag)")
        more["tag"] = chosen.tag
    if chosen.since:
        conditions.append("c.last_ms >= @since")
        more["since"] = epoch_ms(chosen.since)
    if chosen.source:
        conditions.append("c.source = @source")
        more["source"] = chosen.source
    return store.select_episodes(container, conditions, {**parameters, **more})
