"""The whole chain on real parts: Valkey, the Cosmos endpoint, the detectors, the functions' own wiring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from anomalyctl.pipeline import worker as wiring
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from tests.support.cosmos_server import CosmosServer, cosmos_server
from tests.support.detector_server import DetectorServer, detector_server


@pytest.fixture(scope="session")
def cosmos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    """One endpoint for the session (~1 s to start); sources keep the tests apart."""
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as server:
        AnomalyStore(connect_cosmos(server.connection_string)).create_if_missing()
        yield server


@pytest.fixture(scope="session")
def detectors(valkey_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DetectorServer]:
    """One service for the session (~2 s to start)."""
    with detector_server(valkey_server.connection_string, tmp_path_factory.mktemp("detectors")) as server:
        yield server


@pytest.fixture
def settings(
    valkey: Any, cosmos: CosmosServer, detectors: DetectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application settings of the environment `local`."""
    monkeypatch.setenv("REDIS_CONNECTION_STRING", valkey.connection_string)
    monkeypatch.setenv("COSMOS_DB_CONNECTION_STRING", cosmos.connection_string)
    monkeypatch.setenv("FASTAPI_ENDPOINT", detectors.endpoint)
    monkeypatch.setenv("DETECTOR_TOKEN", detectors.token)
    monkeypatch.setenv("TRAIN_ON_SIMULATED", "true")


@pytest.fixture
def worker(settings: None) -> Iterator[wiring.Worker]:
    """This process's worker, built anew from the settings."""
    wiring._workers.clear()
    yield wiring.worker()
    wiring._workers.clear()
