"""The decoded stream beside `judge` with its memory: the same verdicts, reading by reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from anomalyctl.detection.judge import judge
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.stream import WINDOW, Stream
from anomalyctl.detection.window import Window
from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import TIERS, Memory, Tier

FAULTS = (
    "level-shift:HASA-4_TUBING_PRESSURE@2h5m+5m",
    "stuck:LIQUID_TRACER_FLOW_RATE@2h12m+10m",
    "spike:WATER_TO_CO2_RATIO@2h20m",
    "dropout:INJECTION_PUMP_SPEED@2h22m+5m",
)


def readings(window: Window, first: int) -> list[tuple[int, dict[str, float]]]:
    pairs = zip(window.times_ms[first:].tolist(), window.values[first:].tolist(), strict=True)
    return [
        (ms, {tag: value for tag, value in zip(window.tags, values, strict=True) if value == value})
        for ms, values in pairs
    ]


def by_judge(window: Window, first: int, **known: Any) -> list[dict[Tier, Any]]:
    memories: dict[Tier, Memory | None] = dict.fromkeys(TIERS)
    found = []
    for row in range(first, len(window)):
        part = window.rows(max(first, row + 1 - WINDOW), row + 1)
        answers = {tier: judge(tier, part, memory=memories[tier], **known) for tier in TIERS}
        memories = {tier: answer.memory for tier, answer in answers.items()}
        found.append({tier: answer.verdicts[0] for tier, answer in answers.items()})
    return found


@pytest.mark.parametrize("with_model", [True, False])
def test_the_stream_says_what_judge_says(
    simulated: Callable[..., Window], model: SourceModel, registry: TagRegistry, with_model: bool
) -> None:
    window = simulated(7, 880, *FAULTS)
    # A pause, after which the lags are void.
    window = Window("well-1", window.times_ms + 120_000 * (np.arange(880) >= 860), window.tags, window.values)
    known = {"registry": registry, "model": model if with_model else None}
    expected = by_judge(window, 720, **known)
    stream = Stream("well-1", **known)  # type: ignore[arg-type]
    for (ms, values), said in zip(readings(window, 720), expected, strict=True):
        assert stream.judge(ms, values) == said
    fired = [said["heuristic"]["explanation"]["findings"] for said in expected]
    assert any(fired) or not with_model, "the comparison must see alarms"


def test_a_stream_goes_on_from_anothers_memories(
    simulated: Callable[..., Window], model: SourceModel, registry: TagRegistry
) -> None:
    rows = readings(simulated(7, 800, *FAULTS), 720)
    whole = Stream("well-1", registry=registry, model=model)
    first = Stream("well-1", registry=registry, model=model)
    for row in rows[:40]:
        whole.judge(*row)
        first.judge(*row)
    second = Stream("well-1", registry=registry, model=model, memories=first.memories())
    for row in rows[40:]:
        continued, uninterrupted = second.judge(*row), whole.judge(*row)
        assert continued["statistical"] == uninterrupted["statistical"]
        assert continued["ml"] == uninterrupted["ml"]


def test_a_reading_that_is_not_newer_is_refused(model: SourceModel, registry: TagRegistry) -> None:
    stream = Stream("well-1", registry=registry, model=model)
    stream.judge(10_000, {"INJECTION_PRESSURE": 1.0})
    with pytest.raises(InvalidInput, match="do not increase"):
        stream.judge(10_000, {"INJECTION_PRESSURE": 1.0})
