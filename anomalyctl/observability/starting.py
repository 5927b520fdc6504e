"""A service starts to tell of itself, once per process, and sends what is left when it ends."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from anomalyctl.errors import InvalidInput
from anomalyctl.observability.logs import quieten
from anomalyctl.observability.redaction import Redactor
from anomalyctl.observability.settings import observability_settings
from anomalyctl.observability.traces import record_with

_END_WITHIN_S: Final = 5.0
"""A collector that does not answer must not hold up the end of a process."""
OURS: Final = ("anomalyctl", "detector_service")
"""Loggers whose records go to Application Insights; the SDKs' stay with the console."""
_log: Final = logging.getLogger(__name__)
_started: list[Telling] = []
_starting: Final = threading.Lock()


@dataclass(slots=True)
class Telling:
    """What runs in the background for it."""

    providers: list[Any] = field(default_factory=list)
    handlers: list[logging.Handler] = field(default_factory=list)

    def flush(self) -> None:
        """Send what was recorded so far."""
        for provider in self.providers:
            provider.force_flush(int(_END_WITHIN_S * 1000))

    def stop(self) -> None:
        """Record no more, send what is left, and wait for that no longer than a few seconds."""
        record_with(None)
        for name in OURS:
            for handler in self.handlers:
                logging.getLogger(name).removeHandler(handler)
        threads = [threading.Thread(target=each.shutdown, daemon=True) for each in self.providers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_END_WITHIN_S)
        self.providers.clear()


def start_telling(service: str, environ: Mapping[str, str] | None = None) -> Telling:
    """Record traces and send traces, figures and log records to wherever the environment says.

    Where it says nothing, nothing is imported and nothing recorded. A second call changes nothing. Raises
    InvalidInput naming the variable that is wrong.
    """
    with _starting:
        if not _started:
            _started.append(_start(service, os.environ if environ is None else environ))
            atexit.register(stop_telling)
        return _started[0]


def tell_where_possible(service: str, environ: Mapping[str, str] | None = None) -> None:
    """The same where the work matters more: a setting that is wrong is logged, and costs only this."""
    try:
        start_telling(service, environ)
    except InvalidInput as error:
        _log.error("no traces and figures are sent: %s %s", error.message, error.hint)
    except ImportError as error:
        _log.error("no traces and figures are sent: %s", error)


def stop_telling() -> None:
    """At the end of the process."""
    with _starting:
        while _started:
            _started.pop().stop()


def _start(service: str, environ: Mapping[str, str]) -> Telling:
    settings = observability_settings(service, environ)
    telling = Telling()
    if not settings.records_traces:
        return telling
    from anomalyctl.observability.sending import logger_provider, meter_provider, tracer_provider

    quieten()
    redactor = Redactor(environ)
    try:
        traces = tracer_provider(settings, redactor)
    except ValueError:
        # The exporter's own sentence; the value may hold a key.
        raise InvalidInput(
            "APPLICATIONINSIGHTS_CONNECTION_STRING is not one of Application Insights.",
            field="APPLICATIONINSIGHTS_CONNECTION_STRING",
            hint="It begins with InstrumentationKey=; copy it from the resource.",
        ) from None
    telling.providers.append(traces)
    record_with(traces.get_tracer("anomalyctl"))
    meters = meter_provider(settings)
    if meters is not None:
        from anomalyctl.observability.instruments import observe

        observe(meters.get_meter("anomalyctl"))
        telling.providers.append(meters)
    logs = logger_provider(settings)
    if logs is not None:
        from anomalyctl.observability.log_records import LogRecords

        handler = LogRecords(logs.get_logger("anomalyctl"), redactor)
        _send_instead_of_the_host(handler)
        telling.handlers.append(handler)
        telling.providers.append(logs)
    return telling


def _send_instead_of_the_host(handler: logging.Handler) -> None:
    in_azure_functions = "FUNCTIONS_WORKER_RUNTIME" in os.environ
    for name in OURS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        # The host of Azure Functions sends what reaches the root as well, but thinned out and without fields.
        logger.propagate = not in_azure_functions
