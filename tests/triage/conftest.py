"""A real Cosmos endpoint for triage, and the documents that go in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from anomalyctl.stores.anomalies import AnomalyStore
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import CosmosServer, cosmos_server


@pytest.fixture(scope="session")
def cosmos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    """One endpoint for the folder."""
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


@pytest.fixture
def store(cosmos: CosmosServer) -> Iterator[AnomalyStore]:
    """An empty database."""
    with fresh_store(cosmos) as fresh:
        yield fresh
