"""Where an episode stands now, wherever it is kept, and who touched it last."""

from __future__ import annotations

from typing import Final

from anomalyctl.errors import NotFound
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.counting import Document
from anomalyctl.triage.transitions import State

RESOLVED_MARK: Final = "_kept_in_resolved"
"""With an underscore, as the system's own keys: it is never written."""


def current(store: AnomalyStore, anomaly_id: str) -> Document:
    """The episode as it is: the higher revision of its two documents wins, equal means resolved.

    Raises `NotFound`.
    """
    unresolved, resolved = store.unresolved(anomaly_id), store.resolved(anomaly_id)
    if resolved is not None and resolved["status"] != State.RESOLVED:
        resolved = None
    if unresolved is None and resolved is None:
        raise NotFound(
            f"There is no anomaly {anomaly_id}.",
            hint="Run `anomalyctl anomalies list --status all` to see them.",
        )
    if unresolved is None or (resolved is not None and resolved["revision"] > unresolved["revision"]):
        return {**(resolved or {}), RESOLVED_MARK: True}
    return unresolved


def kept_only_as_resolved(document: Document) -> bool:
    """Whether `current` found it in `resolved_anomalies` because the unresolved one has expired."""
    return RESOLVED_MARK in document


def state_of(document: Document) -> State:
    """Open or resolved."""
    return State(document["status"])


def last_action(document: Document) -> Document:
    """The newest entry of the history; empty when nobody has acted yet."""
    history = document.get("history") or [{}]
    return dict(history[-1])


def told(document: Document) -> str:
    """`resolved by Anna at 2026-11-20T09:00:00.000000Z`: the last action as a sentence's end."""
    last = last_action(document)
    if not last:
        return "changed"
    return f"{_PAST[last['action']]} by {last['by']} at {last['at']}"


_PAST = {"assign": "assigned", "modify": "modified", "resolve": "resolved", "reopen": "reopened"}
