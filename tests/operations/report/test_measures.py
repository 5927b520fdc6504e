"""The arithmetic of a report: spans, trends, the measures of alarms, and what follows from them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anomalyctl.errors import InvalidInput
from anomalyctl.operations.anomalies.listing import AnomalyRow
from anomalyctl.operations.report.alarm_health import alarm_health
from anomalyctl.operations.report.day import Span, span_named
from anomalyctl.operations.report.recommendations import recommendations
from anomalyctl.operations.report.trends import PARTS, tag_trend
from anomalyctl.telemetry.tags import AlarmLimits, Tag
from anomalyctl.telemetry.times import format_time

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = Span("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
PRESSURE = Tag("PRESSURE", unit="bar", core=True, limits=AlarmLimits(low=10, high=20))


def row(minutes: float, tag: str = "A", **more: Any) -> AnomalyRow:
    began = DAY.start + timedelta(minutes=minutes)
    known: dict[str, Any] = {
        "anomaly_id": f"well-1-{minutes:g}-{tag}",
        "detected_at": format_time(began),
        "severity_level": "medium",
        "assigned_to": "",
        "status": "resolved",
        "source": "well-1",
        "tags": (tag,),
        "shares": {tag: 1.0},
        "confidence": 0.9,
        "occurrences": 3,
        "last_seen": format_time(began),
        "quiet": True,
        "revision": 1,
    }
    return AnomalyRow(**(known | more))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        (None, NOW - timedelta(hours=24), NOW),
        ("today", datetime(2026, 11, 21, tzinfo=UTC), NOW),
        ("Yesterday", DAY.start, DAY.end),
        ("2026-11-20", DAY.start, DAY.end),
    ],
)
def test_a_day_is_named_by_word_or_date_and_a_running_one_ends_now(text: Any, start: Any, end: Any):
    found = span_named(text, NOW)
    assert (found.start, found.end) == (start, end)


@pytest.mark.parametrize("text", ["2026-11-22", "20.11.2026", "2026-02-31", "", "tomorrow"])
def test_what_is_no_day_that_has_begun_is_refused(text: str):
    with pytest.raises(InvalidInput) as refused:
        span_named(text, NOW)
    assert refused.value.field == "--day"


def steady(
    slope_a_day: float, *, noise: float = 0.0, start: float = 15.0
) -> tuple[list[float], list[float | None]]:
    seconds = [10.0 * step for step in range(8_640)]
    return seconds, [start + slope_a_day * at / 86_400 + noise * math.sin(at) for at in seconds]


def test_a_slope_is_in_units_a_day_and_says_when_a_limit_would_be_reached():
    found = tag_trend(PRESSURE, *steady(2.0), length_s=86_400)
    assert found.slope_a_day == pytest.approx(2.0, rel=0.01)
    assert (found.reaches, found.outside_limits, found.missing) == ("H", 0.0, 0.0)
    assert found.reaches_in_days == pytest.approx((20 - 17) / 2, rel=0.05)
    falling = tag_trend(PRESSURE, *steady(-2.0), length_s=86_400)
    assert falling.reaches == "L"


def test_one_spike_does_not_bend_the_slope():
    seconds, values = steady(0.0)
    values[4000] = 10_000.0
    found = tag_trend(PRESSURE, seconds, values, length_s=86_400)
    assert found.slope_a_day == pytest.approx(0.0, abs=1e-6)
    assert found.largest == 10_000
    assert found.outside_limits == pytest.approx(1 / 8_640)


def test_a_slope_within_the_noise_foretells_nothing():
    seconds, values = steady(0.05)
    jumping = [value + (5 if int(at // 3600) % 2 else -5) for at, value in zip(seconds, values, strict=True)]
    assert tag_trend(PRESSURE, seconds, jumping, length_s=86_400).reaches == ""


def test_missing_values_are_counted_and_leave_gaps():
    seconds, values = steady(1.0)
    half = [None if at < 43_200 else value for at, value in zip(seconds, values, strict=True)]
    found = tag_trend(PRESSURE, seconds, half, length_s=86_400)
    assert found.missing == pytest.approx(0.5)
    assert found.parts[: PARTS // 2] == (None,) * (PARTS // 2)
    empty = tag_trend(PRESSURE, [], [], length_s=86_400)
    assert (empty.mean, empty.slope_a_day, empty.missing) == (None, None, 1.0)


def test_alarms_are_measured_as_the_standards_have_it():
    rows = [
        *(row(60 + minute, "FLOW") for minute in range(0, 12)),
        row(600, "LEVEL", severity_level="critical", status="open"),
        row(
            700,
            "LEVEL",
            resolved_at=format_time(DAY.start + timedelta(minutes=730)),
            resolved_by="anna",
        ),
    ]
    found = alarm_health(rows, DAY)
    assert (found.new, found.most_in_ten_minutes, found.flood) == (14, 11, True)
    assert found.an_hour == pytest.approx(14 / 24)
    assert found.chattering == ("FLOW",)
    assert [(one.tag, one.episodes) for one in found.worst] == [("FLOW", 12), ("LEVEL", 2)]
    assert found.unassigned == ("well-1-600-LEVEL",)
    assert found.standing == ()
    assert (found.resolved, found.median_to_resolve_s) == (1, 1800.0)


def test_an_episode_of_another_day_stands_but_is_not_new():
    old = row(-3_000, status="open")
    later = format_time(DAY.end + timedelta(days=2))
    since_resolved = row(-2_000, resolved_at=later)
    found = alarm_health([old, since_resolved], DAY)
    assert (found.new, found.standing) == (0, (old.anomaly_id, since_resolved.anomaly_id))
    assert found.resolved == 0


def test_each_recommendation_brings_the_command_that_begins_it_in_that_environment():
    grave = row(-1, severity_level="critical", status="open")
    health = alarm_health([grave], DAY)
    trend = tag_trend(PRESSURE, *steady(2.0), length_s=86_400)
    found = {
        one.rule: one for one in recommendations([], {"well-1": [trend]}, health, {"refused": 2}, "prod")
    }
    assert set(found) == {"unassigned", "standing", "dead letters", "trend"}
    assert found["unassigned"].command == "anomalyctl anomalies assign well-1--1-A --to NAME --env prod"
    assert found["trend"].text == (
        "PRESSURE of well-1 moves +2 bar a day and would reach its limit H in 1.5 days."
    )
    assert recommendations([], {}, alarm_health([], DAY), {}, "local") == ()
