"""The report's way into the post: one record in Application Insights, which an alert rule mails.

An action group of Azure takes no text of its own; what its mail carries is the dimension of an alert
(terraform/alerts-queries.tf, `daily-report`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from anomalyctl.errors import InvalidInput, MissingTool, PreconditionFailed, Unreachable
from anomalyctl.observability.redaction import Redactor
from anomalyctl.observability.settings import ObservabilitySettings, observability_settings
from anomalyctl.operations.report.day_report import DayReport

BEGINNING: Final = "daily report: "
"""What the alert rule looks for."""
_LONGEST: Final = 900
"""Characters. A longer dimension does not fit into every mail."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where reports are posted."""

    settings: ObservabilitySettings
    redactor: Redactor

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Mailbox:
        """From the variables of Application Insights. Raises PreconditionFailed where they are not set."""
        settings = observability_settings("report", environ)
        if not settings.insights:
            raise PreconditionFailed(
                "--mail goes through Application Insights, and APPLICATIONINSIGHTS_CONNECTION_STRING is not "
                "set.",
                hint="The batch job has it (daily_report_enabled). Elsewhere copy it from the resource; on "
                "local write --html or --markdown instead.",
            )
        return cls(settings, Redactor(environ))

    def send(self, report: DayReport) -> None:
        """Post the summary of a report. Raises Unreachable where it was not taken, MissingTool."""
        fields = {"day": report.day, "environment": report.environment, "by": report.summary_by}
        if not _send(self.settings, self.redactor(letter_of(report)), fields):
            raise Unreachable(
                "Application Insights did not take the report, so it is not mailed.",
                hint="Is its address reachable from here, and may this identity publish (Monitoring Metrics "
                "Publisher)? Run it again.",
            )


def letter_of(report: DayReport) -> str:
    """One line: environment, day, the summary, and the first recommendations."""
    advice = " ".join(f"– {one.text}" for one in report.recommendations[:3])
    text = " ".join(f"{report.environment}, {report.day}: {report.summary} {advice}".split())
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rpartition(" ")[0] + " …"
    return BEGINNING + text


def _send(settings: ObservabilitySettings, text: str, fields: Mapping[str, str]) -> bool:
    try:
        from anomalyctl.observability.sending import send_now

        return send_now(settings, text, fields)
    except ImportError as error:
        raise MissingTool(
            f"--mail needs the exporter of Application Insights: {error}.",
            hint="pip install azure-monitor-opentelemetry-exporter",
        ) from error
    except ValueError as error:  # the exporter's own sentence; the value may hold a key
        raise InvalidInput(
            "APPLICATIONINSIGHTS_CONNECTION_STRING is not one of Application Insights.",
            field="APPLICATIONINSIGHTS_CONNECTION_STRING",
            hint="It begins with InstrumentationKey=; copy it from the resource.",
        ) from error
