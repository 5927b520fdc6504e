"""Rules that are no limit: rate, silence, identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.judge import judge
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import Window
from anomalyctl.telemetry.tags import TagRegistry


def changed(window: Window, tag: str, rows: slice, value: Any) -> Window:
    values = window.values.copy()
    column = window.tags.index(tag)
    values[rows, column] = value(values[rows, column]) if callable(value) else value
    return Window(window.source, window.times_ms, window.tags, values)


def rules(window: Window, model: SourceModel | None, registry: TagRegistry) -> list[set[tuple[str, str]]]:
    """(tag, rule) of every finding of every row."""
    judgement = judge("heuristic", window, registry=registry, model=model, memory=None, last=None)
    return [
        {(finding["tag"], finding["rule"]) for finding in verdict["explanation"]["findings"]}
        for verdict in judgement.verdicts
    ]


@pytest.fixture(scope="module")
def after(simulated: Callable[..., Window]) -> Window:
    """Half an hour after the model's two hours."""
    return simulated(7, 960).rows(720)


def test_quiet_readings_fire_nothing(after: Window, model: SourceModel, registry: TagRegistry) -> None:
    assert not any(rules(after, model, registry))


def test_a_jump_fires_the_rate_and_its_return_from_a_spike_does_not(
    after: Window, model: SourceModel, registry: TagRegistry
) -> None:
    jumped = changed(after, "INJECTION_TEMPERATURE", slice(100, None), lambda value: value + 4.0)
    fired = rules(jumped, model, registry)
    assert ("INJECTION_TEMPERATURE", "rate") in fired[100]
    assert ("INJECTION_TEMPERATURE", "rate") not in fired[120]
    spike = changed(after, "INJECTION_TEMPERATURE", slice(100, 101), lambda value: value + 4.0)
    fired = rules(spike, model, registry)
    assert [row for row in range(240) if ("INJECTION_TEMPERATURE", "rate") in fired[row]] == [100]


def test_without_a_model_there_is_neither_rate_nor_silence(after: Window, registry: TagRegistry) -> None:
    jumped = changed(after, "INJECTION_TEMPERATURE", slice(100, None), 27.0)
    assert not any(rules(jumped, None, registry))


def test_a_rule_that_is_no_limit_has_alarm_type_ok_and_status_anomaly(
    after: Window, model: SourceModel, registry: TagRegistry
) -> None:
    stuck = changed(after, "INJECTION_TEMPERATURE", slice(100, None), 24.0)
    judgement = judge("heuristic", stuck, registry=registry, model=model, memory=None)
    (verdict,) = judgement.verdicts
    assert verdict["method"] == "heuristic"
    result = verdict["results"]["INJECTION_TEMPERATURE"]
    assert (result["alarm_type"], result["status"]) == ("OK", "Anomaly")
    assert registry.tag("INJECTION_TEMPERATURE").causes["silence"] in result["context"]


def test_a_stuck_value_is_silence_after_twenty_readings(
    after: Window, model: SourceModel, registry: TagRegistry
) -> None:
    fired = rules(changed(after, "INJECTION_TEMPERATURE", slice(100, None), 24.0), model, registry)
    first = next(row for row, found in enumerate(fired) if ("INJECTION_TEMPERATURE", "silence") in found)
    assert first == 121


def test_an_hourly_tag_may_sit_still(simulated: Callable[..., Window], registry: TagRegistry) -> None:
    window = simulated(7, 1440)
    hourly = [tag.name for tag in registry.tags.values() if tag.cadence_s == 3600.0]
    assert hourly
    fitted = fit_model(window.rows(0, 1080), registry, fitted_at=datetime.now(UTC), version="v")
    assert not any(rules(window.rows(1080), fitted, registry))


def test_a_dropped_tag_is_silence_and_one_that_comes_and_goes_is_not(
    after: Window, model: SourceModel, registry: TagRegistry
) -> None:
    fired = rules(changed(after, "WATER_SUPPLY_PRESSURE", slice(100, None), np.nan), model, registry)
    first = next(row for row, found in enumerate(fired) if ("WATER_SUPPLY_PRESSURE", "silence") in found)
    assert 100 < first <= 112
    coming = next(tag.name for tag in registry.tags.values() if tag.intermittent)
    assert not any(rules(changed(after, coming, slice(100, None), np.nan), model, registry))


def test_a_tag_that_comes_back_with_the_value_that_it_left_with_is_not_stuck(
    after: Window, model: SourceModel, registry: TagRegistry
) -> None:
    coming = next(
        tag.name
        for tag in registry.tags.values()
        if tag.intermittent and np.isfinite(after.columns([tag.name])).all() and tag.cadence_s == 10.0
    )
    window = changed(after, coming, slice(60, 200), np.nan)
    left_with = float(window.columns([coming])[59, 0])
    assert not any(rules(changed(window, coming, slice(200, 202), left_with), model, registry))


def test_a_pause_of_everything_is_no_ones_silence(
    after: Window, model: SourceModel, registry: TagRegistry
) -> None:
    times = after.times_ms.copy()
    times[100:] += 3 * 3_600_000
    assert not any(rules(replace(after, times_ms=times), model, registry))


@pytest.mark.parametrize(
    ("tag", "size"),
    [
        ("WATER_TO_CO2_RATIO", 1.0),
        ("CO2_FLOW_RATE", 1.2),
        ("WATER_FLOW_RATE", 35.0),
        ("H2S_FLOW_RATE", 1.5),
    ],
)
def test_a_broken_identity_names_the_tag_that_breaks_it(
    after: Window, registry: TagRegistry, tag: str, size: float
) -> None:
    window = changed(after, tag, slice(100, 101), lambda value: value + size)
    (verdict,) = judge("heuristic", window.rows(0, 101), registry=registry, model=None, memory=None).verdicts
    findings = verdict["explanation"]["findings"]
    assert findings[0]["rule"] == "identity"
    assert findings[0]["tag"] == tag


def test_an_identity_without_one_of_its_tags_is_not_judged(after: Window, registry: TagRegistry) -> None:
    window = changed(after, "WATER_SUPPLY_A_FLOW_RATE", slice(0, None), np.nan)
    assert not any(rules(window, None, registry))
