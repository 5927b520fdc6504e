"""Figures of Azure Monitor: one as the alert that watches it would see it, or one by its dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from anomalyctl.azure.rest import Rest
from anomalyctl.telemetry.durations import parse_duration
from anomalyctl.telemetry.times import format_time

_API: Final = "2023-10-01"
_BACK: Final = 3
"""Windows to look back: figures of the platform come minutes late."""


@dataclass(frozen=True, slots=True)
class Series:
    """The values of a metric, a minute each, for one combination of its dimensions."""

    dimensions: Mapping[str, str]
    """By name in lower case: Azure answers so, however it was asked."""
    values: tuple[float, ...]

    def of(self, dimension: str) -> str:
        """Its value of a dimension; "" where it has none."""
        return self.dimensions.get(dimension.lower(), "")


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


def by_dimension(
    rest: Rest,
    scope: str,
    *,
    namespace: str,
    metric: str,
    aggregation: str,
    condition: str,
    begin: datetime,
    end: datetime,
) -> list[Series]:
    """The metric from `begin` to `end`, minute by minute, split as `condition` says (an OData filter over
    dimensions, `'*'` for each value). Raises what `Rest` raises.
    """
    document = rest.get(
        f"{scope}/providers/Microsoft.Insights/metrics",
        f"asking for {metric}",
        **{
            "api-version": _API,
            "metricnamespace": namespace,
            "metricnames": metric,
            "aggregation": aggregation,
            "timespan": f"{format_time(begin.astimezone(UTC))}/{format_time(end.astimezone(UTC))}",
            "interval": "PT1M",
            "$filter": condition,
        },
    )
    return [
        Series(
            {
                str(one["name"]["value"]).lower(): str(one["value"])
                for one in series.get("metadatavalues", ())
            },
            tuple(
                float(point[aggregation.lower()])
                for point in series.get("data", ())
                if point.get(aggregation.lower()) is not None
            ),
        )
        for found in document.get("value", ())
        for series in found.get("timeseries", ())
    ]


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
