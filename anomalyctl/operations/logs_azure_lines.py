"""One row of Log Analytics as a line of a log, and when it arrived there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from anomalyctl.operations.logs_lines import LogLine, parse_line
from anomalyctl.telemetry.times import format_time, parse_time

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LEVELS: Final = {
    "information": "info",
    "informational": "info",
    "warn": "warning",
    "fatal": "critical",
    "trace": "debug",
}
_TOLD_ALREADY: Final = ("function", "trace")


def line_of(part: str, record: Mapping[str, Any]) -> LogLine:
    """A row of one of the parts' queries. What a line says of itself counts more than what Azure adds."""
    line = parse_line(part, str(record.get("Message") or ""))
    level = str(record.get("Level") or "").lower()
    return replace(
        line,
        time=line.time or time_of(record),
        level=line.level or _LEVELS.get(level, level) or None,
        function=line.function or record.get("Function") or None,
        trace=line.trace or record.get("Trace") or None,
        fields={**fields_of(record.get("Fields")), **line.fields},
    )


def arrival_of(record: Mapping[str, Any]) -> datetime:
    """By the workspace's clock; long ago where it is not told."""
    try:
        return parse_time(str(record["Arrived"]))
    except (KeyError, ValueError):
        return BEGINNING


def time_of(record: Mapping[str, Any]) -> str | None:
    """TimeGenerated as all our lines have it: they are put in order by it."""
    text = str(record.get("TimeGenerated") or "")
    try:
        return format_time(parse_time(text))
    except ValueError:
        return text or None


def bag_of(value: Any) -> dict[str, Any]:
    """A bag of Kusto's, which comes as JSON in a text; nothing where it is none."""
    try:
        told = orjson.loads(value) if isinstance(value, str) and value else value
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def fields_of(value: Any) -> dict[str, Any]:
    """What a bag says besides what a line has places of its own for."""
    told = bag_of(value).items()
    return {name: one for name, one in told if name not in _TOLD_ALREADY and one not in ("", None)}
