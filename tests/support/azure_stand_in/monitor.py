"""Azure Monitor of the stand-in: figures of a container app by revision, asked for as the documents say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from anomalyctl.telemetry.times import parse_time
from tests.support.azure_stand_in import entra

METRICS_PATH = "/providers/Microsoft.Insights/metrics"
_DIMENSIONS = {
    "Requests": {"revisionname", "podname", "statuscodecategory", "statuscode"},
    "ResponseTime": {"revisionname", "statuscodecategory", "statuscode"},
}
_AGGREGATIONS = {"Requests": {"Total"}, "ResponseTime": {"Average", "Maximum"}}


@dataclass
class Monitor:
    """Tests write figures into it; a request that Azure would refuse is refused."""

    figures: dict[str, list[tuple[dict[str, str], list[float]]]] = field(default_factory=dict)
    """By metric: the dimensions of a series, and a value a minute."""
    unknown: set[str] = field(default_factory=set)
    """Metrics that this app has not got."""
    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)

    def answer(self, request: Request, audience: str) -> Response | None:
        """The answer; None for what is somebody else's."""
        if not request.url.path.endswith(METRICS_PATH):
            return None
        claims = entra.claims_of(request.headers.get("authorization", "").removeprefix("Bearer "))
        query = dict(request.query_params)
        self.asked.append(query)
        metric = query.get("metricnames", "")
        if claims.get("aud") != audience:
            return _error(401, "InvalidAuthenticationToken", "The access token is for others.")
        if self.status != 200:
            return _error(self.status, "AuthorizationFailed", "The client has no role Monitoring Reader.")
        if query.get("api-version") != "2023-10-01" or query.get("interval") != "PT1M":
            return _error(400, "BadRequest", "The api-version or the interval is not known.")
        if metric in self.unknown or metric not in _DIMENSIONS:
            return _error(400, "BadRequest", f"Failed to find metric configuration for {metric}")
        if query.get("aggregation") not in _AGGREGATIONS[metric]:
            return _error(400, "BadRequest", f"{metric} has no {query.get('aggregation')}")
        wanted = _wanted(query.get("$filter", ""))
        if not wanted or not set(wanted) <= _DIMENSIONS[metric]:
            return _error(400, "BadRequest", f"The filter {query.get('$filter')} is not valid for {metric}")
        begin, end = (parse_time(one) for one in query["timespan"].split("/"))
        series = [
            self._series(metric, dimensions, values, begin, end)
            for dimensions, values in self.figures.get(metric, ())
            if all(dimensions.get(name, "") in some or "*" in some for name, some in wanted.items())
        ]
        about: dict[str, Any] = {"name": {"value": metric}, "timeseries": series}
        return JSONResponse({"timespan": query["timespan"], "interval": "PT1M", "value": [about]})

    def _series(
        self, metric: str, dimensions: dict[str, str], values: list[float], begin: datetime, end: datetime
    ) -> dict[str, Any]:
        aggregation = next(iter(_AGGREGATIONS[metric] & {"Total", "Average"})).lower()
        assert begin <= end <= datetime.now(UTC) + timedelta(days=1)
        points: list[dict[str, Any]] = [{"timeStamp": begin.isoformat(), aggregation: one} for one in values]
        points.append({"timeStamp": end.isoformat()})  # the newest minute has no value yet
        told = [{"name": {"value": name}, "value": value} for name, value in dimensions.items()]
        return {"metadatavalues": told, "data": points}


def _wanted(condition: str) -> dict[str, set[str]]:
    """The values by dimension, `or` between those of one; {} for what Azure does not take."""
    found: dict[str, set[str]] = {}
    for part in condition.split(" and "):
        values = [re.fullmatch(r"(\w+) eq '([^']*)'", one.strip()) for one in part.split(" or ")]
        names = {one[1].lower() for one in values if one}
        if None in values or len(names) != 1:
            return {}
        found[names.pop()] = {one[2] for one in values if one}
    return found


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
