"""What a verdict costs in process, beside one row of scikit-learn's isolation forest and a plain z-score."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.judge import judge
from anomalyctl.detection.stream import Stream
from anomalyctl.detection.window import Window
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.verdicts import TIERS
from tests.support.yardsticks import Yardsticks, held, timed

START = datetime(2026, 3, 1, 7, tzinfo=UTC)
ROUNDS = 2_000
HISTORY = 1_440
WARM_UP = 200

pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module")
def day() -> Window:
    """A day of the built-in plant: 8,640 readings of 100 tags."""
    told = simulate(built_in_registry(), seed=7, start=START, count=8_640, interval_s=10.0, source="well-1")
    return Window("well-1", told.times_ms, told.tags, told.values)


@pytest.fixture(autouse=True)
def as_in_service() -> Iterator[None]:
    """One thread for the arithmetic, as the services have it."""
    with threadpool_limits(1):
        yield


def test_one_reading_of_100_tags_through_three_tiers_in_process(day: Window) -> None:
    registry = built_in_registry()
    model = fit_model(day.rows(0, HISTORY), registry, fitted_at=START, version="v")
    stream = Stream("well-1", registry=registry, model=model)
    rows = [
        {tag: value for tag, value in zip(day.tags, values, strict=True) if value == value}
        for values in day.values[HISTORY : HISTORY + WARM_UP + ROUNDS].tolist()
    ]
    moments = day.times_ms[HISTORY:].tolist()
    for at in range(WARM_UP):
        stream.judge(moments[at], rows[at])
    yardsticks = Yardsticks(np.nan_to_num(day.values[:HISTORY]))
    taken: list[float] = []
    for first in range(WARM_UP, WARM_UP + ROUNDS, 100):
        taken += timed(lambda at: stream.judge(moments[at], rows[at], full=False), 100, first)
        yardsticks.measure(10)
    p50, p99 = np.quantile(taken, [0.5, 0.99])
    print(f"\none reading of {len(day.tags)} tags through three tiers: p50 {p50:,.0f} us, p99 {p99:,.0f} us")
    print(f"  {held('p99 under 1,000 us', p99 < 1_000)}\n  {yardsticks.against(p50)}")


def test_a_day_at_once(day: Window) -> None:
    registry = built_in_registry()
    begin = time.perf_counter()
    model = fit_model(day, registry, fitted_at=START, version="v")
    print(f"\nfitting 8,640 x {len(day.tags)}: {time.perf_counter() - begin:.2f} s")
    yardsticks = Yardsticks(np.nan_to_num(day.values[:HISTORY]))
    for tier in TIERS:
        begin = time.perf_counter()
        judge(tier, day, registry=registry, model=model, memory=None, last=None)
        took_s = time.perf_counter() - begin
        yardsticks.measure(20)
        print(f"{tier:12} {took_s:5.2f} s  {held('under 3 s', took_s < 3)}")
        print(f"  a reading: {yardsticks.against(took_s * 1e6 / len(day))}")
