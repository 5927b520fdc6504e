"""Who may ask: the master key, and nobody else."""

from __future__ import annotations

import base64
from email.utils import formatdate

import httpx
import pytest
from azure.cosmos import CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError

from tests.contracts.cosmos.signing import signed_headers


def test_another_key_is_refused_with_401(account):
    other = base64.b64encode(b"another key, as long as a key is.").decode()
    with pytest.raises(CosmosHttpResponseError) as refused:
        CosmosClient(account.endpoint, other)
    assert refused.value.status_code == 401


def test_a_request_without_authorization_is_refused_with_401_and_a_body(account):
    answer = httpx.get(f"{account.endpoint}/dbs", headers={"x-ms-version": "2020-07-15"})
    assert answer.status_code == 401
    assert set(answer.json()) >= {"code", "message"}
    assert answer.headers["x-ms-activity-id"]


def test_a_signed_request_is_served(account):
    answer = httpx.get(f"{account.endpoint}/dbs", headers=signed_headers(account.key, "get", "dbs", ""))
    assert answer.status_code == 200
    assert "Databases" in answer.json()
    assert float(answer.headers["x-ms-request-charge"]) > 0


def test_a_signature_for_another_verb_is_refused(account):
    answer = httpx.get(f"{account.endpoint}/dbs", headers=signed_headers(account.key, "post", "dbs", ""))
    assert answer.status_code == 401


def test_a_request_without_a_date_is_refused(account):
    headers = signed_headers(account.key, "get", "dbs", "")
    del headers["x-ms-date"]
    assert httpx.get(f"{account.endpoint}/dbs", headers=headers).status_code == 401


def test_an_old_token_is_refused(account):
    headers = signed_headers(account.key, "get", "dbs", "", date=formatdate(1_700_000_000, usegmt=True))
    assert httpx.get(f"{account.endpoint}/dbs", headers=headers).status_code in (401, 403)


def test_the_account_advertises_the_address_that_was_asked(account):
    if account.server is None:
        pytest.skip("a real account advertises its regions")
    answer = httpx.get(f"{account.endpoint}/", headers=signed_headers(account.key, "get", "", ""))
    region = answer.json()["writableLocations"][0]
    assert region["databaseAccountEndpoint"] == f"{account.endpoint}/"


def test_health_needs_no_key(account):
    if account.server is None:
        pytest.skip("a real account has no /_health")
    assert httpx.get(f"{account.endpoint}/_health").status_code == 200
