"""`anomalyctl logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption

_PARTS = ("valkey", "cosmos", "detectors", "functions", "dashboard", "dashboard-build", "supervisor")


def _part_names(incomplete: str) -> list[str]:
    return [name for name in _PARTS if name.startswith(incomplete)]


def logs(
    part: Annotated[
        str | None,
        typer.Argument(
            help="valkey, cosmos, detectors, functions, dashboard, dashboard-build or supervisor.",
            autocompletion=_part_names,
        ),
    ] = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of each part.")] = 50,
) -> None:
    """Show what a part wrote, or all of them in the order of time. Also after the environment was stopped."""
    from anomalyctl.cli.output import show, show_line
    from anomalyctl.cli.views.logs import log_lines_view, log_view
    from anomalyctl.operations.environment import local_folder
    from anomalyctl.operations.logs import chosen_parts, follow_logs, last_log_lines

    _, folder = local_folder(env, "logs")
    parts = chosen_parts(folder, part)
    news = follow_logs(folder, parts)  # from here on nothing is missed
    last = last_log_lines(folder, parts, lines)
    if not follow:
        show(last, log_lines_view, output)
        return
    for line in last:
        show_line(line, log_view, output)
    for line in news:
        show_line(line, log_view, output)
