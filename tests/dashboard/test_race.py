"""The browser's side and the command line's act on the same episodes at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from anomalyctl.errors import LostRace
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage import actions
from anomalyctl.triage.clean_up import clean_up
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import cosmos_server
from tests.support.dashboard_driver import DashboardDriver, dashboard_driver
from tests.support.verdict_documents import verdict

ROUNDS = 12
NOBODY = "127.0.0.1:1,password=none,ssl=False"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AnomalyStore, DashboardDriver]]:
    with (
        cosmos_server(tmp_path_factory.mktemp("cosmos")) as cosmos,
        fresh_store(cosmos) as fresh,
        dashboard_driver(NOBODY, cosmos.connection_string, fresh.database.id) as dashboard,
    ):
        yield fresh, dashboard


def _open(store: AnomalyStore, source: str) -> str:
    (change,) = Episodes(store).record([verdict(0, "A", source=source)])
    return change.anomaly_id


def test_of_browser_and_command_line_exactly_one_resolves_and_the_other_is_told_by_whom(
    store: tuple[AnomalyStore, DashboardDriver],
) -> None:
    kept, dashboard = store
    winners = []
    for number in range(ROUNDS):
        anomaly_id = _open(kept, f"race-{number}")
        answers: list[dict[str, Any]] = []
        request = {"anomalyId": anomaly_id, "etag": "revision-0", "notes": "by browser"}
        start = threading.Barrier(2)

        def browse(request: dict[str, Any] = request, start: threading.Barrier = start) -> None:
            start.wait()
            answers.append(dashboard.ask("act", action="resolve", operator="anna", request=request))  # noqa: B023

        browser = threading.Thread(target=browse)
        browser.start()
        start.wait()
        try:
            actions.resolve(kept, anomaly_id, notes="by hand", by="bert", now=datetime.now(UTC))
            winner, refusal = "bert", answers
        except LostRace as error:
            winner, refusal = "anna", [{"ok": False, "code": "conflict", "message": error.message}]
        browser.join()
        winners.append(winner)
        assert len(refusal) == 1
        if winner == "anna":
            assert answers[0]["ok"], answers
        assert (refusal[0]["ok"], refusal[0]["code"]) == (False, "conflict")
        assert f"resolved by {winner}" in refusal[0]["message"]
        resolved, unresolved = kept.resolved(anomaly_id), kept.unresolved(anomaly_id)
        assert resolved is not None and unresolved is not None
        assert (resolved["resolved_by"], resolved["revision"], unresolved["ttl"]) == (winner, 1, 600)
        assert [event["by"] for event in kept.events(anomaly_id)] == [winner]
    assert not clean_up(kept, datetime.now(UTC)).sentences, winners


def test_what_one_side_writes_the_other_goes_on_with(store: tuple[AnomalyStore, DashboardDriver]) -> None:
    kept, dashboard = store
    anomaly_id, now = _open(kept, "both"), datetime.now(UTC)

    def browse(action: str, **said: Any) -> dict[str, Any]:
        request = {"anomalyId": anomaly_id, "etag": "", **said}
        return dict(dashboard.ask("act", action=action, operator="anna", request=request))

    actions.assign(kept, anomaly_id, to="anna", by="bert", now=now)
    assert browse("modify", values={"A": 2.5}, reason="meter was off")["changed"]
    assert not browse("modify", values={"A": 2.5}, reason="meter was off")["changed"]
    actions.resolve(kept, anomaly_id, notes="done", by="bert", now=now)
    assert browse("reopen", reason="it came back")["episode"]["state"] == "open"
    actions.modify(kept, anomaly_id, values={"B": 0.5}, reason="too", by="bert", now=now)
    assert browse("resolve", notes="for good")["ok"]
    done = [(event["action"], event["by"], event["revision"]) for event in kept.events(anomaly_id)]
    assert done == [
        ("assign", "bert", 1),
        ("modify", "anna", 2),
        ("resolve", "bert", 3),
        ("reopen", "anna", 4),
        ("modify", "bert", 5),
        ("resolve", "anna", 6),
    ]
    assert [each["modified_by"] for each in kept.modified_values(anomaly_id)] == ["anna", "bert"]
    resolved = kept.resolved(anomaly_id)
    assert resolved is not None
    assert resolved["modified_values"] == {"A": 2.5, "B": 0.5}


@pytest.mark.parametrize(
    ("action", "said", "field"),
    [
        ("resolve", {"notes": " "}, "notes"),
        ("resolve", {"notes": {"$gt": ""}}, "notes"),
        ("resolve", {"notes": "x", "etag": "other"}, "etag"),
        ("resolve", {"notes": "x", "anomalyId": "../../etc"}, "anomalyId"),
        ("modify", {"values": {"A": "1"}, "reason": "x"}, "A"),
        ("modify", {"values": {"A": None}, "reason": "x"}, "A"),
        ("modify", {"values": [1], "reason": "x"}, "request"),
        ("modify", {"values": {"Z": 1}, "reason": "x"}, "Z"),
        ("modify", {"values": {f"T{at}": 1 for at in range(1_001)}, "reason": "x"}, "values"),
        ("assign", {"to": "x" * 4_001}, "to"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_changes_nothing(
    store: tuple[AnomalyStore, DashboardDriver], action: str, said: dict[str, Any], field: str
) -> None:
    kept, dashboard = store
    anomaly_id = "refusing-1795165200000-559aead0"
    if kept.unresolved(anomaly_id) is None:
        assert _open(kept, "refusing") == anomaly_id
    before = kept.unresolved(anomaly_id)
    request = {"anomalyId": anomaly_id, "etag": "", **said}
    done = dashboard.ask("act", action=action, operator="anna", request=request)
    assert (done["ok"], done["code"], done["field"]) == (False, "invalid", field)
    assert dashboard.ask("act", action=action, operator=None, request=request)["code"] == "signed-out"
    assert kept.unresolved(anomaly_id) == before
