"""`anomalyctl drill`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption

_NAMES = ("database-failure", "regional-outage", "data-corruption")


def drill(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help=", ".join(_NAMES) + ".",
            autocompletion=lambda incomplete: [one for one in _NAMES if one.startswith(incomplete)],
        ),
    ],
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Rehearse a disaster on this machine: what would be lost, and how long until all is well again.

    It happens in an environment of its own, which is deleted afterwards; the environment `local` goes on
    undisturbed. Exit 1 where something was lost. The steps are those of docs/runbooks.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.views.drill import drill_view
    from anomalyctl.environments import environment_named
    from anomalyctl.operations.drills.drilling import drill as rehearse
    from anomalyctl.operations.environment import require_local
    from anomalyctl.project import find_project

    project = find_project()
    require_local(environment_named(project, env), "drill")
    with shown_progress() as progress:
        done = rehearse(project, name, progress=progress)
    show(done, drill_view, output)
    if not done.passed:
        raise typer.Exit(1)
