"""A real Cosmos endpoint for triage, and the documents that go in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import CosmosServer, cosmos_server
from tests.support.verdict_documents import verdict


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


@pytest.fixture
def anomaly_id(store: AnomalyStore) -> str:
    [change] = Episodes(store).record([verdict(0, "A"), verdict(10, "A")])
    return change.anomaly_id
