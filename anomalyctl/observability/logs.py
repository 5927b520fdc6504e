"""One JSON object a line: when, how grave, who, about what; for every service, here and in Azure."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from anomalyctl.observability.bound import bound
from anomalyctl.observability.redaction import Redactor
from anomalyctl.telemetry.times import format_time

EXTRAS: Final = frozenset(
    {
        *("reading_id", "readings", "first_reading_id", "last_reading_id"),
        *("source", "code", "alert", "trimmed", "breaker", "state", "tier"),
        *("metric", "value", "letter_id", "trace_id", "run_id", "anomaly_id"),
        *("judged", "anomalous", "late", "repeated", "refused", "fitted", "seconds"),
    }
)
"""What a line may say besides, by `extra=`; anything else might be a secret."""
_CHATTY: Final = ("azure", "httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "openai", "opentelemetry")


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What the record is about: what is bound to its thread, and the extras that a line may have."""
    given = {key: value for key, value in record.__dict__.items() if key in EXTRAS}
    return {**bound(), **given}


class JsonLines(logging.Formatter):
    """`{"timestamp", "level", "service", "environment", "message", …}`; a traceback is one field."""

    def __init__(self, environ: Mapping[str, str] | None = None, *, service: str = "anomalyctl") -> None:
        """`service` is who writes where `ANOMALYCTL_SERVICE` does not say it."""
        super().__init__()
        environ = os.environ if environ is None else environ
        self._who = {
            "service": environ.get("ANOMALYCTL_SERVICE") or service,
            "environment": environ.get("ANOMALYCTL_ENV") or "local",
        }
        self._without_secrets = Redactor(environ)

    def format(self, record: logging.LogRecord) -> str:
        """One line. A message that cannot be put together is told as it was given."""
        line: dict[str, Any] = {
            "timestamp": format_time(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            **self._who,
            "logger": record.name,
            **fields_of(record),
            "message": message_of(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(
            {key: self._clean(value) for key, value in line.items() if value != ""}, default=str
        ).decode()

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            # A lone surrogate is no UTF-8, and must not cost the line.
            return self._without_secrets(value.encode("utf-8", "replace").decode())
        return value if isinstance(value, int | float) or value is None else self._without_secrets(str(value))


def set_up_logging(
    *,
    level: int = logging.INFO,
    leave_out: Callable[[logging.LogRecord], bool] | None = None,
    service: str = "anomalyctl",
) -> None:
    """Log to standard output from now on, in JSON lines; the SDKs' line a request is left out."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(service=service))
    if leave_out is not None:
        handler.addFilter(lambda record: not leave_out(record))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    quieten()


def quieten() -> None:
    """Let the SDKs tell what is wrong, and nothing else."""
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def message_of(record: logging.LogRecord) -> str:
    """The record's sentence, also where its arguments do not fit it."""
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args}"
