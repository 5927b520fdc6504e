"""Anomaly stores on a real local Cosmos endpoint, each in a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import DATABASE
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from anomalyctl.telemetry.times import epoch_ms, format_time
from tests.support.cosmos_server import CosmosServer

START = datetime(2026, 11, 20, 23, 59, 0, tzinfo=UTC)
"""A minute before midnight."""


@contextmanager
def fresh_store(server: CosmosServer) -> Iterator[AnomalyStore]:
    """A store whose containers exist and are empty; its retries do not wait."""
    store = open_store(server, f"test-{uuid4().hex}")
    store.create_if_missing()
    try:
        yield store
    finally:
        store.client.delete_database(store.database.id)
        store.close()


def open_store(server: CosmosServer, database_name: str) -> AnomalyStore:
    """Another client on the same database, as another process would have."""
    guard = Guard(DATABASE, sleep=lambda seconds: None)
    return AnomalyStore(connect_cosmos(server.connection_string), guard=guard, database_name=database_name)


def plain_verdict(seconds: float, source: str = "well-1", **more: Any) -> dict[str, Any]:
    """A normal verdict so many seconds after START."""
    at = START + timedelta(seconds=seconds)
    return {
        "id": f"{source}:{epoch_ms(at)}",
        "source": source,
        "source_day": f"{source}:{at.date().isoformat()}",
        "timestamp": format_time(at),
        "final_status": "normal",
        **more,
    }


def open_episode(anomaly_id: str = "well-1-1-abcdef01", **more: Any) -> dict[str, Any]:
    """An open episode from START."""
    return {
        "id": anomaly_id,
        "anomaly_id": anomaly_id,
        "detected_at": format_time(START),
        "severity_level": "high",
        "assigned_to": "",
        "status": "open",
        "source": "well-1",
        "revision": 0,
        "tags": ["A"],
        "first_ms": 1,
        "last_ms": 1,
        **more,
    }
