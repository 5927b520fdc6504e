"""What the service refuses, and how it says so."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from anomalyctl.telemetry.simulator import Telemetry
from anomalyctl.telemetry.times import format_time
from detector_service.app import create_app
from detector_service.settings import DetectorSettings


@pytest.fixture
def reading(telemetry: Telemetry) -> dict[str, Any]:
    first = next(iter(telemetry.readings()))
    return {"timestamp": format_time(first.timestamp), **first.values}


def refusal(answer: httpx.Response, status: int, field: str | None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = dict(answer.json())
    assert problem["status"] == status
    assert problem["title"]
    assert problem.get("field") == field
    return problem


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer x y", "Basic a-token-of-the-tests-1234"])
def test_a_wrong_token_is_refused(client: httpx.Client, reading: dict[str, Any], header: str | None) -> None:
    request = client.build_request("POST", "/detect/ml", json={"source": "well-1", "readings": [reading]})
    del request.headers["authorization"]
    if header is not None:
        request.headers["authorization"] = header
    answer = client.send(request)
    refusal(answer, 401, "authorization")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"CO2_FLOW_RATE": None}, "readings[0].CO2_FLOW_RATE"),
        ({"CO2_FLOW_RATE": "40"}, "readings[0].CO2_FLOW_RATE"),
        ({"CO2_FLOW_RATE": True}, "readings[0].CO2_FLOW_RATE"),
        ({"CO2_FLOW_RATE": 1e300}, "readings[0].CO2_FLOW_RATE"),
        ({"timestamp": "yesterday"}, "readings[0].timestamp"),
        ({"timestamp": "2999-01-01T00:00:00Z"}, "readings[0].timestamp"),
        ({"": 1.0}, "readings[0].payload"),
    ],
)
def test_a_bad_reading_is_refused_with_its_place_and_key(
    client: httpx.Client, reading: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    answer = client.post("/detect/ml", json={"source": "well-1", "readings": [{**reading, **change}]})
    refusal(answer, 422, field)


def test_a_reading_without_a_core_tag_is_refused(client: httpx.Client, reading: dict[str, Any]) -> None:
    del reading["INJECTION_PRESSURE"]
    answer = client.post("/detect/heuristic", json={"source": "well-1", "readings": [reading]})
    refusal(answer, 422, "readings[0].INJECTION_PRESSURE")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ({"readings": [{}]}, "source"),
        ({"source": "Not A Source", "readings": [{}]}, "source"),
        ({"source": "well-1", "readings": []}, "readings"),
        ({"source": "well-1", "readings": "x"}, "readings"),
        ({"source": "well-1", "readings": ["x"]}, "readings[0]"),
        ({"source": "well-1", "readings": [{}], "memory": []}, "memory"),
        ({"source": "well-1", "readings": [{}], "memory": {"x": "y" * 70_000}}, "memory"),
        ({"source": "well-1", "readings": [{}], "extra": 1}, "extra"),
        ({"source": "well-1", "readings": [{}] * 121}, "readings"),
    ],
)
def test_a_body_of_another_shape_is_refused(client: httpx.Client, body: Any, field: str) -> None:
    refusal(client.post("/detect/statistical", json=body), 422, field)


def test_readings_out_of_order_are_refused(client: httpx.Client, telemetry: Telemetry) -> None:
    rows = [{"timestamp": format_time(row.timestamp), **row.values} for row in telemetry.readings()][:3]
    answer = client.post("/detect/ml", json={"source": "well-1", "readings": rows[::-1]})
    refusal(answer, 422, "readings")


def test_what_is_not_json_is_refused(client: httpx.Client) -> None:
    refusal(client.post("/detect/ml", content=b"{"), 400, None)


def test_a_body_over_the_limit_is_refused_before_it_is_read(client: httpx.Client) -> None:
    def endless() -> Any:
        for _ in range(80):
            yield b" " * 65_536

    refusal(client.post("/detect/ml", content=endless()), 413, "body")
    refusal(client.post("/detect/ml", content=b" " * (4 * 1024 * 1024 + 1)), 413, "body")


@pytest.mark.parametrize(("query", "field"), [({"last": 0}, "last"), ({"scope": "some"}, "scope")])
def test_a_bad_query_is_refused(client: httpx.Client, query: dict[str, Any], field: str) -> None:
    refusal(client.post("/detect/ml", json={}, params=query), 422, field)


def test_an_unknown_tier_or_path_is_not_found(client: httpx.Client) -> None:
    refusal(client.post("/detect/guess", json={}), 404, "tier")
    refusal(client.get("/nothing"), 404, None)


def test_memory_that_is_not_ours_is_ignored(client: httpx.Client, reading: dict[str, Any]) -> None:
    for memory in (
        {"as_of": "x"},
        {"as_of": 1, "names": ["A"], "last": {"value": "%%"}},
        {"as_of": 1, "latches": {"INJECTION_PRESSURE": "x"}},
        {"as_of": 1, "latches": []},
        {"as_of": 10**30, "names": [1, None]},
    ):
        body = {"source": "well-1", "readings": [reading], "memory": memory}
        for tier in ("heuristic", "statistical", "ml"):
            assert client.post(f"/detect/{tier}", json=body).status_code == 200


def test_without_redis_it_is_alive_but_not_ready(serve: Any, reading: dict[str, Any]) -> None:
    nowhere = DetectorSettings(
        redis_connection_string="127.0.0.1:1,ssl=False",
        detector_token="a-token-of-the-tests-1234",
        redis_connect_timeout_ms=200,
    )
    client = serve(store=nowhere.reading_store())
    assert client.get("/health/live").status_code == 200
    refusal(client.get("/health/ready"), 503, None)
    answer = client.post("/detect/ml", json={"source": "well-1", "readings": [reading]})
    refusal(answer, 503, None)
    assert answer.headers["retry-after"] == "1"


def test_the_service_does_not_start_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_CONNECTION_STRING", "127.0.0.1:1,password=hidden-secret")
    monkeypatch.delenv("DETECTOR_TOKEN", raising=False)
    with pytest.raises(SystemExit, match="DETECTOR_TOKEN") as ended:
        create_app()
    assert "hidden-secret" not in str(ended.value)
    monkeypatch.setenv("DETECTOR_TOKEN", "short")
    with pytest.raises(SystemExit, match="DETECTOR_TOKEN") as ended:
        create_app()
    assert "short" not in str(ended.value).replace("too_short", "")


def test_metrics_and_openapi_are_there(client: httpx.Client, reading: dict[str, Any]) -> None:
    client.post("/detect/ml", json={"source": "well-1", "readings": [reading]})
    figures = client.get("/metrics").text
    assert 'detector_readings_judged_total{tier="ml"} 1.0' in figures
    described = orjson.loads(client.get("/openapi.json").content)
    assert "/detect/{tier}" in described["paths"]
    assert described["components"]["securitySchemes"]
