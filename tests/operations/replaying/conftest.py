"""The parts that a replay works on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from anomalyctl.stores.readings import ReadingStore
from tests.support.cosmos_server import cosmos_server
from tests.support.detector_server import DetectorServer, detector_server
from tests.support.replay_parts import Parts


@pytest.fixture(scope="module")
def cosmos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as server:
        AnomalyStore(connect_cosmos(server.connection_string)).create_if_missing()
        yield server.connection_string


@pytest.fixture(scope="module")
def server(valkey_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DetectorServer]:
    with detector_server(valkey_server.connection_string, tmp_path_factory.mktemp("detectors")) as running:
        yield running


@pytest.fixture
def parts(reading_store: ReadingStore, cosmos: str, server: DetectorServer) -> Parts:
    return Parts(reading_store, cosmos, server)
