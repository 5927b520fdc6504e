"""Where logs, traces and figures go, from the variables of OpenTelemetry and Application Insights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from anomalyctl.errors import InvalidInput

TRACES_FILE: Final = "ANOMALYCTL_TRACES_FILE"
"""The variable that names the file for traces; none are written without it."""
DEFAULT_SHARE: Final = 0.05
"""One trace in twenty; those with an anomaly or a failure come on top, all of them."""


def traces_of(logs: Path, part: str) -> Path:
    """Where a part on this machine writes its traces, beside its log."""
    return logs / f"{part}.traces.jsonl"


@dataclass(frozen=True, slots=True)
class ObservabilitySettings:
    """Where to; what is empty or None is not sent anywhere."""

    service: str
    environment: str
    instance: str = ""
    share: float = DEFAULT_SHARE
    """Of all traces, 0 to 1."""
    traces_file: Path | None = None
    otlp_endpoint: str = ""
    """Address of a collector, as `http://127.0.0.1:4318`; traces and figures go there."""
    insights: str = field(default="", repr=False)
    """Connection string of Application Insights."""
    insights_client_id: str | None = None
    """Identity that may publish there; None: the connection string's key lets in."""

    @property
    def records_traces(self) -> bool:
        """Whether there is anybody to record for."""
        return bool(self.traces_file or self.otlp_endpoint or self.insights)


def observability_settings(service: str, environ: Mapping[str, str]) -> ObservabilitySettings:
    """The settings. Raises InvalidInput naming the variable that is wrong."""
    file = environ.get(TRACES_FILE, "").strip()
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    insights = "" if disabled else environ.get("APPLICATIONINSIGHTS_CONNECTION_STRING", "").strip()
    return ObservabilitySettings(
        service=environ.get("ANOMALYCTL_SERVICE", "").strip() or service,
        environment=environ.get("ANOMALYCTL_ENV", "").strip() or "local",
        instance=(environ.get("WEBSITE_INSTANCE_ID") or environ.get("HOSTNAME") or "")[:64],
        share=_share(environ.get("OTEL_TRACES_SAMPLER_ARG", "").strip()),
        traces_file=Path(file) if file and not disabled else None,
        otlp_endpoint="" if disabled else _otlp_endpoint(environ),
        insights=insights,
        insights_client_id=_client_id(environ) if insights else None,
    )


def _share(text: str) -> float:
    try:
        share = float(text) if text else DEFAULT_SHARE
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InvalidInput(
            "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.",
            field="OTEL_TRACES_SAMPLER_ARG",
            hint=f"The default is {DEFAULT_SHARE:g}: that share of all traces is kept.",
        )
    return share


def _otlp_endpoint(environ: Mapping[str, str]) -> str:
    endpoint = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip().rstrip("/")
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise InvalidInput(
            "OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as http://127.0.0.1:4318.",
            field="OTEL_EXPORTER_OTLP_ENDPOINT",
        )
    return endpoint


def _client_id(environ: Mapping[str, str]) -> str | None:
    """`ClientId=…;Authorization=AAD`; "" is the system's own identity."""
    said = environ.get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "")
    parts = dict(piece.strip().split("=", 1) for piece in said.split(";") if "=" in piece)
    if parts.get("Authorization", "").strip().upper() != "AAD":
        return None
    return parts.get("ClientId", "").strip()
