"""`anomalyctl status`."""

from __future__ import annotations

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption


def status(env: EnvironmentOption = "local", output: OutputOption = OutputFormat.TABLE) -> None:
    """Show the health, address, uptime, restarts and backlog of each part.

    Exit 0 when all are well, 1 when one is not, 6 when nothing runs.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.status import status_view
    from anomalyctl.errors import AnomalyctlError
    from anomalyctl.operations.environment import local_folder
    from anomalyctl.operations.status import read_status

    _, folder = local_folder(env, "status")
    found = read_status(folder)
    show(found, status_view, output)
    if not found.is_healthy:
        raise typer.Exit(AnomalyctlError.exit_code)
