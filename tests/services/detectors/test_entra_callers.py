"""Callers with a token of Entra: a tenant of the test's own, its keys served over TLS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from anomalyctl.telemetry.simulator import Telemetry
from anomalyctl.telemetry.times import format_time
from detector_service.callers import Callers
from detector_service.settings import DetectorSettings
from detector_service.signing_keys import SigningKeys
from tests.services.detectors.conftest import TOKEN, Serve
from tests.support.azure_stand_in.entra import CLIENT, KEYS, OPERATOR, TENANT, TenantKeys, token
from tests.support.certificates import Certificates, serving_https

AUDIENCE = "api://66666666-6666-4666-8666-666666666666"


@dataclass
class Tenant:
    """The address of its keys, and what it does when it is asked for them."""

    address: str = ""
    keys: TenantKeys = KEYS
    asked: int = 0
    status: int = 200
    now: float = 1_000.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Response:
        with self.lock:
            self.asked += 1
        assert request.url.path == f"/{TENANT}/discovery/v2.0/keys"
        return JSONResponse(self.keys.document(), status_code=self.status)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made_in(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def tenant(authority: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    made = Tenant()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving_https(Starlette(routes=[Route("/{path:path}", made.answer)]), authority) as address:
        made.address = address
        yield made


@pytest.fixture
def settings(tenant: Tenant, valkey: Any) -> DetectorSettings:
    return DetectorSettings(
        redis_connection_string=valkey.connection_string,
        detector_token=TOKEN,
        detector_audience=AUDIENCE,
        azure_tenant_id=TENANT,
        azure_authority_host=tenant.address,
        operator_object_ids=OPERATOR,
    )


@pytest.fixture
def admit(settings: DetectorSettings, tenant: Tenant) -> Callable[[str], str]:
    """What the callers say to a token: "" or the refusal."""
    keys = SigningKeys(f"{tenant.address}/{TENANT}/discovery/v2.0/keys", clock=lambda: tenant.now)
    callers = Callers(settings, keys)

    def ask(shown: str) -> str:
        refusal = callers.refusal(shown)
        return refusal.detail if refusal else ""

    return ask


def test_a_verdict_is_given_for_a_token_of_entra(
    serve: Serve, settings: DetectorSettings, telemetry: Telemetry
) -> None:
    client = serve(settings)
    first = next(iter(telemetry.readings()))
    body = {
        "source": "well-1",
        "readings": [{"timestamp": format_time(first.timestamp), **first.values}],
    }
    for shown, status in ((token(AUDIENCE).token, 200), (TOKEN, 200), (token("api://another").token, 401)):
        client.headers["authorization"] = f"Bearer {shown}"
        assert client.post("/detect/heuristic", json=body).status_code == status


def test_without_keys_a_token_of_entra_is_503_and_the_own_token_counts(
    serve: Serve, settings: DetectorSettings, tenant: Tenant
) -> None:
    tenant.status = 500
    client = serve(settings)
    client.headers["authorization"] = f"Bearer {token(AUDIENCE).token}"
    answer = client.post("/detect/ml", json={})
    assert answer.status_code == 503
    assert "cannot be fetched" in answer.json()["detail"]
    client.headers["authorization"] = f"Bearer {TOKEN}"
    assert client.post("/detect/ml", json={}).status_code == 422


def test_both_versions_of_a_token_count(admit: Callable[[str], str], tenant: Tenant) -> None:
    assert admit(token(AUDIENCE).token) == ""
    second = {"iss": f"{tenant.address}/{TENANT}/v2.0", "ver": "2.0"}
    assert admit(token(AUDIENCE.removeprefix("api://"), **second).token) == ""


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: token("https://management.azure.com").token, "another service"),
        (lambda: token(AUDIENCE, seconds=-300).token, "ended"),
        (lambda: token(AUDIENCE, tenant="77777777-7777-4777-8777-777777777777").token, "another tenant"),
        (lambda: token(AUDIENCE, tid="77777777-7777-4777-8777-777777777777").token, "another tenant"),
        (lambda: token(AUDIENCE, iss="https://evil.example/").token, "another tenant"),
        (lambda: token(AUDIENCE, nbf=4_000_000_000).token, "not valid"),
        (lambda: token(AUDIENCE).token[:-8] + "AAAAAAAA", "not valid"),
        (lambda: _unsigned(), "not signed as Entra"),
        (lambda: _signed_with_the_public_key(), "not signed as Entra"),
        (lambda: "a.b.c", "not valid"),
        (lambda: "..", "not valid"),
        (lambda: "x" * 20_000 + "..", "missing or wrong"),
        (lambda: "ø", "missing or wrong"),
        (lambda: "", "missing or wrong"),
    ],
)
def test_any_other_token_is_refused(admit: Callable[[str], str], made: Callable[[], str], why: str) -> None:
    assert why in admit(made())


def test_a_key_that_the_tenant_does_not_have_is_refused(admit: Callable[[str], str]) -> None:
    stranger = TenantKeys()
    claims = jwt.decode(token(AUDIENCE).token, options={"verify_signature": False})
    forged = jwt.encode(claims, stranger.newest, algorithm="RS256", headers={"kid": "stranger"})
    assert "does not have" in admit(forged)
    named_as_ours = jwt.encode(claims, stranger.newest, algorithm="RS256", headers={"kid": KEYS.newest_id})
    assert "not valid" in admit(named_as_ours)


def test_a_rotated_key_is_fetched_when_it_is_first_seen(admit: Callable[[str], str], tenant: Tenant) -> None:
    assert admit(token(AUDIENCE).token) == ""
    KEYS.rotate()
    rotated = token(AUDIENCE).token
    tenant.now += 31
    assert admit(rotated) == ""
    assert tenant.asked == 2


def test_invented_key_ids_do_not_make_us_ask_again_and_again(
    admit: Callable[[str], str], tenant: Tenant
) -> None:
    assert admit(token(AUDIENCE).token) == ""
    claims = jwt.decode(token(AUDIENCE).token, options={"verify_signature": False})
    for number in range(20):
        headers = {"kid": f"invented-{number}"}
        assert "does not have" in admit(jwt.encode(claims, KEYS.newest, algorithm="RS256", headers=headers))
    assert tenant.asked == 1


def test_kept_keys_serve_while_the_tenant_does_not_answer_but_not_for_ever(
    admit: Callable[[str], str], tenant: Tenant
) -> None:
    from anomalyctl.errors import Transient

    shown = token(AUDIENCE, seconds=3 * 86_400).token
    assert admit(shown) == ""
    tenant.status = 503
    tenant.now += 7200
    assert admit(shown) == ""
    tenant.now += 25 * 3600
    with pytest.raises(Transient):
        admit(shown)
    tenant.status = 200
    tenant.now += 31
    assert admit(shown) == ""


def test_named_operators_and_members_of_their_groups_alone_are_let_in(
    settings: DetectorSettings, tenant: Tenant
) -> None:
    group = "88888888-8888-4888-8888-888888888888"

    def status(operators: str, **claims: Any) -> int:
        callers = Callers(settings.model_copy(update={"operator_object_ids": operators}))
        refusal = callers.refusal(token(AUDIENCE, **claims).token)
        return refusal.status if refusal else 200

    assert status(OPERATOR) == 200
    assert status(f"{CLIENT}, {group}", groups=[group]) == 200
    assert status(CLIENT) == 403
    assert status("") == 403
    assert status(group, groups=group) == 403


def test_who_is_in_too_many_groups_is_told_that_the_token_names_none(
    settings: DetectorSettings, tenant: Tenant
) -> None:
    for claims in ({"_claim_names": {"groups": "src1"}}, {"hasgroups": True}):
        group = "88888888-8888-4888-8888-888888888888"
        callers = Callers(settings.model_copy(update={"operator_object_ids": group}))
        refusal = callers.refusal(token(AUDIENCE, **claims).token)
        assert refusal is not None
        assert refusal.status == 403
        assert "more groups than a token names" in str(refusal)
        named = Callers(settings.model_copy(update={"operator_object_ids": f"{group},{OPERATOR}"}))
        assert named.refusal(token(AUDIENCE, **claims).token) is None


def test_an_audience_without_a_tenant_does_not_start(valkey: Any) -> None:
    with pytest.raises(ValidationError, match="AZURE_TENANT_ID"):
        DetectorSettings(
            redis_connection_string=valkey.connection_string, detector_token=TOKEN, detector_audience=AUDIENCE
        )
    with pytest.raises(ValidationError, match="https"):
        DetectorSettings(
            redis_connection_string=valkey.connection_string,
            detector_token=TOKEN,
            azure_authority_host="http://login.example",
        )


def test_a_service_without_an_audience_asks_no_tenant(valkey: Any, tenant: Tenant) -> None:
    plain = DetectorSettings(redis_connection_string=valkey.connection_string, detector_token=TOKEN)
    refusal = Callers(plain).refusal(token(AUDIENCE).token)
    assert refusal is not None
    assert refusal.status == 401
    assert tenant.asked == 0


def _unsigned() -> str:
    claims = jwt.decode(token(AUDIENCE).token, options={"verify_signature": False})
    return jwt.encode(claims, None, algorithm="none", headers={"kid": KEYS.newest_id})


def _signed_with_the_public_key() -> str:
    """The old confusion: the public key taken for a shared secret."""
    import base64
    import hashlib
    import hmac
    import json

    claims = jwt.decode(token(AUDIENCE).token, options={"verify_signature": False})
    secret = KEYS.newest.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "kid": KEYS.newest_id}, claims)
    ]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
