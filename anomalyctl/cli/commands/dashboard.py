"""`anomalyctl dashboard`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption


def dashboard(
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print the address.")] = False,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Open the dashboard in a browser; where there is no display, or for programs, only print its address.

    Exit 6 where it does not run, with the reason; 1 where it runs and is not well (its address is printed).
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.dashboard import dashboard_view
    from anomalyctl.errors import AnomalyctlError
    from anomalyctl.operations.dashboard.finding import find_dashboard
    from anomalyctl.operations.dashboard.opening import open_in_browser

    found = find_dashboard(env)
    if not no_open and output is OutputFormat.TABLE:
        found = open_in_browser(found)
    show(found, dashboard_view, output)
    if found.trouble:
        raise typer.Exit(AnomalyctlError.exit_code)
