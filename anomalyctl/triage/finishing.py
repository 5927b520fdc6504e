"""What follows an action once the episode itself is patched; each step may be repeated, by whoever comes."""

from __future__ import annotations

from typing import Any, Final

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.counting import Document
from anomalyctl.triage.transitions import Action, State

CLOSING_TTL_S: Final = 600
"""How long a resolved episode stays in `unresolved_anomalies`: the change feed carries its closing."""


def finish(store: AnomalyStore, document: Document) -> list[str]:
    """Write the records of the document's actions, then what its state asks for.

    Returns what was missing until now, one sentence each. The closing episode's lifetime comes last:
    without it `clean_up` knows that something may be missing.
    """
    anomaly_id, done = document["anomaly_id"], []
    if document["status"] == State.RESOLVED and store.put_resolved(document):
        done.append(f"{anomaly_id}: copied to resolved_anomalies")
    if _was_reopened(document) and store.withdraw_resolved(anomaly_id, document["revision"]):
        done.append(f"{anomaly_id}: its resolution withdrawn")
    done += _record(store, document)
    if document["status"] == State.RESOLVED and store.forget_unresolved_after(
        anomaly_id, CLOSING_TTL_S, revision=document["revision"]
    ):
        done.append(f"{anomaly_id}: set to leave unresolved_anomalies")
    return done


def event_of(document: Document, entry: Document) -> dict[str, Any]:
    """The `anomaly_events` document of one entry of the history."""
    return {
        "id": f"{document['anomaly_id']}-{entry['revision']}",
        "anomaly_id": document["anomaly_id"],
        "source": document["source"],
        **entry,
    }


def modification_of(document: Document, entry: Document) -> dict[str, Any]:
    """The `modified_values` document of one `modify` in the history."""
    changes: dict[str, dict[str, float | None]] = entry["values"]
    return {
        "id": f"{document['anomaly_id']}-{entry['revision']}",
        "anomaly_id": document["anomaly_id"],
        "original_data": {tag: change["original"] for tag, change in changes.items()},
        "modified_data": {tag: change["modified"] for tag, change in changes.items()},
        "modified_by": entry["by"],
        "modification_reason": entry["why"],
        "modified_at": entry["at"],
        "source": document["source"],
        "revision": entry["revision"],
        "reading": document["reading"],
    }


def _record(store: AnomalyStore, document: Document) -> list[str]:
    """Write the records that are missing, oldest first, so that none hides behind a newer one."""
    done: list[str] = []
    recorded = {event["id"] for event in store.events(document["anomaly_id"])}
    for entry in document.get("history") or []:
        event = event_of(document, entry)
        if event["id"] in recorded:
            continue
        if entry["action"] == Action.MODIFY:
            store.add_modified_values(modification_of(document, entry))
        if store.append_event(event):
            done.append(f"{document['anomaly_id']}: recorded that it was given `{entry['action']}`")
    return done


def _was_reopened(document: Document) -> bool:
    history = document.get("history") or []
    return document["status"] == State.OPEN and any(entry["action"] == Action.REOPEN for entry in history)
