"""The host's log: one JSON object a line, each under the name of the function that it is about."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

from anomalyctl.local.functions.calls import current_function
from anomalyctl.processes.tracing import trace_id
from anomalyctl.telemetry.times import format_time

_LEVELS = {
    "Trace": logging.DEBUG,
    "Debug": logging.DEBUG,
    "Information": logging.INFO,
    "Warning": logging.WARNING,
    "Error": logging.ERROR,
    "Critical": logging.CRITICAL,
    "None": logging.CRITICAL + 1,
}
_EXTRAS = {
    *("reading_id", "source", "code", "alert", "trimmed", "breaker", "metric", "value", "letter_id"),
}
"""What a line may say besides, by `extra=`; anything else might be a secret."""
_CHATTY = ("azure", "httpx", "httpcore", "urllib3")


class JsonLines(logging.Formatter):
    """`{"time", "level", "service", "function", "message", "error"}`, a traceback in one field."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "time": format_time(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "function": current_function.get(),
            "logger": record.name,
            "service": os.environ.get("ANOMALYCTL_SERVICE", ""),
            "environment": os.environ.get("ANOMALYCTL_ENVIRONMENT", "local"),
            "trace_id": trace_id(),
            "message": record.getMessage(),
            **{key: value for key, value in record.__dict__.items() if key in _EXTRAS},
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps({key: value for key, value in line.items() if value != ""}, default=str).decode()


def set_up_logging(host: dict[str, Any]) -> None:
    """Log to standard output, at the level that host.json asks for."""
    levels = host.get("logging", {}).get("logLevel", {})
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    handler.addFilter(_is_news)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS.get(str(levels.get("default", "Information")), logging.INFO))
    for name in _CHATTY:  # a line a request
        logging.getLogger(name).setLevel(logging.WARNING)


def _is_news(record: logging.LogRecord) -> bool:
    """The Cosmos SDK tells the root logger at each look at the change feed which range it takes."""
    return not (record.name == "root" and "'feed_range' empty" in record.getMessage())
