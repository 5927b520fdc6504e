"""Anomaly stores on a real local Cosmos endpoint, each in a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import DATABASE
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from tests.support.cosmos_server import CosmosServer


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
