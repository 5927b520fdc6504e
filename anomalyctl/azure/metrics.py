"""One figure of Azure Monitor, as the alert that watches it would see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from anomalyctl.azure.rest import Rest
from anomalyctl.telemetry.durations import parse_duration
from anomalyctl.telemetry.times import format_time

_API: Final = "2023-10-01"
_BACK: Final = 3
"""Windows to look back: figures of the platform come minutes late."""


def latest(
    rest: Rest, scope: str, *, namespace: str, metric: str, aggregation: str, window: str, now: datetime
) -> float | None:
    """The metric's newest value over one window; None where there was none. Raises what `Rest` raises.

    `window` is an ISO 8601 duration in minutes, hours or days (PT5M, P1D), as alert rules have it.
    """
    begin = now - _BACK * duration(window)
    document = rest.get(
        f"{scope}/providers/Microsoft.Insights/metrics",
        f"asking for {metric}",
        **{
            "api-version": _API,
            "metricnamespace": namespace,
            "metricnames": metric,
            "aggregation": aggregation,
            "timespan": f"{format_time(begin.astimezone(UTC))}/{format_time(now.astimezone(UTC))}",
            "interval": window,
            "AutoAdjustTimegrain": "true",
        },
    )
    return _newest(document, aggregation.lower())


def duration(window: str) -> timedelta:
    """An ISO 8601 duration of one unit. Raises InvalidInput."""
    return parse_duration(window.removeprefix("P").removeprefix("T").lower(), field="window")


def _newest(document: dict[str, Any], aggregation: str) -> float | None:
    for metric in document.get("value", ()):
        points = [point for series in metric.get("timeseries", ()) for point in series.get("data", ())]
        for point in sorted(points, key=lambda point: str(point.get("timeStamp", "")), reverse=True):
            if point.get(aggregation) is not None:
                return float(point[aggregation])
    return None
