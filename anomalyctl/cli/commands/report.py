"""`anomalyctl report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption


def report(
    day: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="today, yesterday or 2026-11-20 (UTC); the last 24 h unless told."),
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="One well or plant; all unless told.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as Markdown as well.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as a page as well.")] = None,
    mail: Annotated[
        bool,
        typer.Option("--mail", help="Have it mailed too, through Application Insights and its alert rule."),
    ] = False,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Tell a day: what was judged and found, trends, the health of the alarms, and what to do.

    The alarms are measured as ISA-18.2 and EEMUA 191 have it. On Azure the environment's language model
    writes the summary, asked with your sign-in; elsewhere the one that AZURE_OPENAI_ENDPOINT and
    AZURE_OPENAI_DEPLOYMENT name. Without one, or where it fails, arithmetic does and says why. --mail needs
    APPLICATIONINSIGHTS_CONNECTION_STRING, and daily_report_enabled in Terraform's variables: the summary is
    mailed within the hour to the addresses of the warnings.
    """
    import os
    from datetime import UTC, datetime

    from anomalyctl.cli.files import require_writable, write_whole
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.report import report_view
    from anomalyctl.cli.views.report_html import report_html
    from anomalyctl.cli.views.report_markdown import report_markdown
    from anomalyctl.operations.report.day import span_named
    from anomalyctl.operations.report.day_report import report_day
    from anomalyctl.operations.report.job_connections import connect_in_job
    from anomalyctl.operations.report.mailing import Mailbox
    from anomalyctl.operations.report.writing import summary_writer

    now = datetime.now(UTC)
    span = span_named(day, now)
    require_writable(markdown, "--markdown")
    require_writable(html, "--html")
    post = Mailbox.of(os.environ) if mail else None
    connections = connect_in_job(env, os.environ) or connect(env)
    writer = summary_writer(connections, os.environ)
    with shown_progress() as progress:
        found = report_day(
            connections,
            span,
            now=now,
            source=source or "",
            write_summary=writer.write if writer else None,
            progress=progress,
        )
    if markdown is not None:
        write_whole(markdown, report_markdown(found), "--markdown")
    if html is not None:
        write_whole(html, report_html(found), "--html")
    if post is not None:
        post.send(found)
    show(found, report_view, output)
