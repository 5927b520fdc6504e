"""Fusion of any verdicts: bounded, indifferent to order, and never calmer for another alarm."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyctl.detection.fusion import fuse
from anomalyctl.telemetry.verdicts import TIERS

BOUNDED = settings(max_examples=200, derandomize=True, database=None, deadline=None)
SEVERITIES = (None, "low", "medium", "high", "critical")

tags = st.sampled_from("ABCDEF")
limits = st.sampled_from(["High-High", "Low-Low", "High", "Low"])
certain = st.one_of(
    st.tuples(tags, st.just("limit"), limits),
    st.tuples(tags, st.sampled_from(["rate", "silence", "identity"]), st.just("OK")),
)
computed = st.tuples(tags, st.just("robust-z"), st.just("OK"))
scores = st.one_of(st.none(), st.floats(0, 1e6))


def verdict(tier: str, found: list[tuple[str, str, str]], score: float | None) -> dict[str, Any]:
    findings = [
        {
            "tag": tag,
            "rule": rule,
            "alarm_type": alarm,
            "value": 1.0,
            "expected": 0.0,
            "share": 1 / len(found),
        }
        for tag, rule, alarm in found
    ]
    results: dict[str, Any] = (
        {"values": {}, "status": "Anomaly" if found else "Normal"}
        if tier == "ml"
        else {tag: {"alarm_type": alarm, "status": "Anomaly"} for tag, _, alarm in found}
    )
    told = {"state": "judged", "model_version": "v", "score": score, "late": False, "findings": findings}
    return {"timestamp": "", "method": tier, "results": results, "explanation": told}


@st.composite
def verdicts(draw: st.DrawFn) -> dict[str, Any]:
    found = {}
    for tier in draw(st.sets(st.sampled_from(TIERS), min_size=1)):
        kind = certain if tier == "heuristic" else computed
        score = None if tier == "heuristic" else draw(scores)
        found[tier] = verdict(tier, draw(st.lists(kind, max_size=4)), score)
    return found


@BOUNDED
@given(verdicts(), st.randoms(use_true_random=False))
def test_it_is_bounded_and_does_not_mind_the_order(found: Any, dice: Any) -> None:
    fusion = fuse(found)
    assert 0.0 <= fusion.overall_confidence <= 1.0
    assert sum(fusion.shares.values()) <= 1.0 + 1e-3
    assert list(fusion.shares.values()) == sorted(fusion.shares.values(), reverse=True)
    assert fusion.tags == tuple(fusion.shares)
    assert set(fusion.tiers_missing) == set(TIERS) - set(found)
    assert (fusion.severity is None) == (fusion.final_status == "normal")
    shuffled = list(found.items())
    dice.shuffle(shuffled)
    again = fuse(dict(shuffled))
    assert (again.final_status, again.severity, again.overall_confidence) == (
        fusion.final_status,
        fusion.severity,
        fusion.overall_confidence,
    )
    assert again.shares == pytest.approx(fusion.shares)


@BOUNDED
@given(verdicts(), certain)
def test_another_certain_finding_never_calms(found: Any, more: tuple[str, str, str]) -> None:
    before = fuse(found)
    known = [
        (each["tag"], each["rule"], each["alarm_type"])
        for each in found.get("heuristic", {"explanation": {"findings": []}})["explanation"]["findings"]
    ]
    after = fuse({**found, "heuristic": verdict("heuristic", [*known, more], None)})
    assert after.final_status == "anomaly"
    assert after.overall_confidence >= before.overall_confidence
    assert SEVERITIES.index(after.severity) >= SEVERITIES.index(before.severity)


@BOUNDED
@given(verdicts())
def test_any_tier_that_alarms_makes_an_anomaly(found: Any) -> None:
    alarms = any(each["explanation"]["findings"] for each in found.values())
    if alarms:
        assert fuse(found).final_status == "anomaly"
