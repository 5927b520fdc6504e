"""The host's log, at the level that host.json asks for."""

from __future__ import annotations

import logging
from typing import Any

from anomalyctl.observability.logs import set_up_logging

_LEVELS = {
    "Trace": logging.DEBUG,
    "Debug": logging.DEBUG,
    "Information": logging.INFO,
    "Warning": logging.WARNING,
    "Error": logging.ERROR,
    "Critical": logging.CRITICAL,
    "None": logging.CRITICAL + 1,
}


def set_up_host_logging(host: dict[str, Any]) -> None:
    """Log to standard output; `host` is what host.json says."""
    asked = host.get("logging", {}).get("logLevel", {}).get("default", "Information")
    set_up_logging(level=_LEVELS.get(str(asked), logging.INFO), leave_out=_is_no_news, service="functions")


def _is_no_news(record: logging.LogRecord) -> bool:
    """The Cosmos SDK tells the root logger at each look at the change feed which range it takes."""
    return record.name == "root" and "'feed_range' empty" in record.getMessage()
