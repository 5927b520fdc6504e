"""`anomalyctl destroy`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption


def destroy(
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
    yes: YesOption = False,
    keep_data: Annotated[bool, typer.Option("--keep-data", help="Stop, and delete nothing.")] = False,
) -> None:
    """Stop the environment and delete its data; asks first."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.prompts import confirm
    from anomalyctl.cli.views.deploy import destruction_view
    from anomalyctl.operations.destroy import destroy_local, what_is_there
    from anomalyctl.operations.environment import local_folder

    _, folder = local_folder(env, "destroy")
    if what_is_there(folder).anything:
        loss = (
            "Its data stays."
            if keep_data
            else f"All readings, verdicts and secrets in {folder.root} are lost."
        )
        confirm(f"Stop the environment {env}? {loss}", yes=yes, flag="--yes")
    with shown_progress() as progress:
        destruction = destroy_local(folder, keep_data=keep_data, progress=progress)
    show(destruction, destruction_view, output)
