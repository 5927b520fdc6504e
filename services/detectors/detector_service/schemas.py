"""What OpenAPI tells of requests and answers; `anomalyctl.detection` builds the documents themselves."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class DetectRequest(BaseModel):
    """A window of one source, oldest reading first."""

    source: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    readings: list[dict[str, float | str]] = Field(min_length=1)
    """`timestamp` and numbers by tag; at most 120, or 8,640 with `scope=all`."""
    memory: dict[str, Any] | None = None
    """What this tier answered to the last call."""


class Finding(BaseModel):
    """Why a verdict fired on one tag."""

    tag: str
    rule: str
    alarm_type: str
    value: float | None
    expected: float | None
    share: float


class Explanation(BaseModel):
    """What the verdict stands on."""

    state: Literal["judged", "warming-up"]
    model_version: str | None
    score: float | None
    late: bool
    findings: list[Finding]


class TagResult(BaseModel):
    """One tag's verdict."""

    value: float
    alarm_type: Literal["OK", "Low", "Low-Low", "High", "High-High"]
    status: Literal["Normal", "Anomaly"]
    context: str


class TagVerdict(BaseModel):
    """One reading's verdict by the heuristic or the statistical tier."""

    timestamp: str
    method: Literal["heuristic", "statistical"]
    results: dict[str, TagResult]
    explanation: Explanation


class MlResults(BaseModel):
    """Values, and one status for the reading."""

    values: dict[str, float]
    status: Literal["Normal", "Anomaly"]


class MlVerdict(BaseModel):
    """One reading's verdict by the multivariate tier."""

    timestamp: str
    method: Literal["ml"]
    results: MlResults
    processing_time_ms: float
    explanation: Explanation


class DetectAnswer(BaseModel):
    """Verdicts, oldest first, and what the tier wants to remember."""

    verdicts: list[TagVerdict | MlVerdict]
    memory: dict[str, Any]


class Problem(BaseModel):
    """RFC 9457, and the field at fault."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
