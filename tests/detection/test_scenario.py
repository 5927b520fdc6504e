"""A plant's first day: quiet stays quiet, and each kind of fault is found on the right tag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.fusion import Fusion, fuse
from anomalyctl.detection.judge import judge
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import Window
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.times import from_epoch_ms
from anomalyctl.telemetry.verdicts import TIERS, Memory, Tier

FITS = (360, 720, 1440, 2880, 5760)


@dataclass
class Plant:
    """What the pipeline knows of a source after some readings."""

    registry: TagRegistry
    fusions: list[Fusion] = field(default_factory=list)
    model: SourceModel | None = None
    memory: dict[Tier, Memory | None] = field(default_factory=lambda: dict.fromkeys(TIERS))

    def judge_until(self, window: Window, until: int) -> Plant:
        """Fit and judge as the pipeline does: alarmed readings left out, memory carried on."""
        after = Plant(self.registry, list(self.fusions), self.model, dict(self.memory))
        while (start := len(after.fusions)) < until:
            if start in FITS:
                after.model = after.fit(window)
            stop = min([until, *(fit for fit in FITS if fit > start)])
            part = window.rows(max(0, start - 119), stop)
            answers = {
                tier: judge(
                    tier,
                    part,
                    registry=self.registry,
                    model=after.model,
                    memory=after.memory[tier],
                    last=stop - start,
                    full=False,
                )
                for tier in TIERS
            }
            after.memory = {tier: answer.memory for tier, answer in answers.items()}
            rows = zip(*(answers[tier].verdicts for tier in TIERS), strict=True)
            after.fusions.extend(fuse(dict(zip(TIERS, row, strict=True))) for row in rows)
        return after

    def fit(self, window: Window) -> SourceModel:
        rows = len(self.fusions)
        clean = np.array([row for row in range(rows) if self.fusions[row].final_status == "normal"])
        learnt = Window("well-1", window.times_ms[clean], window.tags, window.values[clean])
        at = from_epoch_ms(int(window.times_ms[rows - 1]))
        return fit_model(learnt, self.registry, fitted_at=at, version=f"v-{rows}")

    def alarmed(self) -> list[int]:
        return [row for row, each in enumerate(self.fusions) if each.final_status == "anomaly"]


@pytest.fixture(scope="module")
def three_hours(simulated: Callable[..., Window], registry: TagRegistry) -> Plant:
    """A quiet plant of seed 7, three hours old."""
    return Plant(registry).judge_until(simulated(7, 1440), 1080)


def test_a_day_without_faults_opens_at_most_one_episode(
    simulated: Callable[..., Window], three_hours: Plant
) -> None:
    window = simulated(7, 8640)
    alarmed = three_hours.judge_until(window, len(window)).alarmed()
    pauses = np.diff(window.times_ms[alarmed]) > 600_000
    assert not alarmed or 1 + int(pauses.sum()) == 1


@pytest.mark.parametrize(
    ("fault", "within_rows"),
    [
        ("spike:INJECTION_PRESSURE", 1),
        ("spike:CO2_FLOW_RATE", 1),
        ("level-shift:HASA-4_TUBING_PRESSURE", 6),
        ("level-shift:WATER_SUPPLY_A_FLOW_RATE", 6),
        ("drift:INJECTION_TEMPERATURE", 150),
        ("drift:CO2_FLOW_RATE", 150),
        ("stuck:LIQUID_TRACER_FLOW_RATE", 30),
        ("dropout:INJECTION_PUMP_SPEED", 15),
        ("correlation-break:INJECTION_PUMP_POWER", 60),
        ("correlation-break:WATER_SUPPLY_PRESSURE", 60),
    ],
)
def test_each_fault_is_found_on_its_tag(
    simulated: Callable[..., Window], three_hours: Plant, fault: str, within_rows: int
) -> None:
    assert not three_hours.alarmed()
    found = three_hours.judge_until(simulated(7, 1260, f"{fault}@3h"), 1260)
    alarmed = found.alarmed()
    assert alarmed, f"{fault} was not found"
    assert alarmed[0] - 1080 <= within_rows
    assert found.fusions[alarmed[0]].tags[0] == fault.partition(":")[2]
