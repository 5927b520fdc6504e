"""What a sender gave to Application Insights, as rows of the workspace's tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

Row = dict[str, Any]
_TABLES: Final = {
    "RequestData": "AppRequests",
    "RemoteDependencyData": "AppDependencies",
    "MessageData": "AppTraces",
    "ExceptionData": "AppExceptions",
    "MetricData": "AppMetrics",
}


def rows_of(items: Iterable[dict[str, Any]]) -> dict[str, list[Row]]:
    """By table; each item has the table that Microsoft's reference names for its kind."""
    found: dict[str, list[Row]] = {}
    for item in items:
        kind, data = item["data"]["baseType"], item["data"]["baseData"]
        found.setdefault(_TABLES[kind], []).append(_everywhere(item, data) | _own(kind, data))
    return found


def _everywhere(item: dict[str, Any], data: dict[str, Any]) -> Row:
    tags = item["tags"]
    return {
        "TimeGenerated": datetime.fromisoformat(item["time"]),
        "AppRoleName": tags.get("ai.cloud.role", ""),
        "OperationId": tags.get("ai.operation.id", ""),
        "ParentId": tags.get("ai.operation.parentId", ""),
        "Properties": data.get("properties") or {},
    }


def _own(kind: str, data: dict[str, Any]) -> Row:
    if kind == "MessageData":
        return {"Message": data["message"], "SeverityLevel": data["severityLevel"]}
    if kind == "MetricData":
        [point] = data["metrics"]
        named = {"Max": point.get("max"), "Min": point.get("min"), "ItemCount": point.get("count") or 1}
        return {"Name": point["name"], "Sum": point["value"], **named}
    if kind == "ExceptionData":
        [first, *_] = data["exceptions"]
        return {"ExceptionType": first["typeName"], "OuterMessage": first["message"], "OuterMethod": ""}
    step = {"Id": data["id"], "Name": data["name"], "Success": data["success"]}
    more = {"ResultCode": data.get("responseCode") or data.get("resultCode") or ""}
    if kind == "RemoteDependencyData":
        more["Data"] = data.get("data") or ""
    return step | more | {"DurationMs": _length(data["duration"]) / timedelta(milliseconds=1)}


def _length(text: str) -> timedelta:
    """`d.hh:mm:ss.fff`."""
    days, _, clock = text.partition(".")
    hours, minutes, seconds = clock.split(":")
    return timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
