"""An account to hold against the contract: the local endpoint in its own process, or a real one.

A real account (serverless, session consistency) is taken where ANOMALYCTL_TEST_COSMOS_ENDPOINT and
ANOMALYCTL_TEST_COSMOS_KEY are set; what only the local endpoint can be asked for (faults, a moved clock) is
skipped there. A database of a random name is made and removed again.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from azure.cosmos import ContainerProxy, CosmosClient, DatabaseProxy, PartitionKey

from tests.support.cosmos_server import CosmosServer, cosmos_server


@dataclass(frozen=True)
class Account:
    """Where the requests go; `server` is None for a real account."""

    endpoint: str
    key: str
    server: CosmosServer | None

    def client(self, **options: Any) -> CosmosClient:
        return CosmosClient(self.endpoint, self.key, **options)


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    if endpoint := os.environ.get("ANOMALYCTL_TEST_COSMOS_ENDPOINT"):
        yield Account(endpoint, os.environ["ANOMALYCTL_TEST_COSMOS_KEY"], None)
        return
    with cosmos_server(tmp_path_factory.mktemp("cosmos"), "--faults") as server:
        yield Account(server.endpoint, server.key, server)


@pytest.fixture(scope="session")
def client(account: Account) -> CosmosClient:
    return account.client()


@pytest.fixture(scope="session")
def database(client: CosmosClient) -> Iterator[DatabaseProxy]:
    made = client.create_database(f"contract-{secrets.token_hex(4)}")
    yield made
    client.delete_database(made.id)


NewContainer = Callable[..., ContainerProxy]


@pytest.fixture
def new_container(database: DatabaseProxy) -> Iterator[NewContainer]:
    """Makes containers (partition key `/pk` unless said otherwise) that are gone after the test."""
    made: list[str] = []

    def make(partition_key: str = "/pk", **options: Any) -> ContainerProxy:
        name = f"c-{secrets.token_hex(4)}"
        made.append(name)
        return database.create_container(name, PartitionKey(partition_key), **options)

    yield make
    for name in made:
        database.delete_container(name)


@pytest.fixture
def container(new_container: NewContainer) -> ContainerProxy:
    return new_container()


class Control:
    """The local endpoint's faults and clock."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint}/_faults"

    def order(self, **wanted: Any) -> None:
        httpx.post(self._url, json=wanted).raise_for_status()

    def struck(self) -> int:
        return sum(fault["struck"] for fault in httpx.get(self._url).json()["waiting"])


@pytest.fixture
def control(account: Account) -> Iterator[Control]:
    if account.server is None:
        pytest.skip("a real account has no faults on demand")
    control = Control(account.endpoint)
    yield control
    control.order(clear=True, clock_ahead_s=0)


@pytest.fixture
def pass_time(account: Account) -> Iterator[Callable[[int], None]]:
    """Lets items age: by moving the local clock, or by waiting for a real account."""
    if account.server is None:
        yield time.sleep
        return
    control = Control(account.endpoint)
    yield lambda seconds: control.order(clock_ahead_s=seconds)
    control.order(clock_ahead_s=0)
