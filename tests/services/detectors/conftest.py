"""A detector service on a real socket, in front of a real Valkey."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.window import Window
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import Telemetry, simulate
from detector_service.app import create_app
from detector_service.settings import DetectorSettings

TOKEN = "a-token-of-the-tests-1234"
START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(hours=48)


@pytest.fixture(scope="session")
def telemetry() -> Telemetry:
    """An hour and a half of quiet telemetry."""
    return simulate(built_in_registry(), seed=5, start=START, count=540, interval_s=10.0, source="well-1")


@pytest.fixture(scope="session")
def model_bytes(telemetry: Telemetry) -> bytes:
    """A model of its first hour."""
    first = Window("well-1", telemetry.times_ms, telemetry.tags, telemetry.values).rows(0, 360)
    return fit_model(first, built_in_registry(), fitted_at=START, version="v-1").to_bytes()


@pytest.fixture
def fitted(reading_store: ReadingStore, model_bytes: bytes) -> ReadingStore:
    """The store with that model in use."""
    reading_store.save_model("well-1", version="v-1", data=model_bytes, fitted_at=START, rows=360)
    return reading_store


Serve = Callable[..., httpx.Client]


@pytest.fixture
def serve(valkey: Any) -> Iterator[Serve]:
    """Start the service with `create_app`'s arguments; a client with the right token."""
    running: list[tuple[uvicorn.Server, threading.Thread, httpx.Client]] = []

    def start(settings: DetectorSettings | None = None, **arguments: Any) -> httpx.Client:
        settings = settings or DetectorSettings(
            redis_connection_string=valkey.connection_string, detector_token=TOKEN
        )
        app = create_app(settings, clock=lambda: NOW, **arguments)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"authorization": f"Bearer {TOKEN}"},
            timeout=30.0,
            trust_env=False,
        )
        running.append((server, thread, client))
        return client

    yield start
    for server, thread, client in running:
        client.close()
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def client(serve: Serve) -> httpx.Client:
    """The service as it runs without a language model."""
    return serve()
