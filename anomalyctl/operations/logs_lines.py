"""One line of a log, whichever part wrote it: when, how grave, what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from anomalyctl.telemetry.times import format_time, parse_time

_VALKEY: Final = re.compile(r"^\d+:[A-Z] (\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3}) ([.\-*#]) (.*)$")
_VALKEY_LEVELS: Final = {".": "debug", "-": "debug", "*": "info", "#": "warning"}
_UVICORN: Final = re.compile(r"^(DEBUG|INFO|WARNING|ERROR|CRITICAL):\s+(.*)$")
_STAMPED: Final = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) (.*)$")
_TOLD_ALREADY: Final = frozenset(
    {"message", "msg", "event", "time", "timestamp", "ts", "level", "function", "trace"}
)


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line. What the writer did not say is None."""

    part: str
    time: str | None
    level: str | None
    message: str
    function: str | None = None
    """In the function host's log: which function it is about."""
    trace: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What else the line says: `service`, `environment`, `trace_id`, `run_id`, `reading_id`, `source` …"""


def parse_line(part: str, text: str) -> LogLine:
    """Read what Valkey, uvicorn, the supervisor or one of our JSON logs wrote; anything else is a message."""
    if text.startswith("{"):
        try:
            return _json_line(part, orjson.loads(text))
        except ValueError:
            pass
    if found := _VALKEY.match(text):
        return LogLine(part, _valkey_time(found[1]), _VALKEY_LEVELS[found[2]], found[3])
    if found := _STAMPED.match(text):
        return LogLine(part, format_time(parse_time(found[1])), None, found[2])
    if found := _UVICORN.match(text):
        return LogLine(part, None, found[1].lower(), found[2])
    return LogLine(part, None, None, text)


def _json_line(part: str, content: dict[str, Any]) -> LogLine:
    message = next((str(content[key]) for key in ("message", "msg", "event") if key in content), None)
    if message is None:
        raise ValueError
    moment = next((str(content[key]) for key in ("time", "timestamp", "ts") if key in content), None)
    error = content.get("error")
    told = {key: value for key, value in content.items() if key not in _TOLD_ALREADY}
    return LogLine(
        part=part,
        time=moment,
        level=str(content["level"]).lower() if "level" in content else None,
        message=f"{message}: {error}" if error and str(error) not in message else message,
        function=content.get("function"),
        trace=content.get("trace"),
        fields=told,
    )


def _valkey_time(text: str) -> str | None:
    try:
        # It writes the machine's own time.
        return format_time(datetime.strptime(text, "%d %b %Y %H:%M:%S.%f").astimezone(UTC))
    except ValueError:
        return None
