"""`anomalyctl output`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption
from anomalyctl.cli.terraform_options import RootOption


def output(
    name: Annotated[str | None, typer.Argument(help="One output; all of them without.")] = None,
    show_sensitive: Annotated[
        bool, typer.Option("--show-sensitive", help="Show secrets; the run ledger notes that.")
    ] = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output_format: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show what the deployed environment is called and where it answers."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.infrastructure import outputs_table
    from anomalyctl.operations.infrastructure.outputs import read_outputs

    with shown_run() as screen:
        found = read_outputs(request_for(env, root), name, show_sensitive=show_sensitive, watcher=screen)
    show(found, outputs_table, output_format)
