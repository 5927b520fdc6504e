"""How any action is carried out: read, check the table, patch under the etag, then write what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from anomalyctl.errors import InternalError, LostRace, NotFound, PreconditionFailed, Transient
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.episodes import without_system_keys
from anomalyctl.stores.cosmos_errors import Conflict
from anomalyctl.telemetry.times import epoch_ms, format_time
from anomalyctl.triage.counting import Document
from anomalyctl.triage.finding import current, kept_only_as_resolved, last_action, state_of, told
from anomalyctl.triage.finishing import finish
from anomalyctl.triage.transitions import Action, State, Transition, transition

ROUNDS: Final = 50
"""How often an action is repeated because the pipeline counted an occurrence meanwhile."""
HISTORY_LIMIT: Final = 100
"""Entries kept on the document; `anomaly_events` has them all."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for what, when and why."""

    action: Action
    by: str
    now: datetime
    why: str
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the history keeps besides; JSON."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an episode stands after an action."""

    anomaly_id: str
    action: str
    status: str
    revision: int
    changed: bool
    """False when the same had been done already by the same operator."""
    assigned_to: str
    by: str
    at: str


Changes = Callable[[Document], Mapping[str, Any]]


def perform(
    store: AnomalyStore,
    anomaly_id: str,
    request: Request,
    *,
    changes: Changes,
    is_repeat: Callable[[Document], bool],
) -> Outcome:
    """Carry out one action: one winner among operators, once however often it is repeated.

    `changes` gives the fields to set (None removes one), from the document as it is; it may refuse with
    `InvalidInput`;
    `is_repeat` says whether the outcome is there already. Raises `NotFound`; `LostRace` when another
    operator was first; `PreconditionFailed` when the state does not allow it; what the store raises.
    """
    operation = uuid4().hex
    document = current(store, anomaly_id)
    seen = document["revision"]
    for _ in range(ROUNDS):
        if last_action(document).get("operation") == operation or is_repeat(document):
            finish(store, document)
            return _outcome(document, request, changed=last_action(document).get("operation") == operation)
        if document["revision"] != seen:
            raise LostRace(f"{anomaly_id} was {told(document)}.", hint=_SEE_AGAIN, details=_details(document))
        move = _allowed(document, request)
        fields = {**changes(document), **_common(document, move, request, operation)}
        try:
            stored = _store(store, document, fields)
        except (Conflict, NotFound):
            # Somebody was faster, or our own answer was lost on its way: look again.
            document = current(store, anomaly_id)
            continue
        finish(store, stored)
        return _outcome(stored, request, changed=True)
    raise Transient(f"{anomaly_id} keeps changing; nothing was done.", hint="Try again.")


def _allowed(document: Document, request: Request) -> Transition:
    state = state_of(document)
    move = transition(request.action, state)
    if move is not None:
        return move
    if state is State.RESOLVED:
        raise LostRace(
            f"{document['anomaly_id']} was {told(document)}.",
            hint="Look at it with `anomalyctl anomalies show`; `anomalyctl anomalies reopen` brings it back.",
            details=_details(document),
        )
    raise PreconditionFailed(
        f"{document['anomaly_id']} is {state}; it cannot be given `{request.action}`.", hint=_SEE_AGAIN
    )


def _common(document: Document, move: Transition, request: Request, operation: str) -> dict[str, Any]:
    if not move.raises_revision:
        raise InternalError(f"{move.action} is not an operator's action.")
    revision = document["revision"] + 1
    entry = {
        "operation": operation,
        "action": str(request.action),
        "by": request.by,
        "at": format_time(request.now),
        "why": request.why,
        "revision": revision,
        "from": str(move.before),
        "to": str(move.after),
        **request.details,
    }
    return {
        "status": str(move.after),
        "revision": revision,
        "acted_ms": epoch_ms(request.now),
        "history": [*document.get("history", []), entry][-HISTORY_LIMIT:],
    }


def _store(store: AnomalyStore, document: Document, fields: Mapping[str, Any]) -> Document:
    """The one point where it happens: a patch under the etag, or a create where the document has expired."""
    set_now = {key: value for key, value in fields.items() if value is not None}
    gone = [key for key in (*fields, "ttl") if fields.get(key) is None and key in document]
    if kept_only_as_resolved(document):
        body = {key: value for key, value in without_system_keys(document).items() if key not in gone}
        return store.create_unresolved({**body, **set_now})
    return store.patch_unresolved(
        document,
        [
            *({"op": "set", "path": f"/{key}", "value": value} for key, value in set_now.items()),
            *({"op": "remove", "path": f"/{key}"} for key in gone),
        ],
    )


def _outcome(document: Document, request: Request, *, changed: bool) -> Outcome:
    last = last_action(document)
    return Outcome(
        anomaly_id=document["anomaly_id"],
        action=str(request.action),
        status=document["status"],
        revision=document["revision"],
        changed=changed,
        assigned_to=document["assigned_to"],
        by=last.get("by", request.by),
        at=last.get("at", format_time(request.now)),
    )


def _details(document: Document) -> dict[str, Any]:
    last = last_action(document)
    return {"by": last.get("by"), "at": last.get("at"), "revision": document["revision"]}


_SEE_AGAIN: Final = "Look at it again with `anomalyctl anomalies show`."
