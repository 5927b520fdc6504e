"""One plant for the tests of the dashboard's data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from anomalyctl.stores.readings import ReadingStore
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import cosmos_server
from tests.support.dashboard_driver import dashboard_driver
from tests.support.dashboard_plant import Plant
from tests.support.own_valkey import OwnValkey


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    valkey = OwnValkey(tmp_path_factory.mktemp("valkey"))
    client = valkey.client()
    try:
        with (
            cosmos_server(tmp_path_factory.mktemp("cosmos")) as cosmos,
            fresh_store(cosmos) as anomalies,
            dashboard_driver(
                valkey.connection_string, cosmos.connection_string, anomalies.database.id
            ) as dashboard,
        ):
            yield Plant(valkey, cosmos, ReadingStore(client), anomalies, dashboard)
    finally:
        client.close()
        valkey.stop()
