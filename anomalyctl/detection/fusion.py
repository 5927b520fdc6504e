"""One conclusion from three tiers: what they agree on, and what one of them is certain of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from anomalyctl.detection.calibration import ALARM, WARNING
from anomalyctl.telemetry.tags import AlarmType
from anomalyctl.telemetry.verdicts import ANOMALY, TIERS, Finding, Tier, Verdict

Severity = Literal["critical", "high", "medium", "low"]

FLOORS: Final[dict[str, float]] = {
    AlarmType.HIGH_HIGH.value: 0.95,
    AlarmType.LOW_LOW.value: 0.95,
    "identity": 0.9,
    AlarmType.HIGH.value: 0.6,
    AlarmType.LOW.value: 0.6,
    "rate": 0.6,
    "silence": 0.5,
    "model": 0.5,
}
"""Least confidence by what fired; `model` where a statistical or multivariate tier alarmed."""
_CERTAIN: Final = {"limit": 8.0, "rate": 6.0, "silence": 6.0, "identity": 0.6}
"""Weight of a finding of tier 1 beside the tiers that compute: certain rules lead; an identity only says
that one of its tags is wrong, and the other tiers say which."""
_SMALLEST_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Fusion:
    """What the operator reads first."""

    final_status: Literal["anomaly", "normal"]
    overall_confidence: float
    """0 to 1; not a probability until it is calibrated on confirmed alarms."""
    severity: Severity | None
    """None for a normal reading."""
    tags: tuple[str, ...]
    """Anomalous tags, the one with the largest share first."""
    shares: dict[str, float]
    """By tag; they add up to at most 1."""
    tiers_missing: tuple[Tier, ...]


def fuse(verdicts: Mapping[Tier, Verdict]) -> Fusion:
    """Combine the verdicts of one reading; tiers that did not answer are named, not guessed.

    u = mean of the scores of the statistical and the multivariate tier; confidence = max(σ(2 (u - 2)), the
    `FLOORS` of what fired). The reading is an anomaly where any tier alarms (their limits are set for quiet
    nights) or where the mean alone reaches the alarm limit.
    """
    # In one order, whatever the caller's: shares are sums, and their last digit would depend on it.
    alarming = {tier: verdicts[tier] for tier in TIERS if tier in verdicts and _is_anomalous(verdicts[tier])}
    scores = [
        score for tier in ("statistical", "ml") if (score := _score(verdicts.get(_tier(tier)))) is not None
    ]
    mean = sum(scores) / len(scores) if scores else None
    missing = tuple(tier for tier in TIERS if tier not in verdicts)
    confidence = 0.0 if mean is None else 1.0 / (1.0 + math.exp(-2.0 * (min(mean, 30.0) - WARNING)))
    if not alarming and (mean is None or mean < ALARM):
        return Fusion("normal", round(confidence, 4), None, (), {}, missing)
    rules = _rules(alarming)
    confidence = max([confidence, *(FLOORS[rule] for rule in rules)])
    shares = _shares(alarming)
    return Fusion(
        final_status="anomaly",
        overall_confidence=round(confidence, 4),
        severity=_severity(rules, confidence),
        tags=tuple(shares),
        shares=shares,
        tiers_missing=missing,
    )


def _tier(name: str) -> Tier:
    return "statistical" if name == "statistical" else "ml"


def _is_anomalous(verdict: Verdict) -> bool:
    if verdict["method"] == "ml":
        return bool(verdict["results"]["status"] == ANOMALY)
    return any(result["status"] == ANOMALY for result in verdict["results"].values())


def _score(verdict: Verdict | None) -> float | None:
    return verdict["explanation"]["score"] if verdict is not None and "explanation" in verdict else None


def _findings(verdict: Verdict) -> list[Finding]:
    return verdict["explanation"]["findings"] if "explanation" in verdict else []


def _rules(alarming: Mapping[Tier, Verdict]) -> set[str]:
    """Keys of `FLOORS` that fired."""
    rules = {"model"} if set(alarming) - {"heuristic"} else set()
    if "heuristic" in alarming:
        for finding in _findings(alarming["heuristic"]):
            rules.add(finding["alarm_type"] if finding["rule"] == "limit" else finding["rule"])
    return rules & set(FLOORS)


def _severity(rules: set[str], confidence: float) -> Severity:
    if rules & {AlarmType.HIGH_HIGH.value, AlarmType.LOW_LOW.value}:
        return "critical"
    if rules & {AlarmType.HIGH.value, AlarmType.LOW.value} or confidence >= 0.995:
        return "high"
    return "medium" if rules & {"identity", "rate", "silence"} or confidence >= 0.8 else "low"


def _shares(alarming: Mapping[Tier, Verdict]) -> dict[str, float]:
    """Tags by falling share: certain findings of tier 1 lead, the others weigh in with their own shares."""
    weights: dict[str, float] = {}
    for tier, verdict in alarming.items():
        for finding in _findings(verdict):
            factor = _CERTAIN[finding["rule"]] if tier == "heuristic" else 1.0
            weights[finding["tag"]] = weights.get(finding["tag"], 0.0) + factor * finding["share"]
    total = sum(weights.values()) or 1.0
    ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return {tag: round(weight / total, 4) for tag, weight in ordered if weight / total >= _SMALLEST_SHARE}
