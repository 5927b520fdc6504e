"""Simulated days, and models fitted on their beginnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pytest

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.judge import judge
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import Window
from anomalyctl.telemetry.faults import inject, parse_fault
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import Memory, Tier, Verdict

START = datetime(2026, 3, 1, 7, tzinfo=UTC)

Simulated = Callable[..., Window]


@cache
def _simulated(seed: int, count: int, faults: tuple[str, ...]) -> Window:
    registry = built_in_registry()
    telemetry = simulate(registry, seed=seed, start=START, count=count, interval_s=10.0, source="well-1")
    if faults:
        telemetry, _ = inject(telemetry, [parse_fault(fault) for fault in faults], registry)
    return Window("well-1", telemetry.times_ms, telemetry.tags, telemetry.values)


@pytest.fixture(scope="session")
def registry() -> TagRegistry:
    return built_in_registry()


@pytest.fixture(scope="session")
def simulated() -> Simulated:
    """`simulated(seed, count, *faults)`: readings every 10 s as a window."""
    return lambda seed, count, *faults: _simulated(seed, count, tuple(faults))


@pytest.fixture(scope="session")
def model(simulated: Simulated, registry: TagRegistry) -> SourceModel:
    """A model of the first two hours of seed 7."""
    return fit_model(simulated(7, 720), registry, fitted_at=START, version="v-1")


Judged = tuple[list[Verdict], Memory]


@pytest.fixture(scope="session")
def judged_singly() -> Callable[..., Judged]:
    """Judge rows `[first, len)` one by one, each with its trailing window, memory through JSON."""
    import orjson

    def run(tier: Tier, window: Window, first: int, *, size: int = 120, **known: Any) -> Judged:
        memory: Memory | None = None
        verdicts: list[Verdict] = []
        for row in range(first, len(window)):
            part = window.rows(max(0, row + 1 - size), row + 1)
            judgement = judge(tier, part, memory=memory, **known)
            verdicts.extend(judgement.verdicts)
            memory = orjson.loads(orjson.dumps(judgement.memory))
        return verdicts, memory or {}

    return run


@pytest.fixture(scope="session")
def plant() -> Callable[..., Window]:
    """`plant(rows, tags)`: correlated noise of an unknown plant, one reading a second, no registry."""

    def make(rows: int, tags: int, seed: int = 0, names: Sequence[str] = ()) -> Window:
        draw = np.random.default_rng(seed)
        drivers = draw.standard_normal((rows, 4)).cumsum(axis=0) * 0.02 + draw.standard_normal((rows, 4))
        values = drivers @ draw.standard_normal((4, tags)) + draw.standard_normal((rows, tags))
        named = tuple(names) or tuple(f"T{at}" for at in range(tags))
        return Window("plant-1", 1_700_000_000_000 + 1000 * np.arange(rows), named, values * 2.0 + 50.0)

    return make
