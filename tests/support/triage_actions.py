"""What the tests of operators' actions share: the actions, stores that race or die, what must agree after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.actions import assign, modify, reopen, resolve
from anomalyctl.triage.finding import current
from anomalyctl.triage.performing import Outcome
from anomalyctl.triage.transitions import Action
from tests.support.verdict_documents import START

LATER = START + timedelta(hours=1)

ACTS: dict[Action, Callable[[AnomalyStore, str, str], Outcome]] = {
    Action.ASSIGN: lambda store, anomaly_id, by: assign(store, anomaly_id, to=by, by=by, now=LATER),
    Action.MODIFY: lambda store, anomaly_id, by: modify(
        store, anomaly_id, values={"A": 2.0}, reason=f"checked by {by}", by=by, now=LATER
    ),
    Action.RESOLVE: lambda store, anomaly_id, by: resolve(store, anomaly_id, notes="pump", by=by, now=LATER),
    Action.REOPEN: lambda store, anomaly_id, by: reopen(store, anomaly_id, reason="again", by=by, now=LATER),
}


class Cut(BaseException):
    """The process dies here."""


WRITES = (
    "patch_unresolved",
    "create_unresolved",
    "put_resolved",
    "withdraw_resolved",
    "add_modified_values",
    "append_event",
    "forget_unresolved_after",
)


WRITES_OF = {Action.ASSIGN: 2, Action.MODIFY: 3, Action.RESOLVE: 4, Action.REOPEN: 3}


class Racing:
    """The store; something happens once, just before a named method."""

    def __init__(self, store: AnomalyStore, name: str, meanwhile: Callable[[], object]) -> None:
        self._store, self._name, self._meanwhile = store, name, meanwhile

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            self._name = ""
            self._meanwhile()
        return getattr(self._store, name)


class Dying:
    """The store of a process that dies at its n-th write."""

    def __init__(self, store: AnomalyStore, cut_at: int) -> None:
        self._store, self._left = store, cut_at

    def __getattr__(self, name: str) -> Any:
        if name in WRITES:
            if self._left == 0:
                raise Cut
            self._left -= 1
        return getattr(self._store, name)


def is_whole(store: AnomalyStore, anomaly_id: str) -> bool:
    try:
        assert_whole(store, anomaly_id)
    except (AssertionError, KeyError):
        return False
    return True


def assert_whole(store: AnomalyStore, anomaly_id: str) -> None:
    """Every document agrees with every other."""
    document = current(store, anomaly_id)
    assert [event["revision"] for event in store.events(anomaly_id)] == list(
        range(1, document["revision"] + 1)
    )
    modifications = [each for each in document["history"] if each["action"] == "modify"]
    assert len(store.modified_values(anomaly_id)) == len(modifications)
    closing, resolved = store.unresolved(anomaly_id), store.resolved(anomaly_id)
    if document["status"] == "resolved":
        assert resolved is not None
        assert (resolved["status"], resolved["revision"]) == ("resolved", document["revision"])
        assert closing is None or closing["ttl"] == 600
    else:
        assert resolved is None or resolved["status"] == "reopened"
        assert closing is not None
        assert "ttl" not in closing
