"""Whether memory stays flat over a million readings: about two and a half minutes on a quiet core."""

from __future__ import annotations

import os
import resource
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.stream import Stream
from anomalyctl.detection.window import Window
from anomalyctl.telemetry.tags import TagRegistry
from tests.support.yardsticks import Yardsticks, held

READINGS = int(os.environ.get("ANOMALYCTL_BENCHMARK_READINGS", "1000000"))
LOOKS = 10
TAGS = tuple(f"T{at}" for at in range(8))
MOST_GROWTH_MB = 8.0


def resident_mb() -> float:
    """What the process holds now; where the system does not say, the most that it ever held."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 1024**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.benchmark
def test_memory_stays_flat_over_a_million_readings() -> None:
    """ANOMALYCTL_BENCHMARK_READINGS sets another number."""
    draw = np.random.default_rng(0)
    values = draw.standard_normal((5_000, len(TAGS))) @ draw.standard_normal((len(TAGS), len(TAGS))) + 50.0
    window = Window("plant-1", 1_000 * np.arange(5_000), TAGS, values)
    registry = TagRegistry({}, (), 1.0)
    fitted_at = datetime(2026, 3, 1, tzinfo=UTC)
    model = fit_model(window, registry, fitted_at=fitted_at, version="v", refuse=False)
    stream = Stream("plant-1", registry=registry, model=model)
    values[-1, 0] += 1_000.0  # an alarm now and then: it must leave nothing behind either
    rows = [dict(zip(TAGS, row, strict=True)) for row in values.tolist()]
    yardsticks = Yardsticks(values)
    yardsticks.measure(50)
    sizes, alarms, begin = [], 0, time.perf_counter()
    with threadpool_limits(1):
        for reading in range(READINGS):
            said = stream.judge(5_000_000 + 1_000 * reading, rows[reading % 5_000], full=False)
            alarms += bool(said["statistical"]["explanation"]["findings"])
            if (reading + 1) % (READINGS // LOOKS) == 0:
                sizes.append(resident_mb())
    took_s = time.perf_counter() - begin
    growth = max(sizes) - sizes[0]
    print(f"\n{READINGS:,} readings of {len(TAGS)} tags, three tiers, in {took_s:.0f} s; {alarms} in alarm")
    print(f"  resident MB after each tenth: {', '.join(f'{size:.1f}' for size in sizes)}")
    print(f"  {held(f'under {MOST_GROWTH_MB:g} MB after the first tenth', growth < MOST_GROWTH_MB)}")
    print(f"  a reading: {yardsticks.against(took_s * 1e6 / READINGS)}")
    assert growth < MOST_GROWTH_MB
