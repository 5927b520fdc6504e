"""What Azure Monitor tells of the requests that each revision answered, our probes among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from anomalyctl.azure.metrics import Series, by_dimension
from anomalyctl.azure.rest import Rest
from anomalyctl.errors import AnomalyctlError

NAMESPACE: Final = "Microsoft.App/containerApps"
_LOOK_EACH: Final = timedelta(minutes=1)
_FAILED: Final = "5xx"


@dataclass(frozen=True, slots=True)
class RevisionTraffic:
    """Of one revision, since the traffic was divided."""

    requests: int = 0
    failures: int = 0
    """Answered 500 to 599: what callers do wrong speaks against no revision."""
    mean_s: float | None = None
    """Of its answers; None where Azure does not tell. It has no p95."""

    @property
    def error_rate(self) -> float:
        """0 to 1."""
        return self.failures / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class RealTraffic:
    """Of both revisions; `reason` says why there is nothing, or not all."""

    old: RevisionTraffic | None = None
    new: RevisionTraffic | None = None
    reason: str = ""


@dataclass
class RealTrafficReader:
    """Asks once a minute, as Azure counts by minutes, and tells them one to three minutes late."""

    rest: Rest
    app_id: str
    old: str
    new: str
    begin: datetime
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _told: RealTraffic = field(
        default_factory=lambda: RealTraffic(reason="Azure Monitor has told nothing yet")
    )
    _asked_at: datetime | None = None

    def look(self) -> RealTraffic:
        """What is known by now. Raises nothing: the probes judge where Azure Monitor cannot be asked."""
        now = self.now()
        if self._asked_at is None:
            self._asked_at = now  # the traffic was divided a moment ago
        elif now - self._asked_at >= _LOOK_EACH:
            self._asked_at = now
            self._told = self._ask(now)
        return self._told

    def _ask(self, now: datetime) -> RealTraffic:
        either = f"revisionName eq '{self.old}' or revisionName eq '{self.new}'"
        try:
            counted = self._series("Requests", "Total", f"{either} and statusCodeCategory eq '*'", now)
        except AnomalyctlError as error:
            return RealTraffic(reason=error.message)
        reason = ""
        try:
            took = self._series("ResponseTime", "Average", either, now)
        except AnomalyctlError as error:  # a figure in preview: not everywhere
            took, reason = [], error.message
        old, new = (_of(one, counted, took) for one in (self.old, self.new))
        return RealTraffic(old, new, reason)

    def _series(self, metric: str, aggregation: str, condition: str, now: datetime) -> list[Series]:
        return by_dimension(
            self.rest,
            self.app_id,
            namespace=NAMESPACE,
            metric=metric,
            aggregation=aggregation,
            condition=condition,
            begin=self.begin,
            end=now,
        )


def _of(revision: str, counted: list[Series], took: list[Series]) -> RevisionTraffic:
    mine = [one for one in counted if one.of("revisionName") == revision]
    milliseconds = [value for one in took if one.of("revisionName") == revision for value in one.values]
    return RevisionTraffic(
        requests=round(sum(sum(one.values) for one in mine)),
        failures=round(
            sum(sum(one.values) for one in mine if one.of("statusCodeCategory").lower() == _FAILED)
        ),
        mean_s=sum(milliseconds) / len(milliseconds) / 1000 if milliseconds else None,
    )
