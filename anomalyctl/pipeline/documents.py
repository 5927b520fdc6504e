"""The document of `anomaly_results`: the specification's keys, and ours beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from anomalyctl.detection.fusion import Fusion, fuse
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.times import format_time
from anomalyctl.telemetry.verdicts import TIERS, Tier, Verdict

NORMAL = "normal"
ANOMALY = "anomaly"


def verdict_document(
    reading: Reading,
    verdicts: Mapping[Tier, Verdict],
    *,
    origin: str,
    late: bool,
    judged_at: datetime,
    trace_id: str | None = None,
) -> dict[str, Any]:
    """What is kept of one judged reading; a tier that did not answer is null and named in `tiers_missing`.

    `trace_id`: of the trace that can be looked up, None where none was kept.
    """
    fusion = fuse(verdicts)
    timestamp = format_time(reading.timestamp)
    return {
        "id": reading.id,
        "timestamp": timestamp,
        "raw_data": {"timestamp": timestamp, **reading.values},
        **{tier: _marked(verdicts[tier], late=late) if tier in verdicts else None for tier in TIERS},
        "final_status": fusion.final_status,
        "overall_confidence": float(fusion.overall_confidence),
        "source": reading.source,
        "source_day": f"{reading.source}:{timestamp[:10]}",
        "origin": origin,
        "judged_at": format_time(judged_at),
        "explanation": _explanation(fusion, verdicts, late=late) | {"trace_id": trace_id},
    }


def _marked(verdict: Verdict, *, late: bool) -> Any:
    if "explanation" not in verdict or verdict["explanation"]["late"] == late:
        return verdict
    return {**verdict, "explanation": {**verdict["explanation"], "late": late}}


def _explanation(fusion: Fusion, verdicts: Mapping[Tier, Verdict], *, late: bool) -> dict[str, Any]:
    parts = [verdict["explanation"] for verdict in verdicts.values() if "explanation" in verdict]
    versions = [part["model_version"] for part in parts if part.get("model_version")]
    return {
        "state": "warming-up" if any(part.get("state") == "warming-up" for part in parts) else "judged",
        "model_version": versions[0] if versions else None,
        "late": late,
        "tiers_missing": [tier for tier in TIERS if tier not in verdicts],
        "severity": fusion.severity,
        "tags": list(fusion.tags),
        "shares": {tag: float(share) for tag, share in fusion.shares.items()},
    }
