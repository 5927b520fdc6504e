"""`anomalies watch`: what happens to episodes, as it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from anomalyctl.operations.anomalies.listing import AnomalyRow, Filter, find, row_of
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.finding import current
from anomalyctl.triage.occurrences import SEVERITIES

Change = Literal["present", "opened", "escalated", "assigned", "modified", "resolved", "reopened", "quiet"]
DEFAULT_INTERVAL: Final = timedelta(seconds=2)
_ACTIONS: Final[dict[str, Change]] = {
    "assign": "assigned",
    "modify": "modified",
    "resolve": "resolved",
    "reopen": "reopened",
}


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """Something that changed. `present` is what was open when watching began."""

    at: str
    change: Change
    by: str
    anomaly_id: str
    detected_at: str
    severity_level: str
    assigned_to: str
    status: str
    anomaly: AnomalyRow


def watch(
    store: AnomalyStore,
    chosen: Filter,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    interval: timedelta = DEFAULT_INTERVAL,
) -> Iterator[WatchEvent]:
    """Changes of the open episodes that the filter takes, for ever; what is open now comes first.

    Looks every `interval`. New occurrences alone are no change; falling quiet is one.
    """
    known: dict[str, AnomalyRow] = {}
    first = True
    while True:
        now = clock()
        documents = {document["anomaly_id"]: document for document in find(store, chosen)}
        for anomaly_id in known.keys() - documents.keys():
            documents[anomaly_id] = current(store, anomaly_id)
        for anomaly_id, document in sorted(documents.items(), key=lambda item: item[1]["detected_at"]):
            row = row_of(document, now=now)
            yield from _changes(known.get(anomaly_id), row, document, first=first)
            known[anomaly_id] = row
        known = {anomaly_id: row for anomaly_id, row in known.items() if row.status == "open"}
        first = False
        sleep(interval.total_seconds())


def _changes(
    before: AnomalyRow | None, row: AnomalyRow, document: dict[str, Any], *, first: bool
) -> Iterator[WatchEvent]:
    entries = [] if first else _news(before, document)
    if before is None:
        reopened = bool(entries) and entries[-1]["action"] == "reopen"
        if not reopened:
            yield _event("present" if first else "opened", row, at=row.detected_at, by="pipeline")
    elif SEVERITIES.index(row.severity_level) > SEVERITIES.index(before.severity_level):
        yield _event("escalated", row, at=row.last_seen, by="pipeline")
    for entry in entries:
        yield _event(_ACTIONS[entry["action"]], row, at=entry["at"], by=entry["by"])
    if before is not None and row.quiet and not before.quiet and row.status == "open":
        yield _event("quiet", row, at=row.last_seen, by="pipeline")


def _news(before: AnomalyRow | None, document: dict[str, Any]) -> list[dict[str, Any]]:
    history: list[dict[str, Any]] = document.get("history") or []
    if before is None:
        return history[-1:]
    return [entry for entry in history if entry["revision"] > before.revision]


def _event(change: Change, row: AnomalyRow, *, at: str, by: str) -> WatchEvent:
    return WatchEvent(
        at=at,
        change=change,
        by=by,
        anomaly_id=row.anomaly_id,
        detected_at=row.detected_at,
        severity_level=row.severity_level,
        assigned_to=row.assigned_to,
        status=row.status,
        anomaly=row,
    )
