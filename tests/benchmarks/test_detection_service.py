"""What a verdict costs over HTTP: a 60-reading window of 100 tags to each tier, and a day at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.window import Window
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import Telemetry, simulate
from anomalyctl.telemetry.times import format_time, from_epoch_ms
from anomalyctl.telemetry.verdicts import TIERS
from tests.support.detector_server import detector_server
from tests.support.yardsticks import Yardsticks, held

ROUNDS = 300

pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module")
def day() -> Telemetry:
    """A day that ended yesterday: the service refuses readings of the future."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
    return simulate(built_in_registry(), seed=5, start=start, count=8_640, interval_s=10.0, source="well-1")


@pytest.fixture
def client(
    valkey: Any, reading_store: ReadingStore, day: Telemetry, tmp_path: Path
) -> Iterator[httpx.Client]:
    """Asks the real service, which has a process of its own."""
    window = Window("well-1", day.times_ms, day.tags, day.values).rows(0, 1_440)
    fitted_at = from_epoch_ms(int(day.times_ms[1_440]))
    model = fit_model(window, built_in_registry(), fitted_at=fitted_at, version="v").to_bytes()
    reading_store.save_model("well-1", version="v", data=model, fitted_at=fitted_at, rows=1_440)
    with detector_server(valkey.connection_string, tmp_path) as server:
        headers = {"authorization": f"Bearer {server.token}", "content-type": "application/json"}
        with httpx.Client(base_url=server.endpoint, headers=headers, timeout=60.0, trust_env=False) as made:
            yield made


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


def milliseconds(work: Any) -> list[float]:
    """Of each of `ROUNDS` calls."""
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1e3)
    return taken


def test_a_verdict_over_http(client: httpx.Client, day: Telemetry) -> None:
    yardsticks = Yardsticks(np.nan_to_num(day.values[:1_440]))
    bare = float(np.median(milliseconds(lambda: client.get("/health/live"))))
    print(f"\nwindow of 60 readings of {len(day.tags)} tags; an answer that judges nothing: {bare:.2f} ms")
    for tier in TIERS:
        remembered = post(client, f"/detect/{tier}", body(day, 2_000, 2_059))["memory"]
        content = body(day, 2_000, 2_060, remembered)
        p50, p99 = np.quantile(
            milliseconds(lambda content=content, tier=tier: post(client, f"/detect/{tier}", content)),
            [0.5, 0.99],
        )
        yardsticks.measure(20)
        print(f"{tier:12} p50 {p50:5.2f} ms, p99 {p99:5.2f} ms  {held('p50 under 5 ms', p50 < 5)}")
        print(f"  {yardsticks.against(p50 * 1e3)}")


def test_a_day_at_once_over_http(client: httpx.Client, day: Telemetry) -> None:
    yardsticks = Yardsticks(np.nan_to_num(day.values[:1_440]))
    content = body(day, 0, 8_640)
    print(f"\nscope=all: 8,640 readings of {len(day.tags)} tags, {len(content) / 1e6:.1f} MB")
    for tier in TIERS:
        begin = time.perf_counter()
        told = post(client, f"/detect/{tier}?scope=all", content)
        took_s = time.perf_counter() - begin
        assert len(told["verdicts"]) == 8_640
        yardsticks.measure(20)
        print(f"{tier:12} {took_s:5.2f} s  {held('under 3 s', took_s < 3)}")
        print(f"  a reading: {yardsticks.against(took_s * 1e6 / 8_640)}")
