"""Anomaly stores that cannot be connected to: the reason in our words, and no key in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from anomalyctl.errors import InvalidInput, NotDeployed, SignInFailed, Unreachable
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.schema import UNRESOLVED
from anomalyctl.stores.cosmos import connect_cosmos, parse_connection_string
from tests.support.anomaly_stores import fresh_store, open_store
from tests.support.cosmos_server import CosmosServer, cosmos_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


def test_a_missing_database_says_that_nothing_is_deployed(server: CosmosServer) -> None:
    missing = open_store(server, "nowhere")
    with pytest.raises(NotDeployed, match="not been created"):
        list(missing.query(UNRESOLVED, "SELECT * FROM c", {}))
    missing.close()


def test_a_wrong_key_is_a_sign_in_failure_and_no_key_in_the_message(server: CosmosServer) -> None:
    wrong = f"AccountEndpoint={server.endpoint}/;AccountKey=d3Jvbmcta2V5;"
    with pytest.raises(SignInFailed) as refused:
        AnomalyStore(connect_cosmos(wrong)).ping()
    assert "d3Jvbmcta2V5" not in str(refused.value)


def test_a_dead_endpoint_is_unreachable_and_not_waited_for(server: CosmosServer, tmp_path: Any) -> None:
    with cosmos_server(tmp_path) as short_lived, fresh_store(server):
        store = open_store(short_lived, "any")
        store.create_if_missing()
        short_lived.kill()
        with pytest.raises(Unreachable):
            store.ping()
        with pytest.raises(Unreachable):
            connect_cosmos(short_lived.connection_string)
        short_lived.restart()
        store.guard = open_store(short_lived, "any").guard
        store.ping()
        store.close()


@pytest.mark.parametrize(
    ("text", "endpoint", "key"),
    [
        ("AccountEndpoint=https://a.documents.azure.com:443/;AccountKey=YWJj==;", None, "YWJj=="),
        ("accountendpoint=https://a.documents.azure.com:443/", None, ""),
        ("https://a.documents.azure.com:443/", None, ""),
    ],
)
def test_both_forms_of_a_connection_string_are_read(text: str, endpoint: str | None, key: str) -> None:
    assert parse_connection_string(text) == (endpoint or "https://a.documents.azure.com:443/", key)


def test_a_connection_string_without_an_endpoint_is_refused_with_the_setting_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        connect_cosmos("AccountKey=secret;")
    assert refused.value.field == "COSMOS_DB_CONNECTION_STRING"
    assert "secret" not in refused.value.message
