"""Verdict documents, key for key as the specification has them, and our one added sibling."""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict

Tier = Literal["heuristic", "statistical", "ml"]
TIERS: Final[tuple[Tier, ...]] = ("heuristic", "statistical", "ml")

Status = Literal["Normal", "Anomaly"]
NORMAL: Final[Status] = "Normal"
ANOMALY: Final[Status] = "Anomaly"


class TagResult(TypedDict):
    """One tag's verdict by the heuristic or the statistical tier."""

    value: float
    alarm_type: str
    status: Status
    context: str


class Finding(TypedDict):
    """Why a verdict fired on one tag."""

    tag: str
    rule: str
    """limit, rate, silence, identity, robust-z, residual, var, pca: what fired."""
    alarm_type: str
    value: float | None
    expected: float | None
    share: float
    """The tag's part in the tier's score, 0 to 1; shares of one verdict add up to at most 1."""


class Explanation(TypedDict):
    """What the specification has no key for."""

    state: Literal["judged", "warming-up"]
    model_version: str | None
    score: float | None
    """u: 0 is the median of clean rows, 1 their 99 % point, 3 the alarm limit; None without a model."""
    late: bool
    findings: list[Finding]
    """Largest share first; empty for a normal verdict."""


class TagVerdict(TypedDict):
    """The answer of the heuristic and the statistical tier for one reading."""

    timestamp: str
    method: Literal["heuristic", "statistical"]
    results: dict[str, TagResult]
    explanation: NotRequired[Explanation]


class MlResults(TypedDict):
    """Values and one status for the whole reading."""

    values: dict[str, float]
    status: Status


class MlVerdict(TypedDict):
    """The answer of the multivariate tier for one reading."""

    timestamp: str
    method: Literal["ml"]
    results: MlResults
    processing_time_ms: float
    explanation: NotRequired[Explanation]


Verdict = TagVerdict | MlVerdict
Memory = dict[str, Any]
"""What one tier remembers of one source between calls: JSON, at most 64 kB, with `as_of` (epoch ms)."""
