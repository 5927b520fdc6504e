"""What the service bounds besides size: who asks, how often, and how deep."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from anomalyctl.telemetry.simulator import Telemetry
from anomalyctl.telemetry.times import format_time
from detector_service.settings import DetectorSettings

TOKEN = "a-token-of-the-tests-1234"


@pytest.fixture
def body(telemetry: Telemetry) -> dict[str, Any]:
    first = next(iter(telemetry.readings()))
    reading = {"timestamp": format_time(first.timestamp), **first.values}
    return {"source": "well-1", "readings": [reading]}


def bounded(serve: Any, valkey: Any, a_second: float) -> httpx.Client:
    settings = DetectorSettings(
        redis_connection_string=valkey.connection_string,
        detector_token=TOKEN,
        detector_requests_per_second=a_second,
    )
    client: httpx.Client = serve(settings=settings)
    return client


def test_too_many_requests_are_told_when_to_come_again(serve: Any, valkey: Any, body: dict[str, Any]) -> None:
    client = bounded(serve, valkey, 0.01)
    assert client.post("/detect/ml", json=body).status_code == 200
    answer = client.post("/detect/ml", json=body)
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Too Many Requests"
    assert 1 <= int(answer.headers["retry-after"]) <= 100
    assert client.get("/health/ready").status_code == 200, "a probe is never told to wait"


def test_guessing_tokens_takes_nothing_from_those_who_know_theirs(
    serve: Any, valkey: Any, body: dict[str, Any]
) -> None:
    client = bounded(serve, valkey, 1000.0)
    wrong = {"authorization": "Bearer guess"}
    answers = {client.post("/detect/ml", json=body, headers=wrong).status_code for _ in range(40)}
    assert answers == {401, 429}
    assert client.post("/detect/ml", json=body).status_code == 200


@pytest.mark.parametrize("depth", [17, 300, 900])
def test_memory_nested_too_deeply_is_refused(client: httpx.Client, body: dict[str, Any], depth: int) -> None:
    deep: Any = 1
    for _ in range(depth):
        deep = [deep]
    answer = client.post("/detect/ml", json={**body, "memory": {"as_of": deep}})
    assert (answer.status_code, answer.json()["field"]) == (422, "memory")


def test_json_nested_beyond_all_measure_is_refused(client: httpx.Client) -> None:
    answer = client.post("/detect/ml", content=b"[" * 200_000)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/metrics", "/openapi.json"])
def test_figures_and_the_description_need_the_token_too(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.get(path, headers={"authorization": "Bearer guess"}).status_code == 401
    assert client.get("/docs").status_code == 404
