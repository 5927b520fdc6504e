"""Documents of `anomaly_results` as the pipeline writes them, for what stands behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from anomalyctl.telemetry.times import epoch_ms, format_time

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def verdict(
    seconds: float,
    *tags: str,
    severity: str = "high",
    confidence: float = 0.9,
    source: str = "well-1",
    shares: dict[str, float] | None = None,
    values: dict[str, float] | None = None,
    trace_id: str | None = None,
) -> dict[str, Any]:
    """The document of the reading at START + `seconds`; without tags it is normal."""
    at = START + timedelta(seconds=seconds)
    timestamp = format_time(at)
    readings = {**dict.fromkeys(("A", "B", "C"), 1.0), **dict.fromkeys(tags, 9.0), **(values or {})}
    return {
        "id": f"{source}:{epoch_ms(at)}",
        "source": source,
        "source_day": f"{source}:{at.date().isoformat()}",
        "timestamp": timestamp,
        "raw_data": readings,
        "heuristic": _by_tag("heuristic", timestamp, readings, tags),
        "statistical": _by_tag("statistical", timestamp, readings, ()),
        "ml": {
            "timestamp": timestamp,
            "method": "ml",
            "results": {"values": readings, "status": "Anomaly" if tags else "Normal"},
            "processing_time_ms": 1.5,
        },
        "final_status": "anomaly" if tags else "normal",
        "overall_confidence": confidence,
        "explanation": {
            "severity": severity if tags else None,
            "tags": list(tags),
            "shares": shares or {tag: 1 / len(tags) for tag in tags},
            "trace_id": trace_id,
        },
    }


def _by_tag(method: str, timestamp: str, readings: dict[str, float], tags: tuple[str, ...]) -> dict[str, Any]:
    results = {
        tag: {
            "value": value,
            "alarm_type": "High" if tag in tags else "OK",
            "status": "Anomaly" if tag in tags else "Normal",
            "context": f"{tag} is high because the pump runs too fast." if tag in tags else "",
        }
        for tag, value in readings.items()
    }
    findings = [
        {"tag": tag, "rule": "limit", "alarm_type": "High", "value": 9.0, "expected": 5.0, "share": 0.5}
        for tag in tags
    ]
    return {
        "timestamp": timestamp,
        "method": method,
        "results": results,
        "explanation": {"state": "judged", "late": False, "score": None, "findings": findings},
    }
