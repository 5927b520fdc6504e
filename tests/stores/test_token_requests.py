"""A token is asked for once at a time, over HTTP: our guards repeat what may heal, nobody a refusal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from anomalyctl.errors import SignInFailed, Transient, Unreachable
from anomalyctl.operations.azure_reasons import of_network
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import CACHE, DATABASE
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.cosmos import connect_cosmos
from anomalyctl.stores.credentials import REDIS_SCOPE, credential_from
from tests.support.certificates import Certificates
from tests.support.entra_cosmos import EntraCosmos, entra_cosmos
from tests.support.entra_redis import EntraRedis, entra_redis
from tests.support.identity_endpoint import CUT, IdentityEndpoint, identity_endpoint
from tests.support.ports import free_port


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    with identity_endpoint() as running:
        running.let_find(monkeypatch)
        yield running


@pytest.fixture
def credential(endpoint: IdentityEndpoint) -> Iterator[Any]:
    made: Any = credential_from(os.environ)
    yield made
    made.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made_in(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def azure_redis(certificates: Certificates, valkey: Any) -> Iterator[EntraRedis]:
    with entra_redis(certificates, valkey) as running:
        yield running


@pytest.fixture
def azure_cosmos(certificates: Certificates, tmp_path: Path) -> Iterator[EntraCosmos]:
    with entra_cosmos(certificates, tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("trouble", "error"),
    [(500, Transient), (503, Transient), (429, Transient), (410, Transient), (CUT, Unreachable)],
)
def test_what_may_heal_is_asked_once_and_is_told_and_the_next_try_is_not_answered_from_memory(
    endpoint: IdentityEndpoint, credential: Any, trouble: int, error: type[Exception]
) -> None:
    endpoint.troubles = [trouble]
    with pytest.raises(error, match=r"There is no token: 127\.0\.0\.1"):
        credential.get_token(REDIS_SCOPE)
    assert len(endpoint.asked) == 1
    assert credential.get_token(REDIS_SCOPE).token
    credential.get_token(REDIS_SCOPE)
    assert len(endpoint.asked) == 2  # and the third from the credential's memory


@pytest.mark.parametrize("trouble", [400, 401, 403])
def test_a_refusal_stays_one_and_is_asked_once(
    endpoint: IdentityEndpoint, credential: Any, trouble: int
) -> None:
    endpoint.troubles = [trouble]
    with pytest.raises(ClientAuthenticationError):
        credential.get_token(REDIS_SCOPE)
    assert len(endpoint.asked) == 1


def test_the_time_that_is_named_is_handed_on(endpoint: IdentityEndpoint, credential: Any) -> None:
    endpoint.troubles, endpoint.headers = [429], {"Retry-After": "7"}
    with pytest.raises(Transient) as limited:
        credential.get_token(REDIS_SCOPE)
    assert limited.value.details == {"retry_after_s": 7.0}


def test_an_identity_endpoint_that_nobody_serves_is_unreachable(
    monkeypatch: pytest.MonkeyPatch, endpoint: IdentityEndpoint
) -> None:
    endpoint.port = free_port()
    endpoint.let_find(monkeypatch)
    credential: Any = credential_from(os.environ)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:\d+ cannot be reached: Failed to"):
        credential.get_token(REDIS_SCOPE)
    credential.close()


def test_who_looks_for_a_firewall_before_redis_does_not_find_the_identity_endpoints_refusal(
    monkeypatch: pytest.MonkeyPatch,
    endpoint: IdentityEndpoint,
    azure_redis: EntraRedis,
    certificates: Certificates,
) -> None:
    endpoint.port = free_port()
    endpoint.let_find(monkeypatch)
    credential: Any = credential_from(os.environ)
    client = connect_redis(
        f"{azure_redis.host}:{azure_redis.port},ssl=True",
        credential=credential,
        ca_bundle=str(certificates.authority),
        guard=Guard(CACHE.interactive(), sleep=lambda _: None),
    )
    with pytest.raises(Unreachable, match="There is no token") as failed:
        client.ping()
    nowhere: Any = None
    assert of_network(failed.value, "Redis", nowhere) is None
    client.close()
    credential.close()


@pytest.mark.parametrize("troubles", [[503, 503], [429, 503], [CUT, 500]], ids=str)
def test_the_guard_of_redis_asks_again_until_there_is_a_token(
    endpoint: IdentityEndpoint,
    credential: Any,
    azure_redis: EntraRedis,
    certificates: Certificates,
    troubles: list[int],
) -> None:
    paused: list[float] = []
    client = connect_redis(
        f"{azure_redis.host}:{azure_redis.port},ssl=True",
        credential=credential,
        ca_bundle=str(certificates.authority),
        pool_size=1,
        guard=Guard(CACHE, sleep=paused.append),
    )
    endpoint.troubles = list(troubles)
    assert client.ping()
    assert (len(endpoint.asked), len(paused)) == (3, 2)
    assert len(azure_redis.shown) == 1  # never a connection that had not signed in
    client.close()


def test_the_guard_of_redis_gives_up_what_does_not_heal_and_repeats_no_refusal(
    endpoint: IdentityEndpoint, credential: Any, azure_redis: EntraRedis, certificates: Certificates
) -> None:
    client = connect_redis(
        f"{azure_redis.host}:{azure_redis.port},ssl=True",
        credential=credential,
        ca_bundle=str(certificates.authority),
        guard=Guard(CACHE.interactive(), sleep=lambda _: None),
    )
    endpoint.troubles = [503] * 2
    with pytest.raises(Transient, match="answered 503") as failed:
        client.ping()
    assert (failed.value.exit_code, len(endpoint.asked)) == (10, 2)
    endpoint.troubles = [400]
    with pytest.raises(SignInFailed, match="There is no token") as refused:
        client.ping()
    assert (refused.value.exit_code, len(endpoint.asked)) == (4, 3)
    client.close()


def test_the_guard_of_the_database_asks_again_until_there_is_a_token(
    endpoint: IdentityEndpoint, credential: Any, azure_cosmos: EntraCosmos, certificates: Certificates
) -> None:
    def connect() -> Any:
        return connect_cosmos(
            f"AccountEndpoint={azure_cosmos.address}/;",
            credential=credential,
            ca_bundle=str(certificates.authority),
        )

    guard = Guard(DATABASE, sleep=lambda _: None)
    endpoint.troubles = [503, CUT]
    store = AnomalyStore(guard.call(connect), guard=guard)
    assert len(endpoint.asked) == 3
    store.create_if_missing()
    store.ping()
    store.close()
    endpoint.troubles, asked = [400], len(endpoint.asked)
    other: Any = credential_from(os.environ)
    with pytest.raises(SignInFailed) as refused:
        guard.call(lambda: connect_cosmos(f"AccountEndpoint={azure_cosmos.address}/;", credential=other))
    assert (refused.value.exit_code, len(endpoint.asked) - asked) == (4, 1)
    other.close()
