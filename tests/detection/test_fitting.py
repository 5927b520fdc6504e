"""What a model is fitted on, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.judge import judge
from anomalyctl.detection.window import Window
from anomalyctl.errors import PreconditionFailed
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import TIERS

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BARE = TagRegistry({}, (), 1.0)


def fit(window: Window, registry: TagRegistry = BARE) -> Any:
    return fit_model(window, registry, fitted_at=NOW, version="v")


def alarmed_rows(window: Window, model: Any, registry: TagRegistry = BARE) -> set[int]:
    rows = set()
    for tier in TIERS:
        judgement = judge(tier, window, registry=registry, model=model, memory=None, last=None)
        rows |= {row for row, each in enumerate(judgement.verdicts) if each["explanation"]["findings"]}
    return rows


def test_too_few_readings_are_refused(plant: Callable[..., Window]) -> None:
    with pytest.raises(PreconditionFailed, match="360") as refused:
        fit(plant(359, 4))
    assert refused.value.hint


def test_a_source_that_repeats_itself_is_refused(plant: Callable[..., Window]) -> None:
    window = plant(400, 3)
    with pytest.raises(PreconditionFailed, match="no tag that changes"):
        fit(Window("plant-1", window.times_ms, window.tags, np.ones_like(window.values)))


def test_a_fault_in_the_newest_quarter_is_refused(plant: Callable[..., Window]) -> None:
    window = plant(1000, 8)
    window.values[900:, 2] += 60.0
    with pytest.raises(PreconditionFailed, match="1 %"):
        fit(window)


def test_a_fault_in_the_learnt_rows_does_not_hide_the_next(plant: Callable[..., Window]) -> None:
    window = plant(1400, 8)
    window.values[300:360, 2] += 60.0
    model = fit(window.rows(0, 1000))
    quiet = alarmed_rows(window.rows(1000), model)
    assert not quiet
    window.values[1200:1260, 2] += 60.0
    assert 200 in alarmed_rows(window.rows(1000), model)


def test_a_constant_tag_is_not_scored_and_breaks_nothing(plant: Callable[..., Window]) -> None:
    window = plant(900, 6)
    window.values[:, 3] = 5.0
    model = fit(window.rows(0, 600))
    assert "T3" not in model.residuals.tags
    assert not alarmed_rows(window.rows(600), model)


def test_slow_tags_are_not_in_the_fast_models(plant: Callable[..., Window]) -> None:
    window = plant(1200, 8)
    for column in (5, 6, 7):
        window.values[:, column] = np.repeat(window.values[::60, column], 60)
    model = fit(window.rows(0, 900))
    assert set(model.residuals.tags) == {f"T{at}" for at in range(5)}
    assert not alarmed_rows(window.rows(900), model)


def test_a_tag_that_comes_and_goes_is_no_false_alarm_and_not_in_the_vector(
    plant: Callable[..., Window],
) -> None:
    window = plant(1600, 8)
    away = (np.arange(1600) // 100) % 3 == 0
    window.values[away, 4] = np.nan
    model = fit(window.rows(0, 1000))
    assert "T4" in model.residuals.tags
    assert "T4" not in model.vectors.tags
    assert not alarmed_rows(window.rows(1000), model)


def test_a_tag_that_first_comes_late_is_left_for_the_next_fit(plant: Callable[..., Window]) -> None:
    window = plant(1000, 6)
    window.values[:760, 4] = np.nan
    model = fit(window.rows(0, 900))
    assert "T4" not in model.residuals.tags
    assert not alarmed_rows(window.rows(900), model)


def test_a_dropped_tag_does_not_accuse_its_siblings(plant: Callable[..., Window]) -> None:
    window = plant(1400, 8)
    window.values[1200:1300, 2] = np.nan
    model = fit(window.rows(0, 1000))
    for tier in ("statistical", "ml"):
        judgement = judge(tier, window.rows(1000), registry=BARE, model=model, memory=None, last=None)
        assert not any(verdict["explanation"]["findings"] for verdict in judgement.verdicts)


def test_52_tags_on_500_rows_are_not_over_fitted(plant: Callable[..., Window]) -> None:
    window = plant(2500, 52, seed=3)
    model = fit(window.rows(0, 500))
    assert len(alarmed_rows(window.rows(500), model)) <= 15


def test_a_coarse_sensor_may_repeat_itself_now_and_then(plant: Callable[..., Window]) -> None:
    window = plant(3000, 4)
    window.values[:, 1] = np.round(window.values[:, 1] / 12.0) * 12.0
    window.values[2000:2022, 1] = window.values[2000, 1]
    window.values[2500:2600, 1] = window.values[2500, 1]
    model = fit(window.rows(0, 1500))
    judgement = judge("heuristic", window.rows(1500), registry=BARE, model=model, memory=None, last=None)
    silent = [1500 + row for row, each in enumerate(judgement.verdicts) if each["explanation"]["findings"]]
    assert 2500 < silent[0] < 2600


def test_readings_that_were_left_out_leave_no_trace(plant: Callable[..., Window]) -> None:
    window = plant(1200, 6)
    kept = np.r_[0:400, 700:1000]
    gapped = Window("plant-1", window.times_ms[kept], window.tags, window.values[kept])
    model = fit(gapped)
    assert float(np.nanmax(model.habits.longest_still_s)) < 10.0
    assert not alarmed_rows(window.rows(1000), model)
