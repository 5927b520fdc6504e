"""A verdict is a function of window, memory, registry and model, however it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.judge import judge
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import Window
from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import TIERS, Tier

FAULTS = (
    "level-shift:INJECTION_PRESSURE@2h6m+3m",
    "stuck:INJECTION_TEMPERATURE@2h4m+6m",
    "spike:CO2_FLOW_RATE@2h5m",
    "dropout:WATER_SUPPLY_PRESSURE@2h3m+3m",
)


@pytest.fixture(scope="module")
def faulty(simulated: Callable[..., Window]) -> Window:
    """Two hours and a quarter with faults in the last quarter."""
    return simulated(7, 810, *FAULTS)


@pytest.mark.parametrize("tier", TIERS)
def test_last_n_and_scope_all_equal_one_by_one(
    faulty: Window,
    model: SourceModel,
    registry: TagRegistry,
    judged_singly: Callable[..., Any],
    tier: Tier,
) -> None:
    known = {"registry": registry, "model": model}
    singly, memory = judged_singly(tier, faulty.rows(720), 0, full=True, **known)
    at_once = judge(tier, faulty.rows(720), memory=None, last=90, **known)
    everything = judge(tier, faulty.rows(720), memory=None, last=None, full=True, **known)
    assert at_once.verdicts == singly
    assert everything.verdicts == singly
    assert orjson.loads(orjson.dumps(at_once.memory)) == memory
    assert any(verdict["explanation"]["findings"] for verdict in singly)


@pytest.mark.parametrize("tier", TIERS)
def test_a_window_of_one_reading_is_enough_with_memory(
    faulty: Window,
    model: SourceModel,
    registry: TagRegistry,
    judged_singly: Callable[..., Any],
    tier: Tier,
) -> None:
    known = {"registry": registry, "model": model}
    with_windows, _ = judged_singly(tier, faulty.rows(720), 0, **known)
    alone, _ = judged_singly(tier, faulty.rows(720), 0, size=1, **known)
    if tier == "heuristic":
        # The rate of change looks back into the window, and so does the suspicion after a broken identity.
        for verdict in [*with_windows, *alone]:
            kept = [each for each in verdict["explanation"]["findings"] if each["rule"] != "rate"]
            verdict["explanation"]["findings"] = sorted((each["tag"], each["rule"]) for each in kept)
            verdict["results"] = {}
    assert alone == with_windows


@pytest.mark.parametrize("tier", TIERS)
def test_asking_twice_gives_the_same_answer(
    faulty: Window, model: SourceModel, registry: TagRegistry, tier: Tier
) -> None:
    known: dict[str, Any] = {"registry": registry, "model": model}
    memory = judge(tier, faulty.rows(680, 780), memory=None, **known).memory
    kept = orjson.dumps(memory)
    first = judge(tier, faulty.rows(690, 790), memory=memory, last=10, **known)
    assert orjson.dumps(memory) == kept
    assert judge(tier, faulty.rows(690, 790), memory=memory, last=10, **known) == first


@pytest.mark.parametrize("tier", TIERS)
def test_a_memory_that_is_ahead_of_the_reading_is_not_used(
    faulty: Window, model: SourceModel, registry: TagRegistry, tier: Tier
) -> None:
    known: dict[str, Any] = {"registry": registry, "model": model, "late": True}
    ahead = judge(tier, faulty.rows(690), memory=None, **known).memory
    window = faulty.rows(640, 760)
    assert judge(tier, window, memory=ahead, **known) == judge(tier, window, memory=None, **known)
    (verdict,) = judge(tier, window, memory=ahead, **known).verdicts
    assert verdict["explanation"]["late"] is True


@pytest.mark.parametrize("tier", ["statistical", "ml"])
def test_a_memory_of_another_model_is_not_used(
    faulty: Window, model: SourceModel, registry: TagRegistry, tier: Tier
) -> None:
    memory = judge(tier, faulty.rows(690, 780), registry=registry, model=model, memory=None).memory
    other = replace(model, version="v-2", last_ms=0)
    window = faulty.rows(690, 790)
    with_memory = judge(tier, window, registry=registry, model=other, memory=memory)
    assert with_memory == judge(tier, window, registry=registry, model=other, memory=None)


@pytest.mark.parametrize("tier", ["statistical", "ml"])
def test_a_restart_after_hours_alarms_on_nothing(
    simulated: Callable[..., Window], model: SourceModel, registry: TagRegistry, tier: Tier
) -> None:
    day = simulated(7, 3000)
    before = judge(tier, day.rows(720, 800), registry=registry, model=model, memory=None)
    after = judge(tier, day.rows(2600), registry=registry, model=model, memory=before.memory, last=400)
    assert not any(verdict["explanation"]["findings"] for verdict in after.verdicts)
    assert after.verdicts[0]["explanation"]["state"] == "warming-up"
    assert after.verdicts[-1]["explanation"]["state"] == "judged"


def test_memory_stays_below_64_kb_for_a_thousand_tags(
    registry: TagRegistry, plant: Callable[..., Window]
) -> None:
    names = [f"UNKNOWN_TAG_WITH_A_LONG_NAME_NUMBER_{at:04}" for at in range(999)]
    window = plant(480, 999, names=names)
    # A third of them changes every tenth reading, so that their changes are remembered one by one.
    window.values[:, ::3] = np.repeat(window.values[::10, ::3], 10, axis=0)
    fitted = fit_model(window.rows(0, 460), registry, fitted_at=datetime.now(UTC), version="v")
    for tier in TIERS:
        for model in (fitted, None):
            judgement = judge(tier, window.rows(460), registry=registry, model=model, memory=None)
            assert len(orjson.dumps(judgement.memory)) <= 64 * 1024
            assert judgement.memory["as_of"] == int(window.times_ms[-1])


def test_an_empty_window_has_no_verdict(registry: TagRegistry) -> None:
    empty = Window("well-1", np.zeros(0, dtype=np.int64), (), np.zeros((0, 0)))
    for tier in TIERS:
        assert judge(tier, empty, registry=registry, model=None, memory=None).verdicts == []


def test_an_unknown_tier_or_a_last_below_one_is_refused(faulty: Window, registry: TagRegistry) -> None:
    with pytest.raises(InvalidInput) as refused:
        judge("guess", faulty, registry=registry, model=None, memory=None)  # type: ignore[arg-type]
    assert refused.value.field == "tier"
    with pytest.raises(InvalidInput) as refused:
        judge("ml", faulty, registry=registry, model=None, memory=None, last=0)
    assert refused.value.field == "last"
