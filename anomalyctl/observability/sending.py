"""From the settings to OpenTelemetry's providers: what records, and what sends where, in the background."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import anomalyctl
from anomalyctl.observability.recording import KeepWorthwhile, RecordAll
from anomalyctl.observability.redaction import Redactor
from anomalyctl.observability.settings import ObservabilitySettings

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

FIGURES_EVERY_MS: Final = 60_000
"""The alert rules look at whole minutes."""
_OTLP_TIMEOUT_S: Final = 5


def tracer_provider(settings: ObservabilitySettings, redactor: Redactor) -> TracerProvider:
    """Records all, keeps what is worth it, sends in batches; what cannot be sent is dropped."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    sampler = RecordAll(settings.share)
    provider = TracerProvider(sampler=sampler, resource=_resource(settings), shutdown_on_exit=False)
    batches = [BatchSpanProcessor(each) for each in _span_exporters(settings, redactor, provider)]
    provider.add_span_processor(KeepWorthwhile(batches, sampler.rate))
    return provider


def meter_provider(settings: ObservabilitySettings) -> MeterProvider | None:
    """Sends figures each minute; None where there is nobody to send them to."""
    if not (settings.insights or settings.otlp_endpoint):
        return None
    from opentelemetry.sdk.metrics import MeterProvider

    return MeterProvider(
        metric_readers=_metric_readers(settings), resource=_resource(settings), shutdown_on_exit=False
    )


def logger_provider(settings: ObservabilitySettings) -> LoggerProvider | None:
    """Sends log records to Application Insights; None without one: the console's lines are all there is."""
    if not settings.insights:
        return None
    from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider = LoggerProvider(resource=_resource(settings), shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(AzureMonitorLogExporter(**_insights(settings))))
    return provider


def send_now(settings: ObservabilitySettings, message: str, fields: Mapping[str, str]) -> bool:
    """Send one record to Application Insights and wait; whether it was taken, which batches do not tell."""
    from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

    taken: list[bool] = []

    class Watched(AzureMonitorLogExporter):
        def export(self, batch: Any, **options: Any) -> Any:
            result = super().export(batch, **options)
            taken.append(result.name == "SUCCESS")
            return result

    provider = LoggerProvider(resource=_resource(settings), shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(Watched(**_insights(settings))))
    provider.get_logger("anomalyctl").emit(
        LogRecord(
            timestamp=time.time_ns(),
            severity_number=SeverityNumber.INFO,
            severity_text="INFO",
            body=message,
            attributes=dict(fields),
        )
    )
    provider.shutdown()
    return taken == [True]


def _span_exporters(
    settings: ObservabilitySettings, redactor: Redactor, provider: TracerProvider
) -> list[SpanExporter]:
    found: list[SpanExporter] = []
    if settings.traces_file is not None:
        from anomalyctl.observability.trace_files import FileExporter

        found.append(FileExporter(settings.traces_file, redactor))
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        found.append(OTLPSpanExporter(f"{settings.otlp_endpoint}/v1/traces", timeout=_OTLP_TIMEOUT_S))
    if settings.insights:
        from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter

        # It would look for the process' own provider otherwise, and there is none.
        found.append(AzureMonitorTraceExporter(**_insights(settings), tracer_provider=provider))
    return found


def _metric_readers(settings: ObservabilitySettings) -> list[MetricReader]:
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    exporters: list[Any] = []
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

        exporters.append(OTLPMetricExporter(f"{settings.otlp_endpoint}/v1/metrics", timeout=_OTLP_TIMEOUT_S))
    if settings.insights:
        from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter

        exporters.append(AzureMonitorMetricExporter(**_insights(settings)))
    return [
        PeriodicExportingMetricReader(each, export_interval_millis=FIGURES_EVERY_MS) for each in exporters
    ]


def _insights(settings: ObservabilitySettings) -> dict[str, Any]:
    # Microsoft's own figures about its exporter go to an address that a private network does not reach.
    os.environ.setdefault("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    os.environ.setdefault("APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED", "true")
    options: dict[str, Any] = {"connection_string": settings.insights, "disable_offline_storage": True}
    if settings.insights_client_id is not None:
        from azure.identity import ManagedIdentityCredential

        options["credential"] = ManagedIdentityCredential(client_id=settings.insights_client_id or None)
    return options


def _resource(settings: ObservabilitySettings) -> Resource:
    from opentelemetry.sdk.resources import Resource

    return Resource(
        {
            "service.namespace": "anomalyctl",
            "service.name": settings.service,
            "service.version": anomalyctl.__version__,
            "deployment.environment.name": settings.environment,
            **({"service.instance.id": settings.instance} if settings.instance else {}),
        }
    )
