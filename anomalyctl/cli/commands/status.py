"""`anomalyctl status`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption

if TYPE_CHECKING:
    from anomalyctl.operations.status import EnvironmentStatus

_AZURE_PAUSE_S = 5.0


def status(
    wait: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="First wait until all is well and every reading has its verdict."),
    ] = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show the health, address, uptime, restarts and backlog of each part.

    Of an Azure environment also what its alerts watch, beside their thresholds (metrics, and what queries of
    the logs measure), and a rollout or restore that is not ended; what cannot be asked from here says why.

    Exit 0 when all are well, 1 when one is not, 6 when nothing runs, 8 when --wait was too short.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.views.status import status_view
    from anomalyctl.errors import AnomalyctlError
    from anomalyctl.operations.status_waiting import wait_until_judged
    from anomalyctl.telemetry.durations import parse_duration

    limit = None if wait is None else parse_duration(wait, field="--wait")
    look, pause = _looking(env)
    if limit is None:
        found = look()
    else:
        with shown_progress() as progress:
            found = wait_until_judged(look, limit, progress=progress, sleep=pause)
    show(found, status_view, output)
    if not found.is_healthy:
        raise typer.Exit(AnomalyctlError.exit_code)


def _looking(env: str) -> tuple[Callable[[], EnvironmentStatus], Callable[[float], None]]:
    """How one look is taken, and how long to pause until the next: Azure is asked each five seconds."""
    import time

    from anomalyctl.environments import environment_named
    from anomalyctl.project import find_project

    if environment_named(find_project(), env).is_local:
        from anomalyctl.operations.environment import local_folder
        from anomalyctl.operations.status import read_status

        _, folder = local_folder(env, "status")
        return lambda: read_status(folder), time.sleep
    from anomalyctl.cli.reaching import connect
    from anomalyctl.operations.azure_connections import AzureConnections
    from anomalyctl.operations.status_azure import read_azure_status

    connections = connect(env)
    assert isinstance(connections, AzureConnections)  # noqa: S101 - for the type checker
    return lambda: read_azure_status(connections), lambda _: time.sleep(_AZURE_PAUSE_S)
