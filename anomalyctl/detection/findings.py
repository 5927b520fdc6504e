"""What fired on a reading, and the documents that say so, key for key as the specification has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anomalyctl.detection.contexts import context_of
from anomalyctl.telemetry.tags import AlarmType, TagRegistry
from anomalyctl.telemetry.times import format_time, from_epoch_ms
from anomalyctl.telemetry.verdicts import (
    ANOMALY,
    NORMAL,
    Explanation,
    Finding,
    MlVerdict,
    TagResult,
    TagVerdict,
    Tier,
)

MOST_FINDINGS: Final = 8
"""Findings of one verdict; the rest of a plant-wide disturbance adds nothing."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired on a tag, or a tag that the same rule suspects (`alarming` is False)."""

    tag: str
    rule: str
    alarm: AlarmType
    value: float | None
    expected: float | None
    weight: float
    """Compared within one tier only."""
    alarming: bool = True


def explanation(
    *, judged: bool, model_version: str | None, score: float | None, late: bool, fired: Sequence[Fired]
) -> Explanation:
    """The added sibling; findings by falling share, which add up to at most 1."""
    total = sum(finding.weight for finding in fired)
    ordered = sorted(fired, key=lambda finding: -finding.weight)[:MOST_FINDINGS]
    findings: list[Finding] = [
        {
            "tag": finding.tag,
            "rule": finding.rule,
            "alarm_type": finding.alarm.value,
            "value": finding.value,
            "expected": finding.expected,
            "share": round(finding.weight / total, 4) if total > 0 else 0.0,
        }
        for finding in ordered
    ]
    return {
        "state": "judged" if judged else "warming-up",
        "model_version": model_version,
        "score": None if score is None else round(score, 4),
        "late": late,
        "findings": findings,
    }


def tag_verdict(
    tier: Tier,
    time_ms: int,
    values: Mapping[str, float],
    fired: Iterable[Fired],
    told: Explanation,
    *,
    registry: TagRegistry,
    full: bool,
) -> TagVerdict:
    """The document of the heuristic or the statistical tier; `full` tells normal tags too."""
    results: dict[str, TagResult] = {tag: _normal(value) for tag, value in values.items()} if full else {}
    for finding in fired:
        if not finding.alarming:
            continue
        held = results.get(finding.tag)
        if held is not None and held["status"] == ANOMALY:
            continue
        value = values.get(finding.tag, finding.value)
        results[finding.tag] = {
            "value": 0.0 if value is None else value,
            "alarm_type": finding.alarm.value,
            "status": ANOMALY,
            "context": context_of(
                registry.tag(finding.tag), finding.rule, finding.alarm, value, finding.expected
            ),
        }
    return {
        "timestamp": format_time(from_epoch_ms(time_ms)),
        "method": "heuristic" if tier == "heuristic" else "statistical",
        "results": results,
        "explanation": told,
    }


def ml_verdict(
    time_ms: int, values: Mapping[str, float], anomalous: bool, told: Explanation, *, full: bool
) -> MlVerdict:
    """The document of the multivariate tier; whoever holds a clock fills in `processing_time_ms`."""
    named = {finding["tag"] for finding in told["findings"]}
    shown = dict(values) if full else {tag: value for tag, value in values.items() if tag in named}
    return {
        "timestamp": format_time(from_epoch_ms(time_ms)),
        "method": "ml",
        "results": {"values": shown, "status": ANOMALY if anomalous else NORMAL},
        "processing_time_ms": 0.0,
        "explanation": told,
    }


def _normal(value: float) -> TagResult:
    return {"value": value, "alarm_type": "OK", "status": NORMAL, "context": ""}
