"""What operators do with an episode: assign, modify, resolve, reopen; one winner each, all of it recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from anomalyctl.errors import InvalidInput
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.telemetry.times import format_time
from anomalyctl.triage.counting import Document
from anomalyctl.triage.finding import last_action
from anomalyctl.triage.modifications import changes_to
from anomalyctl.triage.performing import Outcome, Request, perform
from anomalyctl.triage.transitions import Action, State

TEXT_LIMIT = 4_000
"""Characters of a note or reason."""


def assign(
    store: AnomalyStore, anomaly_id: str, *, to: str, by: str, now: datetime, why: str = ""
) -> Outcome:
    """Give an open episode to somebody. To whom it belongs already, it is not given again."""
    to = _text("to", to)
    request = Request(Action.ASSIGN, _text("by", by), now, why.strip(), {"assigned_to": to})
    return perform(
        store,
        anomaly_id,
        request,
        changes=lambda document: {"assigned_to": to},
        is_repeat=lambda document: document["status"] == State.OPEN and document["assigned_to"] == to,
    )


def resolve(store: AnomalyStore, anomaly_id: str, *, notes: str, by: str, now: datetime) -> Outcome:
    """Close an open episode with notes. The same operator and notes again change nothing."""
    notes, by = _text("notes", notes), _text("by", by)
    fields = {"resolved_at": format_time(now), "resolved_by": by, "resolution_notes": notes}
    return perform(
        store,
        anomaly_id,
        Request(Action.RESOLVE, by, now, notes),
        changes=lambda document: fields,
        is_repeat=lambda document: (
            document["status"] == State.RESOLVED
            and document["resolved_by"] == by
            and document["resolution_notes"] == notes
        ),
    )


def reopen(store: AnomalyStore, anomaly_id: str, *, reason: str, by: str, now: datetime) -> Outcome:
    """Open a resolved episode again. The same operator and reason again change nothing."""
    reason, by = _text("reason", reason), _text("by", by)
    return perform(
        store,
        anomaly_id,
        Request(Action.REOPEN, by, now, reason),
        changes=lambda document: dict.fromkeys(("resolved_at", "resolved_by", "resolution_notes")),
        is_repeat=lambda document: _is_last(document, Action.REOPEN, by, reason),
    )


def modify(
    store: AnomalyStore,
    anomaly_id: str,
    *,
    values: Mapping[str, float],
    reason: str,
    by: str,
    now: datetime,
) -> Outcome:
    """Correct named values of the reading that was judged; what was judged stays beside what is right.

    Raises `InvalidInput` with the tag as its field for a value that cannot be. The same values, reason
    and operator again change nothing.
    """
    reason, by = _text("reason", reason), _text("by", by)
    details: dict[str, Any] = {}

    def changes(document: Document) -> dict[str, Any]:
        details["values"] = changes_to(document, values)
        return {"modified_values": {**(document.get("modified_values") or {}), **values}}

    def is_repeat(document: Document) -> bool:
        if not _is_last(document, Action.MODIFY, by, reason):
            return False
        said = last_action(document)["values"]
        return {tag: change["modified"] for tag, change in said.items()} == dict(values)

    request = Request(Action.MODIFY, by, now, reason, details)
    return perform(store, anomaly_id, request, changes=changes, is_repeat=is_repeat)


def _is_last(document: Document, action: Action, by: str, why: str) -> bool:
    last = last_action(document)
    return (last.get("action"), last.get("by"), last.get("why")) == (action, by, why)


def _text(name: str, text: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidInput(f"{name} may not be empty.", field=name)
    if len(text) > TEXT_LIMIT:
        raise InvalidInput(f"{name} has {len(text)} characters; {TEXT_LIMIT} are allowed.", field=name)
    return text
