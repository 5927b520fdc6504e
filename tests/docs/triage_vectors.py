"""Cases of triage for the dashboard's own implementation: documents before, an action, documents after.

They come from the real actions over the real store, whose containers are dictionaries.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

from anomalyctl.errors import AnomalyctlError
from anomalyctl.stores.anomalies import AnomalyStore, schema
from anomalyctl.triage import actions
from anomalyctl.triage.counting import count
from anomalyctl.triage.occurrences import occurrence_of
from tests.support.paper_cosmos import PaperStore
from tests.support.verdict_documents import verdict

NOW: Final = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
_OPERATION: Final = UUID("0123456789abcdef0123456789abcdef")
_SHOWN: Final = (schema.UNRESOLVED, schema.RESOLVED, schema.EVENTS, schema.MODIFIED_VALUES)


def triage_vectors() -> list[dict[str, Any]]:
    """Every case, each independent of the others."""
    return [_vector(name, before, *step) for name, before, step in _cases()]


def run(
    store: AnomalyStore, anomaly_id: str, action: str, arguments: dict[str, Any], by: str, now: datetime
) -> Any:
    """Do it as Python does it."""
    return getattr(actions, action)(store, anomaly_id, **arguments, by=by, now=now)


def _vector(
    name: str, before: PaperStore, action: str, arguments: dict[str, Any], by: str, anomaly_id: str
) -> dict[str, Any]:
    store = copy.deepcopy(before)
    vector: dict[str, Any] = {
        "name": name,
        "before": before.documents(_SHOWN),
        "anomaly_id": anomaly_id,
        "action": action,
        "arguments": arguments,
        "by": by,
        "now_ms": int(NOW.timestamp() * 1000),
        "operation": _OPERATION.hex,
    }
    try:
        with patch("anomalyctl.triage.performing.uuid4", return_value=_OPERATION):
            outcome = run(store, anomaly_id, action, arguments, by, NOW)
    except AnomalyctlError as error:
        vector["refusal"] = {
            "code": error.code,
            "message": error.message,
            "field": getattr(error, "field", None),
        }
    else:
        vector["outcome"] = {
            "status": outcome.status,
            "revision": outcome.revision,
            "changed": outcome.changed,
            "assigned_to": outcome.assigned_to,
            "by": outcome.by,
            "at": outcome.at,
        }
    vector["after"] = store.documents(_SHOWN)
    return vector


def _cases() -> list[tuple[str, PaperStore, tuple[str, dict[str, Any], str, str]]]:
    fresh, anomaly_id = _opened()
    cases: list[tuple[str, PaperStore, tuple[str, dict[str, Any], str, str]]] = []

    def case(name: str, before: PaperStore, action: str, by: str = "anna", at: str = "", **said: Any) -> None:
        cases.append((name, before, (action, said, by, at or anomaly_id)))

    def after(*steps: tuple[str, str, dict[str, Any]], base: PaperStore = fresh) -> PaperStore:
        store = copy.deepcopy(base)
        for number, (action, by, said) in enumerate(steps):
            with patch("anomalyctl.triage.performing.uuid4", return_value=UUID(int=number + 1)):
                run(store, anomaly_id, action, said, by, NOW - timedelta(minutes=20 - number))
        return store

    resolving = ("resolve", "anna", {"notes": "valve freed"})
    reopening = ("reopen", "bert", {"reason": "it came back"})
    assigning = ("assign", "anna", {"to": "bert"})
    modifying = ("modify", "anna", {"values": {"A": 2.5}, "reason": "meter was off"})

    case("assign an open episode", fresh, "assign", to="bert")
    case("assign with a reason and spaces around it", fresh, "assign", to="  bert ", why=" knows the pump ")
    case("assign to whom it belongs", after(assigning), "assign", to="bert")
    case("assign anew", after(assigning), "assign", by="bert", to="carla")
    case("assign to nobody", fresh, "assign", to="   ")
    case("assign what was resolved", after(resolving), "assign", to="bert")
    case("resolve", fresh, "resolve", notes="valve freed")
    case(
        "resolve, name and notes in other scripts",
        fresh,
        "resolve",
        by="Ása Þórsdóttir",
        notes="弁を開けた 🚰",
    )
    case("resolve without notes", fresh, "resolve", notes=" \n")
    case("resolve with 4,000 characters", fresh, "resolve", notes="🙂" * 4_000)
    case("resolve with 4,001 characters", fresh, "resolve", notes="x" * 4_001)
    case("resolve again, the same words and operator", after(resolving), "resolve", notes="valve freed")
    case("resolve again, other words", after(resolving), "resolve", notes="pump restarted")
    case("resolve what another has resolved", after(resolving), "resolve", by="bert", notes="valve freed")
    case("resolve what is not there", fresh, "resolve", at="well-1-1-00000000", notes="x")
    case("resolve after it was assigned and modified", after(assigning, modifying), "resolve", notes="done")
    case("resolve what was reopened", after(resolving, reopening), "resolve", notes="now for good")
    case("reopen", after(resolving), "reopen", by="bert", reason="it came back")
    case("reopen without a reason", after(resolving), "reopen", reason="")
    case("reopen what is open", fresh, "reopen", reason="why not")
    case(
        "reopen again, the same words",
        after(resolving, reopening),
        "reopen",
        by="bert",
        reason="it came back",
    )
    case(
        "reopen once the unresolved one has expired",
        _expired(after(resolving)),
        "reopen",
        reason="it came back",
    )
    case("resolve once the unresolved one has expired", _expired(after(resolving)), "resolve", notes="other")
    case("modify", fresh, "modify", values={"A": 2.5, "B": 0.25}, reason="meter was off")
    case("modify anew", after(modifying), "modify", by="bert", values={"A": 3.0}, reason="read it again")
    case(
        "modify with the same value", after(modifying), "modify", by="bert", values={"A": 2.5}, reason="same"
    )
    case(
        "modify again, the same operator and words",
        after(modifying),
        "modify",
        values={"A": 2.5},
        reason="meter was off",
    )
    case("modify to what was judged", fresh, "modify", values={"A": 9.0}, reason="nothing")
    case("modify a tag that the reading has not", fresh, "modify", values={"Z": 1.0}, reason="x")
    case("modify nothing", fresh, "modify", values={}, reason="x")
    case("modify without a reason", fresh, "modify", values={"A": 2.5}, reason="")
    case("modify what was resolved", after(resolving), "modify", values={"A": 2.5}, reason="x")
    case(
        "finish a resolve that was interrupted",
        _interrupted(after(resolving)),
        "resolve",
        notes="valve freed",
    )
    case(
        "write the missing record of an earlier action",
        _unrecorded(after(assigning)),
        "resolve",
        notes="done",
    )
    case("leave a history of 100 entries", _long(after(assigning)), "assign", to="carla")
    return cases


def _opened() -> tuple[PaperStore, str]:
    store = PaperStore()
    documents = [verdict(seconds, "A", "B", shares={"A": 0.7, "B": 0.3}) for seconds in (0, 10, 20)]
    occurrences = [found for document in documents if (found := occurrence_of(document))]
    (candidate,) = count(occurrences, [])
    store.create_unresolved(candidate.finished())
    return store, str(candidate.document["anomaly_id"])


def _expired(store: PaperStore) -> PaperStore:
    store.forget(schema.UNRESOLVED)
    return store


def _interrupted(store: PaperStore) -> PaperStore:
    """As if the process had died right after the patch."""
    for name in (schema.RESOLVED, schema.EVENTS):
        store.forget(name)
    store.change(schema.UNRESOLVED, lambda document: document.pop("ttl"))
    return store


def _unrecorded(store: PaperStore) -> PaperStore:
    store.forget(schema.EVENTS)
    return store


def _long(store: PaperStore) -> PaperStore:
    def lengthen(document: dict[str, Any]) -> None:
        entry = document["history"][-1]
        document["history"] = [{**entry, "revision": number} for number in range(1, 101)]
        document["revision"] = 100

    store.change(schema.UNRESOLVED, lengthen)
    store.forget(schema.EVENTS)
    return store
