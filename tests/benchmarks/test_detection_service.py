"""What a verdict costs over HTTP: a 60-reading window of 100 tags to each tier, and a day at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
import uvicorn

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.window import Window
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import Telemetry, simulate
from anomalyctl.telemetry.times import format_time, from_epoch_ms
from anomalyctl.telemetry.verdicts import TIERS
from detector_service.app import create_app
from detector_service.settings import DetectorSettings

START = datetime(2026, 3, 1, tzinfo=UTC)
TOKEN = "a-token-of-the-benchmarks-1234"
ROUNDS = 200


@pytest.fixture(scope="module")
def day() -> Telemetry:
    return simulate(built_in_registry(), seed=5, start=START, count=8_640, interval_s=10.0, source="well-1")


@pytest.fixture
def client(valkey: Any, reading_store: ReadingStore, day: Telemetry) -> Iterator[httpx.Client]:
    window = Window("well-1", day.times_ms, day.tags, day.values).rows(0, 1_440)
    model = fit_model(window, built_in_registry(), fitted_at=START, version="v").to_bytes()
    reading_store.save_model("well-1", version="v", data=model, fitted_at=START, rows=1_440)
    settings = DetectorSettings(redis_connection_string=valkey.connection_string, detector_token=TOKEN)
    app = create_app(settings, clock=lambda: START + timedelta(days=2))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60.0, trust_env=False
    ) as made:
        yield made
    server.should_exit = True
    thread.join(10)


def body(day: Telemetry, first: int, stop: int, memory: object = None) -> bytes:
    readings = [
        {
            "timestamp": format_time(from_epoch_ms(int(day.times_ms[row]))),
            **{
                tag: value
                for tag, value in zip(day.tags, day.values[row].tolist(), strict=True)
                if value == value
            },
        }
        for row in range(first, stop)
    ]
    return orjson.dumps({"source": "well-1", "readings": readings, "memory": memory})


def post(client: httpx.Client, address: str, content: bytes) -> Any:
    answer = client.post(address, content=content)
    answer.raise_for_status()
    return orjson.loads(answer.content)


@pytest.mark.benchmark
def test_a_verdict_over_http(client: httpx.Client, day: Telemetry) -> None:
    """Aim: p50 under 5 ms a tier; beside it the same service's answer that judges nothing."""
    idle = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        client.get("/health/live")
        idle.append((time.perf_counter() - begin) * 1e3)
    bare = float(np.median(idle))
    print(f"\nwindow of 60 readings of {len(day.tags)} tags\n{'bare answer':12} p50 {bare:6.2f} ms")
    for tier in TIERS:
        remembered = post(client, f"/detect/{tier}", body(day, 2_000, 2_059))["memory"]
        content = body(day, 2_000, 2_060, remembered)
        taken = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            post(client, f"/detect/{tier}", content)
            taken.append((time.perf_counter() - begin) * 1e3)
        p50, p99 = np.quantile(taken, [0.5, 0.99])
        print(f"{tier:12} p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  {p50 / bare:5.1f} x a bare answer")


@pytest.mark.benchmark
def test_a_day_at_once_over_http(client: httpx.Client, day: Telemetry) -> None:
    """Aim: within 3 s a tier."""
    content = body(day, 0, 8_640)
    begin = time.perf_counter()
    orjson.dumps(orjson.loads(content))
    bare = time.perf_counter() - begin
    print(f"\n8,640 readings of {len(day.tags)} tags, {len(content) / 1e6:.1f} MB")
    for tier in TIERS:
        begin = time.perf_counter()
        post(client, f"/detect/{tier}?scope=all", content)
        took = time.perf_counter() - begin
        print(f"{tier:12} {took:6.2f} s  {took / bare:5.1f} x reading and writing the same JSON")
