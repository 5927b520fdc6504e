"""What the local endpoint bounds: the size of a request, its depth, and how much is asked in a second."""

from __future__ import annotations

import socket

import httpx
import orjson
import pytest

from anomalyctl.local.cosmos.__main__ import _parser
from anomalyctl.local.cosmos.charges import Throughput
from anomalyctl.local.cosmos.failures import CosmosFailure
from tests.contracts.cosmos.conftest import Account, NewContainer
from tests.contracts.cosmos.signing import signed_headers


@pytest.fixture
def local(account: Account) -> Account:
    if account.server is None:
        pytest.skip("a real account has bounds of its own")
    return account


def test_a_body_over_four_megabytes_is_refused_before_it_is_read(local: Account) -> None:
    address = (httpx.URL(local.endpoint).host, httpx.URL(local.endpoint).port or 80)
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(
            b"POST /dbs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 5000000000\r\n\r\n{"
        )
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_a_body_whose_length_was_not_told_is_bounded_too(local: Account) -> None:
    def endless():
        for _ in range(200):
            yield b" " * 65_536

    headers = signed_headers(local.key, "post", "dbs", "")
    try:
        answer = httpx.post(f"{local.endpoint}/dbs", content=endless(), headers=headers, trust_env=False)
    except httpx.WriteError:
        return  # it was closed while we wrote: refused as well
    assert answer.status_code == 413


@pytest.mark.parametrize("depth", [300, 900, 100_000])
def test_what_is_nested_too_deeply_is_a_bad_request(
    local: Account, new_container: NewContainer, depth: int
) -> None:
    container = new_container()
    link = container.container_link
    body = b'{"id": "deep", "pk": "a", "value": ' + b"[" * depth + b"]" * depth + b"}"
    headers = signed_headers(local.key, "post", "docs", link)
    headers |= {"x-ms-documentdb-partitionkey": '["a"]', "content-type": "application/json"}
    answer = httpx.post(f"{local.endpoint}/{link}/docs", content=body, headers=headers, trust_env=False)
    assert answer.status_code == 400, answer.text
    assert orjson.loads(answer.content)["code"] == "BadRequest"


def test_there_is_a_bound_on_throughput_where_none_is_named() -> None:
    options = _parser().parse_args(["--port", "1", "--data", "x"])
    throughput = Throughput(options.request_units_per_second)
    throughput.admit(1_000.0)
    throughput.spend(options.request_units_per_second + 1)
    with pytest.raises(CosmosFailure) as refused:
        throughput.admit(1_000.5)
    assert (refused.value.status, refused.value.retry_after_ms) == (429, 500)
    throughput.admit(1_001.0)


def test_a_clock_that_is_set_back_makes_nobody_wait() -> None:
    throughput = Throughput(100.0)
    throughput.admit(1_000_000.0)
    throughput.spend(50.0)
    throughput.admit(1_000.0)
    throughput.spend(10.0)
    throughput.admit(1_001.0)


def test_guessing_keys_takes_nothing_from_those_who_know_theirs(local: Account) -> None:
    with httpx.Client(base_url=local.endpoint, trust_env=False) as stranger:
        refused = [stranger.get("/dbs") for _ in range(200)]
    assert {answer.status_code for answer in refused} == {401, 429}
    assert int(next(each for each in refused if each.status_code == 429).headers["x-ms-retry-after-ms"]) > 0
    known = httpx.get(
        f"{local.endpoint}/dbs", headers=signed_headers(local.key, "get", "dbs", ""), trust_env=False
    )
    assert known.status_code == 200
