"""Probes need no token, as a platform's send none: they tell nothing, and a flood of them costs nothing."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from anomalyctl.errors import Unreachable
from detector_service import problems
from detector_service.health import add_health


class Asked:
    """Redis as probes see it."""

    def __init__(self) -> None:
        self.pings = 0
        self.away = False
        self.now = 0.0

    def ping(self) -> bool:
        self.pings += 1
        if self.away:
            raise Unreachable("Redis cannot be reached: redis-prod-a1b2.example:10000 refused the connection")
        return True


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def client(asked: Asked) -> TestClient:
    app = FastAPI(openapi_url=None)
    problems.install(app)
    add_health(app, asked, clock=lambda: asked.now)  # type: ignore[arg-type]
    return TestClient(app)


def test_a_flood_of_probes_asks_redis_once_a_second(client: TestClient, asked: Asked) -> None:
    for _ in range(100):
        assert client.get("/health/ready").json() == {"status": "ready"}
    assert asked.pings == 1
    asked.now = 1.5
    client.get("/health/ready")
    assert asked.pings == 2


def test_who_has_no_token_learns_nothing_but_whether(
    client: TestClient, asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    asked.away = True
    refused = client.get("/health/ready")
    assert refused.status_code == 503
    assert "redis" not in refused.text.lower()
    assert "redis-prod-a1b2" in caplog.text, "the log says why"
    asked.away, asked.now = False, 2.0
    assert client.get("/health/ready").status_code == 200


def test_nothing_else_answers_without_a_token(serve: Callable[..., httpx.Client]) -> None:
    with serve() as client:
        del client.headers["authorization"]
        for path in ("/metrics", "/openapi.json", "/detect/ml", "/docs", "/redoc", "/"):
            answer = client.request("POST" if path.startswith("/detect") else "GET", path)
            assert answer.status_code in (401, 404), path
            assert "version" not in answer.text
