"""What a replay tells: counts by source and tier, and the first anomalous readings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from anomalyctl.operations.replay_readings import KeptReading
from anomalyctl.pipeline.documents import ANOMALY
from anomalyctl.telemetry.verdicts import ANOMALY as TAG_ANOMALY
from anomalyctl.telemetry.verdicts import TIERS, Tier, Verdict

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class TierCount:
    """What one tier said."""

    tier: str
    normal: int
    anomaly: int


@dataclass(frozen=True, slots=True)
class ReplayedAnomaly:
    """One anomalous reading."""

    reading_id: str
    timestamp: str
    severity: str
    confidence: float
    tags: tuple[str, ...]
    """Largest share first."""


@dataclass(frozen=True, slots=True)
class SourceReplay:
    """What came of one source."""

    source: str
    readings: int
    from_window: int
    """Read from the 24 h window; the others from `anomaly_results`."""
    normal: int
    anomaly: int
    tiers: tuple[TierCount, ...]
    first_tags: dict[str, int]
    """How often a tag had the largest share, most frequent first."""
    anomalies: tuple[ReplayedAnomaly, ...]
    """The first twenty."""
    changed: int
    """Readings whose verdict is another than the one that is kept; those without one do not count."""
    written: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What the detectors say of a span today."""

    start: datetime
    end: datetime
    readings: int
    normal: int
    anomaly: int
    written: int
    sources: tuple[SourceReplay, ...]


class SourceTally:
    """Counts of one source, reading by reading."""

    def __init__(self, source: str, from_window: int) -> None:
        self._source, self._from_window = source, from_window
        self._by_tier: dict[Tier, Counter[bool]] = {tier: Counter() for tier in TIERS}
        self._fused: Counter[bool] = Counter()
        self._first_tags: Counter[str] = Counter()
        self._anomalies: list[ReplayedAnomaly] = []
        self._changed = 0
        self.written = 0

    @property
    def readings(self) -> int:
        """How many were counted."""
        return self._fused.total()

    def count(
        self, reading: KeptReading, verdicts: Mapping[Tier, Verdict], document: Mapping[str, Any]
    ) -> None:
        """One reading, what each tier says of it, and the document of them together."""
        for tier, verdict in verdicts.items():
            self._by_tier[tier][_is_anomalous(verdict)] += 1
        anomalous = document["final_status"] == ANOMALY
        self._fused[anomalous] += 1
        self._changed += reading.status is not None and reading.status != document["final_status"]
        if anomalous:
            self._first_tags.update(document["explanation"]["tags"][:1])
            if len(self._anomalies) < _SHOWN:
                self._anomalies.append(_anomaly(document))

    def told(self) -> SourceReplay:
        """The counts so far."""
        return SourceReplay(
            source=self._source,
            readings=self.readings,
            from_window=self._from_window,
            normal=self._fused[False],
            anomaly=self._fused[True],
            tiers=tuple(
                TierCount(tier, self._by_tier[tier][False], self._by_tier[tier][True]) for tier in TIERS
            ),
            first_tags=dict(self._first_tags.most_common(10)),
            anomalies=tuple(self._anomalies),
            changed=self._changed,
            written=self.written,
        )


def _is_anomalous(verdict: Verdict) -> bool:
    if verdict["method"] == "ml":
        return verdict["results"]["status"] == TAG_ANOMALY
    return any(result["status"] == TAG_ANOMALY for result in verdict["results"].values())


def _anomaly(document: Mapping[str, Any]) -> ReplayedAnomaly:
    explanation = document["explanation"]
    return ReplayedAnomaly(
        reading_id=document["id"],
        timestamp=document["timestamp"],
        severity=explanation["severity"] or "low",
        confidence=document["overall_confidence"],
        tags=tuple(explanation["tags"]),
    )
