"""Log records for Application Insights: the sentence as it is, and what it is about as its properties."""

from __future__ import annotations

import logging

from opentelemetry._logs import Logger, LogRecord, SeverityNumber

from anomalyctl.observability.logs import fields_of, message_of
from anomalyctl.observability.redaction import Redactor

_SEVERITIES = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}


class LogRecords(logging.Handler):
    """Hands records to OpenTelemetry, which sends them in batches, under the trace of their thread."""

    def __init__(self, logger: Logger, redactor: Redactor) -> None:
        super().__init__(logging.INFO)
        self._logger, self._redactor = logger, redactor

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one on. What the exporters themselves say is left out: it would feed on itself."""
        if record.name.startswith(("opentelemetry", "azure.monitor", "azure.core", "azure.identity")):
            return
        told = {key: self._clean(value) for key, value in fields_of(record).items() if value != ""}
        if record.exc_info and record.exc_info[1] is not None:
            formatter = self.formatter or logging.Formatter()
            told["trace"] = self._redactor(formatter.formatException(record.exc_info))
        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1_000_000_000),
                severity_number=_SEVERITIES.get(record.levelno, SeverityNumber.INFO),
                severity_text=record.levelname,
                body=self._redactor(message_of(record)),
                attributes={"logger": record.name, **told},
            )
        )

    def _clean(self, value: object) -> str | int | float | bool:
        return value if isinstance(value, int | float) else self._redactor(str(value))
