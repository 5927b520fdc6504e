from __future__ import annotations

import numpy as np
import orjson

from anomalyctl.detection.latches import Latches
from anomalyctl.detection.standing import standing_of
from anomalyctl.telemetry.tags import AlarmLimits, AlarmType, Tag, TagRegistry

LIMITS = AlarmLimits(low_low=0.0, low=10.0, high=90.0, high_high=100.0)


def alarms(tag: Tag, values: list[float], step_s: float = 10.0) -> list[str]:
    """The alarm after each reading; memory goes through JSON every time."""
    memory: object = {}
    standing = standing_of(TagRegistry({tag.name: tag}), None, (tag.name,))
    found = []
    for row, value in enumerate(values):
        latches = Latches(standing, orjson.loads(orjson.dumps(memory)))
        latches.step(np.array([value]), int(row * step_s * 1000))
        raised = latches.alarms(np.array([value == value]))
        found.append(raised[0][1].value if raised else "OK")
        memory = latches.memory()
    return found


def test_each_limit_has_its_alarm_and_the_severest_is_told() -> None:
    tag = Tag("T", limits=LIMITS)
    assert alarms(tag, [50.0, 95.0, 101.0, 50.0, 5.0, -1.0, 50.0]) == [
        "OK",
        "High",
        "High-High",
        "OK",
        "Low",
        "Low-Low",
        "OK",
    ]


def test_the_limit_itself_is_no_alarm() -> None:
    assert alarms(Tag("T", limits=LIMITS), [90.0, 10.0]) == ["OK", "OK"]


def test_within_the_dead_band_the_alarm_stays() -> None:
    tag = Tag("T", limits=LIMITS, dead_band=5.0)
    assert alarms(tag, [91.0, 89.0, 85.5, 85.0]) == ["High", "High", "High", "OK"]
    assert alarms(tag, [89.0]) == ["OK"]


def test_the_on_delay_is_in_seconds_and_starts_anew() -> None:
    tag = Tag("T", limits=LIMITS, on_delay_s=20.0)
    assert alarms(tag, [95.0, 95.0, 95.0]) == ["OK", "OK", "High"]
    assert alarms(tag, [95.0, 95.0, 50.0, 95.0, 95.0]) == ["OK"] * 5
    assert alarms(tag, [95.0, 95.0], step_s=20.0) == ["OK", "High"]


def test_the_off_delay_keeps_the_alarm() -> None:
    tag = Tag("T", limits=LIMITS, off_delay_s=20.0)
    assert alarms(tag, [95.0, 50.0, 50.0, 50.0]) == ["High", "High", "High", "OK"]
    assert alarms(tag, [95.0, 50.0, 95.0, 50.0, 50.0]) == ["High"] * 5


def test_a_reading_without_the_tag_changes_nothing() -> None:
    tag = Tag("T", limits=LIMITS, on_delay_s=20.0)
    assert alarms(tag, [95.0, float("nan"), 95.0]) == ["OK", "OK", "High"]


def test_a_tag_without_limits_never_alarms() -> None:
    assert alarms(Tag("T"), [1e9, -1e9]) == ["OK", "OK"]


def test_a_tag_with_one_limit_has_one_alarm() -> None:
    assert alarms(Tag("T", limits=AlarmLimits(high=1.0)), [-1e9, 2.0]) == ["OK", AlarmType.HIGH.value]
