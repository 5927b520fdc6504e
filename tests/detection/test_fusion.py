from __future__ import annotations

import math
from typing import Any

import pytest

from anomalyctl.detection.fusion import fuse
from anomalyctl.telemetry.verdicts import Tier


def finding(tag: str, rule: str, share: float, alarm: str = "OK") -> dict[str, Any]:
    return {"tag": tag, "rule": rule, "alarm_type": alarm, "value": 1.0, "expected": 0.0, "share": share}


def verdict(tier: Tier, *findings: dict[str, Any], score: float | None = 0.0) -> Any:
    told = {
        "state": "judged",
        "model_version": "v",
        "score": None if tier == "heuristic" else score,
        "late": False,
        "findings": list(findings),
    }
    if tier == "ml":
        results: Any = {"values": {}, "status": "Anomaly" if findings else "Normal"}
        return {
            "timestamp": "",
            "method": "ml",
            "results": results,
            "processing_time_ms": 0.1,
            "explanation": told,
        }
    results = {
        each["tag"]: {"value": 1.0, "alarm_type": each["alarm_type"], "status": "Anomaly", "context": ""}
        for each in findings
    }
    return {"timestamp": "", "method": tier, "results": results, "explanation": told}


def test_three_normal_verdicts_are_normal() -> None:
    fusion = fuse(
        {"heuristic": verdict("heuristic"), "statistical": verdict("statistical"), "ml": verdict("ml")}
    )
    assert (fusion.final_status, fusion.severity, fusion.tags) == ("normal", None, ())
    assert fusion.overall_confidence == pytest.approx(1 / (1 + math.exp(4)), abs=1e-4)
    assert fusion.tiers_missing == ()


def test_confidence_is_the_sigmoid_of_the_mean_score() -> None:
    fusion = fuse({"statistical": verdict("statistical", score=2.0), "ml": verdict("ml", score=1.0)})
    assert fusion.overall_confidence == pytest.approx(1 / (1 + math.exp(1)), abs=1e-4)
    assert fusion.tiers_missing == ("heuristic",)


@pytest.mark.parametrize(
    ("alarm", "floor", "severity"),
    [("High-High", 0.95, "critical"), ("Low-Low", 0.95, "critical"), ("High", 0.6, "high")],
)
def test_a_limit_has_a_floor_of_its_own(alarm: str, floor: float, severity: str) -> None:
    fusion = fuse({"heuristic": verdict("heuristic", finding("A", "limit", 1.0, alarm)), "ml": verdict("ml")})
    assert fusion.final_status == "anomaly"
    assert fusion.overall_confidence == floor
    assert fusion.severity == severity
    assert fusion.tags == ("A",)


def test_certain_findings_come_first() -> None:
    fusion = fuse(
        {
            "heuristic": verdict("heuristic", finding("A", "silence", 1.0)),
            "statistical": verdict("statistical", finding("B", "residual", 0.9, "High"), score=6.0),
            "ml": verdict("ml", finding("B", "var", 0.8), finding("C", "var", 0.2), score=6.0),
        }
    )
    assert fusion.tags[0] == "A"
    assert set(fusion.tags) == {"A", "B", "C"}
    assert sum(fusion.shares.values()) <= 1.0 + 1e-3


def test_an_identity_leaves_the_choice_to_the_other_tiers() -> None:
    suspects = [
        finding(tag, "identity", share) for tag, share in (("RATIO", 0.36), ("WATER", 0.32), ("CO2", 0.32))
    ]
    alone = fuse({"heuristic": verdict("heuristic", *suspects)})
    assert alone.tags[0] == "RATIO"
    told = fuse(
        {
            "heuristic": verdict("heuristic", *suspects),
            "ml": verdict("ml", finding("CO2", "var", 0.7), score=5.0),
        }
    )
    assert told.tags[0] == "CO2"
    assert told.overall_confidence >= 0.9


def test_one_tier_alone_is_enough_and_its_confidence_is_at_least_a_half() -> None:
    fusion = fuse(
        {
            "heuristic": verdict("heuristic"),
            "statistical": verdict("statistical", score=0.0),
            "ml": verdict("ml", finding("A", "var", 1.0), score=3.1),
        }
    )
    assert fusion.final_status == "anomaly"
    assert fusion.overall_confidence >= 0.5


def test_without_any_score_a_normal_reading_has_no_confidence() -> None:
    fusion = fuse({"heuristic": verdict("heuristic"), "statistical": verdict("statistical", score=None)})
    assert (fusion.final_status, fusion.overall_confidence) == ("normal", 0.0)
