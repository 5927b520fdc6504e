"""`anomalyctl runs …`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import OutputOption
from anomalyctl.cli.terraform_options import RootOption

app = typer.Typer(help="What was done with Terraform, by whom, and how it ended.", no_args_is_help=True)


@app.command("list")
def list_(
    env: Annotated[
        str | None, typer.Option("--env", "-e", metavar="NAME", help="Only of this environment.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """List the last runs, the newest first."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.state import runs_view
    from anomalyctl.operations.infrastructure.runs import list_runs

    show(list_runs(env, root=root, limit=limit), runs_view, output)


@app.command("show")
def show_(
    run: Annotated[str, typer.Argument(help="Its id, the beginning of it, or @latest.")] = "@latest",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show what one run did, and where to look for it in Azure."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.state import run_view
    from anomalyctl.operations.infrastructure.runs import show_run

    show(show_run(run, root=root), run_view, output)
