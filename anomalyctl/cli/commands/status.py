"""`anomalyctl status`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption


def status(
    wait: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="First wait until all is well and every reading has its verdict."),
    ] = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show the health, address, uptime, restarts and backlog of each part.

    Exit 0 when all are well, 1 when one is not, 6 when nothing runs, 8 when --wait was too short.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.views.status import status_view
    from anomalyctl.errors import AnomalyctlError
    from anomalyctl.operations.environment import local_folder
    from anomalyctl.operations.status import read_status
    from anomalyctl.operations.status_waiting import wait_until_judged
    from anomalyctl.telemetry.durations import parse_duration

    limit = None if wait is None else parse_duration(wait)
    _, folder = local_folder(env, "status")
    if limit is None:
        found = read_status(folder)
    else:
        with shown_progress() as progress:
            found = wait_until_judged(lambda: read_status(folder), limit, progress=progress)
    show(found, status_view, output)
    if not found.is_healthy:
        raise typer.Exit(AnomalyctlError.exit_code)
