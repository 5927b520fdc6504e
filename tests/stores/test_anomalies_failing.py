"""Anomaly stores on an endpoint that fails on demand: no row is lost, doubled or waited for in vain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from anomalyctl.errors import Transient
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import DATABASE
from anomalyctl.stores.anomalies.schema import UNRESOLVED
from anomalyctl.telemetry.times import format_time
from tests.support.anomaly_stores import START, fresh_store, open_episode, plain_verdict
from tests.support.cosmos_server import CosmosServer, cosmos_server


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    """An endpoint that fails on demand."""
    with cosmos_server(tmp_path_factory.mktemp("failing"), "--faults") as running:
        yield running


def fail_next(server: CosmosServer, **fault: Any) -> None:
    httpx.post(f"{server.endpoint}/_faults", json=fault).raise_for_status()


FAULTS: list[dict[str, Any]] = [
    {"status": 429, "retry_after_ms": 10},
    {"status": 503},
    {"status": 500},
    {"status": 408},
    {"cut": True},
    {"cut": True, "applied": True},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_failure_between_pages_loses_no_row_and_doubles_none(
    failing: CosmosServer, fault: dict[str, Any]
) -> None:
    with fresh_store(failing) as store:
        documents = [plain_verdict(second * 0.1) for second in range(100)]
        store.upsert_verdicts(documents[0]["source_day"], documents)
        rows = store.verdicts("well-1", START, START + timedelta(minutes=1), page_size=10)
        found = []
        for number, row in enumerate(rows):
            found.append(row["id"])
            if number in (15, 55):
                fail_next(failing, **fault, path="docs")
        assert found == [each["id"] for each in documents]


@pytest.mark.parametrize("fault", [FAULTS[0], FAULTS[4]], ids=str)
@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_a_failure_within_a_query_over_all_partitions_loses_no_row(
    failing: CosmosServer, fault: dict[str, Any], after: int
) -> None:
    with fresh_store(failing) as store:
        for number in range(12):
            store.create_unresolved(
                open_episode(f"well-1-{number}-a", detected_at=format_time(START + timedelta(seconds=number)))
            )
        query = "SELECT * FROM c WHERE c.status = @status ORDER BY c.detected_at DESC"
        fail_next(failing, **fault, path="docs", after=after)
        found = list(store.query(UNRESOLVED, query, {"status": "open"}, page_size=3))
        fail_next(failing, clear=True)
        assert [each["anomaly_id"] for each in found] == [f"well-1-{number}-a" for number in range(12)[::-1]]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_failed_write_is_repeated_and_written_once(failing: CosmosServer, fault: dict[str, Any]) -> None:
    with fresh_store(failing) as store:
        fail_next(failing, **fault, path="docs")
        documents = [plain_verdict(second) for second in range(20)]
        assert store.upsert_verdicts(documents[0]["source_day"], documents) == 20
        assert store.existing_ids(documents[0]["source_day"], [each["id"] for each in documents]) == {
            each["id"] for each in documents
        }


def test_a_throttled_request_waits_as_long_as_cosmos_says(failing: CosmosServer) -> None:
    with fresh_store(failing) as store:
        waits: list[float] = []
        store.guard = Guard(DATABASE, sleep=waits.append)
        fail_next(failing, status=429, retry_after_ms=2500, count=2, path="docs")
        store.append_event({"id": "e-1", "anomaly_id": "e", "revision": 1})
        assert len(waits) == 2
        assert all(2.5 <= wait <= 2.75 for wait in waits)


def test_when_it_keeps_failing_its_own_error_is_raised_and_then_it_is_left_alone(
    failing: CosmosServer,
) -> None:
    with fresh_store(failing) as store:
        fail_next(failing, status=503, count=50, path="docs")
        with pytest.raises(Transient, match="503"):
            store.verdict("well-1:5")
        with pytest.raises(Transient, match="left alone"):
            store.verdict("well-1:5")
        fail_next(failing, clear=True)
        store.guard = Guard(DATABASE)
