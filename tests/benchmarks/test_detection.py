"""What a verdict costs in process, beside one row of scikit-learn's isolation forest and a plain z-score."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from anomalyctl.detection.detector import Detector
from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.judge import judge
from anomalyctl.detection.stream import Stream
from anomalyctl.detection.window import Window
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.verdicts import TIERS

START = datetime(2026, 3, 1, 7, tzinfo=UTC)
ROUNDS = 400
HISTORY = 1_440
READINGS = int(os.environ.get("ANOMALYCTL_BENCHMARK_READINGS", "1000000"))


@pytest.fixture(scope="module")
def day() -> Window:
    """A day of the built-in plant: 8,640 readings of 100 tags."""
    told = simulate(built_in_registry(), seed=7, start=START, count=8_640, interval_s=10.0, source="well-1")
    return Window("well-1", told.times_ms, told.tags, told.values)


def timed(
    work: Callable[[int], object], rounds: int = ROUNDS
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Microseconds of each call."""
    taken = np.empty(rounds)
    for at in range(rounds):
        begin = time.perf_counter()
        work(at)
        taken[at] = (time.perf_counter() - begin) * 1e6
    return taken


@pytest.mark.benchmark
def test_one_reading_of_100_tags_through_three_tiers_in_process(day: Window) -> None:
    """Aim: p99 under 1 ms, a fraction of one row of an isolation forest."""
    from sklearn.ensemble import IsolationForest

    registry = built_in_registry()
    model = fit_model(day.rows(0, HISTORY), registry, fitted_at=START, version="v")
    stream = Stream("well-1", registry=registry, model=model)
    rows = [
        {tag: value for tag, value in zip(day.tags, values, strict=True) if value == value}
        for values in day.values[HISTORY : HISTORY + 2 * ROUNDS + 200].tolist()
    ]
    moments = day.times_ms[HISTORY:].tolist()
    for at in range(200):
        stream.judge(moments[at], rows[at])
    history = np.nan_to_num(day.values[:HISTORY])
    forest = IsolationForest(n_estimators=100, random_state=0).fit(history)
    centre, spread = history.mean(axis=0), history.std(axis=0) + 1e-9

    def ours(at: int) -> object:
        return stream.judge(moments[200 + at], rows[200 + at], full=False)

    # Interleaved in blocks, so that a neighbour's load falls on all alike.
    taken: dict[str, list[float]] = {"three tiers": [], "isolation forest": [], "z-score": []}
    for block in range(0, ROUNDS, 50):
        taken["three tiers"] += timed(lambda at, block=block: ours(block + at), 50).tolist()
        taken["isolation forest"] += timed(lambda at: forest.score_samples(history[at : at + 1]), 50).tolist()
        taken["z-score"] += timed(lambda at: np.abs((history[at] - centre) / spread).max(), 50).tolist()
    forest_us = float(np.median(taken["isolation forest"]))
    print(f"\none reading of {len(day.tags)} tags, microseconds")
    for name, each in taken.items():
        p50, p99 = np.quantile(each, [0.5, 0.99])
        print(f"{name:18} p50 {p50:8.0f}  p99 {p99:8.0f}  {p50 / forest_us:6.3f} x isolation forest")


@pytest.mark.benchmark
def test_a_day_at_once(day: Window) -> None:
    """Aim: `scope=all` over 8,640 readings of 100 tags within 3 s a tier."""
    registry = built_in_registry()
    begin = time.perf_counter()
    model = fit_model(day, registry, fitted_at=START, version="v")
    print(f"\nfitting 8,640 x {len(day.tags)}: {time.perf_counter() - begin:.2f} s")
    z_score = timed(lambda _: np.abs(day.values - np.nanmean(day.values, axis=0)).max(), 3).min() / 1e6
    for tier in TIERS:
        begin = time.perf_counter()
        judge(tier, day, registry=registry, model=model, memory=None, last=None)
        took = time.perf_counter() - begin
        print(f"{tier:12} {took:6.2f} s  {took / z_score:8.0f} x a z-score of the same matrix")


@pytest.mark.benchmark
def test_memory_stays_flat_over_a_million_readings() -> None:
    """Aim: no growth after the first tenth. ANOMALYCTL_BENCHMARK_READINGS sets the number."""
    draw = np.random.default_rng(0)
    history = draw.standard_normal((600, 10)) @ draw.standard_normal((10, 10))
    follower = Detector.fit(history).follow()
    stream = Stream("well-1", registry=built_in_registry(), model=None)
    tags = tuple(f"T{at}" for at in range(10))
    sizes = []
    for reading in range(READINGS):
        row = history[reading % 600]
        follower.score(row)
        stream.judge(1000 * reading, dict(zip(tags, row.tolist(), strict=True)), full=False)
        if reading % (READINGS // 10) == READINGS // 10 - 1:
            sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    print(f"\npeak MB after each tenth of {READINGS:,} readings: {sizes}")
    assert sizes[-1] - sizes[0] <= 8
