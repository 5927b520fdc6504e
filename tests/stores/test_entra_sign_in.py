"""Redis and Cosmos DB without keys, over TLS: what they are shown, and what is said when it does not hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import redis
from azure.core.credentials import AccessToken
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from anomalyctl.errors import SignInFailed, Unreachable
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import CACHE, DATABASE
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.cosmos import connect_cosmos
from anomalyctl.stores.credentials import claims_of, credential_from, service_credential
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.settings import StoreSettings
from tests.support.azure_stand_in.entra import CLIENT, OPERATOR, StandInCredential, token
from tests.support.certificates import Certificates
from tests.support.entra_cosmos import EntraCosmos, entra_cosmos
from tests.support.entra_redis import EntraRedis, entra_redis
from tests.support.identity_endpoint import identity_endpoint


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


@dataclass
class Changing:
    """A credential that hands out the token that it is given."""

    now: AccessToken = field(default_factory=lambda: token("https://redis.azure.com", jti="first"))

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        assert scopes == ("https://redis.azure.com/.default",)
        return self.now


def client(running: EntraRedis, certificates: Certificates, credential: Any, **more: Any) -> redis.Redis:
    address = f"{running.host}:{running.port},ssl=True,abortConnect=False"
    return connect_redis(address, credential=credential, ca_bundle=str(certificates.authority), **more)


def test_redis_is_shown_the_object_id_and_a_token_for_redis(
    azure_redis: EntraRedis, certificates: Certificates
) -> None:
    ours = client(azure_redis, certificates, StandInCredential())
    assert ours.set("key", "value")
    assert ours.get("key") == b"value"
    assert claims_of(azure_redis.shown[0])["oid"] == OPERATOR
    ours.close()


def test_a_new_token_is_shown_on_the_same_connection_before_the_old_one_ends(
    azure_redis: EntraRedis, certificates: Certificates
) -> None:
    credential = Changing()
    ours = client(azure_redis, certificates, credential, pool_size=1)
    ours.ping()
    ours.ping()
    assert len(azure_redis.shown) == 1
    credential.now = token("https://redis.azure.com", jti="second")
    assert ours.ping()
    assert [claims_of(shown)["jti"] for shown in azure_redis.shown] == ["first", "second"]
    assert azure_redis.connections == 1
    ours.close()


def test_a_connection_whose_token_has_ended_comes_back_with_a_new_one(
    azure_redis: EntraRedis, certificates: Certificates
) -> None:
    credential = Changing(token("https://redis.azure.com", seconds=1, jti="short"))
    ours = client(azure_redis, certificates, credential, pool_size=1)
    ours.ping()
    threading.Event().wait(1.1)  # a real server looks at a real clock
    credential.now = token("https://redis.azure.com", jti="next")
    assert ours.ping()
    ours.close()


@pytest.mark.parametrize("trouble", ["no role", "no sign-in", "no object id", "a stranger's certificate"])
def test_what_keeps_us_out_of_redis_is_named(
    azure_redis: EntraRedis, certificates: Certificates, trouble: str
) -> None:
    credential: Any = StandInCredential()
    bundle = str(certificates.authority)
    error: type[Exception] = SignInFailed
    match trouble:
        case "no role":
            azure_redis.roles.clear()
            words = "refuses the credentials"
        case "no sign-in":
            credential.refusal, words = "Please run 'az login' to set up an account", "There is no token"
        case "no object id":
            credential.claims["oid"] = None
            credential = Changing(AccessToken("opaque", 4_000_000_000))
            words = "no object id"
        case _:
            bundle, error, words = "", Unreachable, "certificate"
    address = f"{azure_redis.host}:{azure_redis.port},ssl=True"
    store = ReadingStore(connect_redis(address, credential=credential, ca_bundle=bundle))
    with pytest.raises(error, match=words):
        store.ping()


def test_a_refused_renewal_gives_the_connection_back(
    azure_redis: EntraRedis, certificates: Certificates
) -> None:
    credential = Changing()
    ours = client(
        azure_redis, certificates, credential, pool_size=1, guard=Guard(replace(CACHE, timeout_s=1))
    )
    ours.ping()
    azure_redis.roles.clear()
    credential.now = token("https://redis.azure.com", jti="second")
    for _ in range(3):  # with a connection lost, the second would wait for one in vain
        with pytest.raises(SignInFailed):
            ours.ping()
    azure_redis.roles.add(OPERATOR)
    assert ours.ping()
    ours.close()


def test_cosmos_is_shown_a_token_and_its_data_role_counts(
    azure_cosmos: EntraCosmos, certificates: Certificates
) -> None:
    account = connect_cosmos(
        f"AccountEndpoint={azure_cosmos.address}/;",
        credential=StandInCredential(),
        ca_bundle=str(certificates.authority),
    )
    store = AnomalyStore(account, guard=Guard(DATABASE.interactive()))
    store.create_if_missing()
    store.ping()
    azure_cosmos.roles.clear()
    with pytest.raises(SignInFailed):
        store.ping()
    store.close()


def test_without_a_key_cosmos_is_not_entered(azure_cosmos: EntraCosmos, certificates: Certificates) -> None:
    from tests.support.cosmos_server import KEY

    with pytest.raises(SignInFailed):
        connect_cosmos(
            f"AccountEndpoint={azure_cosmos.address}/;AccountKey={KEY};",
            ca_bundle=str(certificates.authority),
        )


def test_where_azure_hosts_us_the_managed_identity_is_taken_and_nothing_else_is_tried() -> None:
    hosted = {
        "IDENTITY_ENDPOINT": "http://127.0.0.1:1",
        "IDENTITY_HEADER": "h",
        "AZURE_CLIENT_ID": CLIENT,
    }
    for environ, kind in ((hosted, ManagedIdentityCredential), ({}, DefaultAzureCredential)):
        credential: Any = credential_from(environ)
        assert isinstance(credential.inner, kind)
        credential.close()


def test_a_services_settings_without_keys_sign_in_with_its_managed_identity(
    azure_redis: EntraRedis,
    azure_cosmos: EntraCosmos,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with identity_endpoint() as endpoint:
        endpoint.let_find(monkeypatch)
        for name, value in {
            "SSL_CERT_FILE": str(certificates.bundle),
            "REQUESTS_CA_BUNDLE": str(certificates.bundle),
            "REDIS_CONNECTION_STRING": f"127.0.0.1:{azure_redis.port},ssl=True,abortConnect=False",
            "COSMOS_DB_CONNECTION_STRING": f"AccountEndpoint={azure_cosmos.address}/;",
        }.items():
            monkeypatch.setenv(name, value)
        service_credential.cache_clear()
        settings: Any = StoreSettings
        made = settings()
        assert made.reading_store().ping()
        anomalies = made.anomaly_store()
        anomalies.create_if_missing()
        anomalies.close()
        service_credential.cache_clear()
    assert {one["client_id"][0] for one in endpoint.asked} == {CLIENT}
    assert {one["resource"][0] for one in endpoint.asked} == {"https://redis.azure.com", "https://127.0.0.2"}
