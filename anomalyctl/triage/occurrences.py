"""An occurrence: what an episode needs to know of one anomalous verdict document."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from anomalyctl.telemetry.times import epoch_ms, parse_time

SEVERITIES: Final = ("low", "medium", "high", "critical")
"""Mildest first."""

WHOLE_READING: Final = "*"
"""Stands for the tag where a verdict accuses the reading as a whole and names none."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One anomalous reading. `ms` is its own time, in milliseconds since 1970."""

    source: str
    ms: int
    severity: str
    confidence: float
    tags: tuple[str, ...]
    shares: Mapping[str, float]
    contexts: Mapping[str, str]
    document: Mapping[str, Any]

    @property
    def signature(self) -> str:
        """First 8 hex digits of SHA-256 over the sorted anomalous tags, one a line."""
        return hashlib.sha256("\n".join(sorted(self.tags)).encode()).hexdigest()[:8]

    @property
    def anomaly_id(self) -> str:
        """The id of the episode that this occurrence would open."""
        return f"{self.source}-{self.ms}-{self.signature}"


def occurrence_of(document: Mapping[str, Any]) -> Occurrence | None:
    """The occurrence in a document of `anomaly_results`; None when its verdict is normal."""
    if document["final_status"] != "anomaly":
        return None
    explanation = document.get("explanation") or {}
    tags = tuple(explanation.get("tags") or ()) or (WHOLE_READING,)
    severity = explanation.get("severity")
    return Occurrence(
        source=document["source"],
        ms=epoch_ms(parse_time(document["timestamp"])),
        severity=severity if severity in SEVERITIES else SEVERITIES[0],
        confidence=float(document.get("overall_confidence") or 0.0),
        tags=tags,
        shares={tag: float(share) for tag, share in (explanation.get("shares") or {}).items() if tag in tags},
        contexts=_contexts(document, tags),
        document=document,
    )


def worse(one: str, other: str) -> str:
    """The graver of two severities."""
    return max(one, other, key=SEVERITIES.index)


def _contexts(document: Mapping[str, Any], tags: tuple[str, ...]) -> dict[str, str]:
    contexts: dict[str, str] = {}
    for method in ("heuristic", "statistical"):
        results = (document.get(method) or {}).get("results") or {}
        for tag in tags:
            text = (results.get(tag) or {}).get("context")
            if text and tag not in contexts:
                contexts[tag] = text
    return contexts
